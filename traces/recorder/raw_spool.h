// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "traces/recorder/spool.h"

namespace heapwise::recorder {

/// What stands behind a spool's header, as strings.
struct SpoolText {
  std::string executable, directory;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> variables;  ///< name and value
};

/// Reads the text area; `base` points to spool::kStatesOffset bytes with a header in front.
SpoolText read_text(const unsigned char* base);

/// One event as it was logged, with its thread and its time made absolute.
struct Event {
  std::uint64_t ticks = 0;
  std::uint64_t address = 0;
  std::uint64_t size = 0;   ///< of allocations; the argument of extended events
  std::uint64_t value = 0;  ///< of extended events
  std::uint32_t thread = 0;
  spool::Kind kind = spool::Kind::extended;
  spool::Code code = spool::Code::clock;  ///< when kind is `extended`
  std::uint8_t align_log2 = 0;
};

/// The part of a raw spool that one segment was. Its events are in order of time among themselves,
/// even where an ended thread left its rest to another.
struct Segment {
  const unsigned char* data = nullptr;
  std::size_t bytes = 0;
  spool::SegmentHead head{};
};

/// A raw spool, mapped. Fails when it is none, or one of another build.
class RawSpool {
 public:
  static Expected<RawSpool> open(const std::string& path);
  const spool::Header& header() const;
  SpoolText text() const { return read_text(file_.data()); }
  std::size_t bytes() const { return file_.size(); }
  /// Where a segment's length stands.
  std::size_t offset_of(const Segment& segment) const {
    return static_cast<std::size_t>(segment.data - file_.data()) - sizeof(spool::Word);
  }
  /// In order of their first event. A file cut short yields those that are whole.
  const std::vector<Segment>& segments() const { return segments_; }

 private:
  void index_segments();

  MappedFile file_;
  std::vector<Segment> segments_;
};

/// Reads the events of one segment front to back.
class SegmentCursor {
 public:
  SegmentCursor() = default;
  explicit SegmentCursor(const Segment& segment);
  /// False at the end. Bytes that are no event end the segment.
  bool next(Event& event);

 private:
  bool extended(spool::Word word, Event& event);

  const unsigned char* at_ = nullptr;
  const unsigned char* end_ = nullptr;
  std::uint64_t ticks_ = 0;
  std::uint32_t thread_ = 0;
};

/// The calls of malloc, free and the like that a segment holds.
std::uint64_t count_calls(const Segment& segment);

/// Takes segments off a raw file's end until it has `bytes` at most, counts their calls as dropped
/// in its header, and returns how many these were. Nothing is taken from a file that is short
/// enough. Fails when it cannot be written, or has no segments left.
Expected<std::uint64_t> shorten_raw_spool(const std::string& path, std::uint64_t bytes);

/// All events of a raw spool in the order of their stamps. Memory grows with the number of
/// segments that overlap in time, which is that of threads.
class EventMerge {
 public:
  explicit EventMerge(const std::vector<Segment>& segments);
  bool next(Event& event);

 private:
  struct Source {
    SegmentCursor cursor;
    Event event;
    std::uint32_t sequence = 0;
  };
  static bool later(const Source& a, const Source& b);
  void open_until(std::uint64_t ticks);
  void refresh_bound();

  const std::vector<Segment>& segments_;
  std::size_t opened_ = 0;
  std::vector<Source> waiting_;  ///< a heap, earliest in front
  Source current_;
  bool has_current_ = false;
  std::uint64_t bound_ = 0;  ///< while current_ is before this, it is the earliest
};

}  // namespace heapwise::recorder
