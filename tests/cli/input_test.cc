// SPDX-License-Identifier: MIT
// Standard input of programs that are run several times.
#include <gmock/gmock.h>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;

class Input : public CliTest {};

TEST_F(Input, AnEndlessOneIsRefusedWithTheRemedy) {
  const auto finished = shell(
      "ulimit -v 3000000; yes 2>/dev/null | { $HEAPWISE verify -- sh -c 'touch started; head -1'; "
      "}");
  EXPECT_EQ(finished.exit_code, 2);
  EXPECT_THAT(finished.err, HasSubstr("more than 256 MiB"));
  EXPECT_THAT(finished.err, HasSubstr("< FILE"));
  EXPECT_FALSE(exists("started"));
}

TEST_F(Input, OneThatStaysOpenIsSaidToBeWaitedFor) {
  const auto finished = shell(
      "mkfifo pipe; sleep 100 > pipe & "
      "$HEAPWISE advise --recordings 2 -- true < pipe 2> said & "
      "until [ -s said ]; do sleep 0.1; done; kill %1 %2; cat said");
  EXPECT_THAT(finished.out, HasSubstr("reading standard input"));
  EXPECT_THAT(finished.out, HasSubstr("< /dev/null"));
}

TEST_F(Input, EachRecordingGetsAllOfIt) {
  RunOptions options;
  options.input = "one\ntwo\n";
  const auto finished = heapwise({"advise", "--recordings", "2", "--quiet", "--allocators", "glibc",
                                  "--repetitions", "1", "--", "tee", "-a", "copy"},
                                 options);
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(content("copy"), "one\ntwo\none\ntwo\n");
}

}  // namespace
}  // namespace heapwise::testing
