// SPDX-License-Identifier: MIT
// What the probes of all allocators share; they are the runner's only way to name its allocator.
#include "allocators/probe.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace heapwise::probe {

void copy_text(char* to, std::size_t size, const char* text) {
  const std::size_t length = strnlen(text, size - 1);
  memcpy(to, text, length);
  to[length] = '\0';
}

bool file_of(const void* address, char* path, std::size_t size) {
  Dl_info info;
  if (address == nullptr || dladdr(address, &info) == 0 || info.dli_fname == nullptr) return false;
  static char resolved[PATH_MAX];
  // With a buffer given, realpath asks for no memory.
  copy_text(path, size, realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname);
  return true;
}

void* first_definition(const char* name) { return dlsym(RTLD_DEFAULT, name); }

bool malloc_comes_with(const void* own, Identity& identity) {
  static char expected[sizeof identity.library];
  if (!file_of(first_definition("malloc"), identity.library, sizeof identity.library) ||
      !file_of(own, expected, sizeof expected)) {
    identity.refusal = "the dynamic linker does not say where malloc comes from";
    return false;
  }
  if (strcmp(identity.library, expected) != 0) {
    identity.refusal = "malloc comes from another library";
    return false;
  }
  return true;
}

__attribute__((weak)) void check_setting(const char* /*variable*/, const char* /*value*/,
                                         SettingCheck& check) {
  conclude(check, Effect::unknown, "this allocator does not tell how it is set");
}

void conclude(SettingCheck& check, Effect effect, const char* format, ...) {
  check.effect = effect;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check.reason, sizeof check.reason, format, arguments);
  va_end(arguments);
}

void compare_setting(SettingCheck& check, const char* what, long long asked, long long found) {
  if (asked == found) return conclude(check, Effect::confirmed, "%s is %lld", what, found);
  conclude(check, Effect::refused, "%s is %lld, not %lld", what, found, asked);
}

void keep_first_unknown(const SettingCheck& check, SettingCheck& first) {
  if (check.effect == Effect::unknown && *first.reason == '\0') first = check;
}

bool large_block_is_huge() {
  char* volatile block = static_cast<char*>(malloc(size_t{16} << 20));
  const bool huge = block != nullptr && is_huge(block + (size_t{8} << 20));
  free(block);
  return huge;
}

bool is_huge(const void* address) {
  FILE* const maps = fopen("/proc/self/smaps", "re");
  if (maps == nullptr) return false;
  static char line[4096];
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  bool inside = false;
  bool huge = false;
  while (fgets(line, sizeof line, maps) != nullptr) {
    char* end = nullptr;
    const uintptr_t from = strtoull(line, &end, 16);
    if (end != line && *end == '-') {
      inside = from <= wanted && wanted < strtoull(end + 1, nullptr, 16);
    } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
      huge = strstr(line, " hg") != nullptr || strstr(line, " ht") != nullptr;
    }
  }
  fclose(maps);
  return huge;
}

}  // namespace heapwise::probe
