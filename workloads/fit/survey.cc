// SPDX-License-Identifier: MIT
#include "workloads/fit/survey.h"

#include <algorithm>
#include <array>
#include <utility>

#include "traces/reader.h"
#include "workloads/fit/model.h"

namespace heapwise::fit {
namespace {

constexpr std::size_t kMostPauses = 512;
constexpr std::uint64_t kShortestPause = 100000;  // ns
constexpr std::uint64_t kMostGiants = 2000;

bool longer(const Gap& a, const Gap& b) { return a.ns > b.ns; }

class Look {
 public:
  void see(const Op& op) {
    if (!is_operation(op.kind)) return;
    note_gap(op.time_ns - last_ns_);
    last_ns_ = op.time_ns;
    ++result_.operations;
    if (is_allocation(op.kind)) grow(op, 0);
    if (op.kind == OpKind::realloc) grow(op, sizes_[index(op.object)]);
    if (op.kind == OpKind::free) end(index(op.object));
  }

  Survey finish(std::uint64_t end_ns) {
    for (std::uint32_t object = 0; object < sizes_.size(); ++object) end(object);
    note_gap(end_ns - last_ns_);
    result_.duration_ns = end_ns;
    result_.giant_bytes = giant_bytes();
    std::sort(result_.pauses.begin(), result_.pauses.end(),
              [](const Gap& a, const Gap& b) { return a.operation < b.operation; });
    return std::move(result_);
  }

 private:
  // Keeps the longest in a heap whose top is the shortest of them.
  void note_gap(std::uint64_t ns) {
    if (ns < kShortestPause) return;
    std::vector<Gap>& pauses = result_.pauses;
    pauses.push_back({result_.operations, ns});
    std::push_heap(pauses.begin(), pauses.end(), longer);
    if (pauses.size() <= kMostPauses) return;
    std::pop_heap(pauses.begin(), pauses.end(), longer);
    pauses.pop_back();
  }

  void grow(const Op& op, std::uint64_t old) {
    if (sizes_.size() <= index(op.object)) {
      sizes_.resize(index(op.object) + 1);
      largest_.resize(sizes_.size());
    }
    sizes_[index(op.object)] = op.size;
    largest_[index(op.object)] = std::max(op.size, old == 0 ? 0 : largest_[index(op.object)]);
    live_ += op.size - old;
    peak_ = std::max(peak_, live_);
  }

  void end(std::uint32_t object) {
    if (largest_[object] > 0) ++by_bucket_[bucket_of(largest_[object])];
    live_ -= std::exchange(sizes_[object], 0);
    largest_[object] = 0;
  }

  // Whatever is a two-thousandth of the peak counts by itself, if there are few enough of that.
  std::uint64_t giant_bytes() const {
    std::uint32_t bucket = kBuckets - 1;
    const std::uint32_t smallest = bucket_of(std::max<std::uint64_t>(4096, peak_ / 2000));
    for (std::uint64_t count = 0; bucket > smallest; --bucket) {
      count += by_bucket_[bucket];
      if (count > kMostGiants) break;
    }
    return bucket_low(bucket + 1);
  }

  Survey result_;
  std::uint64_t last_ns_ = 0, live_ = 0, peak_ = 0;
  std::vector<std::uint64_t> sizes_, largest_;  // by object
  std::array<std::uint64_t, kBuckets> by_bucket_{};
};

}  // namespace

Expected<Survey> survey(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  Look look;
  Op op;
  std::uint64_t end_ns = 0;
  bool exits = false;
  while (reader->next(op)) {
    exits = exits || op.kind == OpKind::exit_begin;
    if (exits && op.kind != OpKind::exit_begin) continue;
    end_ns = op.time_ns;
    look.see(op);
  }
  if (reader->damage()) {
    return fail(ErrorCode::bad_input, path + ": " + reader->damage()->what,
                "learn from a whole trace; heapwise trace check tells which are");
  }
  Survey result = look.finish(end_ns);
  if (result.operations == 0) {
    return fail(
        ErrorCode::bad_input, path + " has no operation before its program exits",
        "give a trace in which something is allocated; heapwise trace info shows what is in "
        "one");
  }
  return result;
}

}  // namespace heapwise::fit
