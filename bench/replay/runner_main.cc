// SPDX-License-Identifier: MIT
// The program that is measured: one per allocator, the same object code in each. It has no heap of
// its own, so what its process holds beyond the null runner's is the allocator's doing.
//
//   heapwise-replay-NAME --plan FILE [--raw FILE] [--purpose footprint|throughput|latency]
//                        [--clock trace|recorded|none] [--reference FILE] [--processors N]
//                        [--library FILE] [--print]
//   heapwise-replay-NAME --identify [--library FILE] [--check VARIABLE]
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>

#include "allocators/probe.h"
#include "bench/replay/clock.h"
#include "bench/replay/runner_name.h"
#include "bench/replay/state.h"
#include "bench/replay/text.h"

namespace heapwise::replay {
namespace {

struct Arguments {
  const char* plan = nullptr;
  const char* raw = nullptr;
  const char* library = nullptr;
  const char* check = nullptr;
  const char* reference = nullptr;
  Purpose purpose = Purpose::throughput;
  ReplayClock clock = ReplayClock::trace;
  unsigned processors = 0;
  bool identify = false;
  bool print = false;
};

[[noreturn]] void quit(int status, const char* what, const char* which = "") {
  Text text;
  (text << "heapwise-replay-" << runner_name() << ": " << what << which << "\n")
      .write_to(STDERR_FILENO);
  _exit(status);
}

/// The number of `value` among names that end with null, or -1.
int choice(const char* value, const char* const* names) {
  for (int i = 0; names[i] != nullptr; ++i) {
    if (strcmp(value, names[i]) == 0) return i;
  }
  return -1;
}

Purpose purpose_of(const char* value) {
  static const char* const names[] = {"footprint", "throughput", "latency", nullptr};
  const int found = choice(value, names);
  if (found < 0) quit(kRunnerUsage, "no such purpose: ", value);
  return static_cast<Purpose>(found + 1);
}

ReplayClock clock_of(const char* value) {
  static const char* const names[] = {"trace", "recorded", "none", nullptr};
  const int found = choice(value, names);
  if (found < 0) quit(kRunnerUsage, "no such clock: ", value);
  return static_cast<ReplayClock>(found + 1);
}

/// A positive number, or the end of the process.
unsigned count_of(const char* value) {
  char* end = nullptr;
  const unsigned long count = strtoul(value, &end, 10);
  if (end == value || *end != '\0' || count == 0 || count > UINT_MAX) {
    quit(kRunnerUsage, "no number of processors: ", value);
  }
  return static_cast<unsigned>(count);
}

void take_valued(Arguments& arguments, const char* flag, const char* value) {
  static const char* const names[] = {"--plan",       "--raw",       "--library",
                                      "--purpose",    "--clock",     "--check",
                                      "--processors", "--reference", nullptr};
  const int found = choice(flag, names);
  if (found < 0) quit(kRunnerUsage, "unknown argument ", flag);
  if (value == nullptr) quit(kRunnerUsage, "a value is missing behind ", flag);
  if (found == 0) arguments.plan = value;
  if (found == 1) arguments.raw = value;
  if (found == 2) arguments.library = value;
  if (found == 3) arguments.purpose = purpose_of(value);
  if (found == 4) arguments.clock = clock_of(value);
  if (found == 5) arguments.check = value;
  if (found == 6) arguments.processors = count_of(value);
  if (found == 7) arguments.reference = value;
}

Arguments parse(char** words) {
  Arguments arguments;
  for (char** word = words + 1; *word != nullptr; ++word) {
    if (strcmp(*word, "--identify") == 0) {
      arguments.identify = true;
    } else if (strcmp(*word, "--print") == 0) {
      arguments.print = true;
    } else {
      take_valued(arguments, *word, word[1]);
      ++word;
    }
  }
  if (!arguments.identify && arguments.plan == nullptr) {
    quit(kRunnerUsage, "--plan FILE or --identify is missing");
  }
  return arguments;
}

/// A library of the user's was preloaded: malloc must come from it, and nothing more is known.
void identify_library(probe::Identity& identity, const char* library) {
  const char* const slash = strrchr(library, '/');
  probe::copy_text(identity.version, sizeof identity.version, slash ? slash + 1 : library);
  const bool found =
      probe::file_of(probe::first_definition("malloc"), identity.library, sizeof identity.library);
  static char wanted[PATH_MAX];
  if (!found || realpath(library, wanted) == nullptr || strcmp(wanted, identity.library) != 0) {
    identity.refusal = "malloc does not come from the library that was asked for";
  }
}

/// Ends the process unless malloc is what it is said to be.
void identify_or_refuse(probe::Identity& identity, const Arguments& arguments) {
  if (arguments.library != nullptr) {
    identify_library(identity, arguments.library);
  } else {
    probe::identify(identity);
  }
  if (identity.refusal == nullptr) return;
  Text text;
  text << "heapwise-replay-" << runner_name() << ": refusing to measure: " << identity.refusal
       << " (it comes from " << (identity.library[0] != '\0' ? identity.library : "nowhere")
       << ")\n";
  text.write_to(STDERR_FILENO);
  _exit(kRunnerRefused);
}

/// Identifies in a process of its own. To answer, an allocator allocates for itself (jemalloc 164
/// KiB, which stay), so the one that is measured must not have been asked. What becomes of that
/// process becomes of this one.
const probe::Identity& identify_aside(const Arguments& arguments) {
  auto* const identity = static_cast<probe::Identity*>(map_shared(sizeof(probe::Identity), true));
  if (identity == nullptr) quit(kRunnerSystem, "the system gives no memory");
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child < 0) quit(kRunnerSystem, "the system gives no process");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // it may hang in an allocator that is not what it seems
    if (getppid() != self) _exit(kRunnerSystem);
    identify_or_refuse(*identity, arguments);
    _exit(kRunnerFine);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) kill(getpid(), WTERMSIG(status));
  if (!WIFEXITED(status)) _exit(kRunnerSystem);
  if (WEXITSTATUS(status) != kRunnerFine) _exit(WEXITSTATUS(status));
  return *identity;
}

