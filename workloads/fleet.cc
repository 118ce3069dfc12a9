// SPDX-License-Identifier: MIT
// A profile of a fleet: sizes, how often each is asked for, how many of each are alive.
//
// The profile is a file of the user's, one line per size, in the column order of the distributions
// that fleetbench publishes (https://github.com/google/fleetbench, fleetbench/tcmalloc/
// distributions): size, alloc_rate, num_live. What matters is how the lines relate to each other,
// so a profile sampled at any rate will do; here rates are allocations per second.
//
// Objects arrive at random, each size as often as its rate says, and live for a time that is
// exponential with mean num_live ÷ alloc_rate (J. Little, "A proof for the queuing formula L = λW",
// 1961), so as many of each size are alive at any time as the profile says, before the first
// arrival as after the last. `memory` scales rates and numbers alike, which leaves lifetimes as
// they are.
//
// What it does not model: anything that a table of sizes cannot tell. Objects do not die together,
// lifetimes of a size are of one kind (in programs, one size serves buffers of a moment and tables
// for ever), there are no phases, and hand-over between threads is what `remote` says.
#include <algorithm>
#include <vector>

#include "base/files.h"
#include "workloads/calendar.h"
#include "workloads/fleet_profile.h"
#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Worker {
  ThreadId thread{0};
  Calendar deaths;
};

class Fleet {
 public:
  Fleet(const Params& params, std::vector<SizeRate> profile, std::uint64_t seed,
        TraceWriter& writer)
      : params_(params),
        profile_(std::move(profile)),
        program_(seed, writer, 0),
        workers_(params["threads"]) {
    double live_bytes = 0;
    for (const SizeRate& row : profile_) live_bytes += static_cast<double>(row.size) * row.live;
    scale_ = static_cast<double>(params["memory"]) / live_bytes;
    for (const SizeRate& row : profile_) rates_.push_back(sum_ += row.allocations_per_s * scale_);
  }

  void run() {
    if (workers_.size() > 1) {
      for (Worker& worker : workers_) worker.thread = program_.start_thread();
    }
    populate();
    while (program_.calls() < warm_ + params_["calls"]) {
      for (Worker& worker : workers_) work(worker);
    }
    program_.exit();
  }

 private:
  static constexpr int kTurn = 64;  // arrivals at one worker before another's are seen

  // As many of each size as are alive at any time, in an order that has nothing to do with sizes.
  void populate() {
    std::vector<std::uint32_t> rows;
    for (std::uint32_t row = 0; row < profile_.size(); ++row) {
      const double wanted = profile_[row].live * scale_;
      auto count = static_cast<std::uint64_t>(wanted);
      count += program_.rng().unit() < wanted - static_cast<double>(count) ? 1 : 0;
      rows.insert(rows.end(), count, row);
    }
    for (std::size_t left = rows.size(); left > 0; --left) {
      std::swap(rows[program_.rng().below(left)], rows[left - 1]);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      arrive(workers_[i * workers_.size() / rows.size()], rows[i]);
    }
    warm_ = program_.calls();
  }

  // Exponential lifetimes have no memory, so what is there already has as long to live as what is
  // new.
  void arrive(Worker& worker, std::uint32_t row) {
    const SizeRate& of = profile_[row];
    const ObjectId object = program_.allocate(worker.thread, of.size);
    if (of.allocations_per_s <= 0) return;
    const double lives_ns = exponential(program_.rng()) * of.live / of.allocations_per_s * 1e9;
    const auto dies_ns = program_.now() + static_cast<std::uint64_t>(std::min(lives_ns, 1e18));
    owner_of_next(worker).deaths.push({dies_ns, object});
  }

  Worker& owner_of_next(Worker& maker) {
    if (workers_.size() == 1 || program_.rng().below(100) >= params_["remote"]) return maker;
    return workers_[program_.rng().below(workers_.size())];
  }

  void work(Worker& worker) {
    for (int i = 0; i < kTurn; ++i) {
      next_ns_ += exponential(program_.rng()) * 1e9 / sum_;
      const auto next = static_cast<std::uint64_t>(next_ns_);
      while (worker.deaths.has_due(next)) {
        program_.pass_until(worker.deaths.next_ns());
        program_.free(worker.thread, worker.deaths.pop());
      }
      program_.pass_until(next);
      const double dice = program_.rng().unit() * sum_;
      const auto row = std::upper_bound(rates_.begin(), rates_.end(), dice) - rates_.begin();
      arrive(worker, static_cast<std::uint32_t>(row));
    }
  }

  const Params& params_;
  std::vector<SizeRate> profile_;
  Program program_;
  std::vector<Worker> workers_;
  std::vector<double> rates_;  // summed up
  double sum_ = 0, scale_ = 1, next_ns_ = 0;
  std::uint64_t warm_ = 0;  // calls of populate()
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  const std::string& path = params.path("file");
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto profile = parse_fleet_profile(*text, path);
  if (!profile) return tl::unexpected(profile.error());
  Fleet(params, *std::move(profile), seed, writer).run();
  return {};
}

}  // namespace

Workload fleet() {
  return {"fleet",
          "sizes, rates and live objects of a profile of yours (CSV)",
          {{"file", Unit::path, 0, 0, 0, "lines of size, alloc_rate, num_live"},
           {"memory", Unit::bytes, 64ULL << 20, 64ULL << 10, 1ULL << 40,
            "live bytes; rates and numbers are scaled to it"},
           {"calls", Unit::count, 1000000, 1, 100000000000, "calls after the heap is filled"},
           {"threads", Unit::count, 1, 1, 1024, "threads that share the work"},
           {"remote", Unit::percent, 0, 0, 100, "objects that any of them may free"}},
          generate};
}

}  // namespace heapwise
