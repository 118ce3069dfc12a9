// SPDX-License-Identifier: MIT
#include "results/permutation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/rng.h"
#include "results/statistics.h"

namespace heapwise {
namespace {

/// A place in the order of dealing: round r of the base is 2r, of the new result 2r + 1.
std::size_t slot_of(unsigned round, bool now) { return 2 * std::size_t{round} + (now ? 1 : 0); }

/// The values of either side, by block.
struct BlockValues {
  std::vector<double> base, now;
  bool both() const { return !base.empty() && !now.empty(); }
  double middle() const {
    std::vector<double> all = base;
    all.insert(all.end(), now.begin(), now.end());
    return median(std::move(all));
  }
};

std::map<unsigned, BlockValues> blocks_of(const ShiftCell::View& view) {
  std::map<unsigned, BlockValues> blocks;
  for (const auto& one : view.base) blocks[one.block].base.push_back(one.value);
  for (const auto& one : view.now) blocks[one.block].now.push_back(one.value);
  return blocks;
}

/// What the variance within a side is to be multiplied with, because the level of each block was
/// taken from the values themselves: they lie closer to it than to the true one.
double widening(const ShiftCell::View& view) {
  const auto blocks = static_cast<double>(blocks_of(view).size());
  const double values = static_cast<double>(view.base.size() + view.now.size()) / 2;
  return blocks < 2 ? 1 : (values - 1) / (values - (blocks + 1) / 2);
}

Shift widened_shift(TrimmedMean base, TrimmedMean now, double factor, double floor) {
  base.variance *= factor;
  now.variance *= factor;
  return shift_between(base, now, floor);
}

/// The values of both sides in ascending order, so that each dealing splits them without sorting.
struct Pooled {
  struct Entry {
    double value;
    std::size_t slot, block;
  };
  struct Block {
    std::vector<std::size_t> slots;
    std::size_t base_count = 0;
  };
  std::vector<Entry> entries;
  std::vector<Block> blocks;
  std::size_t base_count = 0;
  double widening = 1;
};

Pooled pool(const ShiftCell::View& view) {
  Pooled pooled;
  pooled.base_count = view.base.size();
  pooled.widening = widening(view);
  std::map<unsigned, std::size_t> places;
  const auto add = [&](const ShiftCell::Value& one, bool now) {
    const std::size_t block = places.emplace(one.block, places.size()).first->second;
    pooled.blocks.resize(places.size());
    pooled.blocks[block].slots.push_back(slot_of(one.round, now));
    pooled.blocks[block].base_count += now ? 0 : 1;
    pooled.entries.push_back({one.value, slot_of(one.round, now), block});
  };
  for (const auto& one : view.base) add(one, false);
  for (const auto& one : view.now) add(one, true);
  std::sort(pooled.entries.begin(), pooled.entries.end(),
            [](const auto& left, const auto& right) { return left.value < right.value; });
  return pooled;
}

/// Room for one split, kept between dealings.
struct Split {
  std::vector<double> base, now, keys;
  std::vector<double> borders;  ///< of each block, the highest key that is the base's
};

/// In each block those slots whose keys are least are the base's: as many of them as it has there,
/// also where the cell lacks some rounds.
void deal(const Pooled& pooled, const std::vector<double>& keys, Split& split) {
  split.base.clear();
  split.now.clear();
  split.borders.clear();
  for (const Pooled::Block& block : pooled.blocks) {
    split.borders.push_back(-HUGE_VAL);
    if (block.base_count == 0) continue;
    split.keys.clear();
    for (const std::size_t slot : block.slots) split.keys.push_back(keys[slot]);
    const auto border = split.keys.begin() + static_cast<std::ptrdiff_t>(block.base_count - 1);
    std::nth_element(split.keys.begin(), border, split.keys.end());
    split.borders.back() = *border;
  }
  for (const auto& entry : pooled.entries) {
    const bool is_base = keys[entry.slot] <= split.borders[entry.block];
    (is_base ? split.base : split.now).push_back(entry.value);
  }
}

class Family {
 public:
  explicit Family(const std::vector<ShiftCell>& cells) {
    for (const ShiftCell& cell : cells) {
      auto& views = pooled_.emplace_back();
      for (const ShiftCell::View& view : cell.views) {
        views.push_back(pool(view));
        for (const auto& entry : views.back().entries) {
          slots_ = std::max(slots_, entry.slot + 1);
        }
      }
      floors_.push_back(cell.floor);
    }
  }

  /// |t| of each cell when the labels are dealt out by these keys, one a slot.
  void measure(const std::vector<double>& keys, std::vector<double>& sizes) {
    for (std::size_t cell = 0; cell < pooled_.size(); ++cell) sizes[cell] = size_of(cell, keys);
  }

  /// The keys that give the labels as they are.
  std::vector<double> as_observed() const {
    std::vector<double> keys(slots_);
    for (std::size_t slot = 0; slot < slots_; ++slot) {
      const std::size_t round = slot / 2;
      keys[slot] = static_cast<double>(round) + (slot % 2 == 1 ? 1e9 : 0);
    }
    return keys;
  }

  std::size_t slots() const { return slots_; }

