// SPDX-License-Identifier: MIT
// What the probes of all allocators share; they are the runner's only way to name its allocator.
#include "allocators/probe.h"

#include <dlfcn.h>
#include <limits.h>
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

}  // namespace heapwise::probe
