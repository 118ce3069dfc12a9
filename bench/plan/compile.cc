// SPDX-License-Identifier: MIT
// From a trace to a plan in two passes: the first finds out how much room each thread needs and
// which objects another thread consumes, the second writes.
//
// Why no replay of a plan can deadlock, however its threads are scheduled: a thread waits in two
// places. `take` waits for its `give`, and `give` waits for the `take` of the object that was in
// the mailbox before; both stand earlier in the recorded order than the word that waits (a give is
// emitted where its object is made, a take where it is consumed, and a mailbox is used again only
// after its take was emitted). A thread exists from the start, or is started by a word that stands
// earlier than its first. So of all words not yet run, the earliest in recorded order belongs to a
// thread that exists, is the next of that thread, as threads run their words in recorded order, and
// waits for nothing: it can run. As mailboxes have one producer and one consumer each, both of
// which come in recorded order, a take gets the object that was meant for it.
#include "bench/plan/compile.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "bench/plan/consumers.h"
#include "bench/plan/mailboxes.h"
#include "bench/plan/samples.h"
#include "bench/plan/walk.h"
#include "bench/plan/writer.h"

namespace heapwise::plan {
namespace {

constexpr std::uint64_t kLargestOperand = 0xffffffffU;
/// From this size on, growing touches the new part only; smaller blocks have hardly a page of it.
constexpr std::uint64_t kPartlyTouched = 8192;

/// How blocks of this trace are written to.
struct TouchRule {
  bool measured;  ///< blocks from `threshold` on: as the trace says
  std::uint64_t threshold;

  bool measures(std::uint64_t size) const { return measured && size >= threshold; }
};

TouchRule touch_rule(const TraceInfo& info) {
  return {has(info.capabilities, Capability::touch), touch_threshold(info)};
}

/// The entry for what does not fit a word, or nothing if it fits.
std::optional<PlanBig> allocation_entry(const TouchRule& rule, const Op& op) {
  const std::uint64_t touched = rule.measures(op.size) ? 0 : op.size;
  const Code base = op.kind == OpKind::calloc ? Code::calloc : Code::malloc;
  const bool plain = op.kind != OpKind::aligned || op.align_log2 == 0;
  if (plain && touched == op.size && op.size <= kLargestOperand) return std::nullopt;
  return PlanBig{op.size, 0, touched, static_cast<std::uint32_t>(base),
                 plain ? std::uint32_t{0} : std::uint32_t{op.align_log2}};
}

std::optional<PlanBig> resize_entry(const TouchRule& rule, std::uint64_t size,
                                    std::uint64_t old_size) {
  const bool measured = rule.measures(size);
  if (!measured && size < kPartlyTouched) return std::nullopt;
  const std::uint64_t from = measured || old_size > size ? size : old_size;
  return PlanBig{size, from, size, static_cast<std::uint32_t>(Code::realloc), 0};
}

/// realloc(p, 0) may free the block, and this object lives on.
std::uint64_t resized(std::uint64_t size) { return size == 0 ? 1 : size; }

/// The first pass.
class Survey : public Events {
 public:
  Survey(TouchRule rule, Consumers& consumers) : rule_(rule), consumers_(consumers) {}

  void begin(const Op& op, std::uint64_t time_ns) override {
    time_ns_ = time_ns;
    thread(index(op.thread));
  }
  void start(std::uint32_t by, std::uint32_t started) override {
    thread(started);
    count(by);
  }
  void allocate(const Op& op, Object& /*object*/) override {
    count(index(op.thread));
    if (allocation_entry(rule_, op)) ++extent_.bigs;
  }
  void cross(Object& object, std::uint32_t to) override {
    consumers_.set(object.production, to);
    ++crossings_;
    ++thread(object.owner).words;  // its give goes where the object was made, into that run
    count(to);
  }
  void resize(const Op& op, Object& object, std::uint64_t old_size) override {
    count(index(op.thread));
    if (resize_entry(rule_, resized(object.size), old_size)) ++extent_.bigs;
  }
  void release(const Op& op, Object& /*object*/) override { count(index(op.thread)); }
  void touch(const Op& op, Object& /*object*/, std::uint64_t /*from*/) override {
    count(index(op.thread));
    ++extent_.bigs;
  }
  void other(const Op& op) override {
    count(index(op.thread));
    if (op.kind == OpKind::mallopt) ++extent_.bigs;
    if (op.kind == OpKind::thread_end) thread(index(op.thread)).ends = 1;
  }

