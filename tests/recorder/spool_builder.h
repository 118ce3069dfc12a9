// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "traces/recorder/spool.h"

namespace heapwise::recorder_test {

/// Writes one segment's events as the recorder does.
class SegmentBuilder {
 public:
  SegmentBuilder(std::uint64_t start_ticks, std::uint32_t thread, std::uint32_t sequence = 0);
  SegmentBuilder& malloc(std::uint64_t ticks, std::uint64_t address, std::uint32_t size);
  SegmentBuilder& calloc(std::uint64_t ticks, std::uint64_t address, std::uint32_t size);
  SegmentBuilder& aligned(std::uint64_t ticks, std::uint64_t address, std::uint32_t size,
                          std::uint32_t align_log2);
  SegmentBuilder& free(std::uint64_t ticks, std::uint64_t address);
  SegmentBuilder& realloc_begin(std::uint64_t ticks, std::uint64_t address);
  SegmentBuilder& realloc_end(std::uint64_t ticks, std::uint64_t address, std::uint32_t size);
  SegmentBuilder& wide(std::uint64_t ticks, spool::Kind kind, std::uint64_t address,
                       std::uint64_t size);
  SegmentBuilder& extended(std::uint64_t ticks, spool::Code code, std::uint64_t value = 0,
                           std::uint64_t argument = 0);
  SegmentBuilder& touched(std::uint64_t ticks, std::uint64_t address, std::uint64_t pages,
                          std::uint64_t cost_ticks = 0);
  /// Hands the rest of the segment to another thread.
  SegmentBuilder& run(std::uint64_t ticks, std::uint32_t thread);
  /// Bytes as they were left behind by an earlier use of the segment.
  SegmentBuilder& garbage_behind_the_end();
  const std::string& bytes() const { return bytes_; }

 private:
  SegmentBuilder& compact(spool::Kind kind, std::uint64_t ticks, std::uint64_t address);
  std::uint64_t delta(std::uint64_t ticks);
  void put(const void* data, std::size_t size);

  std::string bytes_;
  std::uint64_t ticks_;
};

/// Writes a raw spool of such segments.
struct SpoolBuilder {
  spool::Header header{};
  std::vector<std::string> arguments{"program"};
  std::vector<std::string> variables;
  std::vector<SegmentBuilder> segments;

  SpoolBuilder();
  std::string bytes() const;
};

}  // namespace heapwise::recorder_test
