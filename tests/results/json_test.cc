// SPDX-License-Identifier: MIT
#include "results/json.h"

#include <gmock/gmock.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/rng.h"

namespace heapwise {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// ---- results made of random figures

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : rng_(seed) {}

  Result result() {
    Result result;
    result.heapwise_version = text();
    result.created = text();
    result.seed = rng_.next();
    result.environment.cpu = text();
    result.environment.memory_bytes = rng_.next();
    result.environment.cores = static_cast<unsigned>(rng_.next());
    result.environment.load_average = number();
    repeat([&] { result.environment.warnings.push_back({text(), text(), text(), text()}); });
    result.harness = {maybe(), rng_.next(), rng_.next()};
    repeat([&] { result.workloads.push_back(workload()); });
    repeat([&] { result.runs.push_back(run()); });
    repeat([&] { result.summary.push_back(summary()); });
    repeat([&] { result.recommendations.push_back(recommendation()); });
    return result;
  }

 private:
  WorkloadInfo workload() {
    WorkloadInfo info;
    info.name = text();
    repeat([&] { info.command.push_back(text()); });
    info.operations = rng_.next();
    info.mean_live_bytes = number();
    info.cpu_s = maybe();
    repeat([&] { info.recorded_rss.emplace_back(number(), rng_.next()); });
    info.linked_allocator = text();
    repeat([&] {
      info.recordings.push_back(
          {text(), rng_.next(), 3, rng_.next(), number(), 7, number(), maybe(), maybe()});
    });
    return info;
  }
  Run run() {
    Run run;
    run.workload = text();
    run.status = static_cast<RunStatus>(rng_.below(5));
    run.status_detail = text();
    run.repetition = static_cast<unsigned>(rng_.next());
    run.recording = static_cast<unsigned>(rng_.below(3));
    run.library = text();
    repeat([&] { run.settings.push_back(text()); });
    run.seconds = number();
    run.ns_per_operation = maybe();
    if (rng_.below(2) == 1) run.peak_rss_bytes = rng_.next();
    if (rng_.below(2) == 1) run.drained_10s_rss_bytes = rng_.next();
    run.fragmentation_end = maybe();
    repeat([&] { run.samples.push_back({number(), rng_.next(), rng_.next()}); });
    return run;
  }
  Summary summary() {
    Summary summary;
    summary.allocator = text();
    summary.failures = static_cast<unsigned>(rng_.below(9));
    summary.library = text();
    repeat([&] { summary.settings.push_back(text()); });
    repeat([&] { summary.flags.push_back(text()); });
    repeat([&] {
      summary.recordings.push_back({1, Interval{number(), number(), number(), maybe()}, {}, {}});
    });
    if (rng_.below(2) == 1) summary.memory_cost_bytes = {number(), number(), number(), maybe()};
    if (rng_.below(2) == 1) summary.ns_per_operation = {number(), number(), number(), maybe()};
    if (summary.ns_per_operation && rng_.below(2) == 1) {
      summary.ns_per_operation->faster_half = {9, number(), number(), number(), number()};
    }
    return summary;
  }
  Recommendation recommendation() {
    Recommendation one;
    one.objective = static_cast<Objective>(rng_.below(4));
    one.verdict = static_cast<VerdictKind>(rng_.below(3));
    one.choice = {text(), text()};
    one.over = {text(), text()};
    repeat([&] { one.reasons.push_back(text()); });
    one.how_to = text();
    return one;
  }
  template <class Action>
  void repeat(Action action) {
    for (std::uint64_t count = rng_.below(4); count > 0; --count) action();
  }
  std::string text() {
    static const std::vector<std::string> kPieces = {"a",    "\"", "\\", "\n", "ß", "→",
                                                     "🙂", "</", "{",  "\t", " ", "\x01"};
    std::string text;
    for (std::uint64_t count = rng_.below(6); count > 0; --count) {
      text += kPieces[rng_.below(kPieces.size())];
    }
    return text;
  }
  double number() {
    return (rng_.unit() - 0.5) * std::pow(10.0, static_cast<double>(rng_.below(40)) - 15);
  }
  std::optional<double> maybe() {
    return rng_.below(2) == 1 ? std::optional<double>(number()) : std::nullopt;
  }

  Rng rng_;
};

