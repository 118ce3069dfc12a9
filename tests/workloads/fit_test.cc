// SPDX-License-Identifier: MIT
// Learning from a trace, and making others like it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "tests/workloads/support.h"
#include "workloads/fit/json.h"
#include "workloads/fit/learn.h"
#include "workloads/program.h"

namespace heapwise::test {
namespace {

using testing::HasSubstr;

class Fit : public testing::Test {
 protected:
  /// A trace that `program` writes.
  std::string record(const std::function<void(Program&)>& program) {
    std::string path = folder_.path() + "/recorded.hwt";
    TraceInfo info;
    info.source = TraceSource::recorded;
    info.name = "subject";
    auto writer = TraceWriter::create(path, info, true);
    Program imagined(5, *writer);
    program(imagined);
    EXPECT_TRUE(writer->finish());
    return path;
  }
  /// The trace of a built-in workload.
  std::string record(const std::string& workload) {
    std::string path = folder_.path() + "/recorded.hwt";
    EXPECT_TRUE(make_workload(*parse_workload(workload), 5, path, true));
    return path;
  }
  /// Learns from a trace; the name of the workload.
  std::string fit(const std::string& trace) {
    const auto model = fit::learn(trace);
    EXPECT_TRUE(model) << model.error().what;
    return keep(fit::to_json(*model));
  }
  std::string keep(const std::string& json) {
    std::string path = folder_.path() + "/model.json";
    EXPECT_TRUE(write_file(path, json, true));
    return path;
  }
  TemporaryDirectory folder_ = *TemporaryDirectory::make();
};

TEST_F(Fit, MoreThreadsThanAModelHoldsAreReadBack) {
  const std::string trace = record([](Program& program) {
    ThreadId last = program.start_thread();
    for (int i = 0; i < 5000; ++i) {
      const ThreadId next = program.start_thread(last);
      program.free(next, program.allocate(next, 100));
      program.end_thread(last);
      last = next;
    }
    program.end_thread(last);
    program.exit();
  });
  const std::string path = fit(trace);
  const auto again = fit::from_json(*read_file(path), path);
  EXPECT_TRUE(again) << again.error().what;
}

void expect_near(std::uint64_t figure, std::uint64_t expected, double tolerance) {
  EXPECT_NEAR(static_cast<double>(figure), static_cast<double>(expected),
              tolerance * static_cast<double>(expected));
}

/// Figures of a trace and of what was learnt from it agree to so much.
void expect_alike(const TraceProfile& fitted, const TraceProfile& recorded, double tolerance) {
  expect_near(fitted.allocations, recorded.allocations, tolerance);
  expect_near(fitted.allocated_bytes, recorded.allocated_bytes, tolerance);
  expect_near(fitted.peak_live_bytes, recorded.peak_live_bytes, tolerance);
  expect_near(static_cast<std::uint64_t>(fitted.mean_live_bytes),
              static_cast<std::uint64_t>(recorded.mean_live_bytes), tolerance);
  expect_near(fitted.duration_ns, recorded.duration_ns, tolerance);
}

TEST_F(Fit, MemoryAndTimeAreThoseOfTheTrace) {
  for (const char* workload : {"two-wave:wave=2MiB,idle=3s", "mixed:calls=60000",
                               "churn:calls=60000", "cache:writes=40000,capacity=1MiB",
                               "request-server:peak=200", "rocksdb:memtable=256KiB,cache=1MiB"}) {
    SCOPED_TRACE(workload);
    const std::string trace = record(workload);
    expect_alike(make(fit(trace)).profile, *profile_trace(trace), 0.1);
  }
}

TEST_F(Fit, WhatIsNeverFreedStaysAndIsReplacedInLongerTraces) {
  const std::string trace = record([](Program& program) {
    for (int i = 0; i < 5000; ++i) program.allocate(kMain, 100);
    program.exit();
  });
  const std::string model = fit(trace);
  const TraceProfile once = make(model).profile;
  EXPECT_EQ(once.allocations, 5000U);
  EXPECT_EQ(once.frees, 0U);
  EXPECT_EQ(once.end_live_bytes, 500000U);
  const TraceProfile thrice = make(model + ":length=300%").profile;
  EXPECT_EQ(thrice.allocations, 15000U);
  expect_near(thrice.peak_live_bytes, 500000, 0.05);
  expect_near(thrice.end_live_bytes, 500000, 0.05);
}

TEST_F(Fit, ThreadsFreeForEachOtherAsOftenAsInTheTrace) {
  const std::string trace = record("producer-consumer:messages=5000,queue=20,idle=100ms");
  const TraceProfile recorded = *profile_trace(trace);
  const TraceProfile fitted = make(fit(trace)).profile;
  EXPECT_EQ(fitted.threads, recorded.threads);
  EXPECT_GT(share(recorded.freed_elsewhere, recorded.frees), 0.9);
  EXPECT_NEAR(share(fitted.freed_elsewhere, fitted.frees),
              share(recorded.freed_elsewhere, recorded.frees), 0.03);
}

TEST_F(Fit, ThreadsOfATimeComeAndGo) {
  const std::string trace = record("thread-churn:threads=40,at-once=4,largest=64KiB");
  const Made fitted = make(fit(trace));
  EXPECT_EQ(fitted.profile.threads, profile_trace(trace)->threads);
  std::set<ThreadId> alive = {ThreadId{0}};
  for (const Op& op : fitted.ops) {
    EXPECT_TRUE(alive.count(op.thread));
    if (op.kind == OpKind::thread_end) alive.erase(op.thread);
    if (op.kind == OpKind::thread_start) alive.insert(ThreadId{index(op.object)});
  }
  EXPECT_LE(alive.size(), 5U);
}

TEST_F(Fit, WhatGrowsByReallocGrowsAsOften) {
  const std::string trace = record("realloc-growth:jobs=3000,kept=100");
  const TraceProfile recorded = *profile_trace(trace);
  const TraceProfile fitted = make(fit(trace)).profile;
  EXPECT_GT(recorded.reallocations, 3000U);
  expect_near(fitted.reallocations, recorded.reallocations, 0.1);
  expect_near(fitted.peak_live_bytes, recorded.peak_live_bytes, 0.15);
}

TEST_F(Fit, AFewLargeObjectsComeAsTheyWere) {
  const std::string trace = record([](Program& program) {
    const ObjectId large = program.allocate(kMain, 10 << 20);
    std::vector<ObjectId> small;
    small.reserve(1000);
    for (int i = 0; i < 1000; ++i) small.push_back(program.allocate(kMain, 64));
    program.reallocate(kMain, large, 20 << 20);
    program.free_all(kMain, small);
    program.free(kMain, large);
    program.exit();
  });
  const Made fitted = make(fit(trace));
  std::vector<std::pair<OpKind, std::uint64_t>> large;
  for (const Op& op : fitted.ops) {
    if (op.size > 1 << 20) large.emplace_back(op.kind, op.size);
  }
  EXPECT_THAT(large, testing::ElementsAre(testing::Pair(OpKind::malloc, 10U << 20),
                                          testing::Pair(OpKind::realloc, 20U << 20)));
  EXPECT_EQ(fitted.profile.end_live_bytes, 0U);
}

TEST_F(Fit, TheLastSizeOfALargeObjectIsItsLastHoweverOftenItGrew) {
  for (const int reallocs : {1, 32, 33, 36, 64, 65, 66, 200}) {
    const std::string trace = record([reallocs](Program& program) {
      const ObjectId large = program.allocate(kMain, 10 << 20);
      for (int i = 1; i < reallocs; ++i) {
        program.reallocate(kMain, large, (10U << 20) + static_cast<unsigned>(i) * 4096);
        program.free(kMain, program.allocate(kMain, 64));
      }
      program.reallocate(kMain, large, 3 << 20);
      program.exit();
    });
    const auto model = fit::learn(trace);
    ASSERT_TRUE(model);
    ASSERT_EQ(model->giants.size(), 1U);
    EXPECT_EQ(model->giants[0].steps.back().second, 3U << 20) << reallocs;
  }
}

TEST_F(Fit, CallsKeepTheirKinds) {
  const std::string trace = record([](Program& program) {
    for (int i = 0; i < 4000; ++i) {
      program.free(kMain,
                   program.allocate(kMain, 48, i % 4 == 0 ? OpKind::calloc : OpKind::malloc));
    }
    program.exit();
  });
  const TraceProfile fitted = make(fit(trace)).profile;
  EXPECT_NEAR(share(fitted.callocs, fitted.allocations), 0.25, 0.03);
}

TEST_F(Fit, PausesStay) {
  const std::string trace = record([](Program& program) {
    for (int i = 0; i < 1000; ++i) {
      program.free(kMain, program.allocate(kMain, 100));
      if (i == 300) program.pass(5 * kSecond);
    }
    program.pass(2 * kSecond);
    program.exit();
  });
  const std::string model = fit(trace);
  expect_near(make(model).profile.duration_ns, profile_trace(trace)->duration_ns, 0.001);
  expect_near(make(model + ":length=200%").profile.duration_ns,
              2 * profile_trace(trace)->duration_ns, 0.001);
}

TEST_F(Fit, LengthAndScaleAreWhatTheySay) {
  const std::string trace = record("mixed:calls=60000");
  const std::string model = fit(trace);
  const TraceProfile once = make(model).profile;
  const TraceProfile longer = make(model + ":length=1000%").profile;
  expect_near(longer.allocations, 10 * once.allocations, 0.01);
  expect_near(longer.duration_ns, 10 * once.duration_ns, 0.01);
  expect_near(longer.peak_live_bytes, once.peak_live_bytes, 0.15);
  expect_near(make(model + ":length=50%").profile.allocations, once.allocations / 2, 0.05);
  const TraceProfile larger = make(model + ":scale=300%").profile;
  expect_near(larger.allocations, 3 * once.allocations, 0.05);
  expect_near(larger.peak_live_objects, 3 * once.peak_live_objects, 0.1);
}

TEST_F(Fit, AHeapThatHasReachedItsSizeKeepsItHoweverLongTheTrace) {
  for (const char* workload : {"churn:calls=100000,lifetime=5ms", "two-wave:wave=1MiB,idle=1s"}) {
    SCOPED_TRACE(workload);
    const std::string model = fit(record(workload));
    const TraceProfile once = make(model).profile;
    const TraceProfile longer = make(model + ":length=500%").profile;
    expect_near(longer.peak_live_bytes, once.peak_live_bytes, 0.1);
    expect_near(longer.end_live_bytes, once.end_live_bytes, 0.1);
  }
}

TEST_F(Fit, TheSameTraceGivesTheSameModelAndTheSameSeedTheSameBytes) {
  const std::string trace = record("churn:calls=20000");
  EXPECT_EQ(fit::to_json(*fit::learn(trace)), fit::to_json(*fit::learn(trace)));
  const std::string model = fit(trace);
  EXPECT_EQ(make(model, 3).file, make(model, 3).file);
  EXPECT_NE(make(model, 3).file, make(model, 4).file);
}

TEST_F(Fit, ASingleOperationIsEnough) {
  const std::string trace = record([](Program& program) {
    program.allocate(kMain, 100);
    program.exit();
  });
  const TraceProfile fitted = make(fit(trace)).profile;
  EXPECT_EQ(fitted.operations, 1U);
  EXPECT_EQ(fitted.end_live_bytes, 100U);
}

TEST_F(Fit, AnEmptyTraceIsRefused) {
  const std::string trace = record([](Program& program) { program.exit(); });
  const auto model = fit::learn(trace);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().what, trace + " has no operation before its program exits");
}

TEST_F(Fit, ADamagedTraceIsRefused) {
  const std::string trace = record("mixed:calls=60000");
  const std::string whole = *read_file(trace);
  ASSERT_TRUE(write_file(trace, whole.substr(0, whole.size() / 2), true));
  const auto model = fit::learn(trace);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ErrorCode::bad_input);
  EXPECT_THAT(model.error().what, HasSubstr(trace));
  EXPECT_FALSE(fit::learn("/nowhere/t.hwt"));
}