void print_identity(const probe::Identity& identity) {
  Text text;
  text << "name=" << runner_name() << "\nversion=" << identity.version
       << "\nlibrary=" << identity.library << "\nlinkage=" << runner_linkage() << "\n";
  text.write_to(STDOUT_FILENO);
}

/// Prints whether the allocator heeds a variable of the environment.
void print_check(const Arguments& arguments) {
  static const char* const effects[] = {"unknown", "confirmed", "refused"};
  static probe::SettingCheck check;
  const char* const value = getenv(arguments.check);
  if (value == nullptr) {
    probe::conclude(check, probe::Effect::refused, "%s is not set", arguments.check);
  } else if (arguments.library != nullptr && strcmp(runner_name(), "glibc") == 0) {
    probe::conclude(check, probe::Effect::unknown, "nothing is known about the library's settings");
  } else {
    probe::check_setting(arguments.check, value, check);
  }
  Text text;
  text << "effect=" << effects[static_cast<int>(check.effect)]
       << "\nin_real_time=" << (check.in_real_time ? "yes" : "no") << "\nreason=" << check.reason
       << "\n";
  text.write_to(STDOUT_FILENO);
}

void* map_file(const char* path, bool writable, bool now, std::size_t& size) {
  const int file = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  struct stat about {};
  if (file < 0 || fstat(file, &about) != 0) quit(kRunnerUsage, "cannot open ", path);
  size = static_cast<std::size_t>(about.st_size);
  void* const memory = mmap(nullptr, size, PROT_READ | (writable ? PROT_WRITE : 0),
                            MAP_SHARED | (now ? MAP_POPULATE : 0), file, 0);
  if (memory == MAP_FAILED) quit(kRunnerUsage, "cannot map ", path);
  close(file);
  return memory;
}

PlanView load_plan(const Arguments& arguments) {
  std::size_t size = 0;
  const void* const bytes =
      map_file(arguments.plan, false, arguments.purpose != Purpose::footprint, size);
  PlanView view{};
  const char* problem = nullptr;
  if (!view_plan(bytes, size, view, problem)) quit(kRunnerUsage, problem);
  return view;
}

RawRun* load_raw(const char* path) {
  if (path == nullptr) {
    auto* const raw = static_cast<RawRun*>(map_shared(sizeof(RawRun), true));
    if (raw == nullptr) quit(kRunnerSystem, "the system gives no memory");
    return raw;
  }
  std::size_t size = 0;
  auto* const raw = static_cast<RawRun*>(map_file(path, true, false, size));
  if (size < sizeof *raw || memcmp(raw->magic, kRawRunMagic, sizeof raw->magic) != 0 ||
      raw->sample_capacity > (size - sizeof *raw) / sizeof(RawSample) ||
      raw->latency_bytes > size - sizeof *raw - raw->sample_capacity * sizeof(RawSample)) {
    quit(kRunnerUsage, "not a raw run of this build of heapwise: ", path);
  }
  return raw;
}

