// SPDX-License-Identifier: MIT
#include "bench/session/real_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>

#include "bench/session/guard.h"
#include "bench/session/mark/mark.h"
#include "bench/session/process.h"
#include "bench/session/real_run_starts.h"

namespace heapwise {
namespace {

using Clock = std::chrono::steady_clock;

/// Of a millisecond each, for what was killed to be gone.
constexpr int kTriesToCollect = 100;

/// What steers an allocator, and what is set anew. mimalloc takes its variables in small letters
/// too.
bool is_taken_away(std::string_view entry) {
  constexpr std::array<std::string_view, 7> kBeginnings{
      "MALLOC_",     "GLIBC_TUNABLES=", "TCMALLOC_",        "MIMALLOC_",
      "TBB_MALLOC_", "LD_PRELOAD=",     HEAPWISE_STARTS "="};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(), [entry](std::string_view beginning) {
    return strncasecmp(entry.data(), beginning.data(), beginning.size()) == 0;
  });
}

void append_library(std::string& list, std::string_view library) {
  if (!list.empty()) list += ':';
  list += library;
}

std::vector<std::string> environment_of(const RealRunCall& call, const ProgramStarts& starts) {
  constexpr std::string_view kPreload = "LD_PRELOAD=";
  std::vector<std::string> entries;
  std::string preload;
  for (const std::string& library : call.preload) append_library(preload, library);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.substr(0, kPreload.size()) == kPreload && text.size() > kPreload.size()) {
      append_library(preload, text.substr(kPreload.size()));
    }
    if (!is_taken_away(text)) entries.emplace_back(text);
  }
  if (!preload.empty()) entries.push_back(std::string(kPreload).append(preload));
  if (auto variable = starts.variable(); !variable.empty()) entries.push_back(std::move(variable));
  for (const auto& [name, value] : call.settings) {
    entries.emplace_back(name).append("=").append(value);
  }
  return entries;
}

/// Between fork and exec. Errors go through `problem`, which exec closes.
[[noreturn]] void become(const std::vector<char*>& command, const std::vector<char*>& environment,
                         const std::string& input, int problem, pid_t parent) {
  setpgid(0, 0);
  die_with(parent);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  const int in = open(input.empty() ? "/dev/null" : input.c_str(), O_RDONLY | O_CLOEXEC);
  const int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  execvpe(command[0], command.data(), environment.data());
  const int why = errno;
  write_all(problem, &why, sizeof why);
  _exit(127);
}

/// Starts the program and returns once it is itself: before exec its memory is ours.
Expected<pid_t> start(const RealRunCall& call, const ProgramStarts& starts) {
  std::vector<std::string> variables = environment_of(call, starts);
  const std::vector<char*> command = exec_pointers(call.command);
  const std::vector<char*> environment = exec_pointers(variables);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const pid_t self = getpid();
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start a process");
  if (pid == 0) become(command, environment, call.input, writing.get(), self);
  writing.close();
  int problem = 0;
  if (read(reading.get(), &problem, sizeof problem) != static_cast<ssize_t>(sizeof problem)) {
    return pid;
  }
  waitpid(pid, nullptr, 0);
  return fail(ErrorCode::unsupported,
              "cannot execute " + call.command.front() + ": " + std::strerror(problem));
}

/// Watches a command from its start to its end.
class Watch {
 public:
  Watch(const RealRunCall& call, pid_t pid, Guard& guard, const ProgramStarts& starts)
      : call_(call),
        starts_(starts),
        pid_(pid),
        process_(open_process(pid)),
        images_(pid, call.image, call.rules, [&guard](pid_t found) { guard.watch(found); }) {}

  /// Until the command's own process ends; false when time ran out first.
  bool run() {
    while (true) {
      const double now = elapsed();
      if (now > call_.timeout_s) return false;
      const double next = images_.look(now);
      if (ends_within(std::max(kLeastPause_s, next - elapsed()))) return true;
    }
  }

  RealRunEnd take(double until_s) const {
    RealRunEnd end;
    end.wall_s = std::min(until_s, elapsed());
    const ProcessImage* const image = images_.chosen();
    if (image == nullptr) return end;
    end.program = image->program();
    const double from_s = start_of(*image);
    const std::vector<ProcessMoment> anonymous = image->anonymous();
    end.anonymous = measured(anonymous, from_s, until_s);
    end.non_heap = measured(image->non_heap(), from_s, until_s);
    end.peak_resident_bytes = image->peak_resident();
    end.files = image->files();
    end.was_read =
        was_seen(image->non_heap(), from_s) && was_seen(anonymous, from_s + kShortestSeen_s);
    return end;
  }

  void kill_all() const { images_.kill_all(); }

 private:
  static constexpr double kLeastPause_s = 0.0005;

  /// Four looks' worth: of less, what it held at its end was hardly seen.
  static constexpr double kShortestSeen_s = 0.008;

  static bool was_seen(const std::vector<ProcessMoment>& moments, double from_s) {
    return !moments.empty() && moments.back().time_s >= from_s;
  }

  double start_of(const ProcessImage& image) const {
    const auto told_ns = starts_.started_ns(image.pid(), image.identity());
    if (!told_ns) return image.begun_s();
    const Clock::time_point told{std::chrono::nanoseconds(*told_ns)};
    return std::chrono::duration<double>(told - begun_).count();
  }

