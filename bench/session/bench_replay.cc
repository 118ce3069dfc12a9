// SPDX-License-Identifier: MIT
// What the replay loop costs: nanoseconds per operation on every allocator, the null one first. Not
// installed; for whoever works on the loop.
//
//   heapwise-bench-replay RUNNERS [TRACE.hwt | OPERATIONS [THREADS]]
//
// Without a trace, OPERATIONS mallocs and frees of random sizes and lifetimes are made up, shared
// out among THREADS that keep to themselves.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "base/files.h"
#include "base/rng.h"
#include "bench/plan/compile.h"
#include "bench/session/process.h"
#include "bench/session/runner.h"
#include "traces/writer.h"

namespace heapwise {
namespace {

constexpr unsigned kRuns = 5;
constexpr std::size_t kLive = 100'000;
constexpr std::uint64_t kScalingOperations = 10'000'000;

/// Each thread holds a pool of objects; every operation frees a random one or replaces it.
Expected<void> make_trace(const std::string& path, std::uint64_t operations, unsigned threads,
                          bool overwrite = false) {
  TraceInfo info;
  info.source = TraceSource::synthetic;
  info.capabilities = Capability::threads | Capability::time;
  info.name = "bench";
  auto writer = TraceWriter::create(path, info, overwrite);
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
      const auto size = static_cast<std::uint64_t>(8 + rng.exponential(120));
      pool.push_back(writer->allocate(thread, i * 20, OpKind::malloc, size));
    }
  }
  auto totals = writer->finish();
  if (!totals) return tl::unexpected(totals.error());
  return {};
}

/// Prints "allocator version best median ns/op" of a few throughput runs; returns the median.
Expected<double> bench(const std::string& runners, const std::string& directory,
                       const std::string& allocator) {
  std::vector<double> figures;
  std::string version;
  for (unsigned run = 0; run < kRuns; ++run) {
    RunnerCall call;
    call.library_directory = runners;
    call.contender = {allocator, "default", allocator, {}, {}};
    call.plan = directory + "/plan";
    call.raw = directory + "/raw";
    call.purpose = Purpose::throughput;
    call.timeout_s = 600;
    const auto end = run_runner(call);
    if (!end) return tl::unexpected(end.error());
    if (end->status != RunStatus::ok) return fail(ErrorCode::check_failed, end->detail);
    const RawRun& raw = end->raw.run;
    figures.push_back(static_cast<double>(raw.wall_ns) / static_cast<double>(raw.operations));
    version = raw.version;
  }
  std::sort(figures.begin(), figures.end());
  const double median = figures[figures.size() / 2];
  std::printf("%-10s %-8s best %7.2f  median %7.2f ns/op\n", allocator.c_str(), version.c_str(),
              figures.front(), median);
  std::fflush(stdout);
  return median;
}

/// How much more two threads get done than one that does as much as each of them, where no object
/// changes hands: what the harness itself takes away from parallel work.
Expected<void> bench_scaling(const std::string& runners, std::uint64_t operations) {
  auto directory = TemporaryDirectory::make();
  if (!directory) return tl::unexpected(directory.error());
  double medians[2] = {};
  for (unsigned threads = 1; threads <= 2; ++threads) {
    const std::string trace = directory->path() + "/scaling.hwt";
    auto made = make_trace(trace, operations * threads, threads, true);
    if (!made) return made;
    const auto facts = plan::compile_plan(trace, directory->path() + "/plan");
    if (!facts) return tl::unexpected(facts.error());
    std::printf("%u threads: ", threads);
    const auto median = bench(runners, directory->path(), "null");
    if (!median) return tl::unexpected(median.error());
    medians[threads - 1] = *median;
  }
  std::printf("two threads do %.2f times the operations of one in the same time\n",
              medians[0] / medians[1]);
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
  const auto facts = plan::compile_plan(trace, directory->path() + "/plan");
  if (!facts) return tl::unexpected(facts.error());
  std::printf("%llu operations, %u threads, %llu slots, %llu objects change threads\n",
              static_cast<unsigned long long>(facts->operations), facts->threads,
              static_cast<unsigned long long>(facts->slots),
              static_cast<unsigned long long>(facts->crossings));
  auto done = bench(runners, directory->path(), "null");
  for (const Contender& contender : default_contenders()) {
    if (done) done = bench(runners, directory->path(), contender.allocator);
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
