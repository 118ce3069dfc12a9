// SPDX-License-Identifier: MIT
#include "bench/session/real_run_load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "bench/session/process.h"

namespace heapwise {
namespace {

constexpr int kLookEvery_ms = 10;
constexpr int kGrace_ms = 10'000;
constexpr int kNotice_ms = 1000;
constexpr double kPortBecomesFree_s = 5;

std::uint64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

sockaddr_in local(unsigned port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool takes_connections(unsigned port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = local(port);
  return connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool is_ready(const LoadScript& script) {
  if (script.wait_port != 0 && !takes_connections(script.wait_port)) return false;
  return script.wait_file.empty() || access(script.wait_file.c_str(), F_OK) == 0;
}

/// A process that another collects.
struct Server {
  explicit Server(pid_t number) : pid(number), fd(open_process(number)) {}
  pid_t pid;
  Fd fd;
};

/// True when the process ends within so many milliseconds.
bool ends_within(const Server& server, int milliseconds) {
  pollfd event{server.fd.get(), POLLIN, 0};
  if (server.fd) return poll(&event, 1, milliseconds) > 0;
  for (; milliseconds > 0 && !is_gone(server.pid); --milliseconds) usleep(1000);
  return is_gone(server.pid);
}

// ---- inside the process of the load

bool wait_until_ready(const LoadScript& script, const Server& server) {
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(script.ready_timeout_s * 1e9);
  while (!is_ready(script)) {
    if (now_ns() > end || ends_within(server, kLookEvery_ms)) return false;
  }
  return true;
}

[[noreturn]] void become_script(const LoadScript& script, pid_t server, pid_t parent) {
  setpgid(0, 0);
  die_with(parent);
  setenv("HEAPWISE_PID", std::to_string(server).c_str(), 1);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(in, STDIN_FILENO);
  if (script.quiet) {
    const int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
  }
  execl("/bin/sh", "sh", "-c", script.command.c_str(), nullptr);
  _exit(127);
}

int shell_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// True when the script has ended, with its wait status.
bool has_ended(pid_t script, int& status) { return waitpid(script, &status, WNOHANG) != 0; }

void run_script(const LoadScript& script, const Server& server, LoadReport& report) {
  const pid_t self = getpid();
  const pid_t pid = fork();
  if (pid < 0) return;
  if (pid == 0) become_script(script, server.pid, self);
  int status = 0;
  bool ended = false, gone = false;
  while (!ended && !gone) {
    gone = ends_within(server, kLookEvery_ms / 5);
    ended = has_ended(pid, status);
  }
  // A script that shuts the server down itself gets the time to notice.
  for (int waited = 0; !ended && waited < kNotice_ms; ++waited) {
    usleep(1000);
    ended = has_ended(pid, status);
  }
  kill(-pid, SIGKILL);  // also what it left in the background and would go on asking
  if (!ended) waitpid(pid, &status, 0);
  report.exit_code = shell_code(status);
  report.outcome = report.exit_code == 0 ? LoadOutcome::finished
                   : gone                ? LoadOutcome::server_gone
                                         : LoadOutcome::failed;
}

void end_server(const Server& server) {
  if (ends_within(server, 0)) return;
  kill(server.pid, SIGTERM);
  if (!ends_within(server, kGrace_ms)) kill(server.pid, SIGKILL);
}

[[noreturn]] void attend(const LoadScript& script, pid_t server_pid, const Fd& tell,
                         LoadReport report, pid_t parent) {
  die_with(parent);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGCHLD, SIG_DFL);
  const Server server(server_pid);
  if (!wait_until_ready(script, server)) {
    const bool gone = ends_within(server, 0);
    report.outcome = gone ? LoadOutcome::server_gone : LoadOutcome::never_ready;
  } else {
    run_script(script, server, report);
  }
  report.ended_ns = now_ns();
  write_all(tell.get(), &report, sizeof report);
  end_server(server);
  _exit(0);
}

}  // namespace

Expected<Load> Load::start(const LoadScript& script, pid_t server) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("cannot make a pipe");
  Load load;
  load.reports_ = Fd(ends[0]);
  const Fd tell(ends[1]);
  LoadReport report;
  report.begun_ns = now_ns();
  const pid_t self = getpid();
  load.pid_ = fork();
  if (load.pid_ < 0) return fail_errno("cannot start a process for the load");
  if (load.pid_ == 0) attend(script, server, tell, report, self);
  return load;
}

LoadReport Load::report() const {
  LoadReport report;
  auto* const bytes = reinterpret_cast<char*>(&report);
  std::size_t size = 0;
  while (size < sizeof report) {
    const ssize_t got = ::read(reports_.get(), bytes + size, sizeof report - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return {};
    size += static_cast<std::size_t>(got);
  }
  return report;
}

Expected<void> check_not_ready(const LoadScript& script) {
  if (!script.wait_file.empty() && access(script.wait_file.c_str(), F_OK) == 0) {
    return fail(ErrorCode::usage, script.wait_file + " exists before the program has started",
                "remove it, so that its coming tells when the program is ready");
  }
  const std::uint64_t end = now_ns() + static_cast<std::uint64_t>(kPortBecomesFree_s * 1e9);
  while (script.wait_port != 0 && takes_connections(script.wait_port)) {
    if (now_ns() > end) {
      return fail(ErrorCode::usage,
                  "something else listens at port " + std::to_string(script.wait_port) + " already",
                  "stop it, or write {port} for a free one in the command, --with and --wait-port");
    }
    usleep(50'000);
  }
  return {};
}

std::string describe(const LoadReport& report, const LoadScript& script) {
  switch (report.outcome) {
    case LoadOutcome::finished:
      return {};
    case LoadOutcome::failed:
      return "the load script ended with exit code " + std::to_string(report.exit_code);
    case LoadOutcome::never_ready:
      return "the program was not ready after " +
             std::to_string(static_cast<long>(script.ready_timeout_s)) + " s: " +
             (script.wait_port != 0
                  ? "nothing takes connections at port " + std::to_string(script.wait_port)
                  : "there is no " + script.wait_file);
    case LoadOutcome::server_gone:
      return "the program ended before the load script did";
    case LoadOutcome::cannot_happen:
      break;
  }
  return "the load script could not be run";
}

Expected<unsigned> free_port() {
  // What the system hands out is between 32768 and 60999 as long as no one changed that.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      return fail_errno("cannot find a free port");
    }
    const unsigned port = ntohs(address.sin_port);
    if (port >= 10'000) return port;
  }
  return fail(ErrorCode::unsupported, "there is no free port with five digits",
              "give a port of your own instead of {port}");
}

std::string with_port(std::string text, unsigned port) {
  const std::string mark = "{port}";
  const std::string number = std::to_string(port);
  for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += number.size()) {
    text.replace(at, mark.size(), number);
  }
  return text;
}

}  // namespace heapwise
