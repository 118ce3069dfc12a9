// SPDX-License-Identifier: MIT
#include "results/report/text.h"

#include <gmock/gmock.h>

#include <sstream>

namespace heapwise {
namespace {

TEST(DisplayWidth, CountsColumnsAndNotBytes) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("± × –"), 5U);
  EXPECT_EQ(display_width("日本"), 4U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width("\xff\xfe"), 2U);
}

TEST(Shorten, MarksWhatIsMissing) {
  EXPECT_EQ(shorten("jemalloc", 8), "jemalloc");
  EXPECT_EQ(shorten("jemalloc", 5), "jema…");
  EXPECT_EQ(shorten("日本語", 4), "日…");
  EXPECT_EQ(shorten("abc", 0), "");
}

TEST(Pad, FillsToTheColumn) {
  EXPECT_EQ(pad_right("±", 3), "±  ");
  EXPECT_EQ(pad_left("±", 3), "  ±");
  EXPECT_EQ(display_width(pad_left("日本語", 4)), 4U);
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable("a\x1b[31mb\r\n\x7f"), "a?[31mb???");
  EXPECT_EQ(printable("\u202etxt.exe"), "?txt.exe");
  EXPECT_EQ(printable("\xc3"), "?");
  EXPECT_EQ(printable("\xe2\x82"), "??");
  EXPECT_EQ(printable("\u009b1m"), "?1m");
}

TEST(Printable, LeavesNothingThatOtherReadersRejectAsUtf8) {
  EXPECT_EQ(printable("\xe0\x80\xbc"), "???") << "longer than need be";
  EXPECT_EQ(printable("\xf0\x80\x80\xbc"), "????");
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "half of a pair";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond the last";
  EXPECT_EQ(printable("\xf4\x8f\xbf\xbf"), "\xf4\x8f\xbf\xbf");
}

TEST(DistinctNames, StayApartWhenTheyAreCut) {
  const std::vector<std::string> names = {"jemalloc:decay_ms:0", "jemalloc:decay_ms:1000",
                                          "tcmalloc:something-long"};
  EXPECT_EQ(distinct_names(names, 12),
            (std::vector<std::string>{"jemal…y_ms:0", "jemal…s:1000", "tcmalloc:so…"}));
}

TEST(DistinctNames, ShowThePlaceWhereTheyPart) {
  const std::vector<std::string> names = {"jemalloc:dirty_decay_ms:1000,muzzy_decay_ms:0",
                                          "jemalloc:dirty_decay_ms:2000,muzzy_decay_ms:0"};
  EXPECT_EQ(distinct_names(names, 17),
            (std::vector<std::string>{"jemal…y_ms:1000,…", "jemal…y_ms:2000,…"}));
}

TEST(DistinctNames, StayWholeWhereNothingElseTellsThemApart) {
  const std::vector<std::string> names = {"same-name-twice-over", "same-name-twice-over"};
  EXPECT_EQ(distinct_names(names, 9), names);
}

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(wrap("one two three", 9, "- ", "  "), "- one two\n  three\n");
}

TEST(Wrap, KeepsANumberWithItsUnit) {
  EXPECT_EQ(wrap("uses 42 % of it", 8, "", ""), "uses\n42 % of\nit\n");
  EXPECT_EQ(wrap("uses 12.5 MiB.", 12, "", ""), "uses\n12.5 MiB.\n");
}

TEST(Wrap, CutsAWordThatIsWiderThanALine) {
  EXPECT_EQ(wrap("abcdefgh", 5, "> ", "> "), "> abc\n> def\n> gh\n");
}

TEST(Wrap, NeverMakesALineWiderThanAllowed) {
  const std::string text = "日本語 ± wide and-a-rather-long-word-here 100 MiB ÷ e\u0301 x";
  for (std::size_t columns = 4; columns < 40; ++columns) {
    std::istringstream lines(wrap(text, columns, "- ", "  "));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(display_width(line), columns) << line;
    }
  }
}

TEST(Wrap, OfNothingIsTheFirstIndent) { EXPECT_EQ(wrap("", 80, "- ", "  "), "- \n"); }

TEST(GlueUnits, KeepsANumberWithItsUnitOnAPage) {
  EXPECT_EQ(glue_units("42 % of 8 MiB, 3 runs"), "42\u00a0% of 8\u00a0MiB, 3 runs");
}

}  // namespace
}  // namespace heapwise
