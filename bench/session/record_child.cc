// SPDX-License-Identifier: MIT
#include "bench/session/record_child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "bench/session/process.h"

namespace heapwise {
namespace {

sigset_t supervised_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

// A file without a first line that names an interpreter is a script of the shell's.
void execute(const std::string& path, std::vector<char*> arguments,
             const std::vector<char*>& environment) {
  execve(path.c_str(), arguments.data(), environment.data());
  if (errno != ENOEXEC) return;
  arguments[0] = const_cast<char*>(path.c_str());
  arguments.insert(arguments.begin(), const_cast<char*>("sh"));
  execve("/bin/sh", arguments.data(), environment.data());
}

}  // namespace

SupervisorSignals::SupervisorSignals() {
  const sigset_t set = supervised_signals();
  sigprocmask(SIG_BLOCK, &set, &before_);
  // Inherited as ignored, it would let children vanish without their status.
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &normal, &child_action_);
  prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper_);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  fd_ = Fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

SupervisorSignals::~SupervisorSignals() {
  while (read_signal() != 0) {
  }
  prctl(PR_SET_CHILD_SUBREAPER, was_subreaper_);
  restore();
}

void SupervisorSignals::restore() const {
  sigaction(SIGCHLD, &child_action_, nullptr);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int SupervisorSignals::read_signal() const {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  return static_cast<int>(info.ssi_signo);
}

SupervisorPrivileges::SupervisorPrivileges() : priority_(getpriority(PRIO_PROCESS, 0)) {
  setpriority(PRIO_PROCESS, 0, priority_ - 10);
  getrlimit(RLIMIT_NOFILE, &files_);
  const rlimit more{files_.rlim_max, files_.rlim_max};
  setrlimit(RLIMIT_NOFILE, &more);
}

SupervisorPrivileges::~SupervisorPrivileges() {
  setpriority(PRIO_PROCESS, 0, priority_);
  setrlimit(RLIMIT_NOFILE, &files_);
}

Expected<pid_t> start_child(const std::string& path, const std::vector<std::string>& arguments,
                            const std::vector<std::string>& environment,
                            const SupervisorSignals& signals, std::atomic<std::int32_t>& number) {
  const std::vector<char*> argument_list = exec_pointers(arguments);
  const std::vector<char*> environment_list = exec_pointers(environment);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot start " + path);
  const Fd told(ends[0]);
  Fd tell(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return fail_errno("cannot start " + path);
  if (pid == 0) {
    signals.restore();
    number.store(getpid(), std::memory_order_relaxed);
    execute(path, argument_list, environment_list);
    const int problem = errno;
    write_all(tell.get(), &problem, sizeof problem);
    _exit(127);
  }
  tell.close();
  int problem = 0;
  if (::read(told.get(), &problem, sizeof problem) != static_cast<ssize_t>(sizeof problem)) {
    return pid;
  }
  waitpid(pid, nullptr, 0);
  return fail(ErrorCode::unsupported,
              "cannot execute " + path + ": " + std::generic_category().message(problem),
              "run it without heapwise to see that it works");
}

std::vector<std::string> recorded_environment(const std::string& library,
                                              const std::string& directory) {
  const std::string preload = "LD_PRELOAD=";
  std::vector<std::string> entries;
  bool theirs = false;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    entries.emplace_back(*entry);
    if (entries.back().rfind(preload, 0) != 0) continue;
    theirs = true;
    entries.back() = preload + library + ":" + entries.back().substr(preload.size());
  }
  // Always two more than before: the recorder takes two out again and needs the room.
  entries.push_back(theirs ? "HEAPWISE_KEEP=1" : preload + library);
  entries.push_back("HEAPWISE_RECORD=" + directory);
  return entries;
}

EndedChild reap() {
  EndedChild ended;
  const pid_t pid = wait4(-1, &ended.status, WNOHANG, &ended.usage);
  if (pid > 0) ended.pid = pid;
  ended.no_children = pid < 0 && errno == ECHILD;
  return ended;
}

}  // namespace heapwise
