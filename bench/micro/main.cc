// SPDX-License-Identifier: MIT
// The primitives of one allocator: a Google Benchmark program that is linked, from the same object
// code, to each of them. Takes Google Benchmark's flags, and
//   --heapwise_library=FILE   malloc must come from this library, which was preloaded
#include <benchmark/benchmark.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocators/probe.h"
#include "bench/micro/primitives.h"

namespace heapwise::micro {
namespace {

constexpr int kRefused = 65;  // as the runners of traces do
constexpr char kLibraryFlag[] = "--heapwise_library=";

int usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/// Takes our own flag off the arguments.
const char* take_library(int& count, char** words) {
  const char* library = nullptr;
  int kept = 1;
  for (int i = 1; i < count; ++i) {
    if (strncmp(words[i], kLibraryFlag, strlen(kLibraryFlag)) == 0) {
      library = words[i] + strlen(kLibraryFlag);
    } else {
      words[kept++] = words[i];
    }
  }
  words[count = kept] = nullptr;
  return library;
}

void identify_library(probe::Identity& identity, const char* library) {
  const char* const slash = strrchr(library, '/');
  probe::copy_text(identity.version, sizeof identity.version, slash ? slash + 1 : library);
  static char wanted[PATH_MAX];
  const bool found =
      probe::file_of(probe::first_definition("malloc"), identity.library, sizeof identity.library);
  if (!found || realpath(library, wanted) == nullptr || strcmp(wanted, identity.library) != 0) {
    identity.refusal = "malloc does not come from the library that was asked for";
  }
}

/// False when malloc is not what it is said to be.
bool is_identified(const char* library) {
  static probe::Identity identity;
  if (library != nullptr) {
    identify_library(identity, library);
  } else {
    probe::identify(identity);
  }
  benchmark::AddCustomContext("allocator", allocator_name());
  benchmark::AddCustomContext("allocator_version", identity.version);
  benchmark::AddCustomContext("allocator_library", identity.library);
  if (identity.refusal == nullptr) return true;
  fprintf(stderr, "heapwise-micro-%s: refusing to measure: %s (it comes from %s)\n",
          allocator_name(), identity.refusal, identity.library);
  return false;
}

}  // namespace
}  // namespace heapwise::micro

int main(int count, char** words) {
  using namespace heapwise::micro;
  const char* const library = take_library(count, words);
  benchmark::Initialize(&count, words);
  if (benchmark::ReportUnrecognizedArguments(count, words)) return 64;
  if (!is_identified(library)) return kRefused;
  register_primitives(usable_cores());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
