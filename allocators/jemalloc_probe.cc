// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jemalloc/jemalloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/probe.h"

namespace heapwise::probe {
namespace {

/// What jemalloc says this thread has allocated so far.
uint64_t allocated_bytes() {
  uint64_t bytes = 0;
  size_t size = sizeof bytes;
  return mallctl("thread.allocated", &bytes, &size, nullptr, 0) == 0 ? bytes : 0;
}

/// Where the system gives huge pages to all, jemalloc asks for none; where it gives none, it says
/// nothing of that.
bool has_huge_pages() {
  char mode[64] = "";
  FILE* const file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
  const bool known = file != nullptr && fgets(mode, sizeof mode, file) != nullptr;
  if (file != nullptr) fclose(file);
  return (known && strstr(mode, "[always]") != nullptr) || large_block_is_huge();
}

/// One "key:value" of MALLOC_CONF.
struct Option {
  char key[64];
  char value[64];
};

/// Takes the next option off `conf`; false where there is none that can be read.
bool next_option(const char*& conf, Option& option) {
  int taken = 0;
  if (sscanf(conf, "%63[^:,]:%63[^,]%n", option.key, option.value, &taken) != 2) return false;
  conf += taken;
  if (*conf == ',') ++conf;
  return true;
}

/// Reads a value of jemalloc's; false when it is not of this type.
template <class T>
bool read_back(const char* name, T& value) {
  size_t size = sizeof value;
  return mallctl(name, &value, &size, nullptr, 0) == 0 && size == sizeof value;
}

bool is_known(const char* name) {
  size_t size = 0;
  return mallctl(name, nullptr, &size, nullptr, 0) != ENOENT;
}

/// The value as jemalloc prints it. What is eight bytes long is a name or a number; which, tells
/// the value that was asked for.
bool value_text(const char* name, bool numeric, char* text, size_t size) {
  bool flag = false;
  unsigned small = 0;
  ssize_t number = 0;
  const char* word = nullptr;
  if (read_back(name, flag)) {
    copy_text(text, size, flag ? "true" : "false");
  } else if (read_back(name, small)) {
    snprintf(text, size, "%u", small);
  } else if (numeric && read_back(name, number)) {
    snprintf(text, size, "%zd", number);
  } else if (!numeric && read_back(name, word) && word != nullptr) {
    copy_text(text, size, word);
  } else {
    return false;
  }
  return true;
}

/// Whether the allocator's own thread runs, which the option alone does not say.
bool background_thread_runs() {
  bool runs = false;
  return read_back("background_thread", runs) && runs;
}

void check_option(const Option& option, SettingCheck& check) {
  char name[80];
  snprintf(name, sizeof name, "opt.%s", option.key);
  // These two have no name among those that can be asked for.
  if (strcmp(option.key, "bin_shards") == 0 || strcmp(option.key, "slab_sizes") == 0) {
    return conclude(check, Effect::unknown, "jemalloc does not tell its %s", option.key);
  }
  if (!is_known(name)) {
    return conclude(check, Effect::refused, "this jemalloc has no option %s", option.key);
  }
  char* end = nullptr;
  const long long asked = strtoll(option.value, &end, 0);
  const bool numeric = end != option.value && *end == '\0';
  char found[64] = "";
  if (!value_text(name, numeric, found, sizeof found)) {
    return conclude(check, Effect::refused, "%s is not of the kind that %s takes", option.value,
                    option.key);
  }
  const bool same =
      numeric ? strtoll(found, nullptr, 10) == asked : strcmp(found, option.value) == 0;
  if (!same) {
    return conclude(check, Effect::refused, "%s is %s, not %s", name, found, option.value);
  }
  if (strcmp(option.key, "background_thread") == 0 && strcmp(found, "true") == 0) {
    check.in_real_time = true;
    if (!background_thread_runs()) {
      return conclude(check, Effect::refused, "jemalloc could not start its background thread");
    }
  }
  if (strcmp(option.key, "thp") == 0 && strcmp(found, "always") == 0 && !has_huge_pages()) {
    return conclude(check, Effect::refused, "the system gives jemalloc no huge pages");
  }
  conclude(check, Effect::confirmed, "%s is %s", name, found);
}

}  // namespace

void identify(Identity& identity) {
  const char* version = "unknown";
  size_t size = sizeof(const char*);
  mallctl("version", &version, &size, nullptr, 0);
  copy_text(identity.version, sizeof identity.version, version);
  char* const commit = strchr(identity.version, '-');  // as in "5.3.0-0-g54eaed1"
  if (commit != nullptr) *commit = '\0';
  if (!malloc_comes_with(reinterpret_cast<const void*>(&mallctl), identity)) return;
  const uint64_t before = allocated_bytes();
  void* volatile block = malloc(4096);
  const bool counted = allocated_bytes() >= before + 4096;
  free(block);
  if (!counted) identity.refusal = "jemalloc does not count what malloc hands out";
}

void check_setting(const char* variable, const char* value, SettingCheck& check) {
  if (strcmp(variable, "MALLOC_CONF") != 0) {
    return conclude(check, Effect::unknown, "jemalloc takes its settings from MALLOC_CONF");
  }
  Option option{};
  SettingCheck unknown;
  while (*value != '\0') {
    if (!next_option(value, option)) {
      return conclude(check, Effect::refused, "\"%s\" is not of the form option:value", value);
    }
    check_option(option, check);
    if (check.effect == Effect::refused) return;
    keep_first_unknown(check, unknown);
  }
  if (*unknown.reason == '\0') return;
  unknown.in_real_time = check.in_real_time;
  check = unknown;
}

}  // namespace heapwise::probe
