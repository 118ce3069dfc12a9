// SPDX-License-Identifier: MIT
// Writes the report of the fixture, for the browser test and for looking at: make_report OUT.html
#include <cstdio>

#include "base/files.h"
#include "results/report/html.h"
#include "tests/report/fixture.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto written = heapwise::write_file(
      argv[1], heapwise::html_report({heapwise::fixture::full_result()}), true);
  if (!written) std::fprintf(stderr, "%s\n", written.error().what.c_str());
  return written ? 0 : 1;
}
