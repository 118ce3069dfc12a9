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

TEST(MarkdownReport, LetsNoNameBreakTheTableOrThePage) {
  Result result = fixture::full_result();
  result.summary[0].tuning = "a|b\n<img src=x>";
  const std::string text = markdown_report(result);
  EXPECT_THAT(text, HasSubstr("glibc:a\\|b?&lt;img src=x&gt;"));
  EXPECT_THAT(text, Not(HasSubstr("<img")));
}

}  // namespace
}  // namespace heapwise
