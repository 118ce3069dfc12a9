// SPDX-License-Identifier: MIT
// An installed heapwise needs nothing of its build tree and works from any folder.
#include <gmock/gmock.h>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

class Install : public CliTest {};

TEST_F(Install, WorksFromAnyFolder) {
  const auto installed =
      run({HEAPWISE_CMAKE, "--install", HEAPWISE_BINARY_DIR, "--prefix", path("prefix")});
  ASSERT_EQ(installed.exit_code, 0) << installed.err;
  EXPECT_TRUE(exists("prefix/bin/heapwise"));
  EXPECT_TRUE(exists("prefix/lib/heapwise/libheapwise_record.so"));
  for (const char* name : {"glibc", "jemalloc", "tcmalloc", "mimalloc", "null"}) {
    EXPECT_TRUE(exists(std::string("prefix/lib/heapwise/heapwise-replay-") + name)) << name;
  }
  RunOptions elsewhere;
  elsewhere.directory = "/";
  const auto advised = run({path("prefix/bin/heapwise"), "advise", "--repetitions", "1", "--quiet",
                            "-o", path("r.html"), "--", "perl", "-e", "my @a = (1) x 10000"},
                           elsewhere);
  EXPECT_EQ(advised.exit_code, 0) << advised.err;
  EXPECT_NE(content("r.html").find("mimalloc"), std::string::npos);
}

TEST_F(Install, ItsPagesLinkToNothingThatIsNotInstalled) {
  ASSERT_EQ(
      run({HEAPWISE_CMAKE, "--install", HEAPWISE_BINARY_DIR, "--prefix", path("prefix")}).exit_code,
      0);
  const char* const dead_links =
      "import pathlib, re\n"
      "pages = list(pathlib.Path('prefix/share/doc').rglob('*.md'))\n"
      "print(len(pages) > 5)\n"
      "for page in pages:\n"
      "    for link in re.findall(r'\\]\\(([^)#]+)', page.read_text()):\n"
      "        if '://' not in link and not (page.parent / link).exists():\n"
      "            print(page.name, link)\n";
  RunOptions here;
  here.directory = path("");
  const auto found = run({"python3", "-c", dead_links}, here);
  EXPECT_EQ(found.out, "True\n") << found.err;
}

}  // namespace
}  // namespace heapwise::testing
