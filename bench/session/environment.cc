// SPDX-License-Identifier: MIT
#include "bench/session/environment.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>

#include "base/files.h"

namespace heapwise {
namespace {

std::string read_or_empty(const std::string& path) { return read_file(path).value_or(""); }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// The value behind `key` in lines of "key<separators>value", or "".
std::string value_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, key.size(), key) != 0) continue;
    const auto start = line.find_first_not_of(" \t:=\"", key.size());
    if (start == std::string::npos) return "";
    const auto end = line.find_last_not_of(" \t\"");
    return line.substr(start, end - start + 1);
  }
  return "";
}

/// The word in brackets of a /sys choice such as "always [madvise] never".
std::string chosen(const std::string& text) {
  const auto open = text.find('[');
  const auto close = text.find(']', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) return "";
  return text.substr(open + 1, close - open - 1);
}

unsigned usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
}

/// The smallest memory limit among this process's cgroups, or 0 for none.
std::uint64_t cgroup_limit_bytes() {
  const std::string groups = first_line(read_or_empty("/proc/self/cgroup"));
  std::string path = groups.substr(groups.rfind(':') + 1);
  std::uint64_t limit = 0;
  while (true) {
    const std::string text = read_or_empty("/sys/fs/cgroup" + path + "/memory.max");
    const std::uint64_t here = std::strtoull(text.c_str(), nullptr, 10);
    if (here != 0 && (limit == 0 || here < limit)) limit = here;
    const auto slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return limit;
    path.resize(slash);
  }
}

std::string build_type() {
#ifdef NDEBUG
  return "release";
#else
  return "debug";
#endif
}

}  // namespace

Environment look_at_machine() {
  Environment machine;
  utsname names{};
  if (uname(&names) == 0) {
    machine.host = names.nodename;
    machine.kernel = names.release;
  }
  machine.cpu = value_of(read_or_empty("/proc/cpuinfo"), "model name");
  machine.distribution = value_of(read_or_empty("/etc/os-release"), "PRETTY_NAME");
  machine.libc = std::string("glibc ") + gnu_get_libc_version();
  machine.compiler = "g++ " __VERSION__;
  machine.build_type = build_type();
  machine.cores = usable_cores();
  machine.page_size_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  machine.memory_bytes =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * machine.page_size_bytes;
  machine.memory_limit_bytes = cgroup_limit_bytes();
  machine.transparent_hugepage =
      chosen(read_or_empty("/sys/kernel/mm/transparent_hugepage/enabled"));
  machine.frequency_governor =
      first_line(read_or_empty("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  double load[1] = {0};
  if (getloadavg(load, 1) == 1) machine.load_average = load[0];
  machine.warnings = judge_machine(machine);
  return machine;
}

std::vector<Warning> judge_machine(const Environment& machine) {
  std::vector<Warning> warnings;
  if (machine.load_average > 0.5 * machine.cores) {
    warnings.push_back({"machine-busy",
                        fmt::format("other work keeps this machine busy (load {:.1f} on {} cores)",
                                    machine.load_average, machine.cores),
                        "stop other work, or take speed figures as rough", "a-busy-machine"});
  }
  if (machine.build_type != "release") {
    warnings.push_back({"debug-build", "this heapwise was built with assertions",
                        "cmake --preset release && cmake --build --preset release",
                        "a-debug-build"});
  }
  if (machine.transparent_hugepage == "always") {
    warnings.push_back({"transparent-hugepage-always",
                        "transparent huge pages are on for all memory: RSS grows in steps of 2 MiB",
                        "as root: echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, "
                        "unless production runs so too",
                        "transparent-huge-pages"});
  }
  if (!machine.frequency_governor.empty() && machine.frequency_governor != "performance") {
    warnings.push_back(
        {"frequency-scaling",
         "the CPU frequency follows the load (governor " + machine.frequency_governor + ")",
         "as root: cpupower frequency-set -g performance", "frequency-scaling"});
  }
  if (machine.cores < 4) {
    warnings.push_back({"few-cores",
                        fmt::format("only {} core{} usable: allocators choose their number of "
                                    "arenas by that",
                                    machine.cores, machine.cores == 1 ? " is" : "s are"),
                        "replay on as many cores as production has", "number-of-cores"});
  }
  if (machine.memory_limit_bytes != 0 && machine.memory_limit_bytes < machine.memory_bytes) {
    warnings.push_back({"memory-limit",
                        fmt::format("a control group limits memory to {:.0f} MiB",
                                    static_cast<double>(machine.memory_limit_bytes) / 1048576.0),
                        "raise the limit if runs end as out-of-memory", "memory-limits"});
  }
  return warnings;
}

}  // namespace heapwise
