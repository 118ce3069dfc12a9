// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "allocators/allocator.h"
#include "bench/session/confirm.h"
#include "bench/session/environment.h"
#include "cli/verb.h"
#include "results/comparability.h"

namespace heapwise::cli {
namespace {

void print_machine(const Environment& machine) {
  const auto line = [](const char* key, const std::string& value) {
    fmt::print("  {:<13}{}\n", key, value.empty() ? "unknown" : value);
  };
  fmt::print("This machine\n");
  line("CPU", fmt::format("{}, {} usable", machine.cpu, machine.cores));
  line("Memory", fmt::format("{:.1f} GiB", static_cast<double>(machine.memory_bytes) / (1 << 30)));
  line("System", machine.distribution + ", Linux " + machine.kernel + ", " + machine.libc);
  line("Huge pages", machine.transparent_hugepage);
  line("Frequency", machine.frequency_governor.empty() ? "not for this system to scale"
                                                       : machine.frequency_governor);
  line("CPU limit",
       machine.cpu_limit > 0 ? fmt::format("{:.4g} cores", machine.cpu_limit) : "none");
  line(
      "Memory limit",
      machine.memory_limit_bytes == 0
          ? "none"
          : fmt::format("{:.0f} MiB", static_cast<double>(machine.memory_limit_bytes) / 1048576.0));
  line("Load", fmt::format("{:.2f}", machine.load_average));
}

/// Returns how many allocators cannot be measured.
int print_allocators() {
  fmt::print("\nAllocators\n");
  int missing = 0;
  for (const Allocator& allocator : allocators()) {
    if (allocator.harness) continue;
    if (const auto found = identify_runner(library_directory(), allocator.name)) {
      fmt::print("  {:<13}{:<7} {}\n", allocator.name, found->version, found->library);
      continue;
    } else if (allocator.built) {
      fmt::print("  {:<13}{}\n", allocator.name, found.error().what);
    } else {
      fmt::print("  {:<13}missing{}\n", allocator.name,
                 allocator.on_request ? ", but takes part only where it is named" : "");
    }
    if (!allocator.on_request) ++missing;
    if (allocator.development_package.empty()) continue;  // glibc's own, which is always built
    fmt::print("{:15}remedy: apt-get install {}, then configure and build again\n", "",
               allocator.development_package);
  }
  return missing;
}

void print_warnings(const std::vector<Warning>& warnings) {
  fmt::print("\nWhat disturbs measurement here\n");
  if (warnings.empty()) fmt::print("  nothing that heapwise knows of\n");
  for (const Warning& warning : warnings) {
    fmt::print("  - {}\n", warning.what);
    if (!warning.remedy.empty()) fmt::print("    remedy: {}\n", warning.remedy);
  }
}

}  // namespace

void add_doctor(const Command& root, Outcome& outcome) {
  const Command app = root.add_command(
      "doctor",
      "Look at this machine: what disturbs measurement on it, which allocators are there, and the "
      "remedies.\n"
      "Exit status: 0 all allocators that take part by themselves can be measured, 1 one cannot.\n"
      "Example: heapwise doctor");
  auto only_class = std::make_shared<bool>(false);
  app.add_flag("--machine-class", *only_class,
               "Print only the class of this machine, a file name: results of one class compare");
  app.callback([&outcome, only_class] {
    const Environment machine = look_at_machine();
    if (*only_class) {
      fmt::print("{}\n", machine_class(machine));
      return;
    }
    print_machine(machine);
    const int missing = print_allocators();
    print_warnings(machine.warnings);
    fmt::print("\nNext: heapwise advise -- PROGRAM ARGUMENTS…\n");
    outcome.exit_code = missing == 0 ? kFine : kFailed;
  });
}

}  // namespace heapwise::cli
