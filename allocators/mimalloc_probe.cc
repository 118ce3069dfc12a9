// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <mimalloc.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "allocators/probe.h"

namespace heapwise::probe {
namespace {

/// An option and the variable behind MIMALLOC_ that sets it.
struct Option {
  const char* name;
  mi_option_t option;
};

constexpr Option kOptions[] = {
    {"SHOW_ERRORS", mi_option_show_errors},
    {"SHOW_STATS", mi_option_show_stats},
    {"VERBOSE", mi_option_verbose},
    {"EAGER_COMMIT", mi_option_eager_commit},
    {"EAGER_COMMIT_DELAY", mi_option_eager_commit_delay},
    {"RESERVE_HUGE_OS_PAGES", mi_option_reserve_huge_os_pages},
    {"USE_NUMA_NODES", mi_option_use_numa_nodes},
    {"LIMIT_OS_ALLOC", mi_option_limit_os_alloc},
    {"MAX_SEGMENT_RECLAIM", mi_option_max_segment_reclaim},
    {"DESTROY_ON_EXIT", mi_option_destroy_on_exit},
#if MI_MALLOC_VERSION < 210
    {"LARGE_OS_PAGES", mi_option_large_os_pages},
    {"PAGE_RESET", mi_option_page_reset},
    {"ABANDONED_PAGE_DECOMMIT", mi_option_abandoned_page_decommit},
    {"ABANDONED_PAGE_RESET", mi_option_abandoned_page_decommit},
    {"ALLOW_DECOMMIT", mi_option_allow_decommit},
    {"DECOMMIT_DELAY", mi_option_decommit_delay},
    {"RESET_DELAY", mi_option_decommit_delay},
    {"SEGMENT_DECOMMIT_DELAY", mi_option_segment_decommit_delay},
    {"DECOMMIT_EXTEND_DELAY", mi_option_decommit_extend_delay},
#else
    {"LARGE_OS_PAGES", mi_option_large_os_pages},
    {"ALLOW_LARGE_OS_PAGES", mi_option_large_os_pages},
    {"PURGE_DELAY", mi_option_purge_delay},
    {"RESET_DELAY", mi_option_purge_delay},
    {"PURGE_DECOMMITS", mi_option_purge_decommits},
#endif
};

bool is_one_of(const char* value, const char* const (&words)[4]) {
  for (const char* word : words) {
    if (strcasecmp(value, word) == 0) return true;
  }
  return false;
}

/// As mimalloc reads a value; false when it does not take it.
bool number_of(const char* value, long& number) {
  if (value[0] == '\0' || is_one_of(value, {"1", "TRUE", "YES", "ON"})) {
    number = 1;
  } else if (is_one_of(value, {"0", "FALSE", "NO", "OFF"})) {
    number = 0;
  } else {
    char* end = nullptr;
    number = strtol(value, &end, 10);
    return *end == '\0';
  }
  return true;
}

}  // namespace

void identify(Identity& identity) {
  // 209 is 2.0.9; from 2.2.3 on, 20203 is 2.2.3.
  const int version = mi_version();
  const bool wide = version >= 10000;
  const int parts[3] = {version / (wide ? 10000 : 100),
                        version / (wide ? 100 : 10) % (wide ? 100 : 10),
                        version % (wide ? 100 : 10)};
  char* at = identity.version;
  for (const int part : parts) {
    if (at != identity.version) *at++ = '.';
    if (part >= 10) *at++ = static_cast<char>('0' + part / 10 % 10);
    *at++ = static_cast<char>('0' + part % 10);
  }
  *at = '\0';
  if (!malloc_comes_with(reinterpret_cast<const void*>(&mi_version), identity)) return;
  void* volatile block = malloc(4096);
  const bool owned = mi_is_in_heap_region(block);
  free(block);
  if (!owned) identity.refusal = "mimalloc does not own what malloc hands out";
}

void check_setting(const char* variable, const char* value, SettingCheck& check) {
  if (strncasecmp(variable, "MIMALLOC_", 9) != 0) {
    return conclude(check, Effect::unknown, "mimalloc takes its settings from MIMALLOC_…");
  }
  for (const Option& known : kOptions) {
    if (strcasecmp(known.name, variable + 9) != 0) continue;
    long asked = 0;
    if (!number_of(value, asked)) {
      return conclude(check, Effect::refused, "mimalloc does not understand \"%s\"", value);
    }
    compare_setting(check, known.name, asked, mi_option_get(known.option));
    const bool large = known.option == mi_option_large_os_pages && asked != 0;
    // The option says what mimalloc would like; only a large block shows what it got.
    if (large && check.effect == Effect::confirmed && !large_block_is_huge()) {
      conclude(check, Effect::refused, "the system gives mimalloc no huge pages");
    }
    return;
  }
  conclude(check, Effect::unknown, "heapwise knows of no option %s of this mimalloc", variable);
}

}  // namespace heapwise::probe
