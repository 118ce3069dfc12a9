// SPDX-License-Identifier: MIT
// A setting that has no effect must never pass for one that has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <set>
#include <string>

#include "allocators/allocator.h"
#include "bench/session/confirm.h"

namespace heapwise {
namespace {

using ::testing::HasSubstr;

Confirmation confirmation_of(const Contender& contender) {
  const auto confirmed = confirm_settings(HEAPWISE_RUNNERS, contender);
  EXPECT_TRUE(confirmed) << confirmed.error().what;
  return confirmed ? *confirmed : Confirmation{};
}

Confirmation confirmation_of(const std::string& text) {
  const auto contender = parse_contender(text);
  if (!contender) {
    ADD_FAILURE() << text << ": " << contender.error().what;
    return {};
  }
  return confirmation_of(*contender);
}

std::string refusal_of(const std::string& text) { return confirmation_of(text).refusal; }

bool is_built(const std::string& allocator) { return find_allocator(allocator)->built; }

TEST(Settings, OfEveryTuningTakeEffectUnlessTheSystemLacksSomething) {
  const std::set<std::string> need_the_system{"glibc:thp", "glibc:hugetlb", "jemalloc:thp",
                                              "mimalloc:large-pages", "mimalloc:secure"};
  for (const Allocator& allocator : allocators()) {
    for (const Tuning& tuning : allocator.tunings) {
      const std::string name = allocator.name + ":" + tuning.name;
      if (!allocator.built || need_the_system.count(name) != 0) continue;
      const Confirmation confirmed = confirmation_of(name);
      EXPECT_EQ(confirmed.refusal, "") << name;
      EXPECT_TRUE(confirmed.unconfirmed.empty()) << name;
    }
  }
}

TEST(Settings, OfReservedHugePagesAreRefusedWhereThereAreNone) {
  const auto reserved = [] {
    FILE* const file = fopen("/proc/sys/vm/nr_hugepages", "re");
    int number = 0;
    const bool read = file != nullptr && fscanf(file, "%d", &number) == 1;
    if (file != nullptr) fclose(file);
    return read ? number : 0;
  }();
  if (reserved != 0) GTEST_SKIP() << "there are some";
  EXPECT_THAT(refusal_of("glibc:hugetlb"), HasSubstr("vm.nr_hugepages"));
}

TEST(Settings, ThatAnotherOneOverridesAreSeenToHaveNoEffect) {
  // glibc's tunables win over its older variables.
  EXPECT_THAT(refusal_of("glibc@MALLOC_ARENA_MAX=2;GLIBC_TUNABLES=glibc.malloc.arena_max=3"),
              HasSubstr("4 threads have 3 arenas, not 2"));
  EXPECT_THAT(refusal_of("glibc@MALLOC_TRIM_THRESHOLD_=131072;"
                         "GLIBC_TUNABLES=glibc.malloc.trim_threshold=16777216"),
              HasSubstr("not trimmed at 131072"));
  EXPECT_THAT(refusal_of("glibc@MALLOC_TRIM_THRESHOLD_=33554432;"
                         "GLIBC_TUNABLES=glibc.malloc.trim_threshold=131072"),
              HasSubstr("trimmed before 33554432"));
  EXPECT_THAT(refusal_of("glibc@MALLOC_MMAP_THRESHOLD_=131072;"
                         "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=262144"),
              HasSubstr("131072 are not mapped"));
  EXPECT_THAT(refusal_of("glibc@MALLOC_MMAP_THRESHOLD_=1048576;"
                         "GLIBC_TUNABLES=glibc.malloc.mmap_threshold=262144"),
              HasSubstr("smaller than 1048576 are mapped"));
  EXPECT_THAT(
      refusal_of("glibc@GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.tcache_count=9"),
      HasSubstr("thread caches 1"));
}

TEST(Settings, ThatAreMistypedAreRefusedWithTheReason) {
  EXPECT_THAT(refusal_of("glibc@GLIBC_TUNABLES=glibc.malloc.no_such=1"), HasSubstr("no_such"));
  EXPECT_THAT(refusal_of("glibc@GLIBC_TUNABLES=glibc.malloc.arena_max"), HasSubstr("name=value"));
  EXPECT_THAT(refusal_of("glibc@MALLOC_ARENA_MAX=two"), HasSubstr("no number"));
  if (is_built("jemalloc")) {
    EXPECT_THAT(refusal_of("jemalloc@MALLOC_CONF=no_such:1"), HasSubstr("no option no_such"));
    EXPECT_THAT(refusal_of("jemalloc@MALLOC_CONF=narenas"), HasSubstr("option:value"));
    EXPECT_THAT(refusal_of("jemalloc@MALLOC_CONF=narenas:many"), HasSubstr("narenas"));
    EXPECT_THAT(refusal_of("jemalloc@MALLOC_CONF=narenas:3,no_such:1,decay_ms:1"),
                HasSubstr("no_such"));
    EXPECT_THAT(refusal_of("jemalloc@MALLOC_CONF=tcache:5"), HasSubstr("tcache"));
  }
  if (is_built("mimalloc")) {
    EXPECT_THAT(refusal_of("mimalloc@MIMALLOC_EAGER_COMMIT=maybe"), HasSubstr("maybe"));
  }
}

TEST(Settings, OfTheUsersAreConfirmedWhereTheAllocatorTells) {
  for (const char* text :
       {"glibc@MALLOC_ARENA_MAX=1", "glibc@MALLOC_TOP_PAD_=77",
        "glibc@GLIBC_TUNABLES=glibc.malloc.tcache_count=100",
        "jemalloc@MALLOC_CONF=tcache:false,dirty_decay_ms:-1,percpu_arena:percpu",
        "tcmalloc@TCMALLOC_HEAP_LIMIT_MB=900", "mimalloc@mimalloc_page_reset=1"}) {
    const std::string allocator = std::string(text).substr(0, std::string(text).find('@'));
    if (!is_built(allocator)) continue;
    const Confirmation confirmed = confirmation_of(text);
    EXPECT_EQ(confirmed.refusal, "") << text;
    EXPECT_TRUE(confirmed.unconfirmed.empty()) << text;
  }
}

TEST(Settings, OfTheUsersThatNobodyCanConfirmAreMarked) {
  const Confirmation confirmed = confirmation_of("glibc:arena-max-2@NO_SUCH=1;MALLOC_TOP_PAD_=5");
  EXPECT_EQ(confirmed.refusal, "");
  EXPECT_EQ(to_string(confirmed.unconfirmed), "NO_SUCH=1");
}

TEST(Settings, OfATuningThatNobodyCanConfirmAreRefused) {
  Contender contender = *parse_contender("glibc");
  contender.tuning = "mysterious";
  contender.settings = {{"NO_SUCH", "1"}};
  EXPECT_THAT(confirmation_of(contender).refusal, HasSubstr("NO_SUCH=1 has no effect here"));
}

TEST(Settings, OfALibraryOfTheUsersAreMarkedAsUnconfirmed) {
  const Allocator* const tcmalloc = find_allocator("tcmalloc");
  if (!tcmalloc->built) GTEST_SKIP() << "tcmalloc is not installed";
  const Confirmation confirmed =
      confirmation_of("mine=" + preload_path(*tcmalloc) + "@MALLOC_ARENA_MAX=2");
  EXPECT_EQ(confirmed.refusal, "");
  EXPECT_EQ(to_string(confirmed.unconfirmed), "MALLOC_ARENA_MAX=2")
      << "the C library would heed it, and has no say here";
}

TEST(Settings, OfABackgroundThreadAreKnownToNeedRealTime) {
  if (!is_built("jemalloc")) GTEST_SKIP() << "jemalloc is not installed";
  EXPECT_TRUE(confirmation_of("jemalloc:background-thread").in_real_time);
  EXPECT_FALSE(confirmation_of("jemalloc:decay-0").in_real_time);
  EXPECT_FALSE(confirmation_of("jemalloc@MALLOC_CONF=background_thread:false").in_real_time);
}

TEST(Settings, TuningsThatAreALibraryNeedThatLibrary) {
  Contender contender = *parse_contender("glibc");
  contender.library = "/nowhere/libother.so";
  EXPECT_THAT(confirmation_of(contender).refusal, HasSubstr("/nowhere/libother.so"));
  if (!is_built("mimalloc")) return;
  const auto secure = parse_contender("mimalloc:secure");
  ASSERT_TRUE(secure);
  EXPECT_THAT(secure->library, HasSubstr("libmimalloc-secure.so.2"));
  EXPECT_TRUE(secure->settings.empty());
  if (access(secure->library.c_str(), R_OK) == 0) return;
  EXPECT_THAT(confirmation_of(*secure).refusal, HasSubstr("libmimalloc-secure.so.2"));
}

TEST(Settings, AreNotAskedForWhereThereIsNoRunner) {
  const auto confirmed = confirm_settings("/nowhere", *parse_contender("glibc:arena-max-2"));
  ASSERT_FALSE(confirmed);
  EXPECT_THAT(confirmed.error().what, HasSubstr("/nowhere"));
}

TEST(Identity, TellsVersionAndLibraryOfEveryRunner) {
  for (const Allocator& allocator : allocators()) {
    if (!allocator.built) continue;
    const auto identity = identify_runner(HEAPWISE_RUNNERS, allocator.name);
    ASSERT_TRUE(identity) << identity.error().what;
    EXPECT_THAT(identity->version, ::testing::ContainsRegex("^[0-9]")) << allocator.name;
    EXPECT_EQ(identity->library.front(), '/') << allocator.name;
  }
}

}  // namespace
}  // namespace heapwise
