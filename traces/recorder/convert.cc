// SPDX-License-Identifier: MIT
#include "traces/recorder/convert.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "traces/recorder/live_objects.h"
#include "traces/recorder/program_time.h"
#include "traces/recorder/raw_spool.h"
#include "traces/recorder/sensing.h"
#include "traces/recorder/spool.h"
#include "traces/recorder/touches.h"
#include "traces/writer.h"

namespace heapwise::recorder {
namespace {

using spool::Code;
using spool::Kind;
using Object = LiveObjects::Object;

// Fewer timed events than this say nothing: the first calls of a program cost the most.
constexpr std::uint64_t kFewestTimed = 32;
// Below this, one call that a page fault fell into, as it does into the first, would stand for
// hundreds: the middle half of them says what all cost, everywhere alike.
constexpr std::uint64_t kManyTimed = 1024;

// No process can address more, with five levels of page tables; no alignment is larger.
constexpr std::uint64_t kMostBytes = 1ULL << 57;
constexpr unsigned kMostAlignLog2 = 57;

// How far apart samples of the allocator's time are: at least so long, and so large a part of the
// time until then.
constexpr std::uint64_t kAllocatorSampleNs = 1'000'000;
constexpr std::uint64_t kAllocatorSamples = 1024;

/// What one timed event says that it cost.
EventCosts timed_costs(std::uint64_t allocator_and_recorder, const spool::Header& header,
                       double ns_per_tick) {
  const std::uint64_t allocator = allocator_and_recorder >> 32;
  const std::uint64_t recorder = allocator_and_recorder & 0xffff'ffffU;
  const std::uint64_t stamp = std::min<std::uint64_t>(allocator, header.stamp_ticks);
  return {static_cast<double>(recorder) * ns_per_tick,
          static_cast<double>(allocator - stamp) * ns_per_tick};
}

/// What the timed events say together.
struct TimedCosts {
  EventCosts mean;      ///< zero when they are too few
  bool locally = true;  ///< each also tells of the events around it
};

std::vector<EventCosts> all_timed(const RawSpool& raw, double ns_per_tick) {
  std::vector<EventCosts> all;
  for (const Segment& segment : raw.segments()) {
    SegmentCursor cursor(segment);
    for (Event event; cursor.next(event);) {
      if (event.kind != Kind::extended || event.code != Code::timed) continue;
      all.push_back(timed_costs(event.size, raw.header(), ns_per_tick));
    }
  }
  return all;
}

double middle_of(std::vector<EventCosts>& all, double EventCosts::*cost) {
  std::sort(all.begin(), all.end(),
            [cost](const EventCosts& a, const EventCosts& b) { return a.*cost < b.*cost; });
  const std::size_t from = all.size() / 4, until = all.size() - from;
  double sum = 0;
  for (std::size_t i = from; i < until; ++i) sum += all[i].*cost;
  return sum / static_cast<double>(until - from);
}

TimedCosts costs_of_few(std::vector<EventCosts> all) {
  TimedCosts costs;
  costs.locally = false;
  if (all.size() < kFewestTimed) return costs;
  costs.mean = {middle_of(all, &EventCosts::recorder_ns),
                middle_of(all, &EventCosts::allocator_ns)};
  return costs;
}

TimedCosts costs_of(const RawSpool& raw, double ns_per_tick) {
  const spool::Header& header = raw.header();
  const std::uint64_t count = header.timed_events.load();
  if (count < kManyTimed) return costs_of_few(all_timed(raw, ns_per_tick));
  const auto timed = static_cast<double>(count);
  const double recorder = static_cast<double>(header.recorder_ticks.load()) / timed;
  const double allocator = static_cast<double>(header.allocator_ticks.load()) / timed;
  TimedCosts costs;
  costs.mean = {recorder * ns_per_tick,
                std::max(0.0, allocator - header.stamp_ticks) * ns_per_tick};
  return costs;
}

std::string decimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

Capabilities capabilities_of(const spool::Header& header, const ConversionRequest& request) {
  Capabilities set = Capability::threads | Capability::alignment | Capability::zeroed;
  if ((header.flags.load() & spool::kClockFrozen) == 0) set = set | Capability::time;
  if (!request.residency.empty()) set = set | Capability::residency;
  if (header.large_bytes.load() != 0) set = set | Capability::touch;
  // Libraries that reach libc past the recorder make calls that are missing here.
  const bool past_us = header.deepbind_loads.load() != 0 || header.namespace_loads.load() != 0;
  if (!past_us && header.dropped_events.load() == 0) set = set | Capability::complete;
  return set;
}

/// "mallinfo2, malloc_trim" of a set of bits.
std::string names_of_calls(std::uint64_t calls) {
  std::string names;
  for (std::size_t i = 0; i < kAllocatorCalls.size(); ++i) {
    if ((calls >> i & 1U) == 0) continue;
    names += (names.empty() ? "" : ", ");
    names += kAllocatorCalls[i];
  }
  return names;
}

TraceInfo describe(const RawSpool& raw, const ConversionRequest& request) {
  const spool::Header& header = raw.header();
  SpoolText text = raw.text();
  TraceInfo info;
  info.source = TraceSource::recorded;
  info.capabilities = capabilities_of(header, request);
  info.name = request.name;
  info.command = std::move(text.arguments);
  info.facts = {{"pid", std::to_string(header.pid)},
                {"parent_pid", std::to_string(header.parent_pid)},
                {"executable", text.executable},
                {"directory", text.directory}};
  info.facts.insert(info.facts.end(), request.facts.begin(), request.facts.end());
  if (has(info.capabilities, Capability::touch)) {
    info.facts.emplace_back("touch_threshold", std::to_string(spool::kMeasuredBytes));
  }
  for (const auto& [name, value] : text.variables) info.facts.emplace_back("env." + name, value);
  if (header.allocator[0] != '\0') {
    info.facts.emplace_back("recorder.linked_allocator", header.allocator);
    const bool over = (header.flags.load() & spool::kOverLinkedAllocator) != 0;
    info.facts.emplace_back("recorder.recorded_over", over ? header.allocator : "glibc");
  }
  if (const std::string calls = names_of_calls(header.allocator_calls.load()); !calls.empty()) {
    info.facts.emplace_back("recorder.allocator_calls", calls);
  }
  return info;
}

class Converter {
 public:
  Converter(const RawSpool& raw, const ConversionRequest& request, TraceWriter writer)
      : raw_(raw),
        request_(request),
        writer_(std::move(writer)),
        timed_(costs_of(raw, request.scale.ns_per_tick)),
        costs_(timed_.mean),
        first_ticks_(raw.header().start_ticks),
        time_(first_ticks_, request.scale.ns_per_tick, costs_, std::max(1U, request.cpus)),
        inherited_known_(!request.inherited.empty()),
        measures_touch_(raw.header().large_bytes.load() != 0) {
    if (measures_touch_) touches_.emplace(raw, request.touches);
  }