  /// Whether every cell has every round on both sides, in one block: only then do all dealings
  /// weigh alike when they are listed one by one.
  bool complete() const {
    for (const auto& views : pooled_) {
      for (const Pooled& pooled : views) {
        if (pooled.blocks.size() > 1 || pooled.entries.size() != slots_ ||
            2 * pooled.base_count != slots_)
          return false;
      }
    }
    return true;
  }

 private:
  double size_of(std::size_t cell, const std::vector<double>& keys) {
    double least = HUGE_VAL;
    int sign = 0;
    for (const Pooled& pooled : pooled_[cell]) {
      deal(pooled, keys, split_);
      const double t = widened_shift(trimmed_mean(split_.base), trimmed_mean(split_.now),
                                     pooled.widening, floors_[cell])
                           .t();
      const int here = t > 0 ? 1 : -1;
      if (sign != 0 && here != sign) return 0;
      sign = here;
      least = std::min(least, std::abs(t));
    }
    return least;
  }

  std::vector<std::vector<Pooled>> pooled_;
  std::vector<double> floors_;
  std::size_t slots_ = 0;
  Split split_;
};

/// n over k, or a number beyond `limit`.
std::size_t choose(std::size_t n, std::size_t k, std::size_t limit) {
  double count = 1;
  for (std::size_t i = 1; i <= k; ++i) {
    count *= static_cast<double>(n - k + i) / static_cast<double>(i);
  }
  return count > static_cast<double>(limit) ? limit + 1
                                            : static_cast<std::size_t>(std::llround(count));
}

/// Deals out labels: every way there is, or `draws` at random, the observed way always among them.
template <class Visit>
void for_each_dealing(const Family& family, std::size_t draws, std::uint64_t seed, Visit visit) {
  const std::size_t slots = family.slots();
  const std::size_t half = slots / 2;
  if (family.complete() && choose(slots, half, draws) <= draws) {
    std::vector<bool> chosen(slots, false);
    std::fill(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(half), true);
    std::vector<double> keys(slots);
    do {
      for (std::size_t slot = 0; slot < slots; ++slot) {
        keys[slot] = static_cast<double>(slot) + (chosen[slot] ? 0 : 1e9);
      }
      visit(keys);
    } while (std::prev_permutation(chosen.begin(), chosen.end()));
    return;
  }
  Rng rng(seed);
  visit(family.as_observed());
  std::vector<double> keys(slots);
  for (std::size_t draw = 1; draw < draws; ++draw) {
    for (double& key : keys) key = rng.unit();
    visit(keys);
  }
}

/// `values` of the blocks that `moves` names, each moved by what it says.
std::vector<ShiftCell::Value> moved(const std::vector<ShiftCell::Value>& values,
                                    const std::map<unsigned, double>& moves) {
  std::vector<ShiftCell::Value> kept;
  for (ShiftCell::Value one : values) {
    const auto move = moves.find(one.block);
    if (move == moves.end()) continue;
    one.value += move->second;
    kept.push_back(one);
  }
  return kept;
}

}  // namespace

ShiftCell::View on_one_level(ShiftCell::View view) {
  const auto blocks = blocks_of(view);
  if (blocks.size() < 2) return view;
  std::map<unsigned, double> moves;
  double sum = 0;
  for (const auto& [name, block] : blocks) {
    if (!block.both()) continue;
    moves[name] = -block.middle();
    sum += block.middle();
  }
  for (auto& [name, move] : moves) move += sum / static_cast<double>(moves.size());
  return {moved(view.base, moves), moved(view.now, moves)};
}

TrimmedMean trimmed(const std::vector<ShiftCell::Value>& values) {
  std::vector<double> sorted;
  sorted.reserve(values.size());
  for (const auto& one : values) sorted.push_back(one.value);
  std::sort(sorted.begin(), sorted.end());
  return trimmed_mean(sorted);
}

Shift shift_of(const ShiftCell::View& view, double floor) {
  return widened_shift(trimmed(view.base), trimmed(view.now), widening(view), floor);
}

std::vector<double> adjusted_probabilities(const std::vector<ShiftCell>& cells, std::size_t draws,
                                           std::uint64_t seed) {
  const std::size_t count = cells.size();
  if (count == 0) return {};
  Family family(cells);
  std::vector<double> observed(count);
  family.measure(family.as_observed(), observed);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&observed](std::size_t left, std::size_t right) {
    return observed[left] > observed[right];
  });

  std::vector<std::size_t> reached(count, 0);
  std::vector<double> sizes(count);
  std::size_t dealings = 0;
  for_each_dealing(family, draws, seed, [&](const std::vector<double>& keys) {
    family.measure(keys, sizes);
    ++dealings;
    double largest = 0;  // of this cell and of all that shifted less
    for (std::size_t rank = count; rank-- > 0;) {
      largest = std::max(largest, sizes[order[rank]]);
      // Equal up to rounding: sums in another order.
      if (largest >= observed[order[rank]] * (1 - 1e-9)) ++reached[rank];
    }
  });

  std::vector<double> probabilities(count);
  double so_far = 0;
  for (std::size_t rank = 0; rank < count; ++rank) {
    so_far = std::max(so_far, static_cast<double>(reached[rank]) / static_cast<double>(dealings));
    probabilities[order[rank]] = so_far;
  }
  return probabilities;
}

}  // namespace heapwise
