// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace heapwise {

/// How much unnamed zeroed memory the dynamic linker maps right behind the last writable part of
/// this ELF file, in bytes of whole pages; 0 for a file that is none or cannot be read.
std::uint64_t zeroed_data_bytes(const std::string& path);

}  // namespace heapwise
