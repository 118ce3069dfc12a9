// SPDX-License-Identifier: MIT
#include "bench/session/rounds.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/rng.h"

namespace heapwise {
namespace {

void shuffle(std::vector<std::size_t>& list, Rng& rng) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng.below(i)]);
}

std::vector<std::size_t> numbers(std::size_t count) {
  std::vector<std::size_t> list(count);
  std::iota(list.begin(), list.end(), std::size_t{0});
  return list;
}

/// 0, 1, n-1, 2, n-2, …: the differences between neighbours are all different, so the rows that
/// add 0, 1, … n-1 to it have each pair of neighbours once (Williams, "Experimental designs
/// balanced for the estimation of residual effects of treatments", 1949).
std::vector<std::size_t> zigzag(std::size_t count) {
  std::vector<std::size_t> row;
  for (std::size_t i = 0; i < count; ++i)
    row.push_back(i % 2 == 1 ? (i + 1) / 2 : (count - i / 2) % count);
  return row;
}

}  // namespace

std::vector<std::vector<std::size_t>> balanced_rounds(std::size_t count, std::size_t rounds,
                                                      std::uint64_t seed) {
  std::vector<std::vector<std::size_t>> result;
  if (count == 0) return std::vector<std::vector<std::size_t>>(rounds);
  Rng rng(seed);
  std::vector<std::size_t> things = numbers(count);
  shuffle(things, rng);
  const std::vector<std::size_t> base = zigzag(count);
  std::vector<std::size_t> rows;
  bool backwards = false;
  while (result.size() < rounds) {
    if (rows.empty()) {
      rows = numbers(count);
      shuffle(rows, rng);
      // With an odd count, one square has some neighbours twice and others never; its mirror image
      // has the others.
      backwards = count % 2 == 1 && (result.size() / count) % 2 == 1;
    }
    std::vector<std::size_t> round;
    round.reserve(count);
    for (const std::size_t place : base) round.push_back(things[(place + rows.back()) % count]);
    rows.pop_back();
    if (backwards) std::reverse(round.begin(), round.end());
    result.push_back(std::move(round));
  }
  return result;
}

}  // namespace heapwise
