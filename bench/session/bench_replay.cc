// SPDX-License-Identifier: MIT
// What the replay loop costs: nanoseconds per operation on every allocator, the null one first. Not
// installed; for whoever works on the loop.
//
//   heapwise-bench-replay RUNNERS [TRACE.hwt | OPERATIONS [THREADS]]
//
// Without a trace, OPERATIONS mallocs and frees of random sizes and lifetimes are made up, shared
// out among THREADS that keep to themselves.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "allocators/allocator.h"
#include "base/rng.h"
#include "base/temporary_directory.h"
#include "bench/plan/compile.h"
#include "bench/session/process.h"
#include "bench/session/runner.h"
#include "traces/writer.h"

namespace heapwise {
namespace {

constexpr unsigned kRuns = 5;
constexpr std::size_t kLive = 100'000;
constexpr std::uint64_t kScalingOperations = 10'000'000;
constexpr unsigned kScalingRounds = 25;

double exponential(Rng& rng, double mean) { return -mean * std::log1p(-rng.unit()); }

/// Each thread holds a pool of objects; every operation frees a random one or replaces it.
Expected<void> make_trace(const std::string& path, std::uint64_t operations, unsigned threads) {
  TraceInfo info;
  info.source = TraceSource::synthetic;
  info.capabilities = Capability::threads | Capability::time;
  info.name = "bench";
  auto writer = TraceWriter::create(path, info);
  if (!writer) return tl::unexpected(writer.error());
  Rng rng(1);
  std::vector<std::vector<ObjectId>> pools(threads);
  for (unsigned thread = 1; thread < threads; ++thread) {
    writer->thread_start(ThreadId{0}, 0, ThreadId{thread});
  }
  for (std::uint64_t i = 0; i < operations; ++i) {
    const ThreadId thread{static_cast<std::uint32_t>(i / 256 % threads)};
    auto& pool = pools[index(thread)];
    const bool full = pool.size() >= kLive;
    if (!pool.empty() && (full || rng.below(100) < 45)) {
      std::swap(pool[rng.below(pool.size())], pool.back());
      writer->free(thread, i * 20, pool.back());
      pool.pop_back();
    } else {
      const auto size = static_cast<std::uint64_t>(8 + exponential(rng, 120));
      pool.push_back(writer->allocate(thread, i * 20, OpKind::malloc, size));
    }
  }
  auto totals = writer->finish();
  if (!totals) return tl::unexpected(totals.error());
  return {};
}

/// One throughput run.
Expected<RawRun> run_once(const std::string& runners, const std::string& plan,
                          const std::string& allocator) {
  RunnerCall call;
  call.library_directory = runners;
  call.contender = {allocator, "default", allocator, {}, {}};
  call.plan = plan;
  call.raw = plan + ".raw";
  call.purpose = Purpose::throughput;
  call.timeout_s = 600;
  const auto end = run_runner(call);
  if (!end) return tl::unexpected(end.error());
  if (end->status != RunStatus::ok) return fail(ErrorCode::check_failed, end->detail);
  return end->raw.run;
}

double ns_per_operation(const RawRun& raw) {
  return static_cast<double>(raw.wall_ns) / static_cast<double>(raw.operations);
}

double median_of(std::vector<double> figures) {
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

/// Prints "allocator version best median ns/op" of a few throughput runs.
Expected<void> bench(const std::string& runners, const std::string& plan,
                     const std::string& allocator) {
  std::vector<double> figures;
  std::string version;
  for (unsigned run = 0; run < kRuns; ++run) {
    const auto raw = run_once(runners, plan, allocator);
    if (!raw) return tl::unexpected(raw.error());
    figures.push_back(ns_per_operation(*raw));
    version = raw->version;
  }
  std::printf("%-10s %-8s best %7.2f  median %7.2f ns/op\n", allocator.c_str(), version.c_str(),
              *std::min_element(figures.begin(), figures.end()), median_of(figures));
  std::fflush(stdout);
  return {};
}

/// Two processes at once that have nothing to do with each other; the mean of their times.
Expected<double> run_two_processes(const std::string& runners, const std::string& plan,
                                   const std::string& other_plan) {
  Expected<RawRun> other = RawRun{};
  std::thread beside([&] { other = run_once(runners, other_plan, "null"); });
  const auto one = run_once(runners, plan, "null");
  beside.join();
  if (!one) return tl::unexpected(one.error());
  if (!other) return tl::unexpected(other.error());
  return (ns_per_operation(*one) + ns_per_operation(*other)) / 2;
}

/// How much more two threads get done than one that does as much as each of them, where no object
/// changes hands: what the harness itself takes away from parallel work. One and two take turns, as
/// a virtual machine is faster in one second than in another. Two processes of one thread each show
/// what the machine can do at most.
Expected<void> bench_scaling(const std::string& runners, std::uint64_t operations) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return tl::unexpected(directory.error());
  const std::string plans[2] = {directory->path() + "/one", directory->path() + "/two"};
  const std::string same_plan = directory->path() + "/same";
  for (unsigned threads = 1; threads <= 2; ++threads) {
    const std::string trace = directory->path() + "/" + std::to_string(threads) + ".hwt";
    auto made = make_trace(trace, operations * threads, threads);
    if (!made) return made;
    const auto facts = plan::compile_plan(trace, plans[threads - 1]);
    if (!facts) return tl::unexpected(facts.error());
  }
  if (auto copied = plan::compile_plan(directory->path() + "/1.hwt", same_plan); !copied) {
    return tl::unexpected(copied.error());
  }
  std::vector<double> figures[2], ratios, process_ratios;
  for (unsigned round = 0; round < kScalingRounds; ++round) {
    for (unsigned i = 0; i < 2; ++i) {
      const auto raw = run_once(runners, plans[i], "null");
      if (!raw) return tl::unexpected(raw.error());
      figures[i].push_back(ns_per_operation(*raw));
    }
    const auto processes = run_two_processes(runners, plans[0], same_plan);
    if (!processes) return tl::unexpected(processes.error());
    ratios.push_back(figures[0].back() / figures[1].back());
    process_ratios.push_back(2 * figures[0].back() / *processes);
  }
  std::sort(ratios.begin(), ratios.end());
  std::printf(
      "one thread %.2f, two %.2f ns/op: two do %.2f times the operations of one in the same "
      "time (quartiles of %u rounds %.2f to %.2f)\n",
      median_of(figures[0]), median_of(figures[1]), median_of(ratios), kScalingRounds,
      ratios[kScalingRounds / 4], ratios[kScalingRounds * 3 / 4]);
  std::printf("two processes of one thread each do %.2f times\n", median_of(process_ratios));
  return {};
}

Expected<void> run(const std::string& runners, const std::string& what, unsigned threads) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return tl::unexpected(directory.error());
  std::string trace = what;
  if (what.find_first_not_of("0123456789") == std::string::npos) {
    trace = directory->path() + "/bench.hwt";
    auto made = make_trace(trace, std::strtoull(what.c_str(), nullptr, 10), threads);
    if (!made) return made;
  }
  const std::string plan = directory->path() + "/plan";
  const auto facts = plan::compile_plan(trace, plan);
  if (!facts) return tl::unexpected(facts.error());
  std::printf("%llu operations, %u threads, %llu slots, %llu objects change threads\n",
              static_cast<unsigned long long>(facts->operations), facts->threads,
              static_cast<unsigned long long>(facts->slots),
              static_cast<unsigned long long>(facts->crossings));
  auto done = bench(runners, plan, "null");
  for (const Contender& contender : default_contenders()) {
    if (done) done = bench(runners, plan, contender.allocator);
  }
  if (!done) return tl::unexpected(done.error());
  return bench_scaling(runners, kScalingOperations);
}

}  // namespace
}  // namespace heapwise

int main(int count, char** words) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s RUNNERS [TRACE.hwt | OPERATIONS [THREADS]]\n", words[0]);
    return 2;
  }
  const auto threads = count > 3 ? static_cast<unsigned>(std::strtoul(words[3], nullptr, 10)) : 1U;
  const auto done =
      heapwise::run(words[1], count > 2 ? words[2] : "20000000", threads > 0 ? threads : 1);
  if (done) return 0;
  std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return 1;
}
