// SPDX-License-Identifier: MIT
#include "results/trend.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "results/report/trend_chart.h"
#include "results/report/trend_html.h"
#include "tests/compare/simulated.h"

namespace heapwise {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<double> noisy(const std::vector<double>& levels, double noise) {
  Rng rng(11);
  std::vector<double> values;
  values.reserve(levels.size());
  for (const double level : levels) values.push_back(level + noise * simulated::normal(rng));
  return values;
}

std::vector<double> two_levels(std::size_t before, std::size_t after, double move) {
  std::vector<double> levels(before, 1.0);
  levels.insert(levels.end(), after, 1.0 + move);
  return levels;
}

/// Forty nights; from the 21st on jemalloc takes a tenth more memory, and has a new version.
std::vector<Night> nights_with_a_step() {
  std::vector<Night> nights;
  for (unsigned number = 0; number < 40; ++number) {
    simulated::Session session;
    session.seed = number + 1;
    session.rounds = 5;
    session.machine = number == 9 ? 0.5 : 0;  // one slow night
    if (number >= 20) session.larger["jemalloc"] = 0.1;
    Result result = simulated::result(session);
    result.created = fmt::format("2026-{:02}-{:02}T02:00:00Z", 1 + number / 28, 1 + number % 28);
    for (heapwise::Run& run : result.runs) {
      if (run.allocator == "jemalloc" && number >= 20) run.version = "2";
    }
    if (number >= 30) result.environment.kernel = "6.12.1";
    nights.push_back(night_of(std::move(result), "night.json"));
  }
  return nights;
}

TEST(FindSteps, FindsAStepWhereItIs) {
  EXPECT_THAT(find_steps(noisy(two_levels(30, 20, 0.1), 0.01), 0.03), ElementsAre(30));
}

TEST(FindSteps, FindsTwoSteps) {
  std::vector<double> levels = two_levels(20, 20, 0.2);
  levels.insert(levels.end(), 20, 1.0);
  EXPECT_THAT(find_steps(noisy(levels, 0.01), 0.03), ElementsAre(20, 40));
}

TEST(FindSteps, TakesOneBadNightForNone) {
  std::vector<double> levels(40, 1.0);
  levels[17] = levels[18] = 2.0;
  EXPECT_THAT(find_steps(noisy(levels, 0.01), 0.03), IsEmpty());
}

TEST(FindSteps, FindsNoneInNoise) {
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Rng rng(seed);
    std::vector<double> values;
    values.reserve(100);
    for (int i = 0; i < 100; ++i) values.push_back(0.02 * simulated::normal(rng));
    found += find_steps(values, 0.01).empty() ? 0 : 1;
  }
  EXPECT_LE(found, 3);
}

TEST(FindSteps, NeedsThreeNightsAtEitherLevel) {
  EXPECT_THAT(find_steps({1, 1, 1, 2, 2}, 0.03), IsEmpty());
  EXPECT_THAT(find_steps({1, 1, 1, 2, 2, 2}, 0.03), ElementsAre(3));
  EXPECT_THAT(find_steps({}, 0.03), IsEmpty());
}

TEST(FindSteps, TakesNoDustForAStep) {
  EXPECT_THAT(find_steps(two_levels(20, 20, 0.01), 0.03), IsEmpty());
}

TEST(Trend, FindsWhatGrewWhenAndWhatElseChangedThatNight) {
  const Trend trend = trend_of(nights_with_a_step());
  std::vector<std::string> found;
  for (const TrendSeries& one : trend.series) {
    for (const Step& step : one.steps) {
      found.push_back(fmt::format("{} {} {}", one.allocator, one.figure,
                                  trend.nights[one.points[step.point].night].created));
    }
  }
  EXPECT_THAT(found, ElementsAre("jemalloc memory_cost_bytes 2026-01-21T02:00:00Z"));
  EXPECT_THAT(trend_text(trend, 5), HasSubstr("2026-01-21"));
  EXPECT_THAT(trend_text(trend, 5), HasSubstr("jemalloc 1 → 2"));
  ASSERT_EQ(trend.events.size(), 2U);
  EXPECT_EQ(trend.events[1].what, "kernel 6.1.0-26-amd64 → 6.12.1");
}

