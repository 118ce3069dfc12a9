// SPDX-License-Identifier: MIT
#include "tests/traces/support.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <filesystem>
#include <ostream>
#include <stdexcept>

#include "base/files.h"
#include "traces/fields.h"
#include "traces/op_columns.h"

namespace heapwise {

bool operator==(const Op& a, const Op& b) {
  return a.time_ns == b.time_ns && a.size == b.size && a.object == b.object &&
         a.thread == b.thread && a.kind == b.kind && a.align_log2 == b.align_log2;
}

void PrintTo(const Op& op, std::ostream* out) {
  *out << "kind " << int(op.kind) << " at " << op.time_ns << " by " << index(op.thread)
       << " of object " << index(op.object) << " size " << op.size;
}

namespace test {

Folder::Folder() : directory_(TemporaryDirectory::make().value()) {}

std::vector<std::string> Folder::files() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

Expected<Reading> read_trace(const std::string& path) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  Reading reading;
  reading.info = reader->info();
  for (Op op; reader->next(op);) reading.ops.push_back(op);
  Op op;
  EXPECT_FALSE(reader->next(op)) << "a reader that has ended must stay so";
  reading.damage = reader->damage();
  reading.totals = reader->totals();
  reading.residency = reader->residency();
  reading.allocator_times = reader->allocator_times();
  reading.capabilities = reader->capabilities();
  return reading;
}

std::string slurp(const std::string& path) { return read_file(path).value(); }

void spill(const std::string& path, const std::string& bytes) {
  ASSERT_TRUE(write_file(path, bytes, true));
}

std::string body(int type, unsigned sequence, const std::string& payload) {
  std::string bytes(1, static_cast<char>(type));
  put_varint(bytes, sequence);
  return bytes + payload;
}

static std::string u32(std::size_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

static std::size_t get_u32(const std::string& bytes, std::size_t at) {
  std::size_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::size_t(std::uint8_t(bytes.at(at + i))) << (8 * i);
  return value;
}

std::string chunk(const std::string& body) {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
  std::string frame(ZSTD_compressBound(body.size()), '\0');
  frame.resize(ZSTD_compress2(zstd, frame.data(), frame.size(), body.data(), body.size()));
  ZSTD_freeCCtx(zstd);
  return u32(frame.size()) + frame;
}

std::string header(unsigned major, unsigned minor) {
  return "\x89HWT\r\n\x1a\n" + u32(major << 16 | minor);
}

std::vector<std::size_t> boundaries_of(const std::string& file) {
  std::vector<std::size_t> boundaries{12};
  while (boundaries.back() < file.size()) {
    boundaries.push_back(boundaries.back() + 4 + get_u32(file, boundaries.back()));
  }
  return boundaries;
}

std::vector<std::string> bodies_of(const std::string& file) {
  std::vector<std::string> bodies;
  const auto boundaries = boundaries_of(file);
  for (std::size_t i = 0; i + 1 < boundaries.size(); ++i) {
    const std::string frame = file.substr(boundaries[i] + 4, boundaries[i + 1] - boundaries[i] - 4);
    std::string body(ZSTD_getFrameContentSize(frame.data(), frame.size()), '\0');
    body.resize(ZSTD_decompress(body.data(), body.size(), frame.data(), frame.size()));
    bodies.push_back(body);
  }
  return bodies;
}

std::string head_payload() {
  TraceInfo info;
  info.source = TraceSource::recorded;
  info.capabilities = Capability::threads | Capability::time | Capability::complete;
  info.name = "small";
  info.command = {"small", "--argument"};
  info.facts = {{"pid", "7"}};
  std::string payload;
  format::put_head(payload, info);
  return payload;
}

std::string ops_payload(const std::vector<Op>& ops) {
  OpPacker packer;
  for (const Op& op : ops) packer.add(op);
  std::string payload;
  packer.flush(payload);
  return payload;
}

std::string end_payload(const TraceTotals& totals) {
  std::string payload;
  format::put_end(payload, totals);
  return payload;
}

Op make(OpKind kind, std::uint64_t time_ns, std::uint32_t object, std::uint64_t size,
        std::uint32_t thread) {
  Op op;
  op.kind = kind;
  op.time_ns = time_ns;
  op.object = ObjectId{object};
  op.size = size;
  op.thread = ThreadId{thread};
  return op;
}

std::string unfinished(const std::vector<std::vector<Op>>& groups) {
  std::string file = header() + chunk(body(1, 0, head_payload()));
  unsigned sequence = 1;
  for (const auto& ops : groups) file += chunk(body(2, sequence++, ops_payload(ops)));
  return file;
}

std::string finished(const std::vector<std::vector<Op>>& groups, unsigned sequence_of_end) {
  const Folder folder;
  spill(folder / "unfinished", unfinished(groups));
  const auto counted = read_trace(folder / "unfinished");
  const auto sequence = static_cast<unsigned>(groups.size() + 1);
  return unfinished(groups) + chunk(body(4, sequence_of_end > 0 ? sequence_of_end : sequence,
                                         end_payload(counted->totals)));
}

std::vector<std::vector<Op>> small_groups() {
  std::vector<std::vector<Op>> groups;
  groups.push_back({make(OpKind::malloc, 0, 0, 24), make(OpKind::thread_start, 900, 1),
                    make(OpKind::calloc, 1000, 1, 4096, 1), make(OpKind::free, 1100, 0, 0, 1)});
  groups.push_back({make(OpKind::aligned, 70000, 0, 300000), make(OpKind::touch, 80000, 0, 9),
                    make(OpKind::realloc, 90000, 1, 5000, 1),
                    make(OpKind::thread_end, 90001, 0, 0, 1)});
  groups[1][0].align_log2 = 6;
  groups.push_back({make(OpKind::free, 5000000000, 1), make(OpKind::malloc, 5000000001, 1, 0),
                    make(OpKind::trim, 5000000002, 0, 65536),
                    make(OpKind::mallopt, 5000000003, 0xffffffff, 128),
                    make(OpKind::exit_begin, 5000000004), make(OpKind::free, 5000000005, 0)});
  return groups;
}

}  // namespace test
}  // namespace heapwise
