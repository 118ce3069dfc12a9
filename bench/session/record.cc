// SPDX-License-Identifier: MIT
#include "bench/session/record.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>

#include "base/files.h"
#include "bench/session/guard.h"
#include "bench/session/process.h"
#include "bench/session/record_child.h"
#include "bench/session/record_convert.h"
#include "bench/session/record_session.h"
#include "bench/session/record_target.h"

namespace heapwise {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kBusyPause{1};
constexpr milliseconds kIdlePause{8};
// How long the processes that a command leaves behind may take to end before it is worth a word.
constexpr milliseconds kGrace{300};

/// Runs beside the command until it and its recorded descendants have ended.
class Supervisor {
 public:
  Supervisor(RecordSession& session, const SupervisorSignals& signals, pid_t pid,
             const RecordOptions& options, Clock::time_point begun)
      : session_(session), signals_(signals), options_(options), begun_(begun) {
    end_.pid = pid;
  }

  CommandEnd run() {
    milliseconds pause = kBusyPause;
    while (!done()) {
      wait(pause);
      take_signals();
      collect();
      pause = session_.step() ? kBusyPause : std::min(pause * 2, kIdlePause);
    }
    session_.end(no_children_);
    return end_;
  }

 private:
  bool done() {
    if (!ended_) return false;
    if (stop_ || no_children_) return true;
    if (Clock::now() - ended_at_ > kGrace && !told_ && options_.waiting) {
      told_ = true;
      options_.waiting(std::max<std::size_t>(1, session_.live()));
    }
    return false;
  }

  void wait(milliseconds pause) const {
    std::array<pollfd, 2> events{pollfd{signals_.fd(), POLLIN, 0},
                                 pollfd{session_.watch_fd(), POLLIN, 0}};
    poll(events.data(), events.size(), static_cast<int>(pause.count()));
  }

  // The terminal sends SIGINT and SIGQUIT to the command too; it decides what they mean.
  void take_signals() {
    for (int signal; (signal = signals_.read_signal()) != 0;) {
      if (signal == SIGCHLD) continue;
      if (ended_) {
        stop_ = true;
      } else if (signal == SIGTERM || signal == SIGHUP) {
        kill(end_.pid, signal);
      }
    }
  }

  void collect() {
    for (;;) {
      const EndedChild child = reap();
      no_children_ = child.no_children;
      if (child.pid == 0) return;
      if (child.pid != end_.pid) continue;
      ended_ = true;
      ended_at_ = Clock::now();
      end_.wait_status = child.status;
      end_.wall_seconds = std::chrono::duration<double>(ended_at_ - begun_).count();
      end_.cpu_seconds = cpu_seconds_of(child.usage);
    }
  }

  RecordSession& session_;
  const SupervisorSignals& signals_;
  const RecordOptions& options_;
  Clock::time_point begun_, ended_at_;
  CommandEnd end_;
  bool ended_ = false;
  bool no_children_ = false;
  bool stop_ = false;
  bool told_ = false;
};

Expected<CommandEnd> run_command(const RecordOptions& options, const RecordTarget& target,
                                 RecordSession& session) {
  std::optional<Guard> guard;
  if (options.ends_with_us) {
    guard.emplace(Guard::start());
    session.tell_of_processes([&guard](std::int32_t found) { guard->watch(found); });
  }
  const SupervisorSignals signals;
  const auto begun = Clock::now();
  auto pid = start_child(target.path, options.command,
                         recorded_environment(session.library(), session.directory()), signals,
                         session.command_pid());
  if (!pid) return tl::unexpected(pid.error());
  if (guard) guard->watch(*pid);
  if (options.started) options.started(*pid);
  const SupervisorPrivileges privileges;
  CommandEnd end = Supervisor(session, signals, *pid, options, begun).run();
  session.tell_of_processes({});
  return end;
}

/// Why processes were not recorded, and what helps against it.
struct Cause {
  std::string what, remedy;  ///< both empty when there is none
};

Cause cause_of_gaps(const RecordSession& session) {
  const std::string place = folder_of(session.directory());
  const std::array<Cause, 4> known{Cause{"could not make their spool", "make room in " + place},
                                   {"may not write a file of this size (ulimit -f)",
                                    "record with a larger limit: ulimit -f unlimited"},
                                   {"had no address space for a spool (ulimit -v)",
                                    "record with a larger limit: ulimit -v unlimited"},
                                   {"began inside a sandbox", "record without the sandbox"}};
  Cause cause;
  const auto add = [&cause](std::uint64_t count, const Cause& one) {
    if (count == 0) return;
    cause.what += (cause.what.empty() ? "" : ", ") + std::to_string(count) +
                  (count == 1 ? " process " : " processes ") + one.what;
    if (cause.remedy.find(one.remedy) != std::string::npos) return;
    cause.remedy += (cause.remedy.empty() ? "" : "; ") + one.remedy;
  };
  for (std::size_t i = 0; i < known.size(); ++i) {
    add(session.unrecorded(static_cast<spool::Unrecorded>(i)), known[i]);
  }
  add(session.refused(), {"made a spool that could not be opened (" + session.refusal() + ")",
                          session.refusal_remedy()});
  return cause;
}

void warn_of_gaps(const RecordSession& session, Recording& recording) {
  const Cause cause = cause_of_gaps(session);
  const bool nothing =
      std::all_of(recording.processes.begin(), recording.processes.end(),
                  [](const RecordedProcess& process) { return process.totals.operations == 0; });
  const bool no_room = std::any_of(recording.warnings.begin(), recording.warnings.end(),
                                   [](const Warning& one) { return one.code == "disk-full"; });
  if (nothing && !no_room) {
    const bool known = !cause.what.empty();
    recording.warnings.push_back(
        {"nothing-recorded",
         "no call to malloc was recorded" + (known ? ": " + cause.what : std::string()),
         known ? cause.remedy : "check that the program is dynamically linked to glibc",
         "recording"});
  } else if (!cause.what.empty()) {
    recording.warnings.push_back({"unrecorded-processes",
                                  "some processes are missing: " + cause.what, cause.remedy,
                                  "recording"});
  }
}

}  // namespace

Expected<Recording> record(const RecordOptions& options) {
  if (options.command.empty()) return fail(ErrorCode::usage, "there is no command to record");
  if (auto fine = check_file(options.output, options.overwrite); !fine)
    return tl::unexpected(fine.error());
  auto target = inspect_target(options.command.front());
  if (!target) return tl::unexpected(target.error());
  auto session = RecordSession::begin(options.recorder_library, options.output, options.touch);
  if (!session) return tl::unexpected(session.error());
  auto end = run_command(options, *target, **session);
  if (!end) return tl::unexpected(end.error());

  Recording recording;
  recording.wait_status = end->wait_status;
  recording.wall_seconds = end->wall_seconds;
  recording.warnings = target->warnings;
  if (auto converted = convert_images(**session, options, *end, recording); !converted) {
    return tl::unexpected(converted.error());
  }
  warn_of_gaps(**session, recording);
  return recording;
}

int shell_status(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : 1;
}

}  // namespace heapwise