  Expected<Conversion> run() {
    for (const LiveObject& object : request_.inherited) inherit(object);
    EventMerge merge(raw_.segments());
    std::uint64_t last_ticks = first_ticks_;
    for (Event event; merge.next(event); last_ticks = event.ticks) {
      if (event.ticks >= next_interruption_) interrupt(event.ticks);
      span_ = touches_ && begins_span(event) ? next_span_++ : kNoSpan;
      apply(event);
    }
    interrupt(~0ULL);
    if (!exit_seen_ && !request_.cut_short) exit_where_seen_last(last_ticks);
    return finish();
  }

 private:
  struct Pending {
    std::uint64_t address = 0;
    std::optional<Object> object;
  };
  struct Thread {
    std::optional<ThreadId> id;
    bool ended = false;
    std::vector<Pending> reallocs;  ///< begun; more than one only if a handler interrupted one
  };

  double recorded_ns(std::uint64_t monotonic_ns) const {
    return std::max(0.0,
                    static_cast<double>(monotonic_ns) - request_.scale.monotonic_at(first_ticks_));
  }

  // --- what lies between events: samples of memory, and forks ---

  void interrupt(std::uint64_t ticks) {
    const double until = static_cast<double>(ticks - first_ticks_) * request_.scale.ns_per_tick;
    next_interruption_ = ~0ULL;
    if (touches_) step_touches(ticks);
    for (; sampled_ < request_.residency.size(); ++sampled_) {
      const MemorySample& sample = request_.residency[sampled_];
      const double at = recorded_ns(sample.monotonic_ns);
      if (ticks != ~0ULL && at > until) {
        next_interruption_ =
            std::min(next_interruption_,
                     first_ticks_ + static_cast<std::uint64_t>(at / request_.scale.ns_per_tick));
        break;
      }
      writer_.residency({time_.between(at), sample.rss_anon_bytes, sample.rss_total_bytes});
    }
    take_snapshots(ticks);
    if (snapshots_ < request_.snapshots_at.size()) {
      next_interruption_ = std::min(next_interruption_, request_.snapshots_at[snapshots_]);
    }
  }

