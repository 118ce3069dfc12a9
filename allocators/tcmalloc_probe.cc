// SPDX-License-Identifier: MIT
#include <gperftools/malloc_extension.h>
#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/probe.h"

namespace heapwise::probe {
namespace {

struct Property {
  const char* variable;
  const char* name;
};

constexpr Property kProperties[] = {
    {"TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES", "tcmalloc.max_total_thread_cache_bytes"},
    {"TCMALLOC_AGGRESSIVE_DECOMMIT", "tcmalloc.aggressive_memory_decommit"},
    {"TCMALLOC_HEAP_LIMIT_MB", "tcmalloc.heap_limit_mb"},
};

/// As gperftools reads a flag: empty, or one that begins with t, T, y, Y or 1, is on.
long long number_of(const char* variable, const char* value) {
  if (strcmp(variable, "TCMALLOC_AGGRESSIVE_DECOMMIT") == 0) {
    return value[0] == '\0' || strchr("tTyY1", value[0]) != nullptr ? 1 : 0;
  }
  return strtoll(value, nullptr, 0);
}

void check_release_rate(const char* value, SettingCheck& check) {
  const double asked = strtod(value, nullptr);
  const double found = MallocExtension::instance()->GetMemoryReleaseRate();
  if (asked == found) return conclude(check, Effect::confirmed, "the release rate is %g", found);
  conclude(check, Effect::refused, "the release rate is %g, not %s", found, value);
}

}  // namespace

void identify(Identity& identity) {
  int major = 0;
  int minor = 0;
  const char* patch = "";
  const char* const version = tc_version(&major, &minor, &patch);
  copy_text(identity.version, sizeof identity.version, version);
  // "gperftools 2.10": the number is enough beside the allocator's name.
  for (const char* at = version; *at != '\0'; ++at) {
    if (*at == ' ') copy_text(identity.version, sizeof identity.version, at + 1);
  }
  if (!malloc_comes_with(reinterpret_cast<const void*>(&tc_version), identity)) return;
  void* volatile block = malloc(4096);
  const bool owned = MallocExtension_GetOwnership(block) == MallocExtension_kOwned;
  free(block);
  if (!owned) identity.refusal = "tcmalloc does not own what malloc hands out";
}

void check_setting(const char* variable, const char* value, SettingCheck& check) {
  if (strcmp(variable, "TCMALLOC_RELEASE_RATE") == 0) return check_release_rate(value, check);
  for (const Property& property : kProperties) {
    if (strcmp(property.variable, variable) != 0) continue;
    size_t found = 0;
    if (MallocExtension_GetNumericProperty(property.name, &found) == 0) {
      return conclude(check, Effect::unknown, "this tcmalloc does not tell its %s", property.name);
    }
    return compare_setting(check, property.name, number_of(variable, value),
                           static_cast<long long>(found));
  }
  conclude(check, Effect::unknown, "tcmalloc does not tell about %s", variable);
}

}  // namespace heapwise::probe