TEST_F(Fit, WhatIsFreedAtExitIsNotLearnt) {
  const std::string trace = record([](Program& program) {
    std::vector<ObjectId> objects;
    objects.reserve(500);
    for (int i = 0; i < 500; ++i) objects.push_back(program.allocate(kMain, 100));
    program.exit();
    program.free_all(kMain, objects);
  });
  const TraceProfile fitted = make(fit(trace)).profile;
  EXPECT_EQ(fitted.frees, 0U);
  EXPECT_EQ(fitted.end_live_bytes, 50000U);
}

// ---- the file

fit::Model small_model() {
  fit::Model model;
  model.name = "small";
  model.operations = 20;
  model.duration_ns = 1000;
  fit::Sizes sizes;
  sizes.bucket = fit::bucket_of(100);
  sizes.common = {{100, 7}};
  sizes.others = 3;
  sizes.ends = 10;
  sizes.grows = {{sizes.bucket, 2}};
  sizes.delays = {{3, 2}};
  model.sizes = {sizes};
  model.phases.resize(2);
  model.phases[0].active_ns = 500;
  model.phases[0].cells = {{sizes.bucket, fit::kLater + 1, 5}, {sizes.bucket, fit::kSoon + 2, 5}};
  model.phases[0].flows = {{1, 0.5, 0.25, -1}};
  model.phases[0].makers = {{0, 10}};
  model.threads = {{0, 0, -1}, {0, 0.5, 1.5}};
  model.handovers = {{0, 1, 2, 3}};
  model.pauses = {{0.5, 100}};
  fit::Giant giant;
  giant.size = 1 << 20;
  giant.steps = {{0.25, 2 << 20}};
  model.giants = {giant};
  model.tried = {{"", "", {10, 5, 1}, {11, 5, 1}},
                 {"glibc", "default", {100, 50, 0}, {110, 40, 7}},
                 {"jemalloc", "default", {100, 50, 20}, {100, 55, 10}}};
  return model;
}

