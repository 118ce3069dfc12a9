// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heapwise {

/// The order in which `count` things are run in each of `rounds` rounds; every round has each once.
/// Over any `count` consecutive rounds from the first (twice as many when it is odd) each thing
/// stands at every place, and behind every other thing, equally often: what one run leaves behind
/// in caches, frequencies and free memory then falls on all alike. The seed decides the rest.
std::vector<std::vector<std::size_t>> balanced_rounds(std::size_t count, std::size_t rounds,
                                                      std::uint64_t seed);

}  // namespace heapwise
