// SPDX-License-Identifier: MIT
// How users name allocators.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "allocators/allocator.h"
#include "allocators/elf_exports.h"
#include "base/files.h"
#include "base/temporary_directory.h"

namespace heapwise {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

/// The error of a name that must not be understood.
Error refused(const std::string& text) {
  const auto contender = parse_contender(text);
  EXPECT_FALSE(contender) << text;
  return contender ? Error{} : contender.error();
}

/// A real library that replaces malloc, or nothing.
std::string malloc_library() {
  for (const Allocator& one : allocators()) {
    if (!one.soname.empty() && access(preload_path(one).c_str(), R_OK) == 0) {
      return preload_path(one);
    }
  }
  return {};
}

TEST(Allocators, AreTheFourTheHarnessesOwnAndOneOnRequest) {
  std::vector<std::string> names;
  for (const Allocator& one : allocators()) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("glibc", "jemalloc", "mimalloc", "null", "tbbmalloc", "tcmalloc"));
  EXPECT_TRUE(find_allocator("null")->harness);
  EXPECT_FALSE(find_allocator("glibc")->harness);
  EXPECT_TRUE(find_allocator("glibc")->built);
}

TEST(Allocators, ByDefaultGlibcStandsFirstAndOnlyTheFourAreAmongThem) {
  const auto list = default_contenders();
  ASSERT_FALSE(list.empty());
  EXPECT_EQ(list.front().allocator, "glibc");
  for (const Contender& one : list) {
    EXPECT_THAT(one.allocator, ::testing::AnyOf("glibc", "jemalloc", "mimalloc", "tcmalloc"));
  }
}

TEST(Allocators, HaveTuningsWithSettingsAndAReason) {
  for (const Allocator& one : allocators()) {
    for (const Tuning& tuning : one.tunings) {
      EXPECT_FALSE(tuning.settings.empty()) << one.name << ":" << tuning.name;
      EXPECT_FALSE(tuning.reason.empty()) << one.name << ":" << tuning.name;
      EXPECT_NE(tuning.name, "default");
    }
  }
}

TEST(Allocators, ArePreloadedByAPathOfThisMachine) {
  EXPECT_EQ(preload_path(*find_allocator("glibc")), "");
  for (const Allocator& one : allocators()) {
    if (!one.built || one.soname.empty()) continue;
    EXPECT_EQ(preload_path(one).front(), '/') << one.name;
    EXPECT_EQ(access(preload_path(one).c_str(), R_OK), 0) << one.name;
  }
  Allocator missing;
  missing.soname = "libnosuch.so.1";
  EXPECT_EQ(preload_path(missing), "libnosuch.so.1");
}

TEST(Contenders, AreNamedByAllocatorAndTuning) {
  const auto plain = parse_contender("glibc");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->allocator, "glibc");
  EXPECT_EQ(plain->tuning, "default");
  EXPECT_EQ(plain->runner, "glibc");
  EXPECT_TRUE(plain->settings.empty());
  const auto tuned = parse_contender("glibc:arena-max-2");
  ASSERT_TRUE(tuned);
  EXPECT_EQ(tuned->tuning, "arena-max-2");
  EXPECT_THAT(tuned->settings, ElementsAre(Pair("MALLOC_ARENA_MAX", "2")));
}

TEST(Contenders, TakeSettingsOfTheUsersBesideThoseOfATuning) {
  const auto own = parse_contender("glibc@A=1;B=x=y");
  ASSERT_TRUE(own) << own.error().what;
  EXPECT_EQ(own->tuning, "A=1;B=x=y");
  EXPECT_THAT(own->settings, ElementsAre(Pair("A", "1"), Pair("B", "x=y")));
  const auto both = parse_contender("glibc:arena-max-2@MALLOC_ARENA_MAX=3;C=4");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->tuning, "arena-max-2@MALLOC_ARENA_MAX=3;C=4");
  EXPECT_THAT(both->settings, ElementsAre(Pair("MALLOC_ARENA_MAX", "3"), Pair("C", "4")))
      << "the user's wins";
  EXPECT_EQ(both->ad_hoc, 2);
  EXPECT_EQ(parse_contender("glibc:arena-max-2")->ad_hoc, 0);
  const auto twice = parse_contender("glibc@A=1;A=2");
  ASSERT_TRUE(twice);
  EXPECT_THAT(twice->settings, ElementsAre(Pair("A", "2")));
  EXPECT_EQ(twice->ad_hoc, 1);
}

TEST(Contenders, MistypedAreAnsweredWithTheNearestName) {
  EXPECT_THAT(refused("glibcc").hint, HasSubstr("Did you mean glibc?"));
  EXPECT_THAT(refused("jmalloc").hint, HasSubstr("Did you mean jemalloc?"));
  EXPECT_THAT(refused("hoard").hint, ::testing::Not(HasSubstr("Did you mean")));
  EXPECT_THAT(refused("hoard").hint, HasSubstr("glibc, jemalloc, mimalloc"));
  EXPECT_THAT(refused("glibc:arena-max2").hint, HasSubstr("Did you mean arena-max-2?"));
  EXPECT_EQ(refused("").code, ErrorCode::usage);
}

