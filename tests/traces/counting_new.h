// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace heapwise::test {

/// Bytes that operator new has given to this program and not got back, now and at most. Not
/// thread-safe. Whoever links counting_new.cc has every operator new counted.
extern std::size_t held;
extern std::size_t most_held;

}  // namespace heapwise::test
