// SPDX-License-Identifier: MIT
#include "traces/recorder/touches.h"

#include <tsl/robin_map.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "traces/recorder/spool.h"

namespace heapwise::recorder {
namespace {

using spool::Code;
using spool::Kind;

std::uint64_t pages_of(std::uint64_t size) { return (size + spool::kPage - 1) / spool::kPage; }

// Eight to each doubling; of spans, which are larger than eight bytes.
std::size_t size_class(std::uint64_t size) {
  size = std::max<std::uint64_t>(size, 8);
  const auto shift = static_cast<unsigned>(std::bit_width(size)) - 1;
  return shift * 8 + (size >> (shift - 3) & 7U);
}

/// The nearest count before, and the share of the block that it found written.
struct Guess {
  bool known = false;
  double share = 1;
};

}  // namespace

bool begins_span(const Event& event) {
  if (event.size < spool::kMeasuredBytes) return false;
  return event.kind == Kind::malloc || event.kind == Kind::calloc || event.kind == Kind::aligned ||
         event.kind == Kind::realloc_end;
}

/// Follows the large blocks from event to event.
class Touches::Collector {
 public:
  Collector(Touches& touches, const std::vector<TouchSample>& samples)
      : touches_(touches), samples_(samples) {}

  void apply(const Event& event) {
    apply_samples(event.ticks);
    if (begins_span(event)) return begin(event);
    switch (event.kind) {
      case Kind::free:
        live_.erase(event.address);
        return;
      case Kind::realloc_begin:
        return begin_realloc(event);
      case Kind::extended:
        if (event.code == Code::touched) count(event.ticks, event.address, event.value, 0);
        return;
      default:
        live_.erase(event.address);  // what was there has been freed unseen
        return;
    }
  }

  /// Samples up to this time, exclusive.
  void apply_samples(std::uint64_t ticks) {
    for (; sampled_ < samples_.size() && samples_[sampled_].ticks < ticks; ++sampled_) {
      const TouchSample& sample = samples_[sampled_];
      count(sample.ticks, sample.address, sample.pages, spool::kLargeBytes);
    }
  }

 private:
  struct Resized {
    std::uint64_t address = 0;
    std::uint32_t span = kNoSpan;
  };

  // Where the block has at least so many bytes.
  void count(std::uint64_t ticks, std::uint64_t address, std::uint64_t pages,
             std::uint64_t least_bytes) {
    const auto found = live_.find(address);
    if (found == live_.end() || touches_.spans_[found->second].size < least_bytes) return;
    touches_.count(found->second, ticks, address, pages);
  }

  void begin(const Event& event) {
    const auto span = static_cast<std::uint32_t>(touches_.spans_.size());
    const bool is_resized = event.kind == Kind::realloc_end;
    touches_.spans_.push_back({event.size, 0, 0, 0, 0, kNoSpan, is_resized});
    live_[event.address] = span;
    if (!is_resized) return;
    Resized& before = resized(event.thread);
    if (before.address == event.address && before.span != kNoSpan) {
      touches_.spans_[before.span].next = span;
    }
    before = {};
  }

  void begin_realloc(const Event& event) {
    const auto found = live_.find(event.address);
    resized(event.thread) = {event.address, found == live_.end() ? kNoSpan : found->second};
    live_.erase(event.address);
  }

  Resized& resized(std::uint32_t thread) {
    if (thread >= resized_.size()) resized_.resize(thread + std::size_t{1});
    return resized_[thread];
  }

  struct Hash {
    // Large blocks of the recorder's begin with a page, those of libc 16 bytes behind one.
    std::size_t operator()(std::uint64_t address) const {
      return (address >> 4) * 0x9e3779b97f4a7c15ULL >> 20;
    }
  };

  Touches& touches_;
  const std::vector<TouchSample>& samples_;
  std::size_t sampled_ = 0;
  tsl::robin_map<std::uint64_t, std::uint32_t, Hash> live_;
  std::vector<Resized> resized_;  ///< by thread
};

Touches::Touches(const RawSpool& raw, const std::vector<TouchSample>& samples) {
  Collector collector(*this, samples);
  EventMerge merge(raw.segments());
  Event event;
  while (merge.next(event)) collector.apply(event);
  collector.apply_samples(~0ULL);
  pass_back();
  std::stable_sort(steps_.begin(), steps_.end(),
                   [](const Step& a, const Step& b) { return a.ticks < b.ticks; });
  guess_uncounted();
}

void Touches::count(std::uint32_t number, std::uint64_t ticks, std::uint64_t address,
                    std::uint64_t pages) {
  Span& span = spans_[number];
  pages = std::min(pages, pages_of(span.size));
  if (span.seen_ticks == 0) {
    span.first = span.last = pages;
    ++counted_;
  } else if (pages > span.last) {
    steps_.push_back({span.seen_ticks, address, pages, number});
    span.last = pages;
  }
  span.seen_ticks = std::max<std::uint64_t>(ticks, 1);
  span.address = address;
}

// A block that grew in its place was not counted then: what was written of it later is the most
// that can have been by then. Where it was seen before, the rest counts from that time on.
void Touches::pass_back() {
  for (std::size_t i = spans_.size(); i-- > 0;) {
    Span& span = spans_[i];
    if (span.next == kNoSpan || spans_[span.next].seen_ticks == 0) continue;
    const Span& next = spans_[span.next];
    const std::uint64_t pages = std::min(next.first, pages_of(span.size));
    if (span.seen_ticks == 0) {
      span.first = span.last = pages;
      span.seen_ticks = next.seen_ticks;
      ++counted_;
    } else if (pages > span.last) {
      steps_.push_back({span.seen_ticks, span.address, pages, static_cast<std::uint32_t>(i)});
      span.last = pages;
    }
  }
}

void Touches::guess_uncounted() {
  constexpr std::size_t kClasses = 64 * 8;
  std::vector<Guess> guesses(kClasses);
  // Those before the first count of their size take that one.
  for (std::size_t i = spans_.size(); i-- > 0;) {
    const Span& span = spans_[i];
    if (span.seen_ticks == 0) continue;
    guesses[size_class(span.size)] = {
        true, static_cast<double>(span.last) / static_cast<double>(pages_of(span.size))};
  }
  for (Span& span : spans_) {
    Guess& guess = guesses[size_class(span.size)];
    const auto all = static_cast<double>(pages_of(span.size));
    if (span.seen_ticks != 0) {
      guess = {true, static_cast<double>(span.last) / all};
    } else {
      const bool is_whole = span.is_resized && span.size < spool::kLargeBytes;
      const double share = is_whole ? 1 : guess.share;
      span.first = span.last = static_cast<std::uint64_t>(std::ceil(share * all - 1e-9));
    }
  }
}

}  // namespace heapwise::recorder
