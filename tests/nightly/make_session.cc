// SPDX-License-Identifier: MIT
// Writes the result of a session that never ran, for the test of scripts/nightly:
//   make_session OUT.json SEED [ALLOCATOR]     ALLOCATOR takes a quarter more memory and time
#include <cstdio>
#include <cstdlib>
#include <string>

#include "results/store.h"
#include "results/summarize.h"
#include "tests/compare/simulated.h"

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) return 2;
  heapwise::simulated::Session session;
  session.seed = std::strtoull(argv[2], nullptr, 10);
  session.rounds = 12;
  if (argc == 4) session.slower[argv[3]] = session.larger[argv[3]] = 0.25;
  heapwise::Result result = heapwise::simulated::result(session);
  result.created = "2026-11-" + std::to_string(10 + session.seed % 20) + "T02:00:00Z";
  result.summary = heapwise::summarize(result.runs);
  const auto saved = heapwise::save_result(argv[1], result, true);
  if (!saved) std::fprintf(stderr, "%s\n", saved.error().what.c_str());
  return saved ? 0 : 1;
}