const RawReference* load_reference(const char* path) {
  if (path == nullptr) return nullptr;
  std::size_t size = 0;
  const auto* const reference = static_cast<const RawReference*>(map_file(path, false, true, size));
  if (size < sizeof *reference ||
      memcmp(reference->magic, kReferenceMagic, sizeof reference->magic) != 0 ||
      reference->count > (size - sizeof *reference) / sizeof(ReferencePoint)) {
    quit(kRunnerUsage, "not a reference of this build of heapwise: ", path);
  }
  return reference;
}

void print_run(const RawRun& raw) {
  Text text;
  text << "operations=" << raw.operations << "\nwall_ns=" << raw.wall_ns
       << "\ncpu_ns=" << raw.cpu_ns << "\nns_per_operation=";
  text.ratio(raw.wall_ns, raw.operations)
      << "\nfailed_calls=" << raw.failed_calls << "\nthreads_started=" << raw.threads_started
      << "\nbefore_rss_bytes=" << raw.before_rss_bytes << "\nlast_rss_bytes=" << raw.last_rss_bytes;
  if (raw.purpose == Purpose::footprint) {
    text << "\npeak_rss_bytes=" << raw.peak_rss_bytes << "\nexit_rss_bytes=" << raw.exit_rss_bytes
         << "\ndrain_1s_rss_bytes=" << raw.drain_1s_rss_bytes
         << "\ndrain_10s_rss_bytes=" << raw.drain_10s_rss_bytes;
  }
  (text << "\n").write_to(STDOUT_FILENO);
}

/// Another allocator's, asked about this one's blocks, would crash or talk nonsense.
bool knows_usable_sizes() {
  static char allocator[PATH_MAX];
  static char other[PATH_MAX];
  return probe::file_of(probe::first_definition("malloc"), allocator, sizeof allocator) &&
         probe::file_of(probe::first_definition("malloc_usable_size"), other, sizeof other) &&
         strcmp(allocator, other) == 0;
}

/// Outside of any stack: the loops' threads look at it.
Replay the_replay;

void run(const Arguments& arguments, const probe::Identity& identity) {
  Replay& replay = the_replay;
  replay.plan = load_plan(arguments);
  replay.raw = load_raw(arguments.raw);
  if (arguments.clock == ReplayClock::trace) {
    replay.reference = load_reference(arguments.reference);
  }
  replay.purpose = arguments.purpose;
  replay.clock = arguments.clock;
  replay.processors = arguments.processors;
  replay.sizes_known = knows_usable_sizes();
  replay.raw->purpose = arguments.purpose;
  probe::copy_text(replay.raw->version, sizeof replay.raw->version, identity.version);
  if (!prepare(replay)) quit(kRunnerSystem, "the system gives no memory for the replay's tables");
  if (!replay.sampler.open()) quit(kRunnerSystem, "/proc does not tell the resident memory");
  if (arguments.purpose == Purpose::footprint) {
    run_footprint(replay);
  } else if (arguments.purpose == Purpose::throughput) {
    run_throughput(replay);
  } else if (!run_latency(replay)) {
    quit(kRunnerSystem, "the system gives no memory for the histograms");
  }
  // Whoever reads the file sees all the rest or takes the run for dead.
  __atomic_store_n(&replay.raw->finished, 1U, __ATOMIC_RELEASE);
}

}  // namespace
}  // namespace heapwise::replay

int main(int /*count*/, char** words) {
  using namespace heapwise::replay;
  find_real_clock();
  const Arguments arguments = parse(words);
  if (arguments.identify) {
    static heapwise::probe::Identity identity;
    identify_or_refuse(identity, arguments);
    print_identity(identity);
    if (arguments.check != nullptr) print_check(arguments);
    _exit(heapwise::kRunnerFine);
  }
  run(arguments, identify_aside(arguments));
  if (arguments.print) print_run(*the_replay.raw);
  // Destructors would measure nothing and could only fail.
  _exit(heapwise::kRunnerFine);
}
