// SPDX-License-Identifier: MIT
#include "bench/session/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heapwise {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

Environment quiet_machine() {
  Environment machine;
  machine.cores = 16;
  machine.memory_bytes = 64ULL << 30;
  machine.transparent_hugepage = "madvise";
  machine.frequency_governor = "performance";
  machine.build_type = "release";
  machine.load_average = 0.1;
  return machine;
}

std::vector<std::string> codes(const Environment& machine) {
  std::vector<std::string> found;
  for (const Warning& warning : judge_machine(machine)) found.push_back(warning.code);
  return found;
}

TEST(JudgeMachine, HasNothingToSayOfAQuietMachine) {
  EXPECT_THAT(codes(quiet_machine()), IsEmpty());
}

TEST(JudgeMachine, NamesEachDisturbanceAlone) {
  auto machine = quiet_machine();
  machine.load_average = 9;
  EXPECT_THAT(codes(machine), ElementsAre("machine-busy"));
  machine = quiet_machine();
  machine.build_type = "debug";
  EXPECT_THAT(codes(machine), ElementsAre("debug-build"));
  machine = quiet_machine();
  machine.transparent_hugepage = "always";
  EXPECT_THAT(codes(machine), ElementsAre("transparent-hugepage-always"));
  machine = quiet_machine();
  machine.frequency_governor = "powersave";
  EXPECT_THAT(codes(machine), ElementsAre("frequency-scaling"));
  machine = quiet_machine();
  machine.cores = 2;
  EXPECT_THAT(codes(machine), ElementsAre("few-cores"));
  machine = quiet_machine();
  machine.memory_limit_bytes = 1ULL << 30;
  EXPECT_THAT(codes(machine), ElementsAre("memory-limit"));
  machine = quiet_machine();
  machine.cpu_limit = 1.5;
  EXPECT_THAT(codes(machine), ElementsAre("cpu-limit"));
}

TEST(CpuMax, IsQuotaByPeriodAndNothingElse) {
  EXPECT_EQ(cores_of_cpu_max("150000 100000\n"), 1.5);
  for (const char* none : {"max 100000\n", "", "0 100000", "100000", "100000 0", "-1 100000"}) {
    EXPECT_EQ(cores_of_cpu_max(none), 0) << none;
  }
}

TEST(JudgeMachine, GivesEveryWarningARemedyAndAPlaceToReadOn) {
  Environment worst;
  worst.cores = 1;
  worst.load_average = 4;
  worst.memory_bytes = 2;
  worst.memory_limit_bytes = 1;
  worst.transparent_hugepage = "always";
  worst.frequency_governor = "powersave";
  const auto warnings = judge_machine(worst);
  EXPECT_EQ(warnings.size(), 6U);
  EXPECT_THAT(warnings, Each(AllOf(Field(&Warning::what, Not(IsEmpty())),
                                   Field(&Warning::remedy, Not(IsEmpty())),
                                   Field(&Warning::doc, Not(IsEmpty())))));
}

TEST(LookAtMachine, KnowsTheMachineThatItRunsOn) {
  const Environment machine = look_at_machine();
  EXPECT_GT(machine.cores, 0U);
  EXPECT_GT(machine.memory_bytes, 1U << 20);
  EXPECT_THAT(machine.kernel, ::testing::MatchesRegex("[0-9]+\\.[0-9]+.*"));
  EXPECT_THAT(machine.libc, ::testing::StartsWith("glibc "));
}

}  // namespace
}  // namespace heapwise
