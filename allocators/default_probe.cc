// SPDX-License-Identifier: MIT
// For allocators without a probe of their own: malloc must come from the library they name, and its
// file's name tells the version.
#include <string.h>

#include "allocators/probe.h"

namespace heapwise::probe {

void identify(Identity& identity) {
  copy_text(identity.version, sizeof identity.version, "unknown");
  if (!file_of(first_definition("malloc"), identity.library, sizeof identity.library)) {
    identity.refusal = "the dynamic linker does not say where malloc comes from";
    return;
  }
  // The resolved path may carry a longer version than the soname: libx.so.2 is libx.so.2.0.
  const char* const slash = strrchr(identity.library, '/');
  const char* const file = slash != nullptr ? slash + 1 : identity.library;
  if (strncmp(file, HEAPWISE_SONAME, strlen(HEAPWISE_SONAME)) != 0) {
    identity.refusal = "malloc comes from another library than " HEAPWISE_SONAME;
    return;
  }
  const char* const number = strstr(file, ".so.");
  if (number != nullptr) copy_text(identity.version, sizeof identity.version, number + 4);
}

}  // namespace heapwise::probe
