// SPDX-License-Identifier: MIT
#include "traces/reader.h"

#include <utility>

#include "traces/chunk_file.h"
#include "traces/fields.h"
#include "traces/op_columns.h"
#include "traces/tally.h"

namespace heapwise {
namespace {

constexpr std::size_t kMaxSamples = 4096;

// Halves the samples; of two neighbours the one with more memory stays, so that peaks survive.
void thin_out(std::vector<ResidencySample>& samples) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i + 1 < samples.size(); i += 2) {
    const bool second = samples[i + 1].rss_anon_bytes > samples[i].rss_anon_bytes;
    samples[kept++] = samples[second ? i + 1 : i];
  }
  if (samples.size() % 2 == 1) samples[kept++] = samples.back();
  samples.resize(kept);
}

void thin_out(std::vector<AllocatorTimeSample>& samples) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i + 1 < samples.size(); i += 2) samples[kept++] = samples[i];
  samples[kept++] = samples.back();
  samples.resize(kept);
}

}  // namespace

struct TraceReader::Impl {
  Impl(std::string name, ChunkReader reader) : path(std::move(name)), file(std::move(reader)) {}

  std::string path;
  ChunkReader file;
  TraceInfo info;
  TraceTotals totals;
  std::optional<TraceDamage> damage;
  std::vector<ResidencySample> residency;
  std::vector<AllocatorTimeSample> allocator_times;
  Tally tally;
  std::vector<Op> ops;  // of the current chunk
  std::size_t next = 0;
  bool ended = false;     // nothing more to read
  bool finished = false;  // with an end chunk

  Expected<void> read_head();
  void refill();
  void read_chunk();
  void read_ops();
  void read_residency();
  void read_allocator_time();
  void read_end();
  void stop(std::uint64_t whole_until, std::string what);
};

Expected<void> TraceReader::Impl::read_head() {
  const ChunkReader::Status status = file.next();
  std::string problem = "the file ends before it";
  if (status == ChunkReader::Status::damaged) problem = file.problem();
  if (status == ChunkReader::Status::chunk) {
    const bool is_head = file.type() == static_cast<std::uint8_t>(format::ChunkType::head);
    const char* const wrong =
        is_head ? format::get_head(file.payload(), info) : "another chunk is in its place";
    if (wrong == nullptr) return {};
    problem = wrong;
  }
  return fail(ErrorCode::bad_input,
              "the head of " + path + " is damaged at byte " + std::to_string(file.previous_end()) +
                  ": " + problem,
              "nothing can be read without it: restore the file from a copy or record again");
}

void TraceReader::Impl::stop(std::uint64_t whole_until, std::string what) {
  ended = true;
  ops.clear();
  next = 0;
  damage = TraceDamage{whole_until, file.file_size() - whole_until, std::move(what)};
  tally.counts().copy_to(totals);
}

// Reads chunks until there are ops, or no more of them.
void TraceReader::Impl::refill() {
  ops.clear();
  next = 0;
  while (ops.empty() && !ended) {
    switch (file.next()) {
      case ChunkReader::Status::chunk:
        read_chunk();
        break;
      case ChunkReader::Status::end:
        stop(file.current_end(), "the file ends without the end of its trace");
        break;
      case ChunkReader::Status::damaged:
        stop(file.previous_end(), file.problem());
        break;
    }
  }
}

void TraceReader::Impl::read_chunk() {
  switch (static_cast<format::ChunkType>(file.type())) {
    case format::ChunkType::ops:
      return read_ops();
    case format::ChunkType::residency:
      return read_residency();
    case format::ChunkType::allocator_time:
      return read_allocator_time();
    case format::ChunkType::end:
      return read_end();
    case format::ChunkType::head:
      return stop(file.previous_end(), "there is a second head");
  }
  if (file.type() >= format::kFirstOptionalType) return;
  stop(file.previous_end(), "a chunk is of a type that needs a newer heapwise");
}

