// SPDX-License-Identifier: MIT
#include "results/store.h"

#include <gmock/gmock.h>

#include "base/temporary_directory.h"

namespace heapwise {
namespace {

using testing::HasSubstr;

class Store : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryDirectory::make();
    ASSERT_TRUE(folder.has_value());
    folder_ = std::make_unique<TemporaryDirectory>(std::move(*folder));
  }
  std::string path() const { return folder_->path() + "/result.json"; }

 private:
  std::unique_ptr<TemporaryDirectory> folder_;
};

TEST_F(Store, GivesBackWhatWasSaved) {
  Result result;
  result.seed = 42;
  ASSERT_TRUE(save_result(path(), result, false).has_value());
  const auto loaded = load_result(path());
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->seed, 42U);
}

TEST_F(Store, DoesNotOverwriteWithoutForce) {
  Result first, second;
  first.seed = 1;
  second.seed = 2;
  ASSERT_TRUE(save_result(path(), first, false).has_value());
  const auto refused = save_result(path(), second, false);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().hint, HasSubstr("--force"));
  EXPECT_EQ(load_result(path())->seed, 1U);
  ASSERT_TRUE(save_result(path(), second, true).has_value());
  EXPECT_EQ(load_result(path())->seed, 2U);
}

TEST_F(Store, NamesTheFileThatIsMissing) {
  const auto missing = load_result(path());
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::io);
  EXPECT_THAT(missing.error().what, HasSubstr("result.json"));
}

}  // namespace
}  // namespace heapwise
