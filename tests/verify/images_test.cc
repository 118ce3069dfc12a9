// SPDX-License-Identifier: MIT
// Commands that start others, watched from outside; guards that outlive who made them.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/guard.h"
#include "bench/session/process_images.h"
#include "bench/session/program_name.h"
#include "bench/session/real_run.h"
#include "bench/session/zeroed_data.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

/// Takes so many MB, or twice that, and stays for a moment.
std::string perl(int megabytes) {
  return "perl -e '$x = \"y\" x " + std::to_string(megabytes) +
         "_000_000; select undef, undef, undef, 0.15'";
}

RealRunEnd watched(const std::string& script, const ImageChoice& image) {
  RealRunCall call;
  call.command = {"sh", "-c", script};
  call.image = image;
  const auto end = run_for_real(call);
  EXPECT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->status, RunStatus::ok) << end->detail;
  return end.value_or(RealRunEnd{});
}

double peak_mib(const RealRunEnd& end) {
  std::uint64_t most = 0;
  for (const ProcessMoment& moment : end.anonymous) most = std::max(most, moment.bytes);
  return static_cast<double>(most) / kMiB;
}

TEST(ProcessImages, AProgramThatAShellStartsIsFoundByItsName) {
  const RealRunEnd end = watched(perl(30) + "; true", {"perl", 0, 1});
  EXPECT_EQ(end.program, "perl");
  EXPECT_GT(peak_mib(end), 28);
  ASSERT_FALSE(end.anonymous.empty());
  EXPECT_LT(end.anonymous.front().time_s, 0.05) << "time begins with the program, not the shell";
  EXPECT_GT(end.anonymous.back().time_s, 0.1);
}

TEST(ProcessImages, OfSeveralWithOneNameTheOrderDecides) {
  const std::string script = perl(50) + "; " + perl(4) + "; " + perl(18) + "; true";
  EXPECT_NEAR(peak_mib(watched(script, {"perl", 0, 3})), 80, 35);
  EXPECT_NEAR(peak_mib(watched(script, {"perl", 1, 3})), 8, 8);
  EXPECT_NEAR(peak_mib(watched(script, {"perl", 2, 3})), 30, 13);
}

TEST(ProcessImages, WhereTheyAreNotAsManyAsRecordedTheLargestIsTaken) {
  EXPECT_GT(peak_mib(watched(perl(10) + "; " + perl(40) + "; true", {"perl", 0, 7})), 38);
}

TEST(ProcessImages, OrTheOneThatBeganAndLivedLikeTheRecorded) {
  const std::string script = perl(24) + "; sleep 1; " + perl(20) + "; " + perl(4) + "; true";
  const RealRunEnd early = watched(script, {"perl", 1, 2, 0, 0.18});
  const RealRunEnd late = watched(script, {"perl", 1, 2, 1.2, 0.18});
  EXPECT_GT(peak_mib(late), 15);
  EXPECT_LT(peak_mib(late), peak_mib(early)) << "though another has more memory";
}

TEST(ProcessImages, TheCommandsOwnProcessIsWhatItBecomes) {
  const RealRunEnd end = watched("sleep 0.05; exec " + perl(20), {});
  EXPECT_EQ(end.program, "perl");
  EXPECT_GT(peak_mib(end), 18);
  EXPECT_EQ(watched(perl(40) + "; sleep 0.05", {}).program, "sh");
}

TEST(ProcessImages, WhatWasNeverThereIsNotSeen) {
  const RealRunEnd end = watched("sleep 0.02; true", {"no-such-program", 0, 1});
  EXPECT_TRUE(end.program.empty());
  EXPECT_TRUE(end.anonymous.empty());
}

TEST(ProcessImages, WhatLeavesItsGroupAndItsParentIsEndedToo) {
  const auto folder = TemporaryDirectory::make();
  ASSERT_TRUE(folder);
  const std::string late = folder->path() + "/late";
  watched("setsid sh -c 'sleep 0.5; touch " + late + "' & sleep 0.1", {});
  usleep(900'000);
  EXPECT_NE(access(late.c_str(), F_OK), 0);
}

TEST(ProgramName, IsWhatTheProgramWasCalledBy) {
  EXPECT_EQ(program_name("/usr/bin/perl", "/usr/bin/perl5.36"), "perl");
  EXPECT_EQ(program_name("-bash", "/bin/bash"), "bash");
  EXPECT_EQ(program_name("server: worker 3", "/usr/sbin/server"), "server");
  EXPECT_EQ(program_name("server: master process server -c /etc/server.conf", "/usr/sbin/server"),
            "server");
  EXPECT_EQ(program_name("server: main: writer", "/usr/lib/server/bin/server-15"), "server");
  EXPECT_EQ(program_name("server *:80", "/usr/sbin/server"), "server");
  EXPECT_EQ(program_name("", "/usr/sbin/server"), "server");
}

TEST(ZeroedData, OfWhatIsNoProgramIsNothing) {
  EXPECT_EQ(zeroed_data_bytes("/etc/passwd"), 0U);
  EXPECT_EQ(zeroed_data_bytes("/nowhere"), 0U);
  EXPECT_EQ(zeroed_data_bytes("/proc/self/exe") % 4096, 0U);
}

/// Starts a shell under a guard's eyes in a process of its own, and returns both.
std::pair<pid_t, pid_t> guarded(const std::string& script) {
  std::array<int, 2> ends{};
  EXPECT_EQ(pipe(ends.data()), 0);
  const pid_t keeper = fork();
  if (keeper == 0) {
    const Guard guard = Guard::start();
    const pid_t shell = fork();
    if (shell == 0) {
      setsid();
      execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
      _exit(127);
    }
    guard.watch(shell);
    write_all(ends[1], &shell, sizeof shell);
    pause();
  }
  pid_t shell = 0;
  EXPECT_EQ(read(ends[0], &shell, sizeof shell), static_cast<ssize_t>(sizeof shell));
  close(ends[0]);
  close(ends[1]);
  return {keeper, shell};
}

bool is_gone_soon(pid_t pid) {
  for (int i = 0; i < 500; ++i) {
    if (kill(pid, 0) != 0) return true;
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    if (!stat || stat->find(") Z") != std::string::npos) return true;
    usleep(10'000);
  }
  return false;
}

TEST(Guard, EndsWhatWasStartedWhenWhoStartedItIsKilled) {
  const auto [keeper, shell] = guarded("trap '' TERM; sleep 600 & wait; wait; sleep 600");
  kill(keeper, SIGKILL);
  waitpid(keeper, nullptr, 0);
  EXPECT_TRUE(is_gone_soon(shell)) << "even what does not heed SIGTERM";
}

TEST(Guard, LeavesAllAloneWhenItIsDismissed) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  {
    const Guard guard = Guard::start();
    guard.watch(child);
  }
  usleep(100'000);
  EXPECT_EQ(waitpid(child, nullptr, WNOHANG), 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace heapwise