TEST(Json, GivesBackEveryFigureAsItWas) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string written = to_json(Maker(seed).result());
    const auto read = from_json(written, "x.json");
    ASSERT_TRUE(read.has_value()) << seed << ": " << read.error().what;
    ASSERT_EQ(to_json(*read), written) << seed;
  }
}

TEST(Json, BytesAreIntegersAlsoWhereTheyAreMeansOrIntervals) {
  Result result;
  result.workloads.emplace_back().mean_live_bytes = 20346319.73;
  Summary& row = result.summary.emplace_back();
  row.peak_rss_bytes = {29818880.5, 29818880, 29818882, 0.25};
  row.ns_per_operation = {9.5, 9, 10, 0.25};
  const json written = json::parse(to_json(result));
  EXPECT_EQ(written["workloads"][0]["mean_live_bytes"].dump(), "20346320");
  EXPECT_EQ(written["summary"][0]["peak_rss_bytes"].dump(),
            R"({"high":29818882,"low":29818880,"mad":0,"median":29818881})");
  EXPECT_EQ(written["summary"][0]["ns_per_operation"]["median"].dump(), "9.5");
}

TEST(Json, ReadsADocumentInTheWordsOfTheContract) {
  const auto result = from_json(R"({
    "schema_version": 1, "heapwise_version": "0.1.0", "created": "2026-11-20T22:00:00Z",
    "environment": {"host": "h", "kernel": "6.1", "cpu": "c", "cores": 2, "memory_bytes": 7,
      "transparent_hugepage": "madvise",
      "warnings": [{"code": "load", "what": "w", "remedy": "r"}]},
    "harness": {"null_ns_per_operation": 2.1},
    "workloads": [{"name": "redis", "source": "recorded", "operations": 10, "threads": 3,
      "peak_live_bytes": 100, "mean_live_bytes": 60.5, "duration_s": 1.5,
      "capabilities": ["threads", "time"]}],
    "runs": [{"workload": "redis", "allocator": "jemalloc", "tuning": "default",
      "version": "5.3.0", "linkage": "shared", "purpose": "footprint", "repetition": 4,
      "status": "out-of-memory", "operations": 10, "seconds": 0.5, "ns_per_operation": 9.5,
      "peak_rss_bytes": 120, "mean_rss_bytes": 80, "end_rss_bytes": 70,
      "fragmentation_peak": 1.2, "fragmentation_mean": 1.3, "fragmentation_end": null,
      "samples": [{"time_s": 0.25, "live_bytes": 1, "rss_bytes": 2}]}],
    "summary": [{"workload": "redis", "allocator": "jemalloc", "tuning": "default",
      "repetitions": 5, "ns_per_operation": {"median": 9, "low": 8, "high": 10},
      "peak_rss_bytes": {"median": 120, "low": 119, "high": 121},
      "mean_rss_bytes": {"median": 80, "low": 79, "high": 81},
      "end_rss_bytes": {"median": 70, "low": 69, "high": 71},
      "fragmentation_peak": {"median": 1.2, "low": 1.1, "high": 1.3},
      "fragmentation_mean": {"median": 1.3, "low": 1.2, "high": 1.4},
      "fragmentation_end": {"median": 1.4, "low": 1.3, "high": 1.5}}],
    "recommendations": [{"workload": "redis", "objective": "speed", "allocator": "jemalloc",
      "tuning": "default", "verdict": "inconclusive",
      "over": {"allocator": "glibc", "tuning": "default"}, "reasons": ["because"],
      "how_to": "LD_PRELOAD=x"}]})",
                                "contract.json");
  ASSERT_TRUE(result.has_value()) << result.error().what;
  EXPECT_EQ(result->heapwise_version, "0.1.0");
  EXPECT_EQ(result->created, "2026-11-20T22:00:00Z");
  EXPECT_EQ(result->environment.host, "h");
  EXPECT_EQ(result->environment.kernel, "6.1");
  EXPECT_EQ(result->environment.cores, 2U);
  EXPECT_EQ(result->environment.memory_bytes, 7U);
  EXPECT_EQ(result->environment.transparent_hugepage, "madvise");
  EXPECT_EQ(result->environment.warnings.at(0).remedy, "r");
  EXPECT_EQ(result->harness.null_ns_per_operation, 2.1);
  const WorkloadInfo& workload = result->workloads.at(0);
  EXPECT_EQ(workload.source, "recorded");
  EXPECT_EQ(workload.threads, 3U);
  EXPECT_EQ(workload.mean_live_bytes, 60.5);
  EXPECT_EQ(workload.capabilities, (std::vector<std::string>{"threads", "time"}));
  const heapwise::Run& run = result->runs.at(0);
  EXPECT_EQ(run.status, RunStatus::out_of_memory);
  EXPECT_EQ(run.repetition, 4U);
  EXPECT_EQ(run.linkage, "shared");
  EXPECT_EQ(run.end_rss_bytes, 70U);
  EXPECT_EQ(run.fragmentation_mean, 1.3);
  EXPECT_FALSE(run.fragmentation_end.has_value());
  EXPECT_EQ(run.samples.at(0).time_s, 0.25);
  EXPECT_EQ(run.samples.at(0).rss_bytes, 2U);
  const Summary& summary = result->summary.at(0);
  EXPECT_EQ(summary.repetitions, 5U);
  EXPECT_EQ(summary.fragmentation_end->high, 1.5);
  EXPECT_FALSE(summary.fragmentation_end->mad.has_value());
  const Recommendation& verdict = result->recommendations.at(0);
  EXPECT_EQ(verdict.objective, Objective::speed);
  EXPECT_EQ(verdict.choice.allocator, "jemalloc");
  EXPECT_EQ(verdict.verdict, VerdictKind::inconclusive);
  EXPECT_EQ(verdict.over.allocator, "glibc");
}