  // Those that are wanted at this moment or before.
  void take_snapshots(std::uint64_t ticks) {
    const auto& wanted = request_.snapshots_at;
    for (; snapshots_ < wanted.size() && wanted[snapshots_] <= ticks; ++snapshots_) {
      request_.take_snapshot(snapshots_, live_.snapshot());
    }
  }

  // --- pages of large blocks ---

  // Until here there was an event at each of the ticks before.
  void step_touches(std::uint64_t ticks) {
    const auto& steps = touches_->steps();
    for (; stepped_ < steps.size() && steps[stepped_].ticks < ticks; ++stepped_) {
      const Touches::Step& step = steps[stepped_];
      take_snapshots(step.ticks);
      if (Object* object = live_.find(step.address); object && object->span == step.span) {
        const double recorded = static_cast<double>(step.ticks - first_ticks_);
        say_touched(*object, time_.between(recorded * request_.scale.ns_per_tick), step.pages);
      }
    }
    if (stepped_ < steps.size()) {
      next_interruption_ = std::min(next_interruption_, steps[stepped_].ticks + 1);
    }
  }

  void say_touched(Object& object, std::uint64_t now, std::uint64_t pages) {
    if (pages <= object.touched_pages) return;
    object.touched_pages = pages;
    writer_.touch(object.thread, now, object.id, pages);
  }

  // The event at hand made this object what it is.
  void begin_span(Object& object, ThreadId thread, std::uint64_t now) {
    object.thread = thread;
    object.span = span_;
    if (span_ == kNoSpan) return;
    object.touched_pages = std::min(object.touched_pages, object.size / spool::kPage);
    say_touched(object, now, touches_->first_pages(span_));
  }

  // --- threads ---

  Thread& thread_state(std::uint32_t number) {
    if (number >= threads_.size()) threads_.resize(number + std::size_t{1});
    return threads_[number];
  }

  // Threads are numbered in the order of their first appearance.
  ThreadId thread_id(std::uint32_t number) {
    Thread& thread = thread_state(number);
    if (!thread.id) thread.id = ThreadId{thread_count_++};
    return *thread.id;
  }

  void begin_thread(const Event& event, std::uint64_t now) {
    const bool first = thread_count_ == 0;
    const ThreadId started = thread_id(event.thread);
    if (first) return;
    ThreadId creator = started;
    if (event.value != 0) {
      const Thread& known = thread_state(static_cast<std::uint32_t>(event.value - 1));
      if (known.id && !known.ended) creator = *known.id;
    }
    writer_.thread_start(creator, now, started);
  }

  // --- objects ---

  void inherit(const LiveObject& object) {
    Object& placed =
        place(thread_id(0), 0, object.address, object.kind, object.size, object.align_log2);
    if (measures_touch_) say_touched(placed, 0, object.touched_pages);
    ++inherited_;
  }

  Object& place(ThreadId thread, std::uint64_t now, std::uint64_t address, OpKind kind,
                std::uint64_t size, std::uint8_t align_log2) {
    Object& object = vacate(thread, now, address);
    const ObjectId id = writer_.allocate(thread, now, kind, size, align_log2);
    object = {size, id, kind, align_log2};
    begin_span(object, thread, now);
    return object;
  }

  // One operation that cannot have been is no reason to lose all the others.
  bool is_possible(std::uint64_t size, unsigned align_log2) {
    if (size <= std::min(kMostBytes, writer_.room_bytes()) && align_log2 <= kMostAlignLog2) {
      return true;
    }
    ++result_.impossible;
    return false;
  }

  void place_new(const Event& event, ThreadId thread, std::uint64_t now, OpKind kind) {
    if (!is_possible(event.size, event.align_log2)) return;
    place(thread, now, event.address, kind, event.size, event.align_log2);
  }

  // The place of an address. If something lives there still, nobody saw its free.
  Object& vacate(ThreadId thread, std::uint64_t now, std::uint64_t address) {
    const auto [object, fresh] = live_.slot(address);
    if (!fresh) {
      writer_.free(thread, now, object->id);
      ++result_.implied_frees;
    }
    return *object;
  }

