// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace heapwise {

/// The least number of letters to change, add or remove to make one word the other.
std::size_t edit_distance(std::string_view one, std::string_view other);

}  // namespace heapwise
