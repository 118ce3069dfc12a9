// SPDX-License-Identifier: MIT
// What recording costs, in ns per call of malloc or free, beside heaptrack in the same run:
//   heapwise-bench-self LIBRARY [ROUNDS [EVENTS]]   compares, in rounds that take turns
//   heapwise-bench-self --work THREADS EVENTS FILE  is what is recorded: writes ns per event
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/rng.h"
#include "base/temporary_directory.h"
#include "bench/session/process.h"
#include "bench/session/record.h"

namespace {

using Clock = std::chrono::steady_clock;

// --- the work ---

/// A thread that replaces objects of 16 to 512 bytes in a small table: two events per turn.
void churn(std::uint64_t seed, std::uint64_t events) {
  heapwise::Rng rng(seed);
  std::vector<void*> table(256);
  for (std::uint64_t i = 0; i < events / 2; ++i) {
    const std::uint64_t random = rng.next();
    void*& slot = table[random & 255U];
    std::free(slot);
    slot = std::malloc(16 + (random >> 8 & 511U));
    *static_cast<char*>(slot) = 1;
  }
  for (void* block : table) std::free(block);
}

/// What one event took: of each thread's time, and of CPU time.
struct Cost {
  double wall_ns = 0;
  double cpu_ns = 0;
};

double cpu_ns() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e9 + static_cast<double>(used.tv_nsec);
}

Cost cost_per_event(unsigned threads, std::uint64_t events) {
  std::barrier<> start(threads + 1);
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&, i] {
      churn(100 + i, events / 20);  // warm
      start.arrive_and_wait();
      churn(i, events);
    });
  }
  start.arrive_and_wait();
  const auto begun = Clock::now();
  const double cpu_begun = cpu_ns();
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double, std::nano> taken = Clock::now() - begun;
  const auto count = static_cast<double>(events);
  return {taken.count() / count, (cpu_ns() - cpu_begun) / count / threads};
}

int work(unsigned threads, std::uint64_t events, const char* result) {
  const Cost cost = cost_per_event(threads, events);
  const std::string text = std::to_string(cost.wall_ns) + " " + std::to_string(cost.cpu_ns);
  return heapwise::write_file(result, text, true) ? 0 : 1;
}

// --- the comparison ---

struct Session {
  std::string self, library, folder;
  std::uint64_t events = 0;
};

std::vector<std::string> work_command(const Session& session, unsigned threads) {
  return {session.self, "--work", std::to_string(threads), std::to_string(session.events),
          session.folder + "/result"};
}

Cost read_result(const Session& session) {
  const auto text = heapwise::read_file(session.folder + "/result");
  std::filesystem::remove(session.folder + "/result");
  Cost cost;
  if (!text) {
    std::fprintf(stderr, "bench-self: the measured work did not end well\n");
    std::exit(1);
  }
  char* end = nullptr;
  cost.wall_ns = std::strtod(text->c_str(), &end);
  cost.cpu_ns = std::strtod(end, nullptr);
  return cost;
}

Cost run_plain(const Session& session, const std::vector<std::string>& command) {
  const std::vector<char*> arguments = heapwise::exec_pointers(command);
  const pid_t pid = fork();
  if (pid == 0) {
    (void)!freopen("/dev/null", "w", stdout);
    (void)!freopen("/dev/null", "w", stderr);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  waitpid(pid, nullptr, 0);
  return read_result(session);
}

Cost run_recorded(const Session& session, unsigned threads) {
  heapwise::RecordOptions options;
  options.command = work_command(session, threads);
  options.output = session.folder + "/trace.hwt";
  options.overwrite = true;
  options.recorder_library = session.library;
  const auto recording = heapwise::record(options);
  if (!recording) {
    std::fprintf(stderr, "bench-self: %s\n", recording.error().what.c_str());
    return {};
  }
  for (const auto& warning : recording->warnings) {
    std::fprintf(stderr, "bench-self: warning: %s\n", warning.what.c_str());
  }
  return read_result(session);
}

Cost run_heaptrack(const Session& session, unsigned threads) {
  std::vector<std::string> command{"heaptrack", "-o", session.folder + "/heaptrack"};
  for (std::string& word : work_command(session, threads)) command.push_back(std::move(word));
  const Cost result = run_plain(session, command);
  for (const auto& file : std::filesystem::directory_iterator(session.folder)) {
    if (file.path().filename().string().rfind("heaptrack", 0) == 0) {
      std::filesystem::remove(file.path());
    }
  }
  return result;
}

bool is_installed(const char* program) {
  return std::system((std::string("command -v ") + program + " >/dev/null").c_str()) == 0;
}

using Costs = std::vector<Cost>;

std::vector<double> sorted(const Costs& costs, double Cost::*which) {
  std::vector<double> values;
  values.reserve(costs.size());
  for (const Cost& cost : costs) values.push_back(cost.*which);
  std::sort(values.begin(), values.end());
  return values;
}

double median(const Costs& costs, double Cost::*which) {
  return sorted(costs, which)[costs.size() / 2];
}

void print_row(unsigned threads, const char* name, const Costs& costs, const Costs& bare) {
  const auto walls = sorted(costs, &Cost::wall_ns);
  const double wall = median(costs, &Cost::wall_ns);
  const double base = median(bare, &Cost::wall_ns);
  const double cpu = median(costs, &Cost::cpu_ns) - median(bare, &Cost::cpu_ns);
  std::printf("%7u  %-10s %8.1f %8.1f %8.1f..%-7.1f %6.2f %9.1f\n", threads, name, wall,
              wall - base, walls.front(), walls.back(), wall / base, cpu);
}

void compare(const Session& session, unsigned threads, int rounds, bool heaptrack) {
  Costs bare, recorded, tracked;
  for (int round = 0; round < rounds; ++round) {
    bare.push_back(run_plain(session, work_command(session, threads)));
    recorded.push_back(run_recorded(session, threads));
    if (heaptrack) tracked.push_back(run_heaptrack(session, threads));
  }
  print_row(threads, "bare", bare, bare);
  print_row(threads, "recorded", recorded, bare);
  if (heaptrack) print_row(threads, "heaptrack", tracked, bare);
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 5 && std::string(arguments[1]) == "--work") {
    return work(static_cast<unsigned>(std::atoi(arguments[2])),
                std::strtoull(arguments[3], nullptr, 10), arguments[4]);
  }
  if (count < 2) {
    std::fprintf(stderr, "usage: heapwise-bench-self LIBRARY [ROUNDS [EVENTS]]\n");
    return 2;
  }
  auto folder = heapwise::TemporaryDirectory::make();
  if (!folder) return 2;
  Session session{std::filesystem::read_symlink("/proc/self/exe").string(), arguments[1],
                  folder->path(), count > 3 ? std::strtoull(arguments[3], nullptr, 10) : 5'000'000};
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const int rounds = count > 2 ? std::max(1, std::atoi(arguments[2])) : 5;
  const bool heaptrack = is_installed("heaptrack");
  std::printf("%d rounds of %llu events per thread, in ns per event\n", rounds,
              static_cast<unsigned long long>(session.events));
  std::puts("threads  run          median    added    least..most     times  CPU added");
  for (const unsigned threads : {1U, 2U}) compare(session, threads, rounds, heaptrack);
  if (!heaptrack) std::puts("heaptrack is not installed: apt-get install heaptrack");
  return 0;
}
