// SPDX-License-Identifier: MIT
#include "traces/op_columns.h"

namespace heapwise {
namespace {

constexpr char kCutOff[] = "a column of its ops is too short or too long";

bool has_object(OpKind kind) {
  switch (kind) {
    case OpKind::realloc:
    case OpKind::free:
    case OpKind::thread_start:
    case OpKind::touch:
    case OpKind::mallopt:
      return true;
    default:
      return false;
  }
}

bool has_size(OpKind kind) {
  switch (kind) {
    case OpKind::free:
    case OpKind::thread_start:
    case OpKind::thread_end:
    case OpKind::exit_begin:
      return false;
    default:
      return true;
  }
}

// Threads of a chunk's ops. Their numbers are checked op by op later, where new ones may appear.
bool unpack_threads(ByteView& in, std::vector<Op>& ops) {
  std::size_t done = 0;
  for (std::uint64_t runs = in.varint(); runs > 0; --runs) {
    const std::uint64_t thread = in.varint();
    const std::uint64_t count = in.varint();
    if (count < 1 || count > ops.size() - done || thread >= format::kMaxIndex) return false;
    const ThreadId id{static_cast<std::uint32_t>(thread)};
    for (const std::size_t end = done + count; done < end; ++done) ops[done].thread = id;
  }
  return done == ops.size();
}

const char* unpack_times(ByteView times, std::uint64_t first, std::uint64_t last_of_all,
                         std::vector<Op>& ops) {
  if (first >= format::kMaxNumber) return "a time is too large";
  if (first < last_of_all) return "time goes back";
  std::uint64_t now = first;
  for (Op& op : ops) {
    const std::uint64_t step = times.varint();
    if (step >= format::kMaxNumber - now) return "a time is too large";
    op.time_ns = now += step;
  }
  return times.failed() || !times.empty() ? kCutOff : nullptr;
}

struct Fields {
  ByteView sizes, objects, alignments;

  bool used_up() const {
    return sizes.empty() && objects.empty() && alignments.empty() && !sizes.failed() &&
           !objects.failed() && !alignments.failed();
  }
};

const char* unpack_allocation(Op& op, Fields& fields, Tally& tally) {
  std::uint32_t number = 0;
  op.size = fields.sizes.varint();
  if (op.kind == OpKind::aligned) op.align_log2 = fields.alignments.byte();
  if (op.align_log2 > format::kMaxAlignLog2) return "an alignment is too large";
  const char* problem = tally.allocate(op.size, number);
  op.object = ObjectId{number};
  return problem;
}

const char* unpack_op(Op& op, Fields& fields, Tally& tally) {
  const char* problem = tally.thread(index(op.thread));
  if (problem != nullptr) return problem;
  if (is_allocation(op.kind)) return unpack_allocation(op, fields, tally);
  std::uint64_t object = 0;
  if (has_object(op.kind)) object = fields.objects.varint();
  if (object > format::kMaxIndex) return "an object's number is too large";
  if (has_size(op.kind)) op.size = fields.sizes.varint();
  const auto number = static_cast<std::uint32_t>(object);
  op.object = ObjectId{number};
  switch (op.kind) {
    case OpKind::realloc:
      return tally.reallocate(number, op.size);
    case OpKind::free:
      return tally.free(number);
    case OpKind::touch:
      return tally.touch(number);
    case OpKind::thread_start:
      return tally.thread(number);
    case OpKind::mallopt:
      return op.size > 0xffffffffU ? "a mallopt value is too large" : nullptr;
    case OpKind::thread_end:
    case OpKind::trim:
    case OpKind::exit_begin:
      return nullptr;
    default:
      return "an op is of a kind that this version does not know";
  }
}

}  // namespace

void Column::append_to(std::string& out) const {
  const auto size = static_cast<std::size_t>(at_ - bytes_.data());
  heapwise::put_varint(out, size);
  out.append(reinterpret_cast<const char*>(bytes_.data()), size);
}

void OpPacker::add(const Op& op) {
  if (count_++ == 0) first_time_ = last_time_ = op.time_ns;
  if (runs_.empty() || runs_.back().first != index(op.thread)) {
    runs_.emplace_back(index(op.thread), 0);
  }
  ++runs_.back().second;
  kinds_.put_byte(static_cast<std::uint8_t>(op.kind));
  times_.put_varint(op.time_ns - last_time_);
  last_time_ = op.time_ns;
  if (has_size(op.kind)) sizes_.put_varint(op.size);
  if (has_object(op.kind)) objects_.put_varint(index(op.object));
  if (op.kind == OpKind::aligned) alignments_.put_byte(op.align_log2);
}

void OpPacker::flush(std::string& out) {
  put_varint(out, count_);
  put_varint(out, first_time_);
  put_varint(out, runs_.size());
  for (const auto& [thread, count] : runs_) {
    put_varint(out, thread);
    put_varint(out, count);
  }
  for (Column* column : {&kinds_, &times_, &sizes_, &objects_, &alignments_}) {
    column->append_to(out);
    column->clear();
  }
  runs_.clear();
  count_ = 0;
}

const char* unpack_ops(ByteView payload, Tally& tally, std::vector<Op>& ops) {
  const std::uint64_t count = payload.varint();
  const std::uint64_t first = payload.varint();
  if (count < 1 || count > format::kMaxOpsPerChunk) return "the number of its ops is impossible";
  ops.assign(static_cast<std::size_t>(count), Op{});
  if (!unpack_threads(payload, ops)) return "its threads do not add up";
  ByteView kinds = payload.column();
  const ByteView times = payload.column();
  Fields fields{payload.column(), payload.column(), payload.column()};
  if (payload.failed() || !payload.empty() || kinds.size() != ops.size()) return kCutOff;
  const char* problem = unpack_times(times, first, tally.counts().last_time_ns, ops);
  if (problem != nullptr) return problem;
  for (Op& op : ops) {
    op.kind = static_cast<OpKind>(kinds.byte());
    problem = unpack_op(op, fields, tally);
    if (problem != nullptr) return problem;
    tally.add_op(op.time_ns);
  }
  return fields.used_up() ? nullptr : kCutOff;
}

}  // namespace heapwise
