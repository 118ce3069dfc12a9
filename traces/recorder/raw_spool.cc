// SPDX-License-Identifier: MIT
#include "traces/recorder/raw_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace heapwise::recorder {

using spool::Code;
using spool::Kind;

namespace {

/// Takes zero-ended strings out of an area, never reading beyond it.
class TextReader {
 public:
  TextReader(const unsigned char* at, std::size_t bytes)
      : at_(reinterpret_cast<const char*>(at)), end_(at_ + bytes) {}
  std::vector<std::string> take(std::uint32_t bytes) {
    const char* stop = at_ + std::min<std::size_t>(bytes, static_cast<std::size_t>(end_ - at_));
    std::vector<std::string> strings;
    while (at_ != stop) {
      const char* zero = std::find(at_, stop, '\0');
      strings.emplace_back(at_, zero);
      at_ = zero == stop ? stop : zero + 1;
    }
    return strings;
  }
  std::string take_one(std::uint32_t bytes) {
    auto strings = take(bytes);
    return strings.empty() ? std::string() : std::move(strings.front());
  }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace

SpoolText read_text(const unsigned char* base) {
  const auto& header = *reinterpret_cast<const spool::Header*>(base);
  TextReader reader(base + spool::kTextOffset, spool::kTextBytes);
  SpoolText text;
  text.executable = reader.take_one(header.executable_bytes);
  text.directory = reader.take_one(header.directory_bytes);
  text.arguments = reader.take(header.argument_bytes);
  for (const std::string& entry : reader.take(header.variable_bytes)) {
    const std::size_t equals = std::min(entry.find('='), entry.size());
    text.variables.emplace_back(entry.substr(0, equals),
                                entry.substr(std::min(equals + 1, entry.size())));
  }
  return text;
}

Expected<RawSpool> RawSpool::open(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  RawSpool raw;
  raw.file_ = std::move(*file);
  const bool whole = raw.file_.size() >= spool::kStatesOffset;
  if (!whole || std::memcmp(raw.header().magic, spool::kMagic, sizeof spool::kMagic) != 0 ||
      raw.header().header_bytes != sizeof(spool::Header)) {
    return fail(ErrorCode::bad_input, path + " is not a spool of this build's recorder",
                "use the recorder library that belongs to this heapwise");
  }
  raw.index_segments();
  return raw;
}

const spool::Header& RawSpool::header() const {
  return *reinterpret_cast<const spool::Header*>(file_.data());
}

void RawSpool::index_segments() {
  std::size_t at = spool::kStatesOffset;
  while (file_.size() - at >= sizeof(spool::Word)) {
    const spool::Word bytes = spool::load_word(file_.data() + at);
    at += sizeof(spool::Word);
    if (bytes < sizeof(spool::SegmentHead) || bytes > file_.size() - at) break;
    Segment segment;
    segment.data = file_.data() + at;
    segment.bytes = bytes;
    std::memcpy(&segment.head, segment.data, sizeof segment.head);
    segments_.push_back(segment);
    at += bytes;
  }
  std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) {
    return std::pair(a.head.start_ticks, a.head.sequence) <
           std::pair(b.head.start_ticks, b.head.sequence);
  });
}

SegmentCursor::SegmentCursor(const Segment& segment)
    : at_(segment.data + sizeof(spool::SegmentHead)),
      end_(segment.data + segment.bytes),
      ticks_(segment.head.start_ticks),
      thread_(segment.head.thread) {}

bool SegmentCursor::next(Event& event) {
  while (end_ - at_ >= static_cast<std::ptrdiff_t>(sizeof(spool::Word))) {
    const spool::Word word = spool::load_word(at_);
    const auto bytes = static_cast<std::ptrdiff_t>(spool::event_bytes(word));
    if (word == 0 || end_ - at_ < bytes) return false;
    const unsigned char* payload = at_ + sizeof word;
    at_ += bytes;
    ticks_ += spool::delta_of(word);
    event.kind = spool::kind_of(word);
    event.thread = thread_;
    event.ticks = ticks_;
    if (event.kind == Kind::extended) {
      event.size = bytes > 8 ? spool::load_word(payload) : 0;
      if (bytes > 16) {
        event.address = event.size;
        event.size = spool::load_word(payload + 8);
      }
      if (extended(word, event)) return true;
      continue;
    }
    event.address = spool::address_of(word);
    event.size = bytes > 8 ? spool::load_half(payload) : 0;
    event.align_log2 =
        bytes > 12 ? static_cast<std::uint8_t>(spool::load_half(payload + 4)) : std::uint8_t{0};
    return true;
  }
  return false;
}

