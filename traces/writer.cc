// SPDX-License-Identifier: MIT
#include "traces/writer.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "traces/chunk_file.h"
#include "traces/fields.h"
#include "traces/op_columns.h"
#include "traces/tally.h"

namespace heapwise {
namespace {

// Often enough that a cut trace has most of its samples, rarely enough that a chunk costs little.
constexpr std::size_t kSamplesPerChunk = 256;

/// A reader would refuse it.
Error too_many(const std::string& path, const char* what, std::size_t most) {
  return {ErrorCode::bad_input, path + " would have too many " + what,
          "a trace holds at most " + std::to_string(most) + " of them"};
}

}  // namespace

struct TraceWriter::Impl {
  explicit Impl(ChunkWriter writer) : file(std::move(writer)) {}

  ChunkWriter file;
  Tally tally;
  OpPacker packer;
  std::vector<ResidencySample> samples;
  std::vector<AllocatorTimeSample> allocator_times;
  // Of chunks before, too: a reader takes what goes back for damage.
  std::uint64_t last_sample_ns = 0;
  AllocatorTimeSample last_allocator_time;

  Op make_op(ThreadId thread, std::uint64_t time_ns, OpKind kind) const {
    Op op;
    op.time_ns = std::max(time_ns, tally.counts().last_time_ns);
    op.thread = thread;
    op.kind = kind;
    return op;
  }

  /// Adds the op unless `problem` says that it cannot be; that is kept as the trace's error.
  void add(const Op& op, const char* problem) {
    if (problem == nullptr) problem = tally.thread(index(op.thread));
    if (problem == nullptr && op.time_ns >= format::kMaxNumber) problem = "a time is too large";
    if (problem != nullptr) return refuse(problem);
    tally.add_op(op.time_ns);
    packer.add(op);
    if (packer.full()) flush_ops();
  }

  void refuse(const char* problem) {
    file.set_error({ErrorCode::bad_input,
                    "cannot write " + file.path() + ": at op " +
                        std::to_string(tally.counts().ops) + ", " + problem,
                    "whatever made this trace has a defect: please report it"});
  }

  void flush_ops() {
    if (samples.size() >= kSamplesPerChunk) flush_samples();
    if (allocator_times.size() >= kSamplesPerChunk) flush_allocator_times();
    if (packer.empty()) return;
    packer.flush(file.begin(format::ChunkType::ops));
    file.write();
  }

  void flush_samples() {
    if (samples.empty()) return;
    format::put_residency(file.begin(format::ChunkType::residency), samples);
    file.write();
    samples.clear();
  }

