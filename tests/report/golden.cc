// SPDX-License-Identifier: MIT
#include "tests/report/golden.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"

namespace heapwise::golden {

void expect(const std::string& name, const std::string& text) {
  const std::string path = std::string(GOLDEN_FOLDER) + "/" + name;
  if (std::getenv("HEAPWISE_REGENERATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(write_file(path, text, true).has_value());
    FAIL() << "wrote " << path << "; look at the difference, then run without the variable";
  }
  const auto wanted = read_file(path);
  ASSERT_TRUE(wanted.has_value()) << wanted.error().what;
  EXPECT_EQ(text, *wanted) << "if the change is meant: HEAPWISE_REGENERATE_GOLDEN=1 report_test";
}

}  // namespace heapwise::golden