  Extent extent() {
    thread(0);
    return extent_;
  }
  std::uint64_t crossings() const { return crossings_; }

 private:
  PlanThread& thread(std::uint32_t number) {
    if (extent_.threads.size() <= number) extent_.threads.resize(number + std::size_t{1});
    return extent_.threads[number];
  }
  void count(std::uint32_t number) {
    ++thread(number).words;
    if (cutter_.begins(number, time_ns_)) ++extent_.runs;
  }

  TouchRule rule_;
  Consumers& consumers_;
  Extent extent_;
  RunCutter cutter_;
  std::uint64_t time_ns_ = 0;
  std::uint64_t crossings_ = 0;
};

/// The slots of one thread: the one freed last is taken first, as it is still in the cache.
class Slots {
 public:
  std::uint32_t take() {
    if (free_.empty()) return static_cast<std::uint32_t>(count_++);
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void put_back(std::uint32_t slot) { free_.push_back(slot); }
  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint32_t> free_;
  std::uint64_t count_ = 0;
};

/// The second pass.
class Emitter : public Events {
 public:
  Emitter(TouchRule rule, const Consumers& consumers, PlanWriter& writer, const Walked& walked,
          std::size_t threads)
      : rule_(rule),
        consumers_(consumers),
        writer_(writer),
        samples_(walked.duration_ns),
        slots_(threads) {
    head_.duration_ns = walked.duration_ns;
    head_.operations = walked.operations;
  }
  /// The walk that calls this; it knows the live bytes.
  void follow(const Walked& walked) { walked_ = &walked; }

  void begin(const Op& op, std::uint64_t time_ns) override {
    const bool belongs = op.kind == OpKind::touch && pending_ && pending_->object == op.object &&
                         pending_->thread == index(op.thread);
    if (!belongs) give_pending();
    // Only a trace that changes between the passes has a thread that was not counted.
    if (index(op.thread) >= slots_.size()) slots_.resize(index(op.thread) + std::size_t{1});
    // What was written at once is part of the allocation, what was written later is a growth.
    const bool at_once = op.kind == OpKind::touch && last_ == op.object && time_ns == time_ns_;
    if (!at_once) samples_.before_op(writer_.word_count(), time_ns, walked_->live_bytes);
    if (op.kind != OpKind::touch) last_ = op.object;
    time_ns_ = time_ns;
  }
  void start(std::uint32_t by, std::uint32_t started) override { add(by, Code::start, 0, started); }

  void allocate(const Op& op, Object& object) override {
    object.slot = slots_[object.owner].take();
    const auto entry = allocation_entry(rule_, op);
    const Code code = op.kind == OpKind::calloc ? Code::calloc : Code::malloc;
    add_call(object, code, op.size, entry);
    expect_consumer(op, object);
  }
  void cross(Object& object, std::uint32_t to) override {
    if (holds_slot(object)) slots_[object.owner].put_back(object.slot);
    mailboxes_.release(object.owner, to, object.mailbox);
    object.slot = slots_[to].take();
    object.crosses = false;
    add(to, Code::take, object.slot, object.mailbox);
  }
  void resize(const Op& op, Object& object, std::uint64_t old_size) override {
    const std::uint64_t size = resized(object.size);
    add_call(object, Code::realloc, size, resize_entry(rule_, size, old_size));
    expect_consumer(op, object);
  }
  void release(const Op& op, Object& object) override {
    add(index(op.thread), Code::free, object.slot, 0);
    slots_[object.owner].put_back(object.slot);
  }
  void touch(const Op& op, Object& object, std::uint64_t from) override {
    const std::uint64_t bytes = object.touched;
    const std::uint64_t units = bytes / kTouchUnit;
    const bool own = object.owner == index(op.thread) && (!object.crosses || pending_);
    if (own && from == 0 && units <= kLargestOperand) {
      add(index(op.thread), Code::touch, object.slot, static_cast<std::uint32_t>(units));
    } else if (own) {
      const PlanBig entry{object.owner, from, bytes, static_cast<std::uint32_t>(Code::touch), 0};
      add(index(op.thread), Code::touch_of, object.slot, writer_.big(entry));
    } else if (!object.crosses || pending_ || holds_slot(object)) {
      const PlanBig entry{object.owner, from, bytes, static_cast<std::uint32_t>(Code::touch_of), 0};
      add(index(op.thread), Code::touch_of, object.slot, writer_.big(entry));
    } else {
      // A small block that nobody holds: it was written whole when it was made.
      add(index(op.thread), Code::touch, 0, 0);
    }
  }
  void other(const Op& op) override {
    const std::uint32_t thread = index(op.thread);
    if (op.kind == OpKind::thread_end) add(thread, Code::end, 0, 0);
    if (op.kind == OpKind::trim) {
      add(thread, Code::trim, 0, static_cast<std::uint32_t>(std::min(op.size, kLargestOperand)));
    }
    if (op.kind == OpKind::mallopt) {
      const PlanBig entry{index(op.object), 0, op.size, static_cast<std::uint32_t>(Code::mallopt),
                          0};
      add(thread, Code::mallopt, 0, writer_.big(entry));
    }
    if (op.kind == OpKind::exit_begin) {
      samples_.force(writer_.word_count(), time_ns_, walked_->live_bytes);
      if (!exit_word_) exit_word_ = writer_.word_count();
      add(thread, Code::exit_begin, 0, 0);
    }
  }

