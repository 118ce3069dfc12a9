// SPDX-License-Identifier: MIT
// What the writer does to files, and what it does not let pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/rng.h"
#include "tests/traces/support.h"
#include "traces/format.h"

namespace heapwise::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr ThreadId kThread{0};

TEST(Writer, TheFileAppearsWhenItIsFinished) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  ASSERT_TRUE(writer);
  EXPECT_NE(access((folder / "t.hwt").c_str(), F_OK), 0);
  ASSERT_TRUE(writer->finish());
  EXPECT_THAT(folder.files(), UnorderedElementsAre("t.hwt"));
}

TEST(Writer, AnUnfinishedOneLeavesNothingBehind) {
  const Folder folder;
  {
    auto writer = TraceWriter::create(folder / "t.hwt", {});
    writer->allocate(kThread, 0, OpKind::malloc, 1);
    auto moved = std::move(*writer);
    moved.allocate(kThread, 0, OpKind::malloc, 1);
  }
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(Writer, AFileThatWasThereIsKeptUntilItsSuccessorIsWhole) {
  const Folder folder;
  spill(folder / "t.hwt", "precious");
  EXPECT_THAT(TraceWriter::create(folder / "t.hwt", {}).error().what, HasSubstr("exists already"));
  {
    auto abandoned = TraceWriter::create(folder / "t.hwt", {}, true);
    ASSERT_TRUE(abandoned);
  }
  EXPECT_EQ(slurp(folder / "t.hwt"), "precious");
  auto writer = TraceWriter::create(folder / "t.hwt", {}, true);
  EXPECT_EQ(slurp(folder / "t.hwt"), "precious");
  ASSERT_TRUE(writer->finish());
  EXPECT_TRUE(read_trace(folder / "t.hwt"));
  EXPECT_THAT(folder.files(), UnorderedElementsAre("t.hwt"));
}

TEST(Writer, ALinkStaysOne) {
  const Folder folder;
  spill(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "t.hwt");
  auto writer = TraceWriter::create(folder / "t.hwt", {}, true);
  ASSERT_TRUE(writer->finish());
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "t.hwt"));
  EXPECT_TRUE(read_trace(folder / "target"));
}

TEST(Writer, AFileThatAppearsMeanwhileIsNotReplaced) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  spill(folder / "t.hwt", "precious");
  EXPECT_THAT(writer->finish().error().what, HasSubstr("File exists"));
  EXPECT_EQ(slurp(folder / "t.hwt"), "precious");
}

TEST(Writer, DevicesFoldersAndMissingFoldersAreRefusedAtOnce) {
  const Folder folder;
  EXPECT_THAT(TraceWriter::create("/dev/null", {}, true).error().what,
              HasSubstr("not a regular file"));
  EXPECT_THAT(TraceWriter::create(folder / ".", {}, true).error().what,
              HasSubstr("not a regular file"));
  EXPECT_THAT(TraceWriter::create(folder / "no/t.hwt", {}).error().what,
              HasSubstr("No such file or directory"));
  EXPECT_THAT(TraceWriter::create("", {}).error().what, HasSubstr("file name"));
}

TEST(Writer, TheUmaskDecidesWhoMayRead) {
  const Folder folder;
  const mode_t before = umask(027);
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  umask(before);
  ASSERT_TRUE(writer->finish());
  struct stat status {};
  ASSERT_EQ(stat((folder / "t.hwt").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
}

/// In a process of its own: a file system that takes no more than 4 KiB per file.
[[noreturn]] void write_on_a_full_disk(const std::string& path) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {4096, 4096};
  setrlimit(RLIMIT_FSIZE, &limit);
  auto writer = TraceWriter::create(path, {});
  Rng rng(1);
  for (int i = 0; i < 200000; ++i) {
    writer->allocate(kThread, 0, OpKind::malloc, rng.below(1 << 20));
  }
  const auto finished = writer->finish();
  _exit(!finished && finished.error().code == ErrorCode::io ? 42 : 1);
}

TEST(Writer, AFullDiskIsReportedByFinish) {
  const Folder folder;
  EXPECT_EXIT(write_on_a_full_disk(folder / "t.hwt"), testing::ExitedWithCode(42), "");
  EXPECT_NE(access((folder / "t.hwt").c_str(), F_OK), 0);
}

TEST(Writer, TimeThatGoesBackIsRaised) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  const ObjectId object = writer->allocate(kThread, 500, OpKind::malloc, 1);
  writer->free(kThread, 400, object);
  writer->residency({700, 1, 1});
  writer->residency({600, 2, 2});
  ASSERT_TRUE(writer->finish());
  const auto reading = read_trace(folder / "t.hwt");
  EXPECT_EQ(reading->ops[1].time_ns, 500U);
  EXPECT_EQ(reading->residency[1].time_ns, 700U);
}

