// SPDX-License-Identifier: MIT
// The verb `compare`, and what a result's verbs say to do next.
#include <gmock/gmock.h>

#include "results/store.h"
#include "tests/cli/cli.h"
#include "tests/report/fixture.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CompareVerb : public CliTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(save_result(path("my base.json"), fixture::full_result(), false).has_value());
  }
};

TEST_F(CompareVerb, PutsOneFormAtMostOnStandardOutput) {
  const auto both =
      heapwise({"compare", "my base.json", "my base.json", "--json", "-", "--markdown", "-"});
  EXPECT_EQ(both.exit_code, 2);
  EXPECT_EQ(both.out, "");
  EXPECT_THAT(both.err, HasSubstr("only one form can go to standard output"));
}

}  // namespace
}  // namespace heapwise::testing
