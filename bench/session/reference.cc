// SPDX-License-Identifier: MIT
#include "bench/session/reference.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "results/statistics.h"

namespace heapwise {
namespace {

/// What the allocator had taken at these times, which do not go back; between two samples it takes
/// its time evenly.
class AllocatorTime {
 public:
  explicit AllocatorTime(const std::vector<AllocatorTimeSample>& samples) : samples_(samples) {}

  double at(std::uint64_t time_ns) {
    for (; next_ < samples_.size() && samples_[next_].time_ns <= time_ns; ++next_) {
      before_ = samples_[next_];
    }
    const auto taken_ns = static_cast<double>(before_.allocator_ns);
    if (next_ == samples_.size()) return taken_ns;
    const AllocatorTimeSample& next = samples_[next_];
    const double share = static_cast<double>(time_ns - before_.time_ns) /
                         static_cast<double>(next.time_ns - before_.time_ns);
    return taken_ns + share * static_cast<double>(next.allocator_ns - before_.allocator_ns);
  }

 private:
  const std::vector<AllocatorTimeSample>& samples_;
  std::size_t next_ = 0;
  AllocatorTimeSample before_;
};

}  // namespace

Reference recorded_reference(const std::vector<std::vector<RawSample>>& replays,
                             const std::vector<AllocatorTimeSample>& allocator_times) {
  std::size_t count = replays.front().size();
  for (const auto& replay : replays) count = std::min(count, replay.size());
  Reference reference;
  reference.reserve(count);
  AllocatorTime taken(allocator_times);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<double> spent;
    spent.reserve(replays.size());
    for (const auto& replay : replays) spent.push_back(static_cast<double>(replay[i].spent_ns));
    reference.push_back({std::llround(median(std::move(spent))),
                         std::llround(taken.at(replays.front()[i].time_ns))});
  }
  return reference;
}

Reference null_reference(const std::vector<RawSample>& null_samples) {
  Reference reference;
  reference.reserve(null_samples.size());
  for (const RawSample& sample : null_samples) {
    reference.push_back({static_cast<std::int64_t>(sample.spent_ns), 0});
  }
  return reference;
}

Expected<void> write_reference(const std::string& path, const Reference& reference,
                               double at_once) {
  RawReference head{};
  std::memcpy(head.magic, kReferenceMagic, sizeof head.magic);
  head.count = reference.size();
  head.at_once = at_once;
  std::string content(sizeof head + reference.size() * sizeof(ReferencePoint), '\0');
  std::memcpy(content.data(), &head, sizeof head);
  if (!reference.empty()) {
    std::memcpy(content.data() + sizeof head, reference.data(), content.size() - sizeof head);
  }
  return write_file(path, content, true);
}

}  // namespace heapwise