// False for what only tells the cursor where and when it is.
bool SegmentCursor::extended(spool::Word word, Event& event) {
  event.code = spool::code_of(word);
  event.value = spool::value_of(word);
  switch (event.code) {
    case Code::run:
      thread_ = static_cast<std::uint32_t>(event.value);
      [[fallthrough]];
    case Code::clock:
      ticks_ = event.size;
      return false;
    case Code::wide:
      event.kind = static_cast<Kind>(event.value & 7U);
      event.align_log2 = static_cast<std::uint8_t>(event.value >> 3);
      return true;
    default:
      return true;
  }
}

std::uint64_t count_calls(const Segment& segment) {
  SegmentCursor cursor(segment);
  std::uint64_t calls = 0;
  for (Event event; cursor.next(event);) {
    calls += event.kind != Kind::extended && event.kind != Kind::realloc_begin ? 1 : 0;
  }
  return calls;
}

namespace {

/// What is to be taken off a raw file.
struct Rest {
  std::size_t from = 0;
  std::uint64_t calls = 0;
  std::uint64_t dropped = 0;  ///< with what was dropped before
};

Expected<Rest> rest_behind(const std::string& path, std::uint64_t bytes) {
  const auto raw = RawSpool::open(path);
  if (!raw) return tl::unexpected(raw.error());
  if (raw->segments().empty()) return fail(ErrorCode::io, path + " has nothing to leave out");
  Rest rest{raw->bytes()};
  for (const Segment& segment : raw->segments()) {
    const std::size_t offset = raw->offset_of(segment);
    if (offset + sizeof(spool::Word) + segment.bytes <= bytes) continue;
    rest.from = std::min(rest.from, offset);
    rest.calls += count_calls(segment);
  }
  rest.dropped = raw->header().dropped_events.load() + rest.calls;
  return rest;
}

}  // namespace

Expected<std::uint64_t> shorten_raw_spool(const std::string& path, std::uint64_t bytes) {
  const auto rest = rest_behind(path, bytes);
  if (!rest) return tl::unexpected(rest.error());
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || ftruncate(file.get(), static_cast<off_t>(rest->from)) != 0 ||
      pwrite(file.get(), &rest->dropped, sizeof rest->dropped,
             offsetof(spool::Header, dropped_events)) != sizeof rest->dropped) {
    return fail_errno("cannot write " + path);
  }
  return rest->calls;
}

EventMerge::EventMerge(const std::vector<Segment>& segments) : segments_(segments) {}

bool EventMerge::later(const Source& a, const Source& b) {
  return std::pair(a.event.ticks, a.sequence) > std::pair(b.event.ticks, b.sequence);
}

// Opens the segments that begin at `ticks` or before.
void EventMerge::open_until(std::uint64_t ticks) {
  for (; opened_ < segments_.size() && segments_[opened_].head.start_ticks <= ticks; ++opened_) {
    Source source{SegmentCursor(segments_[opened_]), {}, segments_[opened_].head.sequence};
    if (!source.cursor.next(source.event)) continue;
    waiting_.push_back(source);
    std::push_heap(waiting_.begin(), waiting_.end(), later);
  }
}

void EventMerge::refresh_bound() {
  bound_ = std::numeric_limits<std::uint64_t>::max();
  if (!waiting_.empty()) bound_ = waiting_.front().event.ticks;
  if (opened_ < segments_.size()) bound_ = std::min(bound_, segments_[opened_].head.start_ticks);
}

bool EventMerge::next(Event& event) {
  if (has_current_ && current_.event.ticks < bound_) {
    event = current_.event;
    has_current_ = current_.cursor.next(current_.event);
    return true;
  }
  if (has_current_) {
    waiting_.push_back(current_);
    std::push_heap(waiting_.begin(), waiting_.end(), later);
    has_current_ = false;
  }
  while (waiting_.empty()) {
    if (opened_ == segments_.size()) return false;
    open_until(segments_[opened_].head.start_ticks);
  }
  open_until(waiting_.front().event.ticks);
  std::pop_heap(waiting_.begin(), waiting_.end(), later);
  current_ = waiting_.back();
  waiting_.pop_back();
  refresh_bound();
  event = current_.event;
  has_current_ = current_.cursor.next(current_.event);
  return true;
}

}  // namespace heapwise::recorder
