// SPDX-License-Identifier: MIT
#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>
#include <stdlib.h>

#include "allocators/probe.h"

namespace heapwise::probe {

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

}  // namespace heapwise::probe
