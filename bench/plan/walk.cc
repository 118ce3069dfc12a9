// SPDX-License-Identifier: MIT
#include "bench/plan/walk.h"

#include <algorithm>

namespace heapwise::plan {
namespace {

constexpr std::uint32_t kMaxThreads = 1U << 20;
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBusyStep_ns = 1'000'000;

tl::unexpected<Error> nonsense(std::uint64_t op, const std::string& what) {
  return fail(ErrorCode::bad_input, "op " + std::to_string(op) + " of the trace " + what,
              "Check the file with: heapwise trace check");
}

tl::unexpected<Error> too_many_threads() {
  return fail(ErrorCode::unsupported,
              "the trace has more than " + std::to_string(kMaxThreads) + " threads",
              "no more can be replayed; a synthetic one needs fewer calls, or longer generations");
}

}  // namespace

Expected<void> Walk::run(TraceReader& reader) {
  timed_ = has(reader.info().capabilities, Capability::time);
  Op op;
  while (reader.next(op)) {
    auto stepped = step(op);
    if (!stepped) return stepped;
    ++ops_;
  }
  if (!figures_.exit_seen) figures_.exit_live_bytes = figures_.live_bytes;
  figures_.duration_ns = time_ns_;
  end_busy_step();
  if (figures_.operations > 0) {
    figures_.threads_at_once = call_threads_ / static_cast<double>(figures_.operations);
  }
  figures_.threads = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(started_.size()));
  return {};
}

Expected<void> Walk::step(const Op& op) {
  if (index(op.thread) >= kMaxThreads) return too_many_threads();
  const std::uint64_t time_ns = timed_ ? std::max(op.time_ns, time_ns_) : ops_ * kUntimedStepNs;
  figures_.live_byte_ns +=
      static_cast<double>(figures_.live_bytes) * static_cast<double>(time_ns - time_ns_);
  time_ns_ = time_ns;
  events_.begin(op, time_ns);
  ensure_started(index(op.thread));
  last_thread_ = index(op.thread);
  switch (op.kind) {
    case OpKind::thread_start:
      if (index(op.object) >= kMaxThreads) return too_many_threads();
      thread_start(op);
      return {};
    case OpKind::exit_begin:
      if (!figures_.exit_seen) figures_.exit_live_bytes = figures_.live_bytes;
      figures_.exit_seen = true;
      events_.other(op);
      return {};
    case OpKind::thread_end:
    case OpKind::trim:
    case OpKind::mallopt:
      events_.other(op);
      return {};
    default:
      return object_op(op);
  }
}

Expected<void> Walk::object_op(const Op& op) {
  const std::uint32_t number = index(op.object);
  if (is_operation(op.kind)) {
    ++figures_.operations;
    count_busy(index(op.thread));
  }
  if (is_allocation(op.kind)) {
    if (number > objects_.size()) return nonsense(ops_, "skips object numbers");
    if (number == objects_.size()) objects_.emplace_back();
    Object& object = objects_[number];
    if (object.live) return nonsense(ops_, "allocates an object that is alive");
    object = Object{};
    object.live = true;
    object.size = op.size;
    ++figures_.allocations;
    set_live(figures_.live_bytes + op.size);
    produce(op, object);
    events_.allocate(op, object);
    return {};
  }
  if (number >= objects_.size() || !objects_[number].live) {
    return nonsense(ops_, "names an object that is not alive");
  }
  Object& object = objects_[number];
  if (op.kind == OpKind::touch) {
    const std::uint64_t pages = std::min(op.size, object.size / kPage + 1);
    const bool is_beginning = pages == 1 && object.size < 2 * kPage;
    const std::uint64_t bytes =
        std::min(object.size, is_beginning ? kBeginningBytes : pages * kPage);
    const std::uint64_t from = object.touched;
    if (bytes <= from) return {};
    object.touched = bytes;
    events_.touch(op, object, from);
    return {};
  }
  consume(op, object);
  if (op.kind == OpKind::free) {
    set_live(figures_.live_bytes - object.size);
    object.live = false;
    events_.release(op, object);
    return {};
  }
  if (op.kind != OpKind::realloc) return nonsense(ops_, "is of an unknown kind");
  const std::uint64_t old_size = object.size;
  object.size = op.size;
  object.touched = std::min(object.touched, op.size);
  set_live(figures_.live_bytes - old_size + op.size);
  produce(op, object);
  events_.resize(op, object, old_size);
  return {};
}

void Walk::thread_start(const Op& op) {
  const std::uint32_t started = index(op.object);
  if (op.object == static_cast<ObjectId>(index(op.thread))) return;  // begin() has started it
  if (started < started_.size() && started_[started] != 0) return;
  if (started >= started_.size()) started_.resize(started + std::size_t{1});
  started_[started] = 1;
  events_.start(index(op.thread), started);
}

/// The first thread is there from the beginning. Of one whose creator nobody saw, it is at least
/// known who ran before: that thread starts it, at this point of the order.
void Walk::ensure_started(std::uint32_t thread) {
  if (thread >= started_.size()) started_.resize(thread + std::size_t{1});
  started_[0] = 1;
  if (started_[thread] != 0) return;
  started_[thread] = 1;
  events_.start(last_thread_, thread);
}

void Walk::consume(const Op& op, Object& object) {
  if (object.owner == index(op.thread)) return;
  events_.cross(object, index(op.thread));
  object.owner = index(op.thread);
}

void Walk::produce(const Op& op, Object& object) {
  object.owner = index(op.thread);
  object.production = figures_.productions++;
}

void Walk::count_busy(std::uint32_t thread) {
  if (time_ns_ >= step_until_ns_) {
    end_busy_step();
    step_until_ns_ = (time_ns_ / kBusyStep_ns + 1) * kBusyStep_ns;
    figures_.busy_ns += kBusyStep_ns;
  }
  ++step_calls_;
  if (thread >= seen_until_ns_.size()) seen_until_ns_.resize(thread + std::size_t{1});
  if (seen_until_ns_[thread] == step_until_ns_) return;
  seen_until_ns_[thread] = step_until_ns_;
  ++step_threads_;
}

void Walk::end_busy_step() {
  call_threads_ += static_cast<double>(step_calls_) * step_threads_;
  step_calls_ = 0;
  step_threads_ = 0;
}

void Walk::set_live(std::uint64_t bytes) {
  figures_.live_bytes = bytes;
  figures_.peak_live_bytes = std::max(figures_.peak_live_bytes, bytes);
}

}  // namespace heapwise::plan
