// SPDX-License-Identifier: MIT
// Files that are cut, changed or something else altogether: an error, or damage and the ops before
// it. Never a crash, never other ops than were written.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "tests/traces/support.h"

namespace heapwise::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<Op> flat(const std::vector<std::vector<Op>>& groups, std::size_t count) {
  std::vector<Op> ops;
  for (std::size_t i = 0; i < count; ++i) ops.insert(ops.end(), groups[i].begin(), groups[i].end());
  return ops;
}

std::vector<Op> flat(const std::vector<std::vector<Op>>& groups) {
  return flat(groups, groups.size());
}

bool is_prefix(const std::vector<Op>& part, const std::vector<Op>& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

TEST(Damage, AWholeTraceHasNone) {
  const Folder folder;
  spill(folder / "t.hwt", finished(small_groups()));
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading) << reading.error().what;
  EXPECT_FALSE(reading->damage);
  EXPECT_EQ(reading->ops, flat(small_groups()));
  EXPECT_TRUE(has(reading->capabilities, Capability::complete));
}

TEST(Damage, TruncationAnywhereKeepsEveryWholeChunk) {
  const Folder folder;
  const std::string file = finished(small_groups());
  const auto boundaries = boundaries_of(file);
  for (std::size_t size = 0; size < file.size(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size) + " bytes");
    spill(folder / "t.hwt", file.substr(0, size));
    const auto reading = read_trace(folder / "t.hwt");
    if (size < boundaries[1]) {
      ASSERT_FALSE(reading) << "without a head there is nothing to read";
      EXPECT_FALSE(reading.error().hint.empty());
      continue;
    }
    ASSERT_TRUE(reading) << reading.error().what;
    const auto next = std::upper_bound(boundaries.begin(), boundaries.end(), size);
    const auto whole = static_cast<std::size_t>(next - boundaries.begin()) - 1;
    EXPECT_EQ(reading->ops, flat(small_groups(), whole - 1));
    ASSERT_TRUE(reading->damage);
    EXPECT_EQ(reading->damage->offset, boundaries[whole]);
    EXPECT_EQ(reading->damage->missing_bytes, size - boundaries[whole]);
    EXPECT_FALSE(reading->damage->what.empty());
    EXPECT_FALSE(has(reading->capabilities, Capability::complete));
    EXPECT_EQ(reading->totals.ops, reading->ops.size());
  }
}

TEST(Damage, AFlipOfAnyBitIsNoticedOrChangesNothing) {
  const Folder folder;
  const std::string file = finished(small_groups());
  const auto expected = flat(small_groups());
  // The minor version may be any; zstd's frame header descriptor has a bit that it ignores.
  std::set<std::size_t> may_pass = {8, 9};
  for (const std::size_t boundary : boundaries_of(file)) may_pass.insert(boundary + 8);
  std::size_t noticed = 0;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit % 8) + " of byte " + std::to_string(bit / 8));
    std::string changed = file;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    spill(folder / "t.hwt", changed);
    const auto reading = read_trace(folder / "t.hwt");
    if (!reading || reading->damage) ++noticed;
    if (!reading) continue;
    EXPECT_TRUE(is_prefix(reading->ops, expected));
    EXPECT_EQ(reading->info.command, (std::vector<std::string>{"small", "--argument"}));
    if (reading->damage) continue;
    EXPECT_EQ(reading->ops, expected);
    EXPECT_EQ(may_pass.count(bit / 8), 1U) << "unnoticed";
  }
  EXPECT_GT(noticed, file.size() * 8 - 50);
}

TEST(Damage, AnyByteOverwrittenIsNoticedOrChangesNothing) {
  const Folder folder;
  const std::string file = finished(small_groups());
  const auto expected = flat(small_groups());
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const char value : {'\0', '\x7f', '\xff'}) {
      std::string changed = file;
      changed[at] = value;
      spill(folder / "t.hwt", changed);
      const auto reading = read_trace(folder / "t.hwt");
      if (!reading) continue;
      EXPECT_TRUE(is_prefix(reading->ops, expected)) << at;
      EXPECT_TRUE(reading->damage || reading->ops == expected) << at;
    }
  }
}

TEST(Damage, ChunksThatAreLostDoubledOrSwappedAreNoticed) {
  const Folder folder;
  const std::string file = finished(small_groups());
  const auto at = boundaries_of(file);
  const auto part = [&](std::size_t i) { return file.substr(at[i], at[i + 1] - at[i]); };
  const std::string start = file.substr(0, at[2]);
  for (const std::string& changed :
       {start + part(3) + part(4), start + part(1) + part(2) + part(3) + part(4),
        start + part(3) + part(2) + part(4)}) {
    spill(folder / "t.hwt", changed);
    const auto reading = read_trace(folder / "t.hwt");
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->ops, small_groups()[0]);
    ASSERT_TRUE(reading->damage);
    EXPECT_EQ(reading->damage->offset, at[2]);
    EXPECT_THAT(reading->damage->what, HasSubstr("missing or out of order"));
  }
}

