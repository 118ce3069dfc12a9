// SPDX-License-Identifier: MIT
#include "results/comparability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "results/summarize.h"
#include "results/units.h"

namespace heapwise {
namespace {

/// Recordings made anew and memory sizes differ by a little that means nothing.
bool about_the_same(double left, double right, double share) {
  return std::abs(left - right) <= share * std::max(std::abs(left), std::abs(right));
}

class Differences {
 public:
  void text(const std::string& name, const std::string& base, const std::string& now,
            bool prevents = true) {
    if (base != now) add(name, base, now, prevents);
  }
  void count(const std::string& name, double base, double now) {
    if (base == now) return;
    const auto shown = [](double value) {
      return format_count(static_cast<unsigned long long>(value));
    };
    add(name, shown(base), shown(now), true);
  }
  void bytes(const std::string& name, double base, double now, double share) {
    if (!about_the_same(base, now, share)) add(name, format_bytes(base), format_bytes(now), true);
  }
  std::vector<SettingDifference> take() { return std::move(all_); }

 private:
  void add(const std::string& name, const std::string& base, const std::string& now,
           bool prevents) {
    const auto shown = [](const std::string& value) {
      return value.empty() ? std::string("not known") : value;
    };
    all_.push_back({name, shown(base), shown(now), prevents});
  }

  std::vector<SettingDifference> all_;
};

std::string cpu_limit_text(const Environment& environment) {
  return environment.cpu_limit > 0 ? fmt::format("{:.4g} cores", environment.cpu_limit) : "none";
}

void compare_machines(const Environment& base, const Environment& now, Differences& found) {
  found.text("processor", base.cpu, now.cpu);
  found.count("cores", base.cores, now.cores);
  found.bytes("memory", static_cast<double>(base.memory_bytes),
              static_cast<double>(now.memory_bytes), 0.02);
  found.bytes("memory limit", static_cast<double>(base.memory_limit_bytes),
              static_cast<double>(now.memory_limit_bytes), 0);
  found.text("CPU limit", cpu_limit_text(base), cpu_limit_text(now));
  found.text("kernel", base.kernel, now.kernel);
  found.text("transparent huge pages", base.transparent_hugepage, now.transparent_hugepage);
  found.count("page size", static_cast<double>(base.page_size_bytes),
              static_cast<double>(now.page_size_bytes));
  found.text("frequency governor", base.frequency_governor, now.frequency_governor);
  found.text("heapwise built as", base.build_type, now.build_type);
  found.text("host", base.host, now.host, false);
  found.text("distribution", base.distribution, now.distribution, false);
  found.text("C library", base.libc, now.libc, false);
  found.text("heapwise's compiler", base.compiler, now.compiler, false);
}

void compare_workloads(const Result& base, const Result& now, Differences& found) {
  for (const WorkloadInfo& before : base.workloads) {
    const WorkloadInfo* after = find_workload_info(now, before.name);
    if (after == nullptr) continue;
    const std::string of = "workload " + before.name + ": ";
    found.count(of + "operations", static_cast<double>(before.operations),
                static_cast<double>(after->operations));
    found.count(of + "threads", before.threads, after->threads);
    found.bytes(of + "peak live bytes", static_cast<double>(before.peak_live_bytes),
                static_cast<double>(after->peak_live_bytes), 0);
  }
}

/// The versions and kinds of linkage that an allocator had in a result, joined.
template <class Member>
std::string values_of(const Result& result, const Run& like, Member member) {
  std::set<std::string> values;
  for (const Run& run : result.runs) {
    if (run.allocator == like.allocator && run.tuning == like.tuning &&
        run.status == RunStatus::ok) {
      values.insert(run.*member);
    }
  }
  return fmt::format("{}", fmt::join(values, ", "));
}

void compare_allocators(const Result& base, const Result& now, Differences& found) {
  std::set<std::string> seen;
  for (const Run& run : base.runs) {
    const std::string name = display_name(run.allocator, run.tuning);
    if (!seen.insert(name).second) continue;
    const std::string before = values_of(base, run, &Run::version);
    const std::string after = values_of(now, run, &Run::version);
    if (before.empty() || after.empty()) continue;  // measured on one side only, or never well
    found.text(name, before, after, false);
    found.text(name + ": linkage", values_of(base, run, &Run::linkage),
               values_of(now, run, &Run::linkage));
  }
}

/// Words of letters and digits with dashes between them.
std::string slug(const std::string& text) {
  std::string word;
  for (const char letter : text) {
    if (std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '.') {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    } else if (!word.empty() && word.back() != '-') {
      word += '-';
    }
  }
  while (!word.empty() && word.back() == '-') word.pop_back();
  return word.empty() ? "unknown" : word;
}

}  // namespace

std::vector<SettingDifference> differences_between(const Result& base, const Result& now) {
  Differences found;
  compare_machines(base.environment, now.environment, found);
  found.text("heapwise", base.heapwise_version, now.heapwise_version);
  compare_workloads(base, now, found);
  compare_allocators(base, now, found);
  return found.take();
}

std::string machine_class(const Environment& environment) {
  const double gib = static_cast<double>(environment.memory_bytes) / (1024.0 * 1024 * 1024);
  std::string name =
      fmt::format("{}-{}c-{:.0f}g-linux-{}-thp-{}", slug(environment.cpu), environment.cores, gib,
                  slug(environment.kernel), slug(environment.transparent_hugepage));
  // What else prevents a comparison, where it is not as usual.
  if (environment.memory_limit_bytes > 0) {
    name += fmt::format("-limit-{}m", environment.memory_limit_bytes >> 20);
  }
  if (environment.cpu_limit > 0) name += fmt::format("-cpus-{:.4g}", environment.cpu_limit);
  if (environment.page_size_bytes != 4096) {
    name += fmt::format("-pages-{}k", environment.page_size_bytes >> 10);
  }
  if (!environment.frequency_governor.empty()) name += "-" + slug(environment.frequency_governor);
  if (environment.build_type != "release") name += "-" + slug(environment.build_type);
  return name;
}

}  // namespace heapwise
