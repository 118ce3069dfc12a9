// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>

#include "cli/verb.h"

namespace heapwise::cli {
namespace {

constexpr double kTerminalEvery_s = 0.1;
constexpr double kPlainEvery_s = 10;

double now_s() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

std::string time_left(double seconds) {
  if (seconds < 0) return "";
  if (seconds < 90) return fmt::format(", {:.0f} s left", seconds);
  return fmt::format(", {:.0f} min left", seconds / 60);
}

}  // namespace

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::show(const std::string& what, double fraction, double seconds_left) {
  if (quiet_) return;
  const double now = now_s();
  if (now - last_line_s_ < (terminal_ ? kTerminalEvery_s : kPlainEvery_s)) return;
  last_line_s_ = now;
  std::string line = what;
  if (fraction >= 0) line += fmt::format(" · {:.0f} %", 100 * fraction);
  line += time_left(seconds_left);
  if (terminal_) {
    say(fmt::format("\r\033[K{:.79}", line));
  } else {
    say(fmt::format("heapwise: {}\n", line));
  }
  dirty_ = terminal_;
}

void Progress::note(const std::string& line) {
  if (quiet_) return;
  clear();
  say(fmt::format("heapwise: {}\n", line));
}

void Progress::clear() {
  if (dirty_) say("\r\033[K");
  dirty_ = false;
}

}  // namespace heapwise::cli
