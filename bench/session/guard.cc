// SPDX-License-Identifier: MIT
#include "bench/session/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bench/session/process.h"

namespace heapwise {
namespace {

constexpr pid_t kAllIsWell = 0;
constexpr int kGrace_ms = 2000;
constexpr std::size_t kManyProcesses = 256;

// ---- inside the guard

void signal_to(const Fd& process, int signal) {
  if (process) syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

bool has_ended(const Fd& process, int within_ms) {
  pollfd event{process.get(), POLLIN, 0};
  return !process || poll(&event, 1, within_ms) > 0;
}

pid_t parent_of(const std::filesystem::path& process) {
  const auto text = read_file((process / "stat").string());
  const std::size_t name_end = text ? text->rfind(')') : std::string::npos;
  pid_t parent = 0;
  if (name_end != std::string::npos && name_end + 4 < text->size()) {
    std::from_chars(text->data() + name_end + 4, text->data() + text->size(), parent);
  }
  return parent;
}

std::map<pid_t, pid_t> all_parents() {
  std::map<pid_t, pid_t> parents;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) {
      parents[pid] = parent_of(entry.path());
    }
  }
  return parents;
}

using Processes = std::map<pid_t, Fd>;

void add_descendants(Processes& processes) {
  const auto parents = all_parents();
  for (bool more = true; more;) {
    more = false;
    for (const auto& [pid, parent] : parents) {
      const auto known = processes.find(parent);
      if (known == processes.end() || processes.count(pid) != 0) continue;
      if (has_ended(known->second, 0)) continue;  // its number may be another's
      processes.emplace(pid, open_process(pid));
      more = true;
    }
  }
}

void end_all(Processes& processes) {
  add_descendants(processes);
  for (const auto& one : processes) signal_to(one.second, SIGTERM);
  for (int waited = 0; waited < kGrace_ms; waited += 10) {
    bool left = false;
    for (const auto& one : processes) left = left || !has_ended(one.second, 0);
    if (!left) return;
    usleep(10'000);
  }
  add_descendants(processes);
  for (const auto& one : processes) signal_to(one.second, SIGKILL);
}

/// Each is an open file, of which there may be a thousand.
void forget_ended(Processes& processes) {
  for (auto one = processes.begin(); one != processes.end();) {
    one = has_ended(one->second, 0) ? processes.erase(one) : std::next(one);
  }
}

[[noreturn]] void guard(int listen) {
  Processes processes;
  pid_t pid = 0;
  while (true) {
    const ssize_t got = read(listen, &pid, sizeof pid);
    if (got < 0 && errno == EINTR) continue;
    if (got != static_cast<ssize_t>(sizeof pid)) break;
    if (pid == kAllIsWell) _exit(0);
    if (processes.size() >= kManyProcesses) forget_ended(processes);
    processes[pid] = open_process(pid);
  }
  end_all(processes);
  _exit(0);
}

/// Nothing of the caller's is held open: who reads its output to the end must see that end.
void let_go(int listen) {
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(null, file);
  dup2(listen, 3);
  syscall(SYS_close_range, 4U, ~0U, 0U);
  if (chdir("/") != 0) _exit(0);
  prctl(PR_SET_NAME, "heapwise-guard");
}

}  // namespace

Guard Guard::start() {
  Guard guard;
  std::array<int, 2> ends{};
  // Orphans fall to process 1, and so would the guard.
  if (getpid() == 1 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return guard;
  const Fd listen(ends[0]);
  Fd tell(ends[1]);
  const pid_t pid = fork();
  if (pid == 0) {
    if (fork() != 0) _exit(0);
    let_go(listen.get());
    heapwise::guard(3);
  }
  if (pid < 0) return guard;
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  guard.tell_ = std::move(tell);
  return guard;
}

void Guard::watch(pid_t pid) const {
  // Somebody may have killed the guard, which is no reason to die of SIGPIPE.
  if (tell_) ::send(tell_.get(), &pid, sizeof pid, MSG_NOSIGNAL);
}

Guard::~Guard() { watch(kAllIsWell); }

}  // namespace heapwise