TEST(FitFile, ReadsAsItWasWritten) {
  const std::string text = fit::to_json(small_model());
  const auto again = fit::from_json(text, "m.json");
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(fit::to_json(*again), text);
  EXPECT_EQ(again->tried.size(), 3U);
}

TEST(FitFile, KeepsTheErrorOfTheFitAndItsMean) {
  const fit::Footprint mean = fit::mean_error(small_model().tried);
  EXPECT_DOUBLE_EQ(mean.peak, 5);
  EXPECT_DOUBLE_EQ(mean.mean, 15);
  EXPECT_DOUBLE_EQ(mean.end, 50) << "nothing was recorded at the end under glibc";
  EXPECT_THAT(fit::to_json(small_model()),
              HasSubstr("\"mean_percent\":{\"peak\":5.0,\"mean\":15.0"));
  EXPECT_LT(fit::mean_error({}).peak, 0);
}

std::string error_of(const std::string& from, const std::string& to) {
  std::string text = fit::to_json(small_model());
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  text.replace(at, from.size(), to);
  const auto model = fit::from_json(text, "m.json");
  EXPECT_FALSE(model) << to;
  return model ? "" : model.error().what;
}

TEST(FitFile, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(error_of("{", "["), "m.json is not valid JSON");
  EXPECT_EQ(error_of("\"heapwise_fit\": 1", "\"other\": 1"),
            "m.json is JSON, but no fitted workload");
  EXPECT_THAT(error_of("\"heapwise_fit\": 1", "\"heapwise_fit\": 9"), HasSubstr("version 9"));
  EXPECT_EQ(error_of("\"name\": \"small\"", "\"name\": 5"), "m.json: name is not a text");
  EXPECT_EQ(error_of("\"operations\": 20", "\"operations\": 0"),
            "m.json: operations is out of range");
  EXPECT_EQ(error_of("\"operations\": 20", "\"operations\": -20"),
            "m.json: operations is not a whole number");
  EXPECT_EQ(error_of("\"phases\"", "\"phrases\""), "m.json: phases is missing");
  EXPECT_EQ(error_of("[[100,7]]", "[[5,7]]"), "m.json: sizes[0].sizes[0] is out of range");
  EXPECT_EQ(error_of("[[100,7]]", "[[100,7,1]]"),
            "m.json: sizes[0].sizes[0] does not have 2 fields");
  EXPECT_EQ(error_of("[[100,7]]", "{}"), "m.json: sizes[0].sizes is not a list");
  EXPECT_EQ(error_of("[[0,1,2,3]]", "[[0,9,2,3]]"), "m.json: handovers[0] is out of range");
  EXPECT_EQ(error_of("\"threads\": [[0,0.0,-1.0],[0,0.5,1.5]]", "\"threads\": []"),
            "m.json: threads is empty");
  EXPECT_THAT(error_of(",101,5]", ",100,5]"), HasSubstr("phases[0] frees in phase 0"));
  EXPECT_THAT(error_of(",101,5]", ",107,5]"), HasSubstr("phases[0] frees in phase 7"));
  EXPECT_THAT(error_of(",101,5]", ",60,5]"), HasSubstr("has no such fate"));
  EXPECT_THAT(error_of(",101,5]", ",101,1099511627776]"), HasSubstr("can be dealt out"));
  EXPECT_THAT(error_of("{\"bucket\":" + std::to_string(fit::bucket_of(100)), "{\"bucket\":27"),
              HasSubstr("out of range"));
}