  void count_unknown() {
    const bool forked = raw_.header().parent_start_ticks != 0;
    ++(forked && !inherited_known_ ? inherited_frees_ : result_.unknown_frees);
  }

  void free(ThreadId thread, std::uint64_t now, std::uint64_t address) {
    const auto object = live_.take(address);
    if (!object) return count_unknown();
    writer_.free(thread, now, object->id);
  }

  void begin_realloc(Thread& thread, std::uint64_t address) {
    thread.reallocs.push_back({address, live_.take(address)});
    if (!thread.reallocs.back().object) count_unknown();
  }

  static Pending take_pending(Thread& thread) {
    if (thread.reallocs.empty()) return {};
    Pending pending = thread.reallocs.back();
    thread.reallocs.pop_back();
    return pending;
  }

  void end_realloc(Thread& thread, ThreadId id, std::uint64_t now, const Event& event) {
    Pending pending = take_pending(thread);
    if (!pending.object) {
      return place_new(event, id, now, OpKind::malloc);
    }
    Object& object = vacate(id, now, event.address);
    object = *pending.object;
    if (!is_possible(event.size, 0)) return;
    object.size = event.size;
    writer_.reallocate(id, now, object.id, event.size);
    begin_span(object, id, now);
  }

  // --- what the real allocator took ---

  // As fine in an hour as in a second, relative to what has passed.
  void sample_allocator_time(std::uint64_t now) {
    if (costs_.recorder_ns <= 0) return;
    writer_.allocator_time({now, time_.allocator_ns()});
    next_allocator_sample_ns_ = now + std::max(kAllocatorSampleNs, now / kAllocatorSamples);
  }

  // --- events ---

  void apply(const Event& event) {
    if (event.kind == Kind::extended) return apply_extended(event);
    const std::uint64_t now = time_.at(event.ticks, event.thread);
    if (now >= next_allocator_sample_ns_) sample_allocator_time(now);
    const ThreadId id = thread_id(event.thread);
    switch (event.kind) {
      case Kind::malloc:
        return place_new(event, id, now, OpKind::malloc);
      case Kind::calloc:
        return place_new(event, id, now, OpKind::calloc);
      case Kind::aligned:
        return place_new(event, id, now, OpKind::aligned);
      case Kind::free:
        return free(id, now, event.address);
      case Kind::realloc_begin:
        return begin_realloc(thread_state(event.thread), event.address);
      case Kind::realloc_end:
        return end_realloc(thread_state(event.thread), id, now, event);
      case Kind::extended:
        break;
    }
  }

  void apply_extended(const Event& event) {
    const std::uint64_t now =
        time_.between(static_cast<double>(event.ticks - first_ticks_) * request_.scale.ns_per_tick);
    switch (event.code) {
      case Code::thread_begin:
        return begin_thread(event, now);
      case Code::thread_end:
        writer_.thread_end(thread_id(event.thread), now);
        thread_state(event.thread).ended = true;
        return;
      case Code::exit_begin:
        exit_seen_ = true;
        return writer_.exit_begin(thread_id(event.thread), now);
      case Code::realloc_freed:
        return end_freed(thread_state(event.thread), event, now);
      case Code::realloc_failed:
        return end_failed(thread_state(event.thread));
      case Code::trim:
        return writer_.trim(thread_id(event.thread), now, event.size);
      case Code::mallopt:
        return writer_.mallopt(thread_id(event.thread), now,
                               static_cast<std::int32_t>(event.size >> 32),
                               static_cast<std::int32_t>(event.size));
      case Code::stall:
        stalled_ticks_ += event.size;
        return time_.add_stall(event.size);
      case Code::touched:
        return time_.add_stall(event.size);
      case Code::timed:
        return observe(event);
      default:
        return;
    }
  }

  void observe(const Event& event) {
    if (!timed_.locally) return;
    time_.observe(timed_costs(event.size, raw_.header(), request_.scale.ns_per_tick));
  }

  void end_freed(Thread& thread, const Event& event, std::uint64_t now) {
    const Pending pending = take_pending(thread);
    if (pending.object) writer_.free(thread_id(event.thread), now, pending.object->id);
  }

