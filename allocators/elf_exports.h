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

/// Whether a program defines `symbol` for its libraries too, so that its own comes before any
/// preloaded one. False where the file cannot be read or is no 64-bit ELF file of this machine's.
bool program_defines(const std::string& path, std::string_view symbol);

}  // namespace heapwise
