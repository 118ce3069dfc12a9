// SPDX-License-Identifier: MIT
#include "results/report/html.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/regret.h"
#include "results/report/assets.h"
#include "results/report/escape.h"
#include "results/summarize.h"
#include "tests/report/fixture.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::Not;

class HtmlReport : public testing::Test {
 protected:
  static const std::string& page() {
    static const std::string text = html_report({fixture::full_result()});
    return text;
  }
  /// The page without the script and the style sheet, which are the same in every report.
  static std::string without_assets(std::string text) {
    for (const std::string_view asset : {assets::script(), assets::style()}) {
      const auto at = text.find(asset);
      EXPECT_NE(at, std::string::npos);
      text.erase(at, asset.size());
    }
    return text;
  }
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_F(HtmlReport, IsSmallEnoughToSend) { EXPECT_LT(page().size(), 3'000'000U); }

TEST_F(HtmlReport, HasTheVerdictBeforeTheFigures) {
  const auto verdict = page().find("class=\"headline\"");
  ASSERT_NE(verdict, std::string::npos);
  EXPECT_LT(verdict, page().find("<section"));
  EXPECT_THAT(page().substr(verdict, 200), HasSubstr("less memory than glibc"));
}

TEST_F(HtmlReport, RunsNothingThatACommandHolds) {
  const std::string text = without_assets(page());
  EXPECT_THAT(text, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(text, HasSubstr("&lt;script&gt;alert(&quot;gotcha&quot;)"));
  // The two scripts of the page: its data and its code.
  EXPECT_EQ(count(text, "<script"), 2U);
  EXPECT_EQ(count(text, "</script"), 2U);
}

TEST_F(HtmlReport, LetsNoNameOutOfItsPlace) {
  Result result = fixture::full_result();
  const std::string evil = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
  for (auto& one : result.workloads) one.name = evil;
  for (auto& one : result.runs) one.workload = one.tuning = one.status_detail = evil;
  result.summary.clear();
  for (auto& one : result.recommendations) {
    one.workload = one.headline = one.how_to = evil;
    one.reasons = {evil};
  }
  result.environment.cpu = result.environment.host = result.created = evil;
  result.environment.warnings = {{evil, evil, evil, evil}};
  const std::string text = without_assets(html_report({result}));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
  EXPECT_EQ(count(text, "<script"), 2U);
  EXPECT_EQ(count(text, "</script"), 2U);
}

TEST_F(HtmlReport, FetchesNothing) {
  const std::string text = without_assets(page());
  EXPECT_THAT(text, Not(HasSubstr("http://")));
  EXPECT_THAT(text, Not(HasSubstr("https://")));
  for (const char* loads : {" src=", "srcset=", "action=", "poster=", "@import", "url("}) {
    EXPECT_THAT(text, Not(HasSubstr(loads)));
  }
  // Links only lead to places on the page; the icon is empty, so that no one asks for it.
  EXPECT_EQ(count(text, "href=\""), count(text, "href=\"#w") + count(text, "href=\"data:,\""));
  EXPECT_THAT(std::string(assets::style()), Not(HasSubstr("url(")));
  EXPECT_THAT(text, HasSubstr("default-src 'none'"));
}

TEST_F(HtmlReport, HasDataThatIsJson) {
  const std::string start = "id=\"heapwise-charts\">";
  const auto from = page().find(start) + start.size();
  const auto charts =
      nlohmann::json::parse(page().substr(from, page().find("</script>", from) - from));
  ASSERT_EQ(charts.size(), 10U);
  EXPECT_EQ(charts[0]["id"], "memory-0");
  EXPECT_EQ(charts[6]["id"], "tradeoff-1");
}

TEST_F(HtmlReport, HasAMatrixWithAFigureAndItsRegretInEachCell) {
  EXPECT_THAT(page(), HasSubstr("data-matrix=\"memory\""));
  EXPECT_THAT(page(), HasSubstr("data-matrix=\"speed\" hidden"));
  EXPECT_THAT(page(), HasSubstr("<small>best</small>"));
  EXPECT_LT(page().find("data-matrix"), page().find("<section"));
}

/// Two allocators on four threads: the one of more wall time takes less CPU time.
Result threaded_result() {
  Result result = fixture::full_result();
  result.workloads[0].threads = 4;
  result.workloads[0].cpu_s = 0.5;
  std::erase_if(result.runs, [](const heapwise::Run& run) {
    return run.workload != "two-wave" || (run.allocator != "glibc" && run.allocator != "jemalloc");
  });
  for (heapwise::Run& run : result.runs) {
    if (!run.ns_per_operation) continue;
    const bool glibc = run.allocator == "glibc";
    run.ns_per_operation = glibc ? 50.4 : 59.7;
    run.cpu_seconds = (glibc ? 200e-9 : 140e-9) * static_cast<double>(run.operations);
  }
  result.workloads.resize(1);
  result.summary.clear();
  result.recommendations = recommend_objectives(result, fixture::deployments());
  return result;
}

TEST_F(HtmlReport, ShowsThePercentageAndTheTimesThatItIsOf) {
  const std::string text = html_report({threaded_result()});
  EXPECT_THAT(text, HasSubstr("allocator CPU time per operation</span><span class=\"change less\">"
                              "−30 %</span><span class=\"from\">200 ns → 140 ns"));
  EXPECT_THAT(text, HasSubstr(">CPU ns/op</button>"));
  EXPECT_THAT(text, HasSubstr(">wall ns/op</button>"));
  EXPECT_THAT(text, HasSubstr("200<small>+43 %</small>"));
}

TEST_F(HtmlReport, SaysThatTheRangeOfTheFasterHalfIsNoInterval) {
  Result result = threaded_result();
  const std::vector<heapwise::Run> five = result.runs;
  for (heapwise::Run run : five) {
    run.repetition += 5;
    result.runs.push_back(run);
  }
  const std::string text = html_report({result});
  EXPECT_THAT(text,
              HasSubstr("of the faster half of the runs (whose range stands for an interval"));
}

TEST_F(HtmlReport, MakesRegretsAnewAsAnOlderFilesMayBeWrong) {
  Result result = threaded_result();
  result.summary = summarize(result.runs);
  fill_regrets(result, fixture::deployments());
  for (Regret& one : result.regrets) one.speed = RegretCell{-30, "worse"};
  EXPECT_THAT(html_report({result}), HasSubstr("200<small>+43 %</small>"));
}

TEST_F(HtmlReport, CallsAMemoryDifferenceWithinTheNoiseNotClear) {
  Result result = fixture::full_result();
  for (Summary& row : result.summary) {
    if (row.peak_rss_bytes) row.peak_rss_bytes->low = 0;
    if (row.peak_rss_bytes) row.peak_rss_bytes->high *= 3;
    if (row.allocator != "glibc" && row.peak_rss_bytes) row.peak_rss_bytes->median /= 2;
  }
  EXPECT_THAT(html_report({result}),
              HasSubstr("peak RSS</span><span class=\"change even\">not clear</span>"));
}

TEST_F(HtmlReport, ComparesRecordingsInItsTilesAsTheVerdictDoes) {
  // The second recording is twice as large under all: intervals over both overlap.
  Result result = fixture::full_result();
  std::erase_if(result.runs, [](const heapwise::Run& run) { return run.workload != "two-wave"; });
  result.workloads.resize(1);
  const std::vector<heapwise::Run> first = result.runs;
  for (heapwise::Run run : first) {
    run.recording = 1;
    for (auto* bytes : {&run.peak_rss_bytes, &run.mean_rss_bytes, &run.end_rss_bytes}) {
      if (*bytes) *bytes = **bytes * 2;
    }
    result.runs.push_back(run);
  }
  result.summary.clear();
  result.recommendations = recommend_objectives(result, fixture::deployments());
  ASSERT_THAT(result.recommendations.front().headline, HasSubstr("less memory than glibc"));
  const std::string text = html_report({result});
  EXPECT_THAT(text, HasSubstr("<span class=\"name\">memory (mean of peak, mean and end RSS)</span>"
                              "<span class=\"change less\">"));
  EXPECT_THAT(text, Not(HasSubstr("not clear</span>")));
}

TEST_F(HtmlReport, ShowsTailLatencyWhereNothingElseWasMeasured) {
  Result result = fixture::full_result();
  result.summary.resize(2);
  for (Summary& row : result.summary) {
    const Summary bare = row;
    row = Summary{};
    row.workload = bare.workload;
    row.allocator = bare.allocator;
    row.repetitions = 5;
    row.latency_p999_ns = Interval{4321, 4300, 4400, 10};
  }
  const std::string text = html_report({result});
  EXPECT_THAT(text, HasSubstr(">p99.9, ns</button>"));
  EXPECT_THAT(text, HasSubstr(">4321<small>"));
  EXPECT_THAT(text, Not(HasSubstr(">not measured<")));
}

TEST_F(HtmlReport, OfTwentyWorkloadsOnSixteenVariantsCanBeMailed) {
  const std::string text = html_report({fixture::large_result(20, 4)});
  EXPECT_LT(text.size(), 5'000'000U);
  EXPECT_EQ(count(text, "<section id=\"w"), 20U);
  EXPECT_EQ(count(text.substr(0, text.find("<section")), "class=\"headline\""), 20U);
}

TEST_F(HtmlReport, NamesTheMachineItsWarningsAndTheirRemedies) {
  EXPECT_THAT(page(), HasSubstr("AMD EPYC 7763"));
  EXPECT_THAT(page(), HasSubstr("transparent huge pages are always on"));
  EXPECT_THAT(page(), HasSubstr("echo madvise | sudo tee"));
  EXPECT_THAT(page(), HasSubstr("2.10 ns of every operation"));
  EXPECT_THAT(page(), HasSubstr("docs/measuring.md"));
}

TEST_F(HtmlReport, KeepsSeveralResultsApart) {
  const std::string text = html_report({fixture::full_result(), fixture::full_result()});
  for (int section = 0; section < 4; ++section) {
    EXPECT_EQ(count(text, "<section id=\"w" + std::to_string(section) + "\">"), 1U);
  }
}

TEST_F(HtmlReport, SaysThatThereIsNoVerdictWhereThereIsNone) {
  Result result = fixture::full_result();
  result.recommendations.clear();
  EXPECT_THAT(html_report({result}), HasSubstr("No verdict in this result"));
}

TEST_F(HtmlReport, OfNothingIsStillAPage) {
  EXPECT_THAT(html_report({Result{}}), HasSubstr("</html>"));
  EXPECT_THAT(html_report({Result{}}), HasSubstr(" There are no figures, as no run ended well. "));
  EXPECT_THAT(html_report({}), HasSubstr("</html>"));
}

TEST(Assets, CannotEndTheirElementEarly) {
  std::string script(assets::script());
  std::transform(script.begin(), script.end(), script.begin(),
                 [](unsigned char letter) { return std::tolower(letter); });
  EXPECT_THAT(script, Not(HasSubstr("</script")));
  EXPECT_THAT(script, Not(HasSubstr("<!--")));
  EXPECT_THAT(std::string(assets::style()), Not(HasSubstr("</style")));
}

TEST(Assets, CarryTheLicencesOfWhatTheyContain) {
  const std::string script(assets::script());
  EXPECT_THAT(script, HasSubstr("University of Washington Interactive Data Lab"));
  EXPECT_THAT(script, HasSubstr("Mike Bostock"));
}

TEST(EscapeHtml, KeepsTextAsText) {
  EXPECT_EQ(escape_html("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(escape_html("x\n\x01y\xff"), "x\n?y?");
}

TEST(EscapeScript, MeansTheSameToAJsonReader) {
  const nlohmann::json value = {{"</script><!--", "<&>\u2028"}};
  const std::string text = escape_script(value);
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(text), value);
}

TEST_F(HtmlReport, OfASuiteTellsWhatToRunEverywhereAndWhatItCannotTell) {
  Result result = fixture::large_result(3, 1);
  fill_regrets(result, fixture::deployments());
  result.suite.emplace();
  result.suite->mode = "quick";
  result.suite->progress = {{"w", "w", 1, "budget", ""}};
  result.suite->limits = {"Differences below 5 % are <lost>."};
  const std::string text = without_assets(html_report({result}));
  EXPECT_THAT(text, HasSubstr("One for all workloads"));
  EXPECT_THAT(text, HasSubstr("<li>Differences below 5 % are &lt;lost&gt;.</li>"));
  EXPECT_THAT(text, HasSubstr("quick suite, "));
  EXPECT_LT(text.find("id=\"fleet-0\""), text.find("id=\"w0\"")) << "before single workloads";
}

TEST_F(HtmlReport, GivesNoIdTwiceWhereThereAreSeveralSuites) {
  Result result = fixture::large_result(3, 1);
  fill_regrets(result, fixture::deployments());
  result.suite.emplace();
  const std::string text = without_assets(html_report({result, result}));
  for (const char* id :
       {"id=\"fleet-0\"", "id=\"fleet-3\"", "id=\"limits-0\"", "id=\"limits-3\""}) {
    EXPECT_EQ(count(text, id), 1U) << id;
  }
}

TEST_F(HtmlReport, OfASuiteWithoutLimitsHasNoListOfThem) {
  Result result = fixture::full_result();
  result.suite.emplace();
  const std::string text = without_assets(html_report({result}));
  EXPECT_THAT(text, HasSubstr("id=\"limits-0\""));
  EXPECT_THAT(text, Not(HasSubstr("cannot tell")));
  EXPECT_THAT(text, Not(HasSubstr("<ul>")));
}

TEST_F(HtmlReport, OfOneWorkloadHasNoTableForAll) {
  EXPECT_THAT(without_assets(page()), Not(HasSubstr("id=\"limits-")));
}

}  // namespace
}  // namespace heapwise