TEST(Json, WritesTheNamesOfTheContract) {
  Result result;
  result.runs.emplace_back().peak_rss_bytes = 5;
  result.runs[0].samples.push_back({1, 2, 3});
  result.runs[0].status = RunStatus::timed_out;
  result.recommendations.emplace_back().choice = {"mimalloc", "default"};
  const json written = json::parse(to_json(result));
  EXPECT_EQ(written["schema_version"], 1);
  EXPECT_EQ(written["runs"][0]["status"], "timed-out");
  EXPECT_EQ(written["runs"][0]["samples"][0]["rss_bytes"], 3);
  EXPECT_EQ(written["recommendations"][0]["allocator"], "mimalloc");
  EXPECT_EQ(written["recommendations"][0]["over"]["allocator"], "glibc");
  EXPECT_EQ(written["recommendations"][0]["verdict"], "same");
}

TEST(Json, SaysNullWhereNothingWasLiveAtTheEnd) {
  Result result;
  result.runs.emplace_back().peak_rss_bytes = 5;
  result.runs.emplace_back().ns_per_operation = 5;
  const json written = json::parse(to_json(result));
  EXPECT_TRUE(written["runs"][0].at("fragmentation_end").is_null());
  EXPECT_FALSE(written["runs"][1].contains("fragmentation_end"));
}

TEST(Json, KeepsBytesAsIntegersBeyondWhatADoubleHolds) {
  Result result;
  result.runs.emplace_back().peak_rss_bytes = (1ULL << 53) + 1;
  EXPECT_EQ(from_json(to_json(result), "x")->runs[0].peak_rss_bytes, (1ULL << 53) + 1);
}

TEST(Json, ReplacesBytesThatAreNoText) {
  Result result;
  result.workloads.emplace_back().command = {
      "\xff\xfe"
      "ok"};
  const auto read = from_json(to_json(result), "x");
  ASSERT_TRUE(read.has_value());
  EXPECT_THAT(read->workloads[0].command[0], HasSubstr("ok"));
}

TEST(Json, LeavesOutFiguresThatAreNotFinite) {
  Result result;
  result.runs.emplace_back().ns_per_operation = std::numeric_limits<double>::infinity();
  result.runs[0].seconds = std::numeric_limits<double>::quiet_NaN();
  const auto read = from_json(to_json(result), "x");
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_FALSE(read->runs[0].ns_per_operation.has_value());
}

TEST(Json, IgnoresFieldsItDoesNotKnow) {
  EXPECT_TRUE(from_json(R"({"schema_version":1,"later":{"x":[1]},"workloads":[],
                            "runs":[{"moon":"full"}]})",
                        "x")
                  .has_value());
}

// ---- what is refused

Error refusal(const std::string& text) {
  const auto read = from_json(text, "r.json");
  EXPECT_FALSE(read.has_value()) << text;
  return read ? Error{} : read.error();
}