  void end_failed(Thread& thread) {
    const Pending pending = take_pending(thread);
    if (pending.object) *live_.slot(pending.address).first = *pending.object;
  }

  // --- the end ---

  // A process that was killed, or called _exit, may have lived on for long after its last call.
  void exit_where_seen_last(std::uint64_t last_ticks) {
    const auto alive = std::find_if(threads_.begin(), threads_.end(), [](const Thread& thread) {
      return thread.id && !thread.ended;
    });
    if (alive == threads_.end() || request_.residency.empty()) return;
    const double last = static_cast<double>(last_ticks - first_ticks_) * request_.scale.ns_per_tick;
    const double seen = recorded_ns(request_.residency.back().monotonic_ns);
    if (seen > last) writer_.exit_begin(*alive->id, time_.between(seen));
  }

  static void add_fact(TraceTotals& totals, const char* name, std::uint64_t count) {
    if (count != 0) totals.facts.emplace_back(name, std::to_string(count));
  }

  Expected<Conversion> finish() {
    const spool::Header& header = raw_.header();
    TraceTotals end;
    end.dropped_events = header.dropped_events.load() + result_.impossible;
    end.facts = request_.end_facts;
    if (request_.cpu_seconds > 0) {
      end.facts.emplace_back("cpu_seconds",
                             std::to_string(time_.own_cpu_seconds(request_.cpu_seconds)));
    }
    if (costs_.recorder_ns > 0) {
      end.facts.emplace_back("recorder.cost_ns_per_event", decimal(costs_.recorder_ns));
      end.facts.emplace_back("recorder.allocator_ns_per_event", decimal(costs_.allocator_ns));
    }
    add_fact(end, "recorder.stalled_ns",
             static_cast<std::uint64_t>(static_cast<double>(stalled_ticks_) *
                                        request_.scale.ns_per_tick));
    add_fact(end, "recorder.implied_frees", result_.implied_frees);
    add_fact(end, "recorder.unknown_frees", result_.unknown_frees);
    add_fact(end, "recorder.impossible_operations", result_.impossible);
    add_fact(end, "recorder.inherited_objects", inherited_);
    add_fact(end, "recorder.inherited_frees", inherited_frees_);
    add_fact(end, "recorder.usable_size_calls", header.usable_size_calls.load());
    add_fact(end, "recorder.failed_allocations", header.failed_allocations.load());
    add_fact(end, "recorder.deepbind_loads", header.deepbind_loads.load());
    add_fact(end, "recorder.namespace_loads", header.namespace_loads.load());
    if (touches_) {
      add_fact(end, "recorder.large_blocks", touches_->spans());
      add_fact(end, "recorder.large_blocks_counted", touches_->counted());
    }
    sample_allocator_time(time_.last_ns());
    auto totals = writer_.finish(end);
    if (!totals) return tl::unexpected(totals.error());
    result_.totals = *totals;
    return std::move(result_);
  }

  const RawSpool& raw_;
  const ConversionRequest& request_;
  TraceWriter writer_;
  TimedCosts timed_;
  EventCosts costs_;
  std::uint64_t first_ticks_;
  ProgramTime time_;
  LiveObjects live_;
  std::vector<Thread> threads_;
  std::uint32_t thread_count_ = 0;
  std::uint64_t next_interruption_ = 0;
  std::size_t sampled_ = 0;
  std::uint64_t next_allocator_sample_ns_ = 0;
  bool exit_seen_ = false;
  bool inherited_known_;
  std::size_t snapshots_ = 0;  ///< taken so far
  bool measures_touch_;
  std::optional<Touches> touches_;
  std::uint32_t next_span_ = 0;
  std::uint32_t span_ = kNoSpan;  ///< that the event at hand begins
  std::size_t stepped_ = 0;
  std::uint64_t inherited_ = 0;
  std::uint64_t inherited_frees_ = 0;
  std::uint64_t stalled_ticks_ = 0;
  Conversion result_;
};

}  // namespace

Expected<Conversion> convert_spool(const ConversionRequest& request) {
  auto raw = RawSpool::open(request.raw_path);
  if (!raw) return tl::unexpected(raw.error());
  auto writer = TraceWriter::create(request.output, describe(*raw, request), request.overwrite);
  if (!writer) return tl::unexpected(writer.error());
  return Converter(*raw, request, std::move(*writer)).run();
}

}  // namespace heapwise::recorder