TEST(Trend, ShowsLevelsThatDifferByThePerCentBesideThem) {
  std::vector<Night> nights;
  for (unsigned number = 0; number < 16; ++number) {
    simulated::Session session;
    session.seed = number + 1;
    session.rounds = 5;
    session.machine =
        number >= 8 ? -0.2 : 0;  // the machine becomes as much faster as jemalloc slower
    if (number >= 8) session.slower["jemalloc"] = 0.25;
    Result result = simulated::result(session);
    result.created = fmt::format("2026-01-{:02}T02:00:00Z", 1 + number);
    nights.push_back(night_of(std::move(result), "night.json"));
  }
  const Trend trend = trend_of(std::move(nights));
  unsigned steps = 0;
  for (const TrendSeries& one : trend.series) {
    for (const Step& step : one.steps) {
      ++steps;
      EXPECT_EQ(one.allocator, "jemalloc");
      EXPECT_NEAR(step.percent, 25, 3);
      EXPECT_NEAR((step.after / step.before - 1) * 100, step.percent, 0.01);
    }
  }
  EXPECT_EQ(steps, 1U);
}

TEST(Trend, PutsNightsInOrder) {
  std::vector<Night> nights = nights_with_a_step();
  std::reverse(nights.begin(), nights.end());
  const Trend trend = trend_of(std::move(nights));
  EXPECT_EQ(trend.nights.front().created, "2026-01-01T02:00:00Z");
}

TEST(MillisecondsOf, KnowsATimeInUtcAndNothingElse) {
  EXPECT_EQ(milliseconds_of("1970-01-02T00:00:01Z"), 86401000.0);
  EXPECT_EQ(milliseconds_of("1970-01-01T00:00:01.250Z"), 1000.0);
  for (const char* wrong : {"", "not a date", "2026-11-20", "2026-11-20T22:00:00",
                            "2026-11-20T22:00:00+02:00", "2026-11-20T22:00:00Z or so"}) {
    EXPECT_FALSE(milliseconds_of(wrong)) << wrong;
  }
}

TEST(TrendHtml, ShowsTheStepInItsTableAndInItsChart) {
  const std::string page = trend_html(trend_of(nights_with_a_step()));
  EXPECT_THAT(page, HasSubstr("data-value=\"2026-01-21\""));
  EXPECT_THAT(page, HasSubstr("id=\"memory-0\""));
  EXPECT_THAT(page, HasSubstr("id=\"times-0\""));
  EXPECT_THAT(page, HasSubstr(", 1 step. "));
}

TEST(TrendChart, KeepsResultsApartThatAreMinutesApart) {
  Trend trend;
  trend.nights.resize(3);
  trend.nights[0].created = "2026-01-01T02:00:00Z";
  trend.nights[1].created = "2026-01-01T02:10:00Z";
  trend.nights[2].created = "2026-01-01T02:10:01Z";
  const TrendCalendar calendar = calendar_of(trend);
  EXPECT_LT(calendar.days[0], calendar.days[1]);
  EXPECT_LT(calendar.days[1], calendar.days[2]);
}

TEST(TrendChart, ShowsTheMeanOfResultsOfOneTimeAndNotTheirSum) {
  Trend trend;
  trend.nights.resize(2);
  TrendSeries& line = trend.series.emplace_back();
  line.workload = "load";
  line.allocator = "glibc";
  line.figure = "memory_cost_bytes";
  line.points.resize(2);
  for (unsigned night = 0; night < 2; ++night) line.points[night].night = night;
  const auto spec =
      trend_chart(trend, calendar_of(trend), {}, "load", "memory_cost_bytes", ByteUnit{"B", 1});
  ASSERT_TRUE(spec);
  EXPECT_EQ((*spec)["layer"].back()["transform"][1].value("op", "sum"), "mean");
}

TEST(TrendHtml, HasAColourForAChangeInItsTable) {
  const std::string page = trend_html(trend_of(nights_with_a_step()));
  EXPECT_THAT(page, HasSubstr("<td class=\"more\""));
  EXPECT_THAT(page, HasSubstr("td.more { color"));
  EXPECT_THAT(page, HasSubstr("td.less { color"));
}

TEST(TrendHtml, OfOneNightIsAPage) {
  std::vector<Night> one;
  one.push_back(nights_with_a_step().front());
  EXPECT_THAT(trend_html(trend_of(std::move(one))), HasSubstr("No step in 1 night."));
  EXPECT_THAT(trend_html(trend_of({})), HasSubstr("</html>"));
}

}  // namespace
}  // namespace heapwise
