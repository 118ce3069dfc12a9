// SPDX-License-Identifier: MIT
#include <gnu/libc-version.h>

#include "allocators/probe.h"

namespace heapwise::probe {

void identify(Identity& identity) {
  copy_text(identity.version, sizeof identity.version, gnu_get_libc_version());
  malloc_comes_with(reinterpret_cast<const void*>(&gnu_get_libc_version), identity);
}

}  // namespace heapwise::probe