void TraceReader::Impl::read_ops() {
  const Counts before = tally.counts();
  const char* problem = unpack_ops(file.payload(), tally, ops);
  if (problem == nullptr) return tally.counts().copy_to(totals);
  tally.restore(before);
  stop(file.previous_end(), problem);
}

void TraceReader::Impl::read_residency() {
  const std::size_t before = residency.size();
  const std::uint64_t last = residency.empty() ? 0 : residency.back().time_ns;
  const bool good =
      format::get_residency(file.payload(), residency) && residency[before].time_ns >= last;
  if (!good) {
    residency.resize(before);
    return stop(file.previous_end(), "samples of resident memory are cut off or go back in time");
  }
  while (residency.size() > kMaxSamples) thin_out(residency);
}

void TraceReader::Impl::read_allocator_time() {
  const std::size_t before = allocator_times.size();
  const AllocatorTimeSample last =
      allocator_times.empty() ? AllocatorTimeSample{} : allocator_times.back();
  const bool good = format::get_allocator_time(file.payload(), allocator_times) &&
                    allocator_times[before].time_ns >= last.time_ns &&
                    allocator_times[before].allocator_ns >= last.allocator_ns;
  if (!good) {
    allocator_times.resize(before);
    return stop(file.previous_end(), "samples of allocator time are cut off or go back");
  }
  while (allocator_times.size() > kMaxSamples) thin_out(allocator_times);
}

void TraceReader::Impl::read_end() {
  TraceTotals stored;
  if (const char* const wrong = format::get_end(file.payload(), stored)) {
    return stop(file.previous_end(), std::string("the end of its trace is not right: ") + wrong);
  }
  if (!tally.counts().agree_with(stored)) {
    return stop(file.previous_end(), "the totals at its end are not those of its ops");
  }
  totals = std::move(stored);
  ended = finished = true;
  if (file.current_end() == file.file_size()) return;
  damage = TraceDamage{file.current_end(), file.file_size() - file.current_end(),
                       "something follows the end of its trace"};
}

Error nothing_left(const std::string& path, const TraceDamage& damage) {
  return {ErrorCode::bad_input,
          path + " is damaged at byte " + std::to_string(damage.offset) +
              ", before its first call: " + damage.what,
          "nothing of it can be replayed: restore the file from a copy or record again"};
}

TraceReader::TraceReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TraceReader::TraceReader(TraceReader&&) noexcept = default;
TraceReader& TraceReader::operator=(TraceReader&&) noexcept = default;
TraceReader::~TraceReader() = default;

Expected<TraceReader> TraceReader::open(const std::string& path) {
  auto file = ChunkReader::open(path);
  if (!file) return tl::unexpected(file.error());
  auto impl = std::make_unique<Impl>(path, std::move(*file));
  if (auto head = impl->read_head(); !head) return tl::unexpected(head.error());
  return TraceReader(std::move(impl));
}

const std::string& TraceReader::path() const { return impl_->path; }
const TraceInfo& TraceReader::info() const { return impl_->info; }
const std::optional<TraceDamage>& TraceReader::damage() const { return impl_->damage; }
const TraceTotals& TraceReader::totals() const { return impl_->totals; }
const std::vector<ResidencySample>& TraceReader::residency() const { return impl_->residency; }
const std::vector<AllocatorTimeSample>& TraceReader::allocator_times() const {
  return impl_->allocator_times;
}

bool TraceReader::next(Op& op) {
  if (impl_->next == impl_->ops.size()) {
    impl_->refill();
    if (impl_->ops.empty()) return false;
  }
  op = impl_->ops[impl_->next++];
  return true;
}

Capabilities TraceReader::capabilities() const {
  const bool lost = (impl_->ended && !impl_->finished) || impl_->totals.dropped_events > 0;
  const auto complete = static_cast<Capabilities>(Capability::complete);
  return lost ? impl_->info.capabilities & ~complete : impl_->info.capabilities;
}

}  // namespace heapwise
