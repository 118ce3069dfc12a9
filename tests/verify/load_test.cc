// SPDX-License-Identifier: MIT
// A load beside a server that is no more than a shell.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "base/temporary_directory.h"
#include "bench/session/real_run_load.h"

namespace heapwise {
namespace {

using ::testing::HasSubstr;

LoadScript script_of(std::string command) {
  LoadScript script;
  script.command = std::move(command);
  return script;
}

/// A process that does what the shell is told.
class Server {
 public:
  explicit Server(const std::string& script) : pid_(fork()) {
    if (pid_ != 0) return;
    execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    _exit(127);
  }
  pid_t pid() const { return pid_; }
  int end() const {
    int status = 0;
    waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_;
};

class LoadTest : public ::testing::Test {
 protected:
  LoadReport attend(const Server& server, const LoadScript& script) {
    const auto load = Load::start(script, server.pid());
    EXPECT_TRUE(load);
    const LoadReport report = load->report();
    status_ = server.end();
    waitpid(load->pid(), nullptr, 0);
    return report;
  }
  std::string path(const std::string& name) const { return folder_->path() + "/" + name; }

  Expected<TemporaryDirectory> folder_ = TemporaryDirectory::make();
  int status_ = 0;
};

TEST_F(LoadTest, TheServerIsEndedWhenTheScriptHas) {
  const auto report = attend(Server("exec sleep 600"), script_of("true"));
  EXPECT_EQ(report.outcome, LoadOutcome::finished);
  EXPECT_GE(report.ended_ns, report.begun_ns);
  EXPECT_TRUE(WIFSIGNALED(status_) && WTERMSIG(status_) == SIGTERM);
}

TEST_F(LoadTest, TheScriptKnowsTheServersProcess) {
  const Server server("exec sleep 600");
  const auto report =
      attend(server, script_of("test \"$HEAPWISE_PID\" = " + std::to_string(server.pid())));
  EXPECT_EQ(report.outcome, LoadOutcome::finished);
}

TEST_F(LoadTest, TheScriptWaitsForTheFile) {
  LoadScript script = script_of("test -e " + path("ready"));
  script.wait_file = path("ready");
  const auto report =
      attend(Server("sleep 0.2; : > " + path("ready") + "; exec sleep 600"), script);
  EXPECT_EQ(report.outcome, LoadOutcome::finished);
}

TEST_F(LoadTest, AServerThatIsNeverReadyIsEndedAndSaidToBe) {
  LoadScript script = script_of("touch " + path("ran"));
  script.wait_file = path("never");
  script.ready_timeout_s = 0.1;
  const auto report = attend(Server("exec sleep 600"), script);
  EXPECT_EQ(report.outcome, LoadOutcome::never_ready);
  EXPECT_THAT(describe(report, script), HasSubstr(path("never")));
  EXPECT_NE(access(path("ran").c_str(), F_OK), 0);
}

TEST_F(LoadTest, AScriptThatFailsTellsItsCode) {
  const auto report = attend(Server("exec sleep 600"), script_of("exit 3"));
  EXPECT_EQ(report.outcome, LoadOutcome::failed);
  EXPECT_THAT(describe(report, {}), HasSubstr("exit code 3"));
}

TEST_F(LoadTest, AServerThatDiesUnderItsLoadIsNotWaitedForForever) {
  const auto report = attend(Server("sleep 0.1; kill -SEGV $$"), script_of("sleep 600"));
  EXPECT_EQ(report.outcome, LoadOutcome::server_gone);
  EXPECT_TRUE(WIFSIGNALED(status_) && WTERMSIG(status_) == SIGSEGV);
}

TEST_F(LoadTest, AScriptMayShutTheServerDownItself) {
  const auto report = attend(Server("exec sleep 600"), script_of("kill $HEAPWISE_PID; sleep 0.1"));
  EXPECT_EQ(report.outcome, LoadOutcome::finished);
}

TEST_F(LoadTest, WhatTheScriptLeavesInTheBackgroundIsEndedToo) {
  const auto report = attend(Server("exec sleep 600"),
                             script_of("(sleep 0.3; touch " + path("late") + ") & exit 0"));
  EXPECT_EQ(report.outcome, LoadOutcome::finished);
  usleep(600'000);
  EXPECT_NE(access(path("late").c_str(), F_OK), 0);
}

TEST_F(LoadTest, WhatIsReadyBeforeTheServerStartsIsAnError) {
  LoadScript script = script_of("true");
  script.wait_file = folder_->path();
  const auto checked = check_not_ready(script);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::usage);
}

TEST(Ports, AFreeOneHasFiveDigitsAndStandsWhereItsNameStood) {
  const auto port = free_port();
  ASSERT_TRUE(port);
  EXPECT_GE(*port, 10'000U);
  EXPECT_LE(*port, 65'535U);
  EXPECT_EQ(with_port("-p {port} --again={port}", 12345), "-p 12345 --again=12345");
  EXPECT_EQ(with_port("{por}", 12345), "{por}");
}

}  // namespace
}  // namespace heapwise