TEST(FitFile, CutShortItIsRefused) {
  const std::string text = fit::to_json(small_model());
  for (std::size_t size = 0; size + 2 < text.size(); size += 7) {
    EXPECT_FALSE(fit::from_json(text.substr(0, size), "m.json"));
  }
}

TEST_F(Fit, AFileThatIsNotThereOrBadLeavesNoTrace) {
  EXPECT_THAT(refusal("/nowhere/m.json").what, HasSubstr("/nowhere/m.json"));
  EXPECT_THAT(refusal(keep("{}")).what, HasSubstr("model.json is JSON, but no fitted workload"));
  EXPECT_EQ(refusal(keep("{}")).hint, "give a file that heapwise workload fit wrote");
}

TEST_F(Fit, AScaleBeyondMeasureIsRefused) {
  fit::Model model = small_model();
  model.phases[0].cells[0].count = 1U << 29;
  const Error error = refusal(keep(fit::to_json(model)) + ":scale=1000%");
  EXPECT_EQ(error.code, ErrorCode::usage);
  EXPECT_THAT(error.hint, HasSubstr("smaller scale"));
}

TEST(FitFile, ItsNameIsAWorkload) {
  const auto choice = parse_workload("a/b.json:length=50%,scale=10%");
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->workload->name, "fitted");
  EXPECT_EQ(choice->params.path("file"), "a/b.json");
  EXPECT_EQ(choice->params["length"], 50U);
  EXPECT_EQ(choice->text(), "fitted:file=a/b.json,length=50%,scale=10%");
  EXPECT_TRUE(parse_workload(choice->text()));
  EXPECT_TRUE(parse_workload("fitted:file=x.json"));
  EXPECT_FALSE(parse_workload("x.jsonl"));
  EXPECT_FALSE(parse_workload("x.json:speed=3"));
}

}  // namespace
}  // namespace heapwise::test
