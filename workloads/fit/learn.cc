// SPDX-License-Identifier: MIT
#include "workloads/fit/learn.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <unordered_map>

#include "traces/reader.h"
#include "workloads/fit/survey.h"

namespace heapwise::fit {
namespace {

constexpr std::uint64_t kMostPhases = 128;
constexpr std::size_t kCommonSizes = 16;  // exact sizes kept for a bucket
constexpr std::size_t kGiantSteps = 32;   // reallocs kept of a giant
constexpr std::uint32_t kMostThreads = 4096;
constexpr std::uint64_t kPageBytes = 4096;

/// A live object, and what is known of it so far.
struct Object {
  double born = 0;
  std::uint64_t born_operation = 0, changed_operation = 0;
  std::uint64_t first_size = 0, size = 0, pages = 0;
  std::uint32_t maker = 0, align_log2 = 0;
  OpKind kind = OpKind::malloc;
  bool live = false, giant = false;
};

/// Sums of the places of birth and death of objects that go from one phase to another.
struct FlowSums {
  double count = 0, born = 0, died = 0, born2 = 0, died2 = 0, both = 0;

  void add(double b, double d) {
    ++count;
    born += b;
    died += d;
    born2 += b * b;
    died2 += d * d;
    both += b * d;
  }

  Flow flow(std::uint32_t to) const {
    const double mean_born = born / count, mean = died / count;
    const double spread_born = std::sqrt(std::max(0.0, born2 / count - mean_born * mean_born));
    const double spread = std::sqrt(std::max(0.0, died2 / count - mean * mean));
    const double joint = both / count - mean_born * mean;
    const double scale = spread_born * spread;
    return {to, mean, spread, scale > 1e-12 ? std::clamp(joint / scale, -1.0, 1.0) : 0};
  }
};

/// Counts of one bucket, before they become shares.
struct BucketCounts {
  std::map<std::uint64_t, std::uint64_t> sizes;
  std::map<std::uint32_t, std::uint64_t> grows, delays, alignments;
  std::uint64_t allocations = 0, callocs = 0, aligned = 0, ends = 0;
  double pages = 0, pages_written = 0;
};

class Learner {
 public:
  Learner(const TraceInfo& info, Survey survey)
      : survey_(std::move(survey)),
        phases_(static_cast<std::uint32_t>(std::min(kMostPhases, survey_.operations))),
        per_phase_(static_cast<double>(survey_.operations) / phases_),
        cells_(phases_),
        flows_(phases_),
        makers_(phases_),
        changes_(phases_),
        last_time_(phases_) {
    model_.name = info.name;
    model_.operations = survey_.operations;
    model_.duration_ns = survey_.duration_ns;
    model_.written_measured = has(info.capabilities, Capability::touch);
    model_.written_threshold = touch_threshold(info);
    model_.phases.resize(phases_);
    thread_of(ThreadId{0});
  }

  void see(const Op& op) {
    if (is_operation(op.kind)) {
      object_op(op);
      last_time_[phase()] = op.time_ns;
      ++operation_;
    } else if (op.kind == OpKind::touch) {
      Object& object = objects_[index(op.object)];
      object.pages = std::max(object.pages, op.size);
    } else if (op.kind == OpKind::thread_start) {
      const std::uint32_t creator = thread_of(op.thread);
      const std::uint32_t started = thread_of(ThreadId{index(op.object)});
      // One that is taken for an earlier thread has no creator of its own, and none comes first.
      if (index(op.object) == started && creator < started) {
        model_.threads[started].creator = creator;
      }
    } else if (op.kind == OpKind::thread_end) {
      model_.threads[thread_of(op.thread)].end = position();
    }
  }

  Model finish() {
    for (Object& object : objects_) {
      if (object.live) end(object, std::nullopt);
    }
    fill_sizes();
    fill_phases();
    for (const auto& [pair, counts] : handovers_) {
      model_.handovers.push_back({pair.first, pair.second, counts[0], counts[1]});
    }
    for (const Gap& gap : survey_.pauses) {
      model_.pauses.push_back({static_cast<double>(gap.operation) / per_phase_, gap.ns});
    }
    std::sort(model_.giants.begin(), model_.giants.end(),
              [](const Giant& a, const Giant& b) { return a.born < b.born; });
    return std::move(model_);
  }