  Expected<void> finish(std::uint64_t usable_size_calls) {
    give_pending();
    head_.usable_size_calls = usable_size_calls;
    samples_.force(writer_.word_count(), head_.duration_ns, walked_->live_bytes);
    head_.exit_word = exit_word_.value_or(writer_.word_count());
    head_.mailbox_count = mailboxes_.count();
    std::vector<std::uint64_t> counts;
    for (const Slots& slots : slots_) counts.push_back(slots.count());
    return writer_.finish(head_, counts, samples_.all());
  }
  std::uint64_t slot_count() const {
    std::uint64_t sum = 0;
    for (const Slots& slots : slots_) sum += slots.count();
    return sum;
  }
  std::uint64_t mailbox_count() const { return mailboxes_.count(); }
  /// False when a thread holds more objects than a word can number.
  bool fits() const {
    for (const Slots& slots : slots_) {
      if (slots.count() > kMaxSlots) return false;
    }
    return true;
  }

 private:
  /// A give that waits for the touches that belong to its object's allocation.
  struct Pending {
    ObjectId object;
    std::uint32_t thread, slot, mailbox;
    bool keeps_slot;
  };

  void add(std::uint32_t thread, Code code, std::uint32_t slot, std::uint32_t operand) {
    add_at(time_ns_, thread, code, slot, operand);
  }
  void add_at(std::uint64_t time_ns, std::uint32_t thread, Code code, std::uint32_t slot,
              std::uint32_t operand) {
    word_ns_ = time_ns;
    writer_.add(thread, time_ns, make_word(code, slot & (kMaxSlots - 1), operand));
  }
  void add_call(const Object& object, Code code, std::uint64_t size,
                const std::optional<PlanBig>& entry) {
    if (entry) {
      add(object.owner, Code::big, object.slot, writer_.big(*entry));
    } else {
      add(object.owner, code, object.slot, static_cast<std::uint32_t>(size));
    }
  }
  /// A block whose touch is measured can be touched after it was given away, through the slot that
  /// it was given from.
  bool holds_slot(const Object& object) const { return rule_.measures(object.size); }

  void expect_consumer(const Op& op, Object& object) {
    std::uint32_t consumer = 0;
    object.crosses = consumers_.get(object.production, &consumer);
    if (!object.crosses) return;
    object.mailbox = mailboxes_.acquire(object.owner, consumer);
    pending_ = {op.object, object.owner, object.slot, object.mailbox, holds_slot(object)};
  }
  // At the time of the word before it, the last of its object's allocation: a touch that says
  // nothing new may have moved the time on, so far that a run would begin which nobody counted.
  void give_pending() {
    if (!pending_) return;
    add_at(word_ns_, pending_->thread, Code::give, pending_->slot, pending_->mailbox);
    if (!pending_->keeps_slot) slots_[pending_->thread].put_back(pending_->slot);
    pending_.reset();
  }

