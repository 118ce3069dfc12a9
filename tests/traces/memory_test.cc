// SPDX-License-Identifier: MIT
// Memory of reader, writer and profile follows the live heap of a trace, not its length. Every
// operator new of this program is counted.
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "base/varint.h"
#include "tests/traces/counting_new.h"
#include "tests/traces/support.h"
#include "traces/format.h"
#include "traces/profile.h"
#include "traces/reader.h"
#include "traces/writer.h"

namespace heapwise {
namespace {

/// The most bytes held at once while `work` ran, beyond those before.
template <class Work>
std::size_t peak_of(Work work) {
  const std::size_t before = test::most_held = test::held;
  work();
  return test::most_held - before;
}

/// A trace whose live heap is `live` objects, turned over until `ops` ops are written.
void write_trace(const std::string& path, std::uint64_t live, std::uint64_t ops) {
  auto writer = TraceWriter::create(path, {}, true);
  std::vector<ObjectId> objects;
  for (std::uint64_t i = 0; i < ops; ++i) {
    if (i % 100 == 0) writer->residency({i, i, i});
    if (objects.size() < live) {
      objects.push_back(writer->allocate(ThreadId{0}, i, OpKind::malloc, i % 1000));
    } else {
      writer->free(ThreadId{0}, i, objects.back());
      objects.pop_back();
    }
  }
  ASSERT_TRUE(writer->finish());
}

void read(const std::string& path) {
  auto reader = TraceReader::open(path);
  for (Op op; reader->next(op);) {
  }
  ASSERT_FALSE(reader->damage());
}

constexpr std::uint64_t kChunk = 65536;
constexpr std::size_t kSlack = 200000;  // samples of resident memory, strings, the last chunk

TEST(Memory, OfReadingDoesNotGrowWithTheTrace) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  write_trace(path, 5000, 4 * kChunk);
  const std::size_t of_short = peak_of([&] { read(path); });
  write_trace(path, 5000, 40 * kChunk);
  const std::size_t of_long = peak_of([&] { read(path); });
  EXPECT_LT(of_long, of_short + kSlack);
}

TEST(Memory, OfReadingIsANumberPerLiveObject) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  write_trace(path, 1000, 16 * kChunk);
  const std::size_t of_few = peak_of([&] { read(path); });
  write_trace(path, 8 * kChunk, 16 * kChunk);
  const std::size_t of_many = peak_of([&] { read(path); });
  // A growing vector holds up to three times its content while it moves.
  EXPECT_LT(of_many, of_few + 3 * 8 * 8 * kChunk + kSlack);
  EXPECT_GT(of_many, of_few + 8 * 8 * kChunk / 2) << "the counting does not work";
}

TEST(Memory, OfReadingAHeadIsThatOfItsBytesHoweverManyStringsItCounts) {
  const test::Folder folder;
  constexpr std::size_t kMany = 60 << 20;
  std::string payload(3, '\0');
  payload[0] = 1;
  put_varint(payload, kMany);
  payload.append(kMany, '\0');
  test::spill(folder / "t.hwt", test::header() + test::chunk(test::body(1, 0, payload)));
  ASSERT_LT(test::slurp(folder / "t.hwt").size(), 4096);
  const std::size_t taken = peak_of([&] { EXPECT_FALSE(TraceReader::open(folder / "t.hwt")); });
  EXPECT_LT(taken, format::kMaxBodyBytes + kSlack);
}

TEST(Memory, OfWritingDoesNotGrowWithTheTrace) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  const std::size_t of_short = peak_of([&] { write_trace(path, 5000, 4 * kChunk); });
  const std::size_t of_long = peak_of([&] { write_trace(path, 5000, 40 * kChunk); });
  EXPECT_LT(of_long, of_short + kSlack);
}

TEST(Memory, OfProfilingDoesNotGrowWithTheTrace) {
  const auto folder = TemporaryDirectory::make();
  const std::string path = folder->path() + "/t.hwt";
  write_trace(path, 5000, 4 * kChunk);
  const std::size_t of_short = peak_of([&] { (void)profile_trace(path); });
  write_trace(path, 5000, 40 * kChunk);
  const std::size_t of_long = peak_of([&] { (void)profile_trace(path); });
  EXPECT_LT(of_long, of_short + kSlack);
}

}  // namespace
}  // namespace heapwise
