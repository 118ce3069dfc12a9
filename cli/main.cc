// SPDX-License-Identifier: MIT
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/temporary_directory.h"
#include "cli/verb.h"
#include "cli/version.h"

namespace {

constexpr const char* kAbout =
    "Which malloc should this program run on, tuned how, and what will it cost or save?\n"
    "heapwise records what a program asks of malloc, replays that on glibc, jemalloc, tcmalloc\n"
    "and mimalloc, measures memory and speed, and recommends one.\n";

constexpr const char* kFooter =
    "Start with:\n"
    "  heapwise advise -- PROGRAM ARGUMENTS…\n"
    "Every command explains itself: heapwise COMMAND --help";

/// The position of the first bare "--", or argc.
int end_of_options(int argc, char** argv) {
  return static_cast<int>(std::find(argv + 1, argv + argc, std::string_view("--")) - argv);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace heapwise::cli;
  heapwise::remove_temporary_directories_on_signals();
  CommandLine line(kAbout, "heapwise " HEAPWISE_VERSION);
  const Command app = line.root();
  app.footer(kFooter);

  Outcome outcome;
  add_advise(app, outcome);
  add_record(app, outcome);
  add_replay(app, outcome);
  add_recommend(app, outcome);
  add_report(app, outcome);
  add_suite(app, outcome);
  add_merge(app, outcome);
  add_compare(app, outcome);
  add_trend(app, outcome);
  add_trace(app, outcome);
  add_verify(app, outcome);
  add_workload(app, outcome);
  add_workload_fit(app, outcome);
  add_bench(app, outcome);
  add_allocators(app);
  add_doctor(app, outcome);

  const int own = end_of_options(argc, argv);
  if (own < argc) outcome.command.assign(argv + own + 1, argv + argc);
  if (const auto ended = line.parse(std::vector<std::string>(argv + 1, argv + own))) return *ended;
  return outcome.exit_code;
}
