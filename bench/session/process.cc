// SPDX-License-Identifier: MIT
#include "bench/session/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/files.h"

namespace heapwise {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kCannotStart = 127;

}  // namespace

void die_with(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) raise(SIGKILL);
}

// Not through <sys/pidfd.h>, which C++ cannot link in glibc 2.36.
Fd open_process(pid_t pid) { return Fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))); }

bool is_gone(pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; }

bool has_exited(pid_t child) {
  siginfo_t state{};
  return waitid(P_PID, static_cast<id_t>(child), &state, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         state.si_pid == child;
}

std::uint64_t oom_kills() {
  std::uint64_t sum = 0;
  std::vector<std::string> files{"/proc/vmstat"};
  if (const auto group = read_file("/proc/self/cgroup"); group && group->rfind("0::", 0) == 0) {
    files.push_back("/sys/fs/cgroup" + group->substr(3, group->find('\n') - 3) + "/memory.events");
  }
  for (const std::string& path : files) {
    const auto text = read_file(path);
    if (!text) continue;
    const std::size_t at = text->find("oom_kill ");
    if (at != std::string::npos) sum += std::strtoull(text->c_str() + at + 9, nullptr, 10);
  }
  return sum;
}

namespace {

/// Between fork and exec: nothing that allocates.
[[noreturn]] void become(const std::vector<char*>& command, const std::vector<char*>& environment,
                         int output, pid_t parent) {
  die_with(parent);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execve(command[0], command.data(), environment.data());
  _exit(kCannotStart);
}

void read_some(int file, std::string& output, std::size_t kept) {
  std::array<char, 4096> buffer;
  const ssize_t size = read(file, buffer.data(), buffer.size());
  if (size <= 0) return;
  output.append(buffer.data(), static_cast<std::size_t>(size));
  if (output.size() > 2 * kept) output.erase(0, output.size() - kept);
}

/// Collects output until the process is gone. False when time ran out first.
bool follow(pid_t process, int output, Clock::time_point deadline, const std::atomic<bool>* stop,
            std::string& text, std::size_t kept) {
  const Fd gone = open_process(process);
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0 || (stop != nullptr && stop->load())) return false;
    std::array<pollfd, 2> files{{{output, POLLIN, 0}, {gone.get(), POLLIN, 0}}};
    // Kernels without pidfd have it looked for ten times a second.
    const long wait = std::min<long>(left, gone ? (stop != nullptr ? 500 : left) : 100);
    poll(files.data(), gone ? 2 : 1, static_cast<int>(std::min<long>(wait, 1'000'000)));
    if ((files[0].revents & POLLIN) != 0) {
      read_some(output, text, kept);
      continue;
    }
    if (has_exited(process)) return true;
    if ((files[0].revents & POLLHUP) != 0) usleep(1000);  // it closed its output and lives on
  }
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return {};
  const std::size_t before = text.rfind('\n', end);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  return text.substr(begin, end - begin + 1);
}

void describe(ProcessEnd& end, int status, bool timed_out, double timeout_s, bool out_of_memory) {
  if (timed_out) {
    end.status = RunStatus::timed_out;
    end.detail = fmt::format("no end after {:.3g} s (--timeout)", timeout_s);
  } else if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* const name = sigabbrev_np(signal);
    const bool starved = out_of_memory && signal == SIGKILL;
    end.status = starved ? RunStatus::out_of_memory : RunStatus::crashed;
    end.detail = starved ? kStarved : "killed by SIG";
    if (!starved) end.detail += name != nullptr ? name : "?";
  } else {
    end.exit_code = WEXITSTATUS(status);
    if (end.exit_code != 0) end.detail = "exit code " + std::to_string(end.exit_code);
  }
  const std::string said = last_line(end.output);
  if (!end.detail.empty() && !said.empty()) end.detail.append(": ").append(said);
}

}  // namespace

std::vector<char*> exec_pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 2);
  for (const std::string& one : strings) list.push_back(const_cast<char*>(one.c_str()));
  list.push_back(nullptr);
  return list;
}

double cpu_seconds_of(const rusage& usage) {
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Expected<ProcessEnd> run_process(const ProcessCall& call) {
  if (call.command.empty() || access(call.command[0].c_str(), X_OK) != 0) {
    return fail(ErrorCode::unsupported,
                "cannot run " + (call.command.empty() ? "nothing" : call.command[0]),
                "Build or install heapwise again.");
  }
  std::vector<std::string> variables;
  for (const auto& [name, value] : call.environment) {
    variables.emplace_back(name).append("=").append(value);
  }
  const std::vector<char*> command = exec_pointers(call.command);
  const std::vector<char*> environment = exec_pointers(variables);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  const Fd reading(ends[0]);
  Fd writing(ends[1]);

  const std::uint64_t kills_before = oom_kills();
  const auto start = Clock::now();
  const pid_t self = getpid();
  const pid_t process = fork();
  if (process < 0) return fail_errno("cannot start a process");
  if (process == 0) become(command, environment, writing.get(), self);
  writing.close();

  ProcessEnd end;
  const auto timeout =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(call.timeout_s));
  const bool in_time =
      follow(process, reading.get(), start + timeout, call.stop, end.output, call.kept_output);
  if (!in_time) kill(process, SIGKILL);
  int status = 0;
  rusage usage{};
  while (wait4(process, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  end.cpu_seconds = cpu_seconds_of(usage);
  end.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  describe(end, status, !in_time, call.timeout_s, oom_kills() > kills_before);
  if (end.exit_code == kCannotStart && end.output.empty()) {
    return fail(ErrorCode::unsupported, "cannot run " + call.command[0],
                "Build or install heapwise again.");
  }
  return end;
}

}  // namespace heapwise
