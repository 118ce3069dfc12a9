// SPDX-License-Identifier: MIT
// Writes the report of the fixture, for the browser test and for looking at:
//   make_report OUT.html [many]     many: twenty workloads on sixteen variants
#include <cstdio>
#include <cstring>

#include "base/files.h"
#include "results/report/html.h"
#include "tests/report/fixture.h"

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) return 2;
  const bool many = argc == 3 && std::strcmp(argv[2], "many") == 0;
  const heapwise::Result result =
      many ? heapwise::fixture::large_result(20, 4) : heapwise::fixture::full_result();
  const auto written = heapwise::write_file(argv[1], heapwise::html_report({result}), true);
  if (!written) std::fprintf(stderr, "%s\n", written.error().what.c_str());
  return written ? 0 : 1;
}