TEST(Contenders, SettingsThatAreNoneAreRefused) {
  EXPECT_THAT(refused("glibc@").what, HasSubstr("no setting"));
  EXPECT_THAT(refused("glibc@x").what, HasSubstr("\"x\""));
  EXPECT_THAT(refused("glibc@1A=2").what, HasSubstr("1A=2"));
}

TEST(Contenders, MayBeALibraryOfTheUsersThatReplacesMalloc) {
  const std::string library = malloc_library();
  if (library.empty()) GTEST_SKIP() << "no allocator library is installed";
  const auto mine = parse_contender("mine=" + library + "@A=1");
  ASSERT_TRUE(mine) << mine.error().what;
  EXPECT_EQ(mine->allocator, "mine");
  EXPECT_EQ(mine->runner, "glibc");
  EXPECT_EQ(mine->library.front(), '/');
  EXPECT_EQ(mine->tuning, "A=1");
  EXPECT_THAT(refused("jemalloc=" + library).what, HasSubstr("built-in"));
  EXPECT_THAT(refused("my allocator=" + library).what, HasSubstr("my allocator"));
}

TEST(Contenders, MayNotBeCalledWhatReportsCallTheProgramsOwnBytes) {
  EXPECT_THAT(refused("live=/lib/any.so").what, HasSubstr("\"live\""));
  EXPECT_THAT(refused("live=/lib/any.so").hint, HasSubstr("my-live=/lib/any.so"));
}

TEST(Contenders, ALibraryWithoutMallocIsRefused) {
  EXPECT_THAT(refused("mine=/nowhere/lib.so").what, HasSubstr("/nowhere/lib.so"));
  EXPECT_THAT(refused("mine=/etc/passwd").what, HasSubstr("not a shared library"));
  const std::string fmt = HEAPWISE_LIBRARY_WITHOUT_MALLOC;
  EXPECT_THAT(refused("mine=" + fmt).what, HasSubstr("exports no malloc"));
}

TEST(Contenders, InAListAreSplitByCommasButNotWithinSettings) {
  const auto list = parse_contenders("glibc,glibc@M=a:1,b:2,null,glibc:arena-max-2,glibc");
  ASSERT_TRUE(list) << list.error().what;
  std::vector<std::string> names;
  for (const Contender& one : *list) names.push_back(one.allocator + " " + one.tuning);
  EXPECT_THAT(names,
              ElementsAre("glibc default", "glibc M=a:1,b:2", "null default", "glibc arena-max-2"))
      << "and the same one twice is one";
  EXPECT_FALSE(parse_contenders("glibc,,null"));
}

/// "allocator tuning" of each.
std::vector<std::string> listed(const std::string& text) {
  const auto list = parse_contenders(text);
  EXPECT_TRUE(list) << text << ": " << list.error().what;
  std::vector<std::string> names;
  if (!list) return names;
  for (const Contender& one : *list) names.push_back(one.allocator + " " + one.tuning);
  return names;
}

TEST(Contenders, WithAStarAreAllTunings) {
  std::vector<std::string> all{"glibc default"};
  for (const Tuning& tuning : find_allocator("glibc")->tunings) {
    all.push_back("glibc " + tuning.name);
  }
  EXPECT_EQ(listed("glibc:*"), all);
  EXPECT_EQ(listed("glibc:arena-max-2,glibc:*").size(), all.size()) << "none of them twice";
  EXPECT_EQ(listed("*").size(), default_contenders().size());
  std::size_t tunings = default_contenders().size();
  for (const Contender& one : default_contenders()) {
    tunings += find_allocator(one.allocator)->tunings.size();
  }
  EXPECT_EQ(listed("*:*").size(), tunings);
  EXPECT_THAT(listed("glibc:*@A=1,2,*"), ::testing::Contains("glibc arena-max-2@A=1,2"));
  EXPECT_THAT(listed("glibc@A=1,*"), ::testing::Contains("glibc default"));
  EXPECT_FALSE(parse_contenders("nosuch:*"));
  EXPECT_FALSE(parse_contenders("glibc:arena-*"));
}

TEST(Exports, AreReadWithoutLoadingAndFromDamagedFilesNotAtAll) {
  const auto libc = exports_symbol(HEAPWISE_LIBC, "malloc");
  ASSERT_TRUE(libc) << libc.error().what;
  EXPECT_TRUE(*libc);
  EXPECT_FALSE(*exports_symbol(HEAPWISE_LIBC, "no_such_symbol"));
  const auto whole = read_file(HEAPWISE_LIBC);
  ASSERT_TRUE(whole);
  const auto directory = TemporaryDirectory::make();
  ASSERT_TRUE(directory);
  const std::string cut = directory->path() + "/cut.so";
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{64}, whole->size() / 2}) {
    ASSERT_TRUE(write_file(cut, whole->substr(0, size), true));
    const auto answer = exports_symbol(cut, "malloc");
    EXPECT_FALSE(answer && *answer) << size << " bytes";
  }
}

}  // namespace
}  // namespace heapwise
