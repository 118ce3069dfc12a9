// SPDX-License-Identifier: MIT
// Which traces are recordings of one workload.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/temporary_directory.h"
#include "bench/session/workload_info.h"
#include "traces/writer.h"

namespace heapwise {
namespace {

using ::testing::ElementsAre;

class GroupRecordings : public ::testing::Test {
 protected:
  /// A trace of a process of `session`.
  std::string recorded(const std::string& session, const std::string& name,
                       const std::string& argument) {
    TraceInfo info;
    info.source = TraceSource::recorded;
    info.name = name;
    info.command = {name, argument};
    info.facts = {{"recording", session}};
    std::string path = directory_.path() + "/" + std::to_string(traces_++) + ".hwt";
    auto writer = TraceWriter::create(path, info);
    EXPECT_TRUE(writer);
    EXPECT_TRUE(writer->finish());
    return path;
  }

 private:
  TemporaryDirectory directory_ = *TemporaryDirectory::make();
  int traces_ = 0;
};

TEST_F(GroupRecordings, ProcessesOfOneNameAreToldApartByTheirPlaceInEachRecording) {
  const std::vector<std::string> traces{
      recorded("monday", "perl", "same"), recorded("monday", "perl", "same"),
      recorded("tuesday", "perl", "same"), recorded("tuesday", "perl", "same")};
  EXPECT_THAT(group_recordings(traces, false), ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(group_recordings({traces[0], traces[2], traces[1], traces[3]}, false),
              ElementsAre(0, 0, 1, 1));
}

TEST_F(GroupRecordings, OtherArgumentsMakeAnotherWorkloadUnlessProgramsAreAsked) {
  const std::vector<std::string> traces{recorded("monday", "perl", "one"),
                                        recorded("tuesday", "perl", "other"),
                                        recorded("tuesday", "sh", "one")};
  EXPECT_THAT(group_recordings(traces, false), ElementsAre(0, 1, 2));
  EXPECT_THAT(group_recordings(traces, true), ElementsAre(0, 0, 1));
}

TEST_F(GroupRecordings, WhatIsNoTraceStandsAlone) {
  EXPECT_THAT(group_recordings({"/nowhere.hwt", "/nowhere.hwt"}, false), ElementsAre(0, 1));
}

}  // namespace
}  // namespace heapwise
