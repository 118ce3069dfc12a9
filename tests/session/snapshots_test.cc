// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>

#include "base/temporary_directory.h"
#include "bench/session/record_snapshots.h"

namespace heapwise {
namespace {

using recorder::LiveObject;

std::vector<LiveObject> heap(std::size_t objects) {
  std::vector<LiveObject> all;
  for (std::size_t i = objects; i-- > 0;) {
    all.push_back({0x7f0000000000 + i * 48, i % 40, OpKind::malloc, 0, i});
  }
  return all;
}

void expect_heap(const std::vector<LiveObject>& found, std::size_t objects) {
  ASSERT_EQ(found.size(), objects);
  for (std::size_t i = 0; i < objects; ++i) {
    EXPECT_EQ(found[i].address, 0x7f0000000000 + i * 48);
    EXPECT_EQ(found[i].size, i % 40);
    EXPECT_EQ(found[i].touched_pages, i);
  }
}

class Inherited : public ::testing::Test {
 protected:
  std::size_t files() const {
    const std::filesystem::directory_iterator entries(folder_.path());
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }
  TemporaryDirectory folder_ = *TemporaryDirectory::make();
};

TEST_F(Inherited, ObjectsComeBackOnceToTheirImage) {
  Snapshots snapshots(folder_.path());
  snapshots.keep(3, heap(1000));
  snapshots.keep(7, heap(2));
  expect_heap(snapshots.take(7), 2);
  expect_heap(snapshots.take(3), 1000);
  EXPECT_TRUE(snapshots.take(3).empty());
  EXPECT_EQ(files(), 0U);
}

TEST_F(Inherited, AHeapTakesAFewBytesForEachObject) {
  Snapshots snapshots(folder_.path());
  snapshots.keep(1, heap(100'000));
  EXPECT_LT(std::filesystem::file_size(folder_.path() + "/inherited.1.live"), 100'000U * 12);
}

TEST_F(Inherited, WithoutRoomForAFileTheyStayInMemory) {
  Snapshots snapshots(folder_.path() + "/missing");
  snapshots.keep(1, heap(1000));
  snapshots.keep(2, {});
  expect_heap(snapshots.take(1), 1000);
  EXPECT_TRUE(snapshots.take(2).empty());
}

TEST_F(Inherited, AConversionThatIsRepeatedReplacesThem) {
  Snapshots snapshots(folder_.path());
  snapshots.keep(1, heap(1000));
  snapshots.keep(1, heap(10));
  expect_heap(snapshots.take(1), 10);
}

TEST_F(Inherited, WhatNobodyTakesIsRemoved) {
  { Snapshots(folder_.path()).keep(1, heap(5)); }
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace heapwise