TEST(JsonRefusal, NamesBothVersionsOfANewerSchema) {
  const Error error = refusal(R"({"schema_version":2})");
  EXPECT_THAT(error.what, HasSubstr("r.json has schema_version 2"));
  EXPECT_THAT(error.what, HasSubstr("reads schema_version 1"));
  EXPECT_EQ(error.code, ErrorCode::unsupported);
}

TEST(JsonRefusal, NamesTheVersionThatIsMissing) {
  EXPECT_THAT(refusal("{}").what, HasSubstr("no schema_version"));
  EXPECT_THAT(refusal(R"({"schema_version":"1"})").what, HasSubstr("no schema_version"));
}

TEST(JsonRefusal, NamesLineAndColumnOfMalformedText) {
  EXPECT_THAT(refusal("{\n  \"schema_version\": 1,\n  oops\n}").what,
              HasSubstr("line 3, column 3"));
}

TEST(JsonRefusal, SaysOfAnEmptyFileThatItIsEmpty) {
  EXPECT_THAT(refusal("").hint, HasSubstr("empty"));
}

TEST(JsonRefusal, NamesThePlaceOfAValueOfTheWrongKind) {
  EXPECT_THAT(refusal(R"({"schema_version":1,"runs":[{},{"peak_rss_bytes":-4}]})").what,
              HasSubstr("runs[1].peak_rss_bytes must be an integer of 0 or more, not -4"));
  EXPECT_THAT(refusal(R"({"schema_version":1,"runs":[{"peak_rss_bytes":1.5}]})").what,
              HasSubstr("not 1.5"));
  EXPECT_THAT(refusal(R"({"schema_version":1,"runs":{}})").what,
              HasSubstr("runs must be an array"));
  EXPECT_THAT(refusal(R"({"schema_version":1,"runs":[7]})").what,
              HasSubstr("runs[0] must be an object"));
  EXPECT_THAT(refusal(R"({"schema_version":1,"environment":{"cores":4294967296}})").what,
              HasSubstr("environment.cores"));
}

TEST(JsonRefusal, ListsTheNamesThatAValueMayHave) {
  EXPECT_THAT(refusal(R"({"schema_version":1,"runs":[{"status":"sleepy"}]})").what,
              HasSubstr("one of ok, crashed, timed-out, out-of-memory, unsupported"));
}

TEST(JsonRefusal, TakesNoDocumentThatIsNoObject) {
  EXPECT_THAT(refusal("[1,2]").what, HasSubstr("no object"));
  EXPECT_THAT(refusal("1e999").what, HasSubstr("r.json"));
  EXPECT_THAT(refusal("\"\xff\"").what, HasSubstr("r.json"));
}

TEST(JsonRefusal, TakesNoOtherDocumentOfHeapwiseForAResult) {
  const Error verdicts = refusal(to_json(std::vector<Recommendation>(1)));
  EXPECT_THAT(verdicts.what, HasSubstr("r.json is no result: it has no workloads"));
  EXPECT_THAT(verdicts.hint, HasSubstr("replay, advise or suite"));
  EXPECT_THAT(refusal(R"({"schema_version":1,"workloads":[]})").what, HasSubstr("has no runs"));
}

TEST(JsonRefusal, SurvivesEveryTruncationOfAResult) {
  Result result = Maker(3).result();
  result.runs.resize(1);
  const std::string whole = to_json(result);
  for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
    EXPECT_FALSE(from_json(whole.substr(0, length), "cut").has_value()) << length;
  }
}

TEST(JsonRefusal, SurvivesDeepNesting) {
  EXPECT_FALSE(from_json(std::string(1'000'000, '['), "deep").has_value());
}

TEST(JsonRefusal, SaysSoWhereArraysLieTooDeepWithinEachOther) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto refused = from_json("{\"schema_version\":1,\"seed\":" + deep + "}", "deep.json");
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().what, HasSubstr("deep.json holds arrays within arrays"));
}

TEST(JsonRefusal, CountsNoBracketsWithinText) {
  const std::string text = std::string(200, '[') + "\\\"" + std::string(200, '{');
  EXPECT_TRUE(from_json(
      R"({"schema_version":1,"workloads":[],"runs":[],"created":")" + text + "\"}", "text.json"));
}

}  // namespace
}  // namespace heapwise