  /// The last moment before the start stands for the start itself.
  static std::vector<ProcessMoment> measured(const std::vector<ProcessMoment>& all, double from_s,
                                             double until_s) {
    std::vector<ProcessMoment> part;
    for (const ProcessMoment& moment : all) {
      if (moment.time_s > until_s) break;
      const double time_s = std::max(0.0, moment.time_s - from_s);
      if (!part.empty() && time_s == 0) part.clear();
      part.push_back({time_s, moment.bytes, moment.high});
    }
    return part;
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

  bool ends_within(double seconds) const {
    if (!process_) {  // a kernel or a sandbox without pidfd
      usleep(static_cast<useconds_t>(seconds * 1e6));
      return has_exited(pid_);
    }
    const timespec time{
        static_cast<time_t>(seconds),
        static_cast<long>((seconds - static_cast<double>(static_cast<long>(seconds))) * 1e9)};
    pollfd event{process_.get(), POLLIN, 0};
    return ppoll(&event, 1, &time, nullptr) > 0;
  }

  const RealRunCall& call_;
  const ProgramStarts& starts_;
  pid_t pid_;
  Fd process_;
  Clock::time_point begun_ = Clock::now();
  ProcessImages images_;
};

/// While it lives, processes that lose their parent fall to this one, so that they can be ended.
class Adoption {
 public:
  Adoption() {
    prctl(PR_GET_CHILD_SUBREAPER, &before_);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;
  ~Adoption() { prctl(PR_SET_CHILD_SUBREAPER, before_); }

 private:
  int before_ = 0;
};

/// Those that were killed are collected; a child that is not among them is left alone.
void collect_dead(int tries) {
  while (tries > 0) {
    const pid_t pid = waitpid(-1, nullptr, WNOHANG);
    if (pid < 0) return;
    if (pid > 0) continue;
    usleep(1000);
    --tries;
  }
}

std::string signal_name(int signal) {
  const char* const name = sigabbrev_np(signal);
  return "SIG" + std::string(name != nullptr ? name : std::to_string(signal));
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return "killed by " + signal_name(WTERMSIG(status));
  return "exit code " + std::to_string(WEXITSTATUS(status));
}

bool same_end(int one, int other) {
  if (WIFSIGNALED(one) != WIFSIGNALED(other)) return false;
  return WIFSIGNALED(one) ? WTERMSIG(one) == WTERMSIG(other)
                          : WEXITSTATUS(one) == WEXITSTATUS(other);
}

/// Being ended by the load is no failure, however the server takes it; a signal of its own is.
bool crashed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM && WTERMSIG(status) != SIGKILL;
}

void judge_load(const RealRunCall& call, const LoadReport& report, int status, RealRunEnd& end) {
  if (report.outcome == LoadOutcome::finished && !crashed(status)) return;
  end.status = RunStatus::crashed;
  if (report.outcome == LoadOutcome::server_gone || crashed(status)) {
    end.detail = describe_status(status);
  } else {
    end.detail = describe(report, call.load);
  }
}

void judge(const RealRunCall& call, int status, RealRunEnd& end) {
  if (same_end(status, call.expected_wait_status)) return;
  end.status = RunStatus::crashed;
  end.detail = describe_status(status);
  if (!WIFSIGNALED(status)) {
    end.detail += " where the recorded run had " + describe_status(call.expected_wait_status);
  }
}

}  // namespace

Expected<RealRunEnd> run_for_real(const RealRunCall& call) {
  Guard guard = Guard::start();
  const Adoption adoption;
  const std::uint64_t kills = oom_kills();
  const auto begun = Clock::now();
  const ProgramStarts starts;
  const auto pid = start(call, starts);
  if (!pid) return tl::unexpected(pid.error());
  std::optional<Load> load;
  if (!call.load.command.empty()) {
    auto started = Load::start(call.load, *pid);
    if (!started) {
      kill(-*pid, SIGKILL);
      waitpid(*pid, nullptr, 0);
      return tl::unexpected(started.error());
    }
    load.emplace(*std::move(started));
  }
  Watch watch(call, *pid, guard, starts);
  const bool in_time = watch.run();
  if (!in_time) kill(*pid, SIGKILL);
  int status = 0;
  rusage usage{};
  while (wait4(*pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  kill(-*pid, SIGKILL);
  watch.kill_all();

  double until_s = std::chrono::duration<double>(Clock::now() - begun).count();
  LoadReport report;
  if (load) {
    report = load->report();
    if (report.ended_ns > report.begun_ns) {
      until_s = static_cast<double>(report.ended_ns - report.begun_ns) * 1e-9;
    }
    waitpid(load->pid(), nullptr, 0);
  }
  collect_dead(kTriesToCollect);
  const bool starved = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && oom_kills() > kills;
  RealRunEnd end = watch.take(until_s);
  end.cpu_s = cpu_seconds_of(usage);
  if (!in_time) {
    end.status = RunStatus::timed_out;
    end.detail =
        fmt::format("no end after {:.3g} s, many times what the recorded run took", call.timeout_s);
  } else if (starved) {
    end.status = RunStatus::out_of_memory;
    end.detail = kStarved;
  } else if (load) {
    judge_load(call, report, status, end);
  } else {
    judge(call, status, end);
  }
  return end;
}

}  // namespace heapwise