 private:
  double position() const { return static_cast<double>(operation_) / per_phase_; }
  std::uint32_t phase() const { return phase_of(position()); }
  std::uint32_t phase_of(double position) const {
    return std::min(static_cast<std::uint32_t>(position), phases_ - 1);
  }

  // Threads beyond the limit are taken for earlier ones.
  std::uint32_t thread_of(ThreadId id) {
    const std::uint32_t thread = index(id) % kMostThreads;
    while (model_.threads.size() <= thread) {
      model_.threads.push_back({0, model_.threads.empty() ? 0 : position(), -1});
    }
    if (index(id) >= kMostThreads) model_.threads[thread].end = -1;
    return thread;
  }

  void object_op(const Op& op) {
    if (objects_.size() <= index(op.object)) objects_.resize(index(op.object) + 1);
    Object& object = objects_[index(op.object)];
    const std::uint32_t thread = thread_of(op.thread);
    if (is_allocation(op.kind)) {
      born(object, op, thread);
    } else if (op.kind == OpKind::realloc) {
      resized(object, op);
    } else {
      end(object, thread);
    }
  }

  void born(Object& object, const Op& op, std::uint32_t thread) {
    object = {position(), operation_,    operation_, op.size, op.size, 0,
              thread,     op.align_log2, op.kind,    true,    false};
    if (op.size >= survey_.giant_bytes) object.giant = true;
    ++makers_[phase()][thread];
    changes_[phase()] += thread != last_maker_ ? 1 : 0;
    last_maker_ = thread;
    if (!object.giant) count_size(op.size);
  }

  void count_size(std::uint64_t size) { ++counts_[bucket_of(size)].sizes[size]; }

  static std::uint64_t pages_of(std::uint64_t size) { return (size + kPageBytes - 1) / kPageBytes; }

  void resized(Object& object, const Op& op) {
    std::vector<std::pair<double, std::uint64_t>>& steps = steps_[index(op.object)];
    steps.emplace_back(position(), op.size);
    if (steps.size() > 2 * kGiantSteps) thin(steps);
    if (op.size >= survey_.giant_bytes) object.giant = true;
    if (!object.giant) {
      BucketCounts& from = counts_[bucket_of(object.size)];
      ++from.grows[bucket_of(op.size)];
      ++from.delays[span_of(operation_ - object.changed_operation)];
      count_size(op.size);
    }
    object.size = op.size;
    object.pages = std::min(object.pages, pages_of(op.size));
    object.changed_operation = operation_;
  }

  // Every second one, and the last.
  static void thin(std::vector<std::pair<double, std::uint64_t>>& steps) {
    std::size_t kept = 0;
    for (std::size_t i = (steps.size() + 1) % 2; i < steps.size(); i += 2) steps[kept++] = steps[i];
    steps.resize(kept);
  }

  void end(Object& object, std::optional<std::uint32_t> freer) {
    const auto number = static_cast<std::uint32_t>(&object - objects_.data());
    object.live = false;
    if (object.giant) {
      keep_giant(object, number, freer);
      steps_.erase(number);
      return;
    }
    steps_.erase(number);
    const std::uint32_t born_in = phase_of(object.born);
    const Fate fate = freer ? fate_of(object, born_in) : kNever;
    ++cells_[born_in][{bucket_of(object.first_size), fate}];
    count_end(object);
    if (!freer) return;
    ++handovers_[{object.maker, *freer}][fate >= kLater ? 1 : 0];
    if (fate >= kLater) {
      flows_[born_in][phase()].add(object.born - born_in, position() - phase());
    }
  }

  Fate fate_of(const Object& object, std::uint32_t born_in) const {
    if (phase() != born_in) return kLater + phase();
    return kSoon + span_of(operation_ - object.born_operation);
  }

  void count_end(const Object& object) {
    ++counts_[bucket_of(object.size)].ends;
    BucketCounts& counts = counts_[bucket_of(object.first_size)];
    ++counts.allocations;
    counts.callocs += object.kind == OpKind::calloc ? 1 : 0;
    counts.aligned += object.kind == OpKind::aligned ? 1 : 0;
    if (object.kind == OpKind::aligned) ++counts.alignments[object.align_log2];
    if (!model_.written_measured || object.size < model_.written_threshold) return;
    BucketCounts& last = counts_[bucket_of(object.size)];
    last.pages += static_cast<double>(pages_of(object.size));
    last.pages_written += static_cast<double>(object.pages);
  }

