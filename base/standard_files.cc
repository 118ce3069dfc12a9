// SPDX-License-Identifier: MIT
#include "base/standard_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace heapwise {
namespace {

void do_nothing(int) {}

}  // namespace

void occupy_standard_files() {
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(number, F_GETFD) >= 0) continue;
    // Those below it are open, so it is this number that open() gives. Only the wrong way through
    // is opened.
    const int way = number == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (open("/dev/null", way | O_CLOEXEC) != number) return;
  }
}

void survive_failing_writes() {
  // A handler and not SIG_IGN, which exec would hand on to the programs that are started.
  for (const int number : {SIGPIPE, SIGXFSZ}) {
    if (std::signal(number, do_nothing) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

}  // namespace heapwise
