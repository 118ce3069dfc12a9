// SPDX-License-Identifier: MIT
#include "results/report/markdown.h"

#include <gmock/gmock.h>

#include "tests/report/fixture.h"
#include "tests/report/golden.h"

namespace heapwise {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(MarkdownReport, LooksAsItShould) {
  golden::expect("report.md", markdown_report(fixture::full_result()));
}

TEST(MarkdownReport, ShowsTailLatencyWhereItWasMeasured) {
  Result result = fixture::full_result();
  for (Summary& row : result.summary) {
    row.peak_rss_bytes.reset();
    row.ns_per_operation.reset();
    row.latency_p999_ns = Interval{4321, 4300, 4400, 10};
  }
  const std::string text = markdown_report(result);
  EXPECT_THAT(text, HasSubstr("| p99.9 of a call, ns |"));
  EXPECT_THAT(text, HasSubstr("| 4321 ± 1.2 % |"));
}

TEST(MarkdownReport, LetsNoNameBreakTheTableOrThePage) {
  Result result = fixture::full_result();
  result.summary[0].tuning = "a|b\n<img src=x>";
  const std::string text = markdown_report(result);
  EXPECT_THAT(text, HasSubstr("glibc:a\\|b?&lt;img src=x&gt;"));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace heapwise