  void keep_giant(const Object& object, std::uint32_t number, std::optional<std::uint32_t> freer) {
    Giant giant{object.born, freer ? position() : -1, object.maker,      freer.value_or(0),
                object.kind, object.align_log2,       object.first_size, {},
                object.pages};
    const auto steps = steps_.find(number);
    if (steps != steps_.end()) giant.steps = std::move(steps->second);
    while (giant.steps.size() > kGiantSteps) thin(giant.steps);
    model_.giants.push_back(std::move(giant));
  }

  void fill_sizes() {
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
      const BucketCounts& counts = counts_[bucket];
      if (counts.sizes.empty()) continue;
      model_.sizes.push_back(sizes_of(bucket, counts));
    }
  }

  static Sizes sizes_of(std::uint32_t bucket, const BucketCounts& counts) {
    Sizes sizes;
    sizes.bucket = bucket;
    sizes.common.assign(counts.sizes.begin(), counts.sizes.end());
    std::stable_sort(sizes.common.begin(), sizes.common.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    while (sizes.common.size() > kCommonSizes) {
      sizes.others += sizes.common.back().second;
      sizes.common.pop_back();
    }
    const double allocations = std::max<double>(1, static_cast<double>(counts.allocations));
    sizes.callocs = static_cast<double>(counts.callocs) / allocations;
    sizes.aligned = static_cast<double>(counts.aligned) / allocations;
    std::uint64_t most = 0;
    for (const auto& [align_log2, count] : counts.alignments) {
      if (count > most) sizes.align_log2 = align_log2;
      most = std::max(most, count);
    }
    if (counts.pages > 0) sizes.written = std::min(1.0, counts.pages_written / counts.pages);
    sizes.ends = counts.ends;
    sizes.grows.assign(counts.grows.begin(), counts.grows.end());
    sizes.delays.assign(counts.delays.begin(), counts.delays.end());
    return sizes;
  }

  void fill_phases() {
    for (std::uint32_t i = 0; i < phases_; ++i) {
      Phase& phase = model_.phases[i];
      std::uint64_t allocations = 0;
      for (const auto& [key, count] : cells_[i]) {
        phase.cells.push_back({key.first, key.second, count});
      }
      for (const auto& [thread, count] : makers_[i]) {
        phase.makers.emplace_back(thread, count);
        allocations += count;
      }
      if (allocations > 0) {
        phase.changes = static_cast<double>(changes_[i]) / static_cast<double>(allocations);
      }
      for (const auto& [to, sums] : flows_[i]) phase.flows.push_back(sums.flow(to));
    }
    fill_times();
  }

  void fill_times() {
    std::uint64_t before = 0;
    for (std::uint32_t i = 0; i < phases_; ++i) {
      const std::uint64_t until = i + 1 == phases_ ? survey_.duration_ns : last_time_[i];
      model_.phases[i].active_ns = static_cast<double>(until - before);
      before = until;
    }
    for (const Gap& gap : survey_.pauses) {
      double& active =
          model_.phases[phase_of(static_cast<double>(gap.operation) / per_phase_)].active_ns;
      active = std::max(0.0, active - static_cast<double>(gap.ns));
    }
  }

  Survey survey_;
  Model model_;
  std::uint32_t phases_;  // as many as there are operations, up to a limit, so that none is empty
  double per_phase_;
  std::uint64_t operation_ = 0;
  std::vector<Object> objects_;
  std::unordered_map<std::uint32_t, std::vector<std::pair<double, std::uint64_t>>> steps_;
  std::array<BucketCounts, kBuckets> counts_;
  std::vector<std::map<std::pair<std::uint32_t, Fate>, std::uint64_t>> cells_;
  std::vector<std::map<std::uint32_t, FlowSums>> flows_;
  std::vector<std::map<std::uint32_t, std::uint64_t>> makers_;
  std::vector<std::uint64_t> changes_, last_time_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::array<std::uint64_t, 2>> handovers_;
  std::uint32_t last_maker_ = 0;
};

}  // namespace

Expected<Model> learn(const std::string& path) {
  auto known = survey(path);
  if (!known) return tl::unexpected(known.error());
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  Learner learner(reader->info(), *std::move(known));
  for (Op op; reader->next(op) && op.kind != OpKind::exit_begin;) learner.see(op);
  return learner.finish();
}

}  // namespace heapwise::fit