  void flush_allocator_times() {
    if (allocator_times.empty()) return;
    format::put_allocator_time(file.begin(format::ChunkType::allocator_time), allocator_times);
    file.write();
    allocator_times.clear();
  }
};

TraceWriter::TraceWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TraceWriter::TraceWriter(TraceWriter&&) noexcept = default;
TraceWriter& TraceWriter::operator=(TraceWriter&&) noexcept = default;
TraceWriter::~TraceWriter() = default;

Expected<TraceWriter> TraceWriter::create(const std::string& path, const TraceInfo& info,
                                          bool overwrite) {
  if (info.command.size() > format::kMaxArguments) {
    return tl::unexpected(too_many(path, "arguments", format::kMaxArguments));
  }
  if (info.facts.size() > format::kMaxFacts) {
    return tl::unexpected(too_many(path, "facts", format::kMaxFacts));
  }
  auto file = ChunkWriter::create(path, overwrite);
  if (!file) return tl::unexpected(file.error());
  format::put_head(file->begin(format::ChunkType::head), info);
  file->write();
  if (file->error()) return tl::unexpected(*file->error());
  return TraceWriter(std::make_unique<Impl>(std::move(*file)));
}

std::uint64_t TraceWriter::room_bytes() const {
  return format::kMaxNumber - 1 - impl_->tally.counts().live_bytes;
}

ObjectId TraceWriter::allocate(ThreadId thread, std::uint64_t time_ns, OpKind kind,
                               std::uint64_t size, std::uint8_t align_log2) {
  Op op = impl_->make_op(thread, time_ns, kind);
  op.size = size;
  const char* problem = nullptr;
  if (!is_allocation(kind)) problem = "an allocation is of a kind that is none";
  if (kind == OpKind::aligned) op.align_log2 = align_log2;
  if (op.align_log2 > format::kMaxAlignLog2) problem = "an alignment is too large";
  std::uint32_t number = format::kMaxIndex;
  if (problem == nullptr) problem = impl_->tally.allocate(size, number);
  op.object = ObjectId{number};
  impl_->add(op, problem);
  return op.object;
}

void TraceWriter::reallocate(ThreadId thread, std::uint64_t time_ns, ObjectId object,
                             std::uint64_t size) {
  Op op = impl_->make_op(thread, time_ns, OpKind::realloc);
  op.object = object;
  op.size = size;
  impl_->add(op, impl_->tally.reallocate(index(object), size));
}

void TraceWriter::free(ThreadId thread, std::uint64_t time_ns, ObjectId object) {
  Op op = impl_->make_op(thread, time_ns, OpKind::free);
  op.object = object;
  impl_->add(op, impl_->tally.free(index(object)));
}

void TraceWriter::thread_start(ThreadId creator, std::uint64_t time_ns, ThreadId started) {
  Op op = impl_->make_op(creator, time_ns, OpKind::thread_start);
  op.object = ObjectId{index(started)};
  const char* problem = impl_->tally.thread(index(creator));
  if (problem == nullptr) problem = impl_->tally.thread(index(started));
  impl_->add(op, problem);
}

void TraceWriter::thread_end(ThreadId thread, std::uint64_t time_ns) {
  impl_->add(impl_->make_op(thread, time_ns, OpKind::thread_end), nullptr);
}

void TraceWriter::touch(ThreadId thread, std::uint64_t time_ns, ObjectId object,
                        std::uint64_t pages) {
  Op op = impl_->make_op(thread, time_ns, OpKind::touch);
  op.object = object;
  op.size = pages;
  impl_->add(op, impl_->tally.touch(index(object)));
}

void TraceWriter::trim(ThreadId thread, std::uint64_t time_ns, std::uint64_t pad) {
  Op op = impl_->make_op(thread, time_ns, OpKind::trim);
  op.size = pad;
  impl_->add(op, nullptr);
}

void TraceWriter::mallopt(ThreadId thread, std::uint64_t time_ns, std::int32_t parameter,
                          std::int32_t value) {
  Op op = impl_->make_op(thread, time_ns, OpKind::mallopt);
  op.object = ObjectId{static_cast<std::uint32_t>(parameter)};
  op.size = static_cast<std::uint32_t>(value);
  impl_->add(op, nullptr);
}

void TraceWriter::exit_begin(ThreadId thread, std::uint64_t time_ns) {
  impl_->add(impl_->make_op(thread, time_ns, OpKind::exit_begin), nullptr);
}

void TraceWriter::residency(const ResidencySample& sample) {
  auto& samples = impl_->samples;
  samples.push_back(sample);
  impl_->last_sample_ns = std::clamp(sample.time_ns, impl_->last_sample_ns, format::kMaxNumber - 1);
  samples.back().time_ns = impl_->last_sample_ns;
  if (samples.size() == format::kMaxSamplesPerChunk) impl_->flush_samples();
}

void TraceWriter::allocator_time(const AllocatorTimeSample& sample) {
  auto& samples = impl_->allocator_times;
  AllocatorTimeSample& last = impl_->last_allocator_time;
  last = {std::clamp(sample.time_ns, last.time_ns, format::kMaxNumber - 1),
          std::clamp(sample.allocator_ns, last.allocator_ns, format::kMaxNumber - 1)};
  samples.push_back(last);
  if (samples.size() == format::kMaxSamplesPerChunk) impl_->flush_allocator_times();
}

Expected<TraceTotals> TraceWriter::finish(const TraceTotals& end) {
  Impl& impl = *impl_;
  impl.flush_ops();
  impl.flush_samples();
  impl.flush_allocator_times();
  if (end.facts.size() > format::kMaxFacts) {
    impl.file.set_error(too_many(impl.file.path(), "facts", format::kMaxFacts));
  }
  TraceTotals totals = end;
  impl.tally.counts().copy_to(totals);
  format::put_end(impl.file.begin(format::ChunkType::end), totals);
  impl.file.write();
  if (auto committed = impl.file.commit(); !committed) return tl::unexpected(committed.error());
  return totals;
}

}  // namespace heapwise
