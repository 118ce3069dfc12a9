// SPDX-License-Identifier: MIT
#include <mimalloc.h>
#include <stdlib.h>

#include "allocators/probe.h"

namespace heapwise::probe {

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

}  // namespace heapwise::probe
