// SPDX-License-Identifier: MIT
#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "base/files.h"

namespace heapwise::testing {
namespace {

/// A file without a name: what a child writes is read when it has ended, so no pipe can fill up.
Fd scratch() {
  std::string name = "/tmp/heapwise-test-XXXXXX";
  Fd file(mkostemp(name.data(), O_CLOEXEC));
  if (!file) {
    std::perror(name.c_str());
    std::abort();
  }
  unlink(name.c_str());
  return file;
}

std::string whole(const Fd& fd) {
  std::string content;
  char buffer[65536];
  lseek(fd.get(), 0, SEEK_SET);
  for (ssize_t got; (got = read(fd.get(), buffer, sizeof buffer)) > 0;) {
    content.append(buffer, static_cast<std::size_t>(got));
  }
  return content;
}

[[noreturn]] void become(const std::vector<std::string>& command, const RunOptions& options,
                         const Fd& in, const Fd& out, const Fd& err) {
  dup2(in.get(), 0);
  dup2(out.get(), 1);
  dup2(err.get(), 2);
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(127);
  for (const auto& [name, value] : options.environment) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  alarm(static_cast<unsigned>(options.timeout_s));
  execvp(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace

Finished run(const std::vector<std::string>& command, const RunOptions& options) {
  const Fd in = scratch(), out = scratch(), err = scratch();
  write_all(in.get(), options.input.data(), options.input.size());
  lseek(in.get(), 0, SEEK_SET);
  const pid_t child = fork();
  if (child == 0) become(command, options, in, out, err);
  int status = 0;
  waitpid(child, &status, 0);
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return {code, whole(out), whole(err)};
}

}  // namespace heapwise::testing
