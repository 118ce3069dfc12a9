// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "traces/recorder/convert.h"
#include "traces/recorder/raw_spool.h"

namespace heapwise::recorder {

constexpr std::uint32_t kNoSpan = ~std::uint32_t{0};

/// True for an event that gives or resizes a block to one of spool::kMeasuredBytes or more: it
/// begins a span, which ends where the block is freed or resized. Spans are numbered in the order
/// of these events.
bool begins_span(const Event& event);

/// What a raw spool tells about the pages that were written of large blocks.
///
/// Pages are counted where a block ends, and while it lives at intervals (TouchSample). A growth
/// seen at one time counts from the time before on: so early it can have happened at most. Blocks
/// that were not counted, as counting all would have cost too much, are taken to be written like
/// one of about their size that was, the one before them in time. Blocks below spool::kLargeBytes
/// are counted at their end alone, and count as written whole where they grew to that size.
class Touches {
 public:
  /// Pages written of a block later than at its beginning.
  struct Step {
    std::uint64_t ticks = 0;
    std::uint64_t address = 0;
    std::uint64_t pages = 0;  ///< in all
    std::uint32_t span = kNoSpan;
  };

  /// Reads all events once. Memory grows with the number of large blocks, by 48 bytes each.
  Touches(const RawSpool& raw, const std::vector<TouchSample>& samples);

  /// Pages that count as written from the span's beginning on.
  std::uint64_t first_pages(std::uint32_t span) const { return spans_[span].first; }
  /// In order of time.
  const std::vector<Step>& steps() const { return steps_; }
  std::uint64_t spans() const { return spans_.size(); }
  /// How many of them were counted.
  std::uint64_t counted() const { return counted_; }

 private:
  struct Span {
    std::uint64_t size = 0;
    std::uint64_t first = 0, last = 0;  ///< pages; see `seen`
    std::uint64_t seen_ticks = 0;       ///< of the last count; 0 before the first
    std::uint64_t address = 0;          ///< where it was counted
    std::uint32_t next = kNoSpan;       ///< the same block in the same place, resized
    bool is_resized = false;            ///< it begins with a realloc
  };
  class Collector;

  void count(std::uint32_t number, std::uint64_t ticks, std::uint64_t address, std::uint64_t pages);
  void pass_back();
  void guess_uncounted();

  std::vector<Span> spans_;
  std::vector<Step> steps_;
  std::uint64_t counted_ = 0;
};

}  // namespace heapwise::recorder
