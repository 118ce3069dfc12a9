// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace heapwise {

/// Whether the shared library in `path` defines `symbol` for others. Reads the file without loading
/// it, so nothing of it runs. Fails when it cannot be read or is no 64-bit ELF shared library of
/// this machine's kind.
Expected<bool> exports_symbol(const std::string& path, std::string_view symbol);

}  // namespace heapwise
