// SPDX-License-Identifier: MIT
// Whether glibc's settings are at work. Its malloc tells none of them, so most are seen in what it
// does; what cannot be seen is looked up in the list of tunables that its loader prints.
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "allocators/probe.h"

namespace heapwise::probe {
namespace {

using Number = unsigned long long;

constexpr Number kMiB = Number{1} << 20;
/// More blocks than any of the checks below needs.
constexpr size_t kMostBlocks = 8192;

/// Blocks that stay until they are freed all together.
class Blocks {
 public:
  ~Blocks() { free_all(); }

  void* add(size_t size) {
    void* const block = count_ < kMostBlocks ? malloc(size) : nullptr;
    if (block != nullptr) blocks_[count_++] = block;
    return block;
  }
  /// The last first, so that what they leave behind is one piece at the top of the heap.
  void free_all() {
    while (count_ > 0) free(blocks_[--count_]);
  }

 private:
  static inline void* blocks_[kMostBlocks];
  size_t count_ = 0;
};

/// By default the freeing of a block of this kind raises both thresholds.
void free_mapped_block(size_t size) {
  void* volatile block = malloc(size);
  free(block);
}

/// Whether the system is asked for a block of this size alone once the heap's top is used up.
bool is_mapped(size_t size) {
  Blocks blocks;
  const size_t mapped = mallinfo2().hblks;
  const size_t blocks_in_top = mallinfo2().keepcost / size + 1;
  for (size_t i = 0; i <= blocks_in_top; ++i) blocks.add(size);
  return mallinfo2().hblks > mapped;
}

void check_mmap_threshold(Number value, SettingCheck& check) {
  if (value < 32768 || value > 16 * kMiB) {
    return conclude(check, Effect::unknown, "a threshold of %llu cannot be seen at work", value);
  }
  free_mapped_block(2 * value);
  if (is_mapped(value - value / 8)) {
    return conclude(check, Effect::refused, "blocks smaller than %llu are mapped", value);
  }
  if (!is_mapped(value)) {
    return conclude(check, Effect::refused, "blocks of %llu are not mapped", value);
  }
  conclude(check, Effect::confirmed, "blocks of %llu are mapped and smaller ones are not", value);
}

/// What is left at the top of the heap when `size` bytes of small blocks are freed.
size_t kept_of(size_t size) {
  constexpr size_t kBlock = 60000;
  Blocks blocks;
  for (size_t used = 0; used < size; used += kBlock) blocks.add(kBlock);
  blocks.free_all();
  return mallinfo2().keepcost;
}

void check_trim_threshold(Number value, SettingCheck& check) {
  // glibc adds a top pad of 128 KiB wherever it grows or trims the top.
  constexpr Number kSlack = kMiB / 2;
  if (value > 2 * kSlack) {
    const Number least = value - kSlack < 16 * kMiB ? value - kSlack : 16 * kMiB;
    if (kept_of(least) < least / 2) {
      return conclude(check, Effect::refused, "the heap's top is trimmed before %llu bytes", value);
    }
  }
  if (value <= 24 * kMiB) {
    free_mapped_block(32 * kMiB - 65536);
    if (kept_of(value + 4 * kMiB) > value + kSlack) {
      return conclude(check, Effect::refused, "the heap's top is not trimmed at %llu bytes", value);
    }
  }
  conclude(check, Effect::confirmed, "the heap's top is trimmed beyond %llu bytes", value);
}

pthread_barrier_t all_have_allocated;

void* allocate_and_wait(void* /*nothing*/) {
  void* volatile block = malloc(100);
  pthread_barrier_wait(&all_have_allocated);
  pthread_barrier_wait(&all_have_allocated);
  free(block);
  return nullptr;
}

/// How many arenas there are, as malloc_info prints it: 0 when it does not.
size_t count_arenas() {
  char* text = nullptr;
  size_t size = 0;
  FILE* const file = open_memstream(&text, &size);
  if (file == nullptr) return 0;
  malloc_info(0, file);
  fclose(file);
  size_t count = 0;
  for (const char* at = text; (at = strstr(at, "<heap nr=")) != nullptr; ++at) ++count;
  free(text);
  return count;
}

void check_arena_max(Number value, SettingCheck& check) {
  constexpr Number kMostThreads = 64;
  if (value == 0 || value >= kMostThreads) {
    return conclude(check, Effect::unknown, "%llu arenas cannot be seen at work", value);
  }
  // With the main thread, one more than there may be arenas.
  const auto threads = static_cast<unsigned>(value + 1);
  pthread_t ids[kMostThreads];
  pthread_barrier_init(&all_have_allocated, nullptr, threads + 1);
  for (unsigned i = 0; i < threads; ++i) {
    if (pthread_create(&ids[i], nullptr, allocate_and_wait, nullptr) != 0) {
      // The process ends anyway; those that wait end with it.
      return conclude(check, Effect::unknown, "the system gives no %u threads", threads);
    }
  }
  pthread_barrier_wait(&all_have_allocated);
  const size_t arenas = count_arenas();
  pthread_barrier_wait(&all_have_allocated);
  for (unsigned i = 0; i < threads; ++i) pthread_join(ids[i], nullptr);
  if (arenas == value) {
    return conclude(check, Effect::confirmed, "%u threads have %zu arenas", threads + 1, arenas);
  }
  conclude(check, Effect::refused, "%u threads have %zu arenas, not %llu", threads + 1, arenas,
           value);
}

/// What a thread cache does not take goes to the fast bins, which are counted.
void check_tcache_count(Number value, SettingCheck& check) {
  if (value > 4096) {
    return conclude(check, Effect::unknown, "a cache of %llu blocks cannot be seen at work", value);
  }
  constexpr size_t kSize = 56;
  const size_t before = mallinfo2().smblks;
  {
    Blocks blocks;
    for (Number i = 0; i <= value; ++i) blocks.add(kSize);
  }
  const size_t left_over = mallinfo2().smblks - before;
  if (left_over == 1) {
    return conclude(check, Effect::confirmed, "a thread caches %llu blocks of a size", value);
  }
  conclude(check, Effect::refused, "of %llu blocks, a thread caches %llu", value + 1,
           value + 1 - static_cast<Number>(left_over));
}

void check_hugetlb(Number value, SettingCheck& check) {
  if (value == 0) return conclude(check, Effect::unknown, "no huge pages is the default");
  Blocks blocks;
  const void* block = nullptr;
  for (unsigned i = 0; i < 160; ++i) block = blocks.add(100000);  // 16 MiB of the heap's
  if (is_huge(block)) {
    return conclude(check, Effect::confirmed, "the heap has huge pages or was advised to");
  }
  if (value == 1) {
    return conclude(check, Effect::refused,
                    "the heap is not advised to use huge pages: it is only where "
                    "/sys/kernel/mm/transparent_hugepage/enabled says madvise");
  }
  conclude(check, Effect::refused,
           "the system has set no huge pages aside: as root, sysctl "
           "vm.nr_hugepages=N");
}

/// Runs the loader, which prints what it makes of the same environment. -1: it does not know the
/// tunable; -2: it cannot be asked.
long long listed_value(const char* name) {
  Dl_info loader;
  const void* const address = reinterpret_cast<const void*>(getauxval(AT_BASE));
  if (address == nullptr || dladdr(address, &loader) == 0) return -2;
  char command[600];
  snprintf(command, sizeof command, "'%s' --list-tunables 2>/dev/null", loader.dli_fname);
  FILE* const list = popen(command, "re");  // NOLINT(cert-env33-c): the loader of this process
  if (list == nullptr) return -2;
  char line[300];
  char wanted[100];
  const int length = snprintf(wanted, sizeof wanted, "glibc.malloc.%s: ", name);
  long long found = -2;
  while (fgets(line, sizeof line, list) != nullptr) {
    if (found == -2) found = -1;
    if (strncmp(line, wanted, static_cast<size_t>(length)) != 0) continue;
    found = static_cast<long long>(strtoull(line + length, nullptr, 0));
  }
  pclose(list);
  return found;
}

void check_list(const char* name, Number value, SettingCheck& check) {
  const long long found = listed_value(name);
  if (found == -1) {
    return conclude(check, Effect::refused, "this glibc has no tunable glibc.malloc.%s", name);
  }
  // What is not set is listed as 0, and a checking malloc is a library of its own.
  if (found == -2 || value == 0 || strcmp(name, "check") == 0) {
    return conclude(check, Effect::unknown, "glibc does not tell its %s", name);
  }
  compare_setting(check, name, static_cast<long long>(value), found);
}

struct Tunable {
  const char* variable;  ///< null: only GLIBC_TUNABLES sets it
  const char* name;
  void (*check)(Number value, SettingCheck& check);  ///< null: what is listed must do
};

constexpr Tunable kTunables[] = {
    {"MALLOC_ARENA_MAX", "arena_max", check_arena_max},
    {"MALLOC_MMAP_THRESHOLD_", "mmap_threshold", check_mmap_threshold},
    {"MALLOC_TRIM_THRESHOLD_", "trim_threshold", check_trim_threshold},
    {nullptr, "tcache_count", check_tcache_count},
    {nullptr, "hugetlb", check_hugetlb},
    {"MALLOC_ARENA_TEST", "arena_test", nullptr},
    {"MALLOC_TOP_PAD_", "top_pad", nullptr},
    {"MALLOC_MMAP_MAX_", "mmap_max", nullptr},
    {"MALLOC_PERTURB_", "perturb", nullptr},
    {"MALLOC_CHECK_", "check", nullptr},
};

void check_tunable(const char* name, const char* text, SettingCheck& check) {
  char* end = nullptr;
  const Number value = strtoull(text, &end, 0);
  if (end == text || *end != '\0') {
    return conclude(check, Effect::refused, "\"%s\" is no number for %s", text, name);
  }
  for (const Tunable& known : kTunables) {
    if (strcmp(known.name, name) == 0 && known.check != nullptr) return known.check(value, check);
  }
  check_list(name, value, check);
}

/// GLIBC_TUNABLES=name=value:name=value
void check_tunables(const char* text, SettingCheck& check) {
  SettingCheck unknown;
  while (*text != '\0') {
    char name[80] = "";
    char value[40] = "";
    int taken = 0;
    if (sscanf(text, "%79[^=:]=%39[^:]%n", name, value, &taken) != 2) {
      return conclude(check, Effect::refused, "\"%s\" is not of the form name=value", text);
    }
    text += taken;
    if (*text == ':') ++text;
    if (strncmp(name, "glibc.malloc.", 13) != 0) {
      conclude(check, Effect::unknown, "%s is none of malloc's", name);
    } else {
      check_tunable(name + 13, value, check);
    }
    if (check.effect == Effect::refused) return;
    keep_first_unknown(check, unknown);
  }
  if (*unknown.reason != '\0') check = unknown;
}

}  // namespace

void check_setting(const char* variable, const char* value, SettingCheck& check) {
  if (strcmp(variable, "GLIBC_TUNABLES") == 0) return check_tunables(value, check);
  for (const Tunable& known : kTunables) {
    if (known.variable == nullptr || strcmp(known.variable, variable) != 0) continue;
    return check_tunable(known.name, value, check);
  }
  conclude(check, Effect::unknown, "%s is no variable that glibc's malloc is known to read",
           variable);
}

}  // namespace heapwise::probe