TEST(Damage, BytesBehindTheEndAreReportedAndCostNothing) {
  const Folder folder;
  const std::string file = finished(small_groups());
  spill(folder / "t.hwt", file + "more");
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->ops, flat(small_groups()));
  ASSERT_TRUE(reading->damage);
  EXPECT_EQ(reading->damage->offset, file.size());
  EXPECT_EQ(reading->damage->missing_bytes, 4U);
  EXPECT_TRUE(has(reading->capabilities, Capability::complete));
}

TEST(Damage, AForgedLengthIsRefusedBeforeItIsBelieved) {
  const Folder folder;
  const std::string good = unfinished({small_groups()[0]});
  for (const std::string& length :
       {std::string("\xff\xff\xff\xff", 4), std::string("\xff\xff\xff\x03", 4),
        std::string("\x01\x00\x00\x04", 4), std::string("\x65\x00\x00\x00", 4)}) {
    spill(folder / "t.hwt", good + length + std::string(100, 'x'));
    const auto reading = read_trace(folder / "t.hwt");
    ASSERT_TRUE(reading);
    EXPECT_EQ(reading->ops, small_groups()[0]);
    ASSERT_TRUE(reading->damage);
    EXPECT_EQ(reading->damage->missing_bytes, 100 + length.size());
  }
}

TEST(Damage, AFrameThatClaimsGigabytesIsRefused) {
  const Folder folder;
  // A frame header with an eight-byte content size of 2^40, checksum flag set, and nothing else.
  const std::string frame = std::string("\x28\xb5\x2f\xfd\xe4", 5) +
                            std::string("\x00\x00\x00\x00\x00\x01\x00\x00", 8) +
                            std::string("\x01\x00\x00", 3) + "sum!";
  spill(folder / "t.hwt", unfinished({small_groups()[0]}) + static_cast<char>(frame.size()) +
                              std::string(3, '\0') + frame);
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  ASSERT_TRUE(reading->damage);
  EXPECT_THAT(reading->damage->what, HasSubstr("size is impossible"));
}

TEST(Damage, AFrameWithoutAChecksumIsRefused) {
  const Folder folder;
  std::string plain = chunk(body(2, 1, ops_payload(small_groups()[0])));
  plain[8] = static_cast<char>(plain[8] & ~4);  // the checksum flag
  plain.resize(plain.size() - 4);               // the checksum
  plain[0] = static_cast<char>(plain[0] - 4);   // the length
  spill(folder / "t.hwt", unfinished({}) + plain);
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  EXPECT_TRUE(reading->ops.empty());
  ASSERT_TRUE(reading->damage);
  EXPECT_THAT(reading->damage->what, HasSubstr("not a whole zstd frame"));
}

TEST(Damage, AnotherMajorVersionIsRefusedNamingBoth) {
  const Folder folder;
  spill(folder / "t.hwt", header(7, 3) + finished({}).substr(12));
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, ErrorCode::unsupported);
  EXPECT_THAT(reading.error().what, AllOf(HasSubstr("version 7.3"), HasSubstr("versions 1.x")));
}

TEST(Damage, ANewerMinorVersionIsRead) {
  const Folder folder;
  spill(folder / "t.hwt", header(1, 9) + finished(small_groups()).substr(12));
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->damage);
}

TEST(Damage, WhatIsNoTraceIsSaidWithAHintThatFits) {
  const Folder folder;
  const auto error_of = [&](const std::string& content) {
    spill(folder / "t.hwt", content);
    const auto reading = read_trace(folder / "t.hwt");
    EXPECT_FALSE(reading);
    return reading ? Error{} : reading.error();
  };
  EXPECT_THAT(error_of("").what, HasSubstr("is empty"));
  EXPECT_THAT(error_of("x").what, HasSubstr("not a heapwise trace"));
  EXPECT_THAT(error_of("{\"schema_version\": 1}").hint, HasSubstr("heapwise record"));
  EXPECT_THAT(error_of("\x1f\x8b\x08 and so on, for a while").hint, HasSubstr("decompress"));
  EXPECT_THAT(error_of("\x89HWT\n\x1a\n and so on").hint, HasSubstr("as binary"));
  EXPECT_THAT(error_of(header().substr(0, 10)).what, HasSubstr("ends before its version"));
  EXPECT_THAT(error_of(header()).what, HasSubstr("head of"));
}

TEST(Damage, FoldersPipesAndMissingFilesAreErrors) {
  const Folder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(read_trace(folder / "pipe").error().what, HasSubstr("not a regular file"));
  EXPECT_THAT(read_trace(folder / ".").error().what, HasSubstr("not a regular file"));
  EXPECT_THAT(read_trace("/dev/null").error().what, HasSubstr("not a regular file"));
  EXPECT_THAT(read_trace(folder / "missing").error().what, HasSubstr("No such file"));
}

}  // namespace
}  // namespace heapwise::test