  TouchRule rule_;
  const Consumers& consumers_;
  PlanWriter& writer_;
  const Walked* walked_ = nullptr;
  Samples samples_;
  Mailboxes mailboxes_;
  std::vector<Slots> slots_;
  std::optional<Pending> pending_;
  ObjectId last_{0};  ///< of the last op that was no touch
  PlanHeader head_{};
  std::optional<std::uint64_t> exit_word_;
  std::uint64_t time_ns_ = 0;
  std::uint64_t word_ns_ = 0;  ///< of the last word
};

void take_figures(PlanFacts& facts, const Walked& walked) {
  facts.operations = walked.operations;
  facts.allocations = walked.allocations;
  facts.threads = walked.threads;
  facts.duration_ns = walked.duration_ns;
  facts.busy_ns = walked.busy_ns;
  facts.threads_at_once = walked.threads_at_once;
  facts.peak_live_bytes = walked.peak_live_bytes;
  facts.end_live_bytes = walked.exit_live_bytes;
  facts.last_live_bytes = walked.live_bytes;
  facts.exit_known = walked.exit_seen;
  facts.mean_live_bytes = walked.duration_ns == 0
                              ? static_cast<double>(walked.exit_live_bytes)
                              : walked.live_byte_ns / static_cast<double>(walked.duration_ns);
}

/// A fact that is a count; 0 where there is none.
std::uint64_t number_of(const TraceTotals& totals, const char* name) {
  for (const auto& [fact, value] : totals.facts) {
    if (fact == name) return std::strtoull(value.c_str(), nullptr, 10);
  }
  return 0;
}

Expected<void> emit(const std::string& trace_path, const TouchRule& rule,
                    const Consumers& consumers, const Walked& walked, const Extent& extent,
                    const std::string& plan_path, PlanFacts& facts) {
  auto reader = TraceReader::open(trace_path);
  if (!reader) return tl::unexpected(reader.error());
  auto writer = PlanWriter::create(plan_path, extent);
  if (!writer) return tl::unexpected(writer.error());
  Emitter emitter(rule, consumers, *writer, walked, extent.threads.size());
  Walk walk(emitter);
  emitter.follow(walk.figures());
  auto done = walk.run(*reader);
  if (!done) return done;
  if (!emitter.fits()) {
    return fail(ErrorCode::unsupported, trace_path + " has too many live objects in one thread",
                "Record a shorter run, or a part of the load");
  }
  facts.words = writer->word_count();
  facts.runs = extent.runs;
  facts.slots = emitter.slot_count();
  facts.mailboxes = emitter.mailbox_count();
  return emitter.finish(number_of(facts.totals, "recorder.usable_size_calls"));
}

}  // namespace

Expected<PlanFacts> compile_plan(const std::string& trace_path, const std::string& plan_path) {
  auto reader = TraceReader::open(trace_path);
  if (!reader) return tl::unexpected(reader.error());
  const TouchRule rule = touch_rule(reader->info());
  const auto directory = std::filesystem::path(plan_path).parent_path();
  Consumers consumers(directory.empty() ? "." : directory.string());
  Survey survey(rule, consumers);
  Walk walk(survey);
  auto surveyed = walk.run(*reader);
  if (!surveyed) return tl::unexpected(surveyed.error());
  if (!consumers.status()) return tl::unexpected(consumers.status().error());
  const Extent extent = survey.extent();
  if (extent.bigs > kLargestOperand) {
    return fail(ErrorCode::unsupported, trace_path + " is too long for one plan",
                "Record a shorter run, or a part of the load");
  }

  PlanFacts facts;
  take_figures(facts, walk.figures());
  facts.crossings = survey.crossings();
  facts.info = reader->info();
  facts.capabilities = reader->capabilities();
  facts.totals = reader->totals();
  facts.damage = reader->damage();
  facts.residency = reader->residency();
  facts.allocator_times = reader->allocator_times();
  auto emitted = emit(trace_path, rule, consumers, walk.figures(), extent, plan_path, facts);
  if (!emitted) return tl::unexpected(emitted.error());
  return facts;
}

}  // namespace heapwise::plan
