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
#include <utility>

#include "allocators/allocator.h"
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

/// The smallest of what `read` makes of `file` in this process's cgroup and those above it; 0
/// counts for none.
template <class Read>
auto smallest_in_cgroups(const std::string& file, Read read) {
  const std::string groups = first_line(read_or_empty("/proc/self/cgroup"));
  std::string path = groups.substr(groups.rfind(':') + 1);
  decltype(read(path)) smallest{};
  while (true) {
    const auto here = read(read_or_empty("/sys/fs/cgroup" + path + "/" + file));
    if (here > 0 && (smallest == 0 || here < smallest)) smallest = here;
    const auto slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return smallest;
    path.resize(slash);
  }
}

std::uint64_t memory_limit_bytes() {
  return smallest_in_cgroups("memory.max", [](const std::string& text) -> std::uint64_t {
    return std::strtoull(text.c_str(), nullptr, 10);
  });
}

double cpu_limit() { return smallest_in_cgroups("cpu.max", cores_of_cpu_max); }

std::string build_type() {
#ifdef NDEBUG
  return "release";
#else
  return "debug";
#endif
}

/// What is missing from a comparison, or not what it seems to be.
std::vector<Warning> look_at_allocators() {
  std::vector<Warning> warnings;
  for (const Allocator& one : allocators()) {
    if (one.built || one.on_request) continue;
    warnings.push_back(
        {"missing-allocator", one.title + " cannot be measured by this heapwise",
         "apt-get install " + one.development_package + ", then configure and build again",
         "missing-allocators"});
  }
  if (access("/etc/malloc.conf", F_OK) == 0) {
    warnings.push_back({"malloc-conf-file",
                        "/etc/malloc.conf sets options of jemalloc for every program: what is "
                        "called its default here is not",
                        "remove /etc/malloc.conf while measuring, unless production has it",
                        "settings-of-the-machine"});
  }
  return warnings;
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
  machine.memory_limit_bytes = memory_limit_bytes();
  machine.cpu_limit = cpu_limit();
  machine.transparent_hugepage =
      chosen(read_or_empty("/sys/kernel/mm/transparent_hugepage/enabled"));
  machine.frequency_governor =
      first_line(read_or_empty("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"));
  double load[1] = {0};
  if (getloadavg(load, 1) == 1) machine.load_average = load[0];
  machine.warnings = judge_machine(machine);
  for (Warning& warning : look_at_allocators()) machine.warnings.push_back(std::move(warning));
  return machine;
}

double cores_of_cpu_max(const std::string& text) {
  char* end = nullptr;
  const double quota = std::strtod(text.c_str(), &end);
  if (end == text.c_str()) return 0;  // "max 100000", or nothing
  const double period = std::strtod(end, nullptr);
  return period > 0 && quota > 0 ? quota / period : 0;
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
  if (machine.cpu_limit > 0 && machine.cpu_limit < machine.cores) {
    warnings.push_back({"cpu-limit",
                        fmt::format("a control group limits CPU time to that of {:.3g} cores: "
                                    "threads are stopped in the middle of things",
                                    machine.cpu_limit),
                        "raise the limit (cpu.max), or pin to fewer cores with taskset instead",
                        "cpu-limits"});
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