TEST(Writer, AlignmentIsKeptForAlignedAllocationsOnly) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  writer->allocate(kThread, 0, OpKind::malloc, 1, 12);
  writer->allocate(kThread, 0, OpKind::aligned, 1, 12);
  ASSERT_TRUE(writer->finish());
  const auto ops = read_trace(folder / "t.hwt")->ops;
  EXPECT_EQ(ops[0].align_log2, 0);
  EXPECT_EQ(ops[1].align_log2, 12);
}

/// What finish() says after `mistake` was made once and other ops followed.
template <class Mistake>
std::string told_after(Mistake mistake) {
  const Folder folder;
  auto writer = TraceWriter::create(folder / "t.hwt", {});
  const ObjectId object = writer->allocate(kThread, 0, OpKind::malloc, 1);
  mistake(*writer);
  writer->allocate(kThread, 1, OpKind::calloc, 2);
  writer->free(kThread, 2, object);
  const auto finished = writer->finish();
  return finished ? "nothing" : finished.error().what;
}

TEST(Writer, MistakesOfTheCallerAreToldByFinish) {
  EXPECT_EQ(told_after([](TraceWriter&) {}), "nothing");
  EXPECT_THAT(told_after([](TraceWriter& w) { w.free(kThread, 0, ObjectId{1}); }),
              HasSubstr("at op 1, an object that does not live is freed"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.reallocate(kThread, 0, ObjectId{9}, 1); }),
              HasSubstr("is resized"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.touch(kThread, 0, ObjectId{9}, 1); }),
              HasSubstr("is touched"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.thread_end(ThreadId{2}, 0); }),
              HasSubstr("order of first appearance"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.thread_start(kThread, 0, ThreadId{2}); }),
              HasSubstr("order of first appearance"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.allocate(kThread, 0, OpKind::free, 1); }),
              HasSubstr("kind"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.allocate(kThread, 0, OpKind::malloc, ~0ULL); }),
              HasSubstr("too many bytes"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.allocate(kThread, 0, OpKind::aligned, 1, 64); }),
              HasSubstr("alignment"));
  EXPECT_THAT(told_after([](TraceWriter& w) { w.exit_begin(kThread, ~0ULL); }), HasSubstr("time"));
}

TEST(Writer, AnObjectFreedTwiceIsToldByFinish) {
  EXPECT_THAT(told_after([](TraceWriter& w) {
                w.free(kThread, 0, ObjectId{0});
                w.free(kThread, 0, ObjectId{0});
              }),
              HasSubstr("is freed"));
}

TEST(Writer, FactsBeyondTheLimitAreRefused) {
  const Folder folder;
  TraceInfo info;
  info.name = std::string(format::kMaxBodyBytes, 'x');
  EXPECT_THAT(TraceWriter::create(folder / "t.hwt", info).error().what, HasSubstr("too long"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(Writer, MoreArgumentsOrFactsThanAReaderTakesAreRefused) {
  const Folder folder;
  TraceInfo many;
  many.command.resize(format::kMaxArguments + 1);
  EXPECT_THAT(TraceWriter::create(folder / "t.hwt", many).error().what, HasSubstr("arguments"));
  many.command.clear();
  many.facts.resize(format::kMaxFacts + 1);
  EXPECT_THAT(TraceWriter::create(folder / "t.hwt", many).error().what, HasSubstr("facts"));
  TraceTotals end;
  end.facts.resize(format::kMaxFacts + 1);
  EXPECT_THAT(TraceWriter::create(folder / "t.hwt", {})->finish(end).error().what,
              HasSubstr("facts"));
  EXPECT_THAT(folder.files(), IsEmpty());
}

}  // namespace
}  // namespace heapwise::test
