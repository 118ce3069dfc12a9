// SPDX-License-Identifier: MIT
// Real programs do under the recorder what they do without it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/recorder/support.h"

namespace heapwise::recorder_test {
namespace {

bool installed(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0;
}

#define SKIP_WITHOUT(path) \
  if (!installed(path)) GTEST_SKIP() << (path) << " is not installed"

void expect_many(const Recorded& recorded, std::uint64_t operations) {
  EXPECT_GT(recorded.main().totals.operations, operations) << recorded.notes;
  EXPECT_EQ(recorded.main().totals.dropped_events, 0U);
}

TEST(RecordedPrograms, PhpWithItsPlugInsRunsAsBefore) {
  SKIP_WITHOUT("/usr/bin/php");
  const auto recorded = record_command(
      {"/usr/bin/php", "-r",
       "$a = []; for ($i = 0; $i < 50000; $i++) $a[] = str_repeat('x', $i % 3000);"
       "echo count($a), json_encode(array_slice($a, 0, 3)), md5(serialize($a)), \"\\n\";"});
  expect_many(recorded, 10000);
}

TEST(RecordedPrograms, SqliteRunsAsBeforeAndIsWhole) {
  SKIP_WITHOUT("/usr/bin/sqlite3");
  const auto recorded = record_command(
      {"/usr/bin/sqlite3", ":memory:",
       "create table t(a, b);"
       "with recursive c(x) as (select 1 union all select x + 1 from c where x < 50000)"
       "insert into t select x, hex(x * 7) from c;"
       "create index i on t(b); delete from t where a % 3 = 0; select count(*), sum(a) from t;"});
  expect_many(recorded, 100000);
  EXPECT_EQ(recorded.main().end_fact("recorder.unknown_frees"), 0U);
  EXPECT_TRUE(has(recorded.main().capabilities, Capability::complete));
}

TEST(RecordedPrograms, APythonWithMallocOfItsOwnTurnedOffIsWhole) {
  SKIP_WITHOUT("/usr/bin/python3");
  const auto recorded =
      record_command({"/usr/bin/env", "PYTHONMALLOC=malloc", "/usr/bin/python3", "-c",
                      R"(import json, threading
t = [threading.Thread(target=lambda: json.dumps(list(range(9999)))) for _ in range(4)]
[x.start() for x in t]; [x.join() for x in t]; print(sum(range(1000)))
)"});
  expect_many(recorded, 50000);
  EXPECT_EQ(recorded.main().end_fact("recorder.unknown_frees"), 0U);
  EXPECT_EQ(recorded.main().info.fact("env.PYTHONMALLOC"), "malloc");
}

TEST(RecordedPrograms, PerlForksAsBefore) {
  SKIP_WITHOUT("/usr/bin/perl");
  const auto recorded = record_command(
      {"/usr/bin/perl", "-e",
       "$| = 1; my %h; $h{$_} = 'x' x ($_ % 300) for 1 .. 20000; print scalar(keys %h), qq(\\n);"
       "if (!fork) { delete $h{$_} for 1 .. 10000; print scalar(keys %h), qq(\\n); exit 3 }"
       "wait; print $? >> 8, qq(\\n); print `echo from a shell`;"});
  expect_many(recorded, 40000);
  EXPECT_GE(recorded.traces.size(), 2U);
}

TEST(RecordedPrograms, TheChildrenOfAShellScriptAreFound) {
  const auto recorded = record_command(
      {"/bin/sh", "-c",
       "printf 'c\\nb\\na\\n' | sort | tr a-c A-C; (exit 4) || echo $?; env -i /bin/ls -d /; "
       "kill -TERM $$"});
  EXPECT_GE(recorded.traces.size(), 4U) << recorded.notes;
}

}  // namespace
}  // namespace heapwise::recorder_test
