// SPDX-License-Identifier: MIT
#include "traces/profile.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace heapwise {
namespace {

struct Object {
  std::uint64_t size;
  std::uint64_t born_ns;
  ThreadId maker;
};

class Profiler {
 public:
  void add(const Op& op) {
    area_ += static_cast<double>(live_bytes_) * static_cast<double>(op.time_ns - last_ns_);
    last_ns_ = op.time_ns;
    if (is_operation(op.kind)) ++profile_.operations;
    if (is_allocation(op.kind)) return allocate(op);
    if (op.kind == OpKind::realloc) return reallocate(op);
    if (op.kind == OpKind::free) return free(op);
    if (op.kind == OpKind::exit_begin && !profile_.exit_begin_ns) mark_end(op.time_ns);
  }

  TraceProfile finish(const TraceTotals& totals) {
    if (!profile_.exit_begin_ns) take_end();
    profile_.threads = totals.threads;
    profile_.duration_ns = totals.duration_ns;
    profile_.mean_live_bytes = last_ns_ == 0 ? static_cast<double>(profile_.end_live_bytes)
                                             : area_ / static_cast<double>(last_ns_);
    return profile_;
  }

 private:
  void allocate(const Op& op) {
    ++profile_.allocations;
    if (op.kind == OpKind::calloc) ++profile_.callocs;
    if (op.kind == OpKind::aligned) ++profile_.aligned;
    profile_.allocated_bytes += op.size;
    profile_.sizes.add(op.size);
    const std::size_t number = index(op.object);
    if (number >= objects_.size()) objects_.resize(number + 1);
    objects_[number] = {op.size, op.time_ns, op.thread};
    profile_.peak_live_objects = std::max(profile_.peak_live_objects, ++live_objects_);
    grow(op.size);
  }

  void reallocate(const Op& op) {
    ++profile_.reallocations;
    Object& object = objects_[index(op.object)];
    live_bytes_ -= object.size;
    object.size = op.size;
    grow(op.size);
  }

  void free(const Op& op) {
    ++profile_.frees;
    const Object& object = objects_[index(op.object)];
    profile_.lifetimes_ns.add(op.time_ns - object.born_ns);
    if (object.maker != op.thread) ++profile_.freed_elsewhere;
    live_bytes_ -= object.size;
    --live_objects_;
  }

  void grow(std::uint64_t bytes) {
    live_bytes_ += bytes;
    profile_.peak_live_bytes = std::max(profile_.peak_live_bytes, live_bytes_);
  }

  void mark_end(std::uint64_t time_ns) {
    profile_.exit_begin_ns = time_ns;
    take_end();
  }

  void take_end() {
    profile_.end_live_bytes = live_bytes_;
    profile_.end_live_objects = live_objects_;
  }

  TraceProfile profile_;
  std::vector<Object> objects_;
  std::uint64_t live_bytes_ = 0, live_objects_ = 0, last_ns_ = 0;
  double area_ = 0;  // bytes × ns
};

}  // namespace

void Histogram::add(std::uint64_t value) {
  const auto bucket = static_cast<std::size_t>(std::bit_width(value));
  ++count[bucket];
  sum[bucket] += value;
}

std::uint64_t Histogram::low(std::size_t bucket) {
  return bucket == 0 ? 0 : std::uint64_t{1} << (bucket - 1);
}

std::uint64_t Histogram::high(std::size_t bucket) {
  return bucket == 0 ? 0 : low(bucket) - 1 + low(bucket);
}

TraceProfile profile_trace(TraceReader& reader) {
  Profiler profiler;
  for (Op op; reader.next(op);) profiler.add(op);
  return profiler.finish(reader.totals());
}

Expected<TraceProfile> profile_trace(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  return profile_trace(*reader);
}

}  // namespace heapwise
