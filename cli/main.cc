// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/standard_files.h"
#include "base/temporary_directory.h"
#include "cli/verb.h"
#include "cli/version.h"

namespace heapwise::cli {
namespace {

constexpr const char* kAbout =
    "Which malloc should this program run on, tuned how, and what will it cost or save?\n"
    "heapwise records what a program asks of malloc, replays that on glibc, jemalloc, tcmalloc "
    "and mimalloc, measures memory and speed, and recommends one.\n";

constexpr const char* kFooter =
    "Start with:\n"
    "  heapwise advise -- PROGRAM ARGUMENTS…\n"
    "Every command explains itself: heapwise COMMAND --help";

/// The position of the first bare "--", or argc.
int end_of_options(int argc, char** argv) {
  return static_cast<int>(std::find(argv + 1, argv + argc, std::string_view("--")) - argv);
}

int run(int argc, char** argv) {
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
  const std::vector<std::string> words(argv + 1, argv + own);
  if (const auto ended = line.parse(words, outcome.command)) return *ended;
  return outcome.exit_code;
}

/// Turns what is thrown into an error in words. `problem` is what kept standard output from taking
/// what was printed, if anything did.
int run_guarded(int argc, char** argv, int& problem) {
  const char* const report = "please report it as a defect, with the command";
  try {
    return run(argc, argv);
  } catch (const std::bad_alloc&) {
    return report_error({ErrorCode::io, "there is not enough memory",
                         "give it more (ulimit -v), or end other programs"});
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) return report_error({ErrorCode::io, error.what(), report});
    problem = error.code().value();
    return kFine;
  } catch (const std::exception& error) {
    return report_error({ErrorCode::io, error.what(), report});
  }
}

/// A reader that has seen enough ends a program without a word, as it does where nothing is done
/// about SIGPIPE.
void end_quietly() {
  if (std::signal(SIGPIPE, SIG_DFL) != SIG_IGN) std::raise(SIGPIPE);
}

/// The exit code when all is done, as what did not reach standard output is not there.
int finish_output(int exit_code, int problem) {
  if (problem == 0 && std::fflush(stdout) != 0) problem = errno;
  if (problem == 0) return exit_code;
  if (problem == EPIPE) end_quietly();
  errno = problem;
  const auto error = fail_errno("cannot write to standard output",
                                "make room there, or send the output elsewhere");
  const int failed = report_error(error.value());
  return exit_code == kFine ? failed : exit_code;
}

}  // namespace
}  // namespace heapwise::cli

int main(int argc, char** argv) {
  heapwise::occupy_standard_files();
  heapwise::survive_failing_writes();
  heapwise::remove_temporary_directories_on_signals();
  int problem = 0;
  const int exit_code = heapwise::cli::run_guarded(argc, argv, problem);
  return heapwise::cli::finish_output(exit_code, problem);
}
