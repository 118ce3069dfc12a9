// SPDX-License-Identifier: MIT
// What is written of large blocks, and programs that limit their memory.
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "tests/recorder/programs/scenario.h"

extern "C" {
void* __libc_malloc(std::size_t size);  // NOLINT(bugprone-reserved-identifier): glibc's name
void __libc_free(void* block);          // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* block, std::size_t size);  // NOLINT(bugprone-reserved-identifier)
}

namespace {

using scenario::take;

constexpr std::size_t kPage = 4096;

// The block is kept in memory, so that the writes are not optimised away.
void write_pages(void* block, std::size_t from, std::size_t count) {
  for (std::size_t page = from; page < from + count; ++page) {
    static_cast<volatile char*>(block)[page * kPage] = 1;
  }
}

bool is_zero(const void* block, std::size_t size) {
  const auto* bytes = static_cast<const char*>(block);
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

void* first_block;

// Runs before any library is initialized, the recorder included.
void allocate_first(int count, char** arguments, char** /*environment*/) {
  if (count < 2 || std::strcmp(arguments[1], "first") != 0) return;
  first_block = std::malloc(65537);
  write_pages(first_block, 0, 2);
}

[[gnu::section(".preinit_array"), gnu::used]] void (*allocates_first)(int, char**,
                                                                      char**) = allocate_first;

int first() { return first_block == nullptr ? 1 : 0; }

// Zeroed blocks come where others were before.
int partly() {
  for (int i = 0; i < 20; ++i) {
    void* block = std::calloc(1, 1048577);
    if (!is_zero(block, 1048577)) return 1;
    write_pages(block, 3, 10);
    std::free(block);
  }
  void* read = std::calloc(1, 900001);
  if (!is_zero(read, 900001)) return 1;
  write_pages(read, 100, 7);
  std::free(read);
  std::free(take(50001));
  void* kept = std::malloc(70001);
  write_pages(kept, 0, 3);
  std::puts("written");
  return 0;
}

int slowly() {
  void* block = std::malloc(300001);
  write_pages(block, 0, 5);
  usleep(300'000);
  write_pages(block, 5, 20);
  usleep(300'000);
  std::free(block);
  return 0;
}

// From a small block to a large one, and back.
int resized() {
  std::size_t size = 1000;
  auto* text = static_cast<char*>(std::malloc(size));
  std::memset(text, 'a', size);
  for (; size < 2'000'000; size += 1000) {
    text = static_cast<char*>(std::realloc(text, size + 1000));
    std::memset(text + size, 'a', 1000);
  }
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] != 'a') return 1;
  }
  text = static_cast<char*>(std::realloc(text, 500));
  for (std::size_t i = 0; i < 500; ++i) {
    if (text[i] != 'a') return 2;
  }
  void* sparse = std::malloc(400003);
  write_pages(sparse, 0, 7);
  sparse = std::realloc(sparse, 4000003);
  std::free(sparse);
  std::free(text);
  std::free(std::realloc(std::malloc(90001), 0));
  void* shrunk = std::malloc(600011);
  write_pages(shrunk, 0, 60);
  std::free(std::realloc(shrunk, 30011));
  return 0;
}

// More than a page's alignment too, in places that are taken again.
int aligned() {
  for (int turn = 0; turn < 3; ++turn) {
    for (const std::size_t alignment : {64, 4096, 16384, 2 * 1024 * 1024}) {
      void* block = nullptr;
      if (posix_memalign(&block, alignment, 90011) != 0) return 1;
      if (reinterpret_cast<std::uintptr_t>(block) % alignment != 0) return 2;
      write_pages(block, 1, 3);
      void* next = nullptr;
      if (posix_memalign(&next, alignment, 250011) != 0) return 3;
      std::memset(next, 1, 250011);
      std::free(block);
      turn == 0 ? __libc_free(next) : std::free(std::realloc(next, 300011));
    }
  }
  return 0;
}

// Programs write to all that a block is said to hold. What lies behind its last page is not its
// own.
int usable() {
  for (std::size_t size = 8192; size < 65536; size += 1024) {
    void* block = std::malloc(size);
    const std::size_t usable = malloc_usable_size(block);
    const bool starts_a_page = reinterpret_cast<std::uintptr_t>(block) % kPage == 0;
    if (usable < size || (starts_a_page && usable > (size + kPage - 1) / kPage * kPage)) return 1;
    std::memset(block, 1, usable);
    std::free(block);
  }
  return 0;
}

// ... and find it again where realloc has moved the block.
int usable_moved() {
  for (std::size_t size = 8193; size < 65536; size += 1021) {
    auto* block = static_cast<char*>(std::malloc(size));
    const std::size_t usable = malloc_usable_size(block);
    std::memset(block, 7, usable);
    block = static_cast<char*>(std::realloc(block, size * 40));
    if (std::count(block, block + usable, 7) != static_cast<std::ptrdiff_t>(usable)) return 1;
    std::free(block);
  }
  return 0;
}

int grown() {
  auto* block = static_cast<char*>(std::malloc(3000));
  std::memset(block, 7, 3000);
  block = static_cast<char*>(std::realloc(block, 20'000));
  return std::count(block, block + 3000, 7) == 3000 ? 0 : 1;
}

// A page that the program locks up is none of the recorder's business either.
int protected_at_the_end() {
  for (int i = 0; i < 8; ++i) {
    void* block = valloc(5000);
    std::memset(block, 1, 100);
    if (mprotect(block, kPage, PROT_NONE) != 0) return 1;
  }
  std::puts("protected");
  return 0;
}

// What was freed before does not count against a limit that comes later.
int freed_then_limited(bool directly) {
  constexpr std::size_t kSize = 512 << 20;
  std::free(take(kSize));
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = 640 << 20;
  const auto done =
      directly ? syscall(SYS_setrlimit, RLIMIT_AS, &limit) : long{setrlimit(RLIMIT_AS, &limit)};
  if (done != 0) return 1;
  void* block = std::malloc(kSize / 2);
  return block == nullptr ? 2 : 0;
}

// By code that reaches libc past the recorder: what is no longer part of it may be another's.
int shrunk_past_us() {
  constexpr std::size_t kSize = 8 << 20, kLess = 1 << 20;
  auto* block = static_cast<char*>(std::malloc(kSize));
  std::memset(block, 7, kSize);
  block = static_cast<char*>(__libc_realloc(block, kLess));
  void* hole = mmap(block + kLess + kPage, kSize / 2, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (hole != MAP_FAILED) std::memset(hole, 9, kSize / 2);
  block = static_cast<char*>(std::realloc(block, 2 * kLess));
  if (std::count(block, block + kLess, 7) != static_cast<std::ptrdiff_t>(kLess)) return 1;
  std::free(block);
  const auto* nine = static_cast<const char*>(hole);
  return hole == MAP_FAILED || std::count(nine, nine + kSize / 2, 9) == kSize / 2 ? 0 : 2;
}

// A block is the program's to map something over; what it mapped goes with the block.
int mapped_over() {
  constexpr std::size_t kSize = 40 << 20;
  const int file = memfd_create("contents", 0);
  if (file < 0 || write(file, "contents", 8) != 8) return 1;
  for (int turn = 0; turn < 2; ++turn) {
    auto* block = static_cast<char*>(std::calloc(1, kSize));
    const auto page = (reinterpret_cast<std::uintptr_t>(block) + kPage - 1) & ~(kPage - 1);
    if (std::count(block, block + kSize, 0) != kSize) return 2;
    if (turn == 0 && mmap(reinterpret_cast<void*>(page), kPage, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
      return 3;
    }
    if (turn == 1) std::memset(block, 'Z', kSize);
    std::free(block);
  }
  char contents[8] = {};
  return pread(file, contents, 8, 0) == 8 && std::memcmp(contents, "contents", 8) == 0 ? 0 : 4;
}

int turnover() {
  for (int i = 0; i < 200'000; ++i) {
    void* block = std::malloc(163841);
    write_pages(block, 0, 4);
    std::free(block);
  }
  return 0;
}

/// Blocks that stay, beside others that come and go and use up the time that counting may take.
int staying() {
  const auto second = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < second) turnover();
  for (int i = 0; i < 8; ++i) write_pages(std::malloc(110003), 0, i % 2 == 0 ? 2 : 9);
  return 0;
}

int inherited() {
  void* block = std::malloc(210001);
  write_pages(block, 0, 7);
  usleep(100'000);
  const pid_t pid = fork();
  if (pid == 0) {
    std::free(block);
    write_pages(std::malloc(210003), 0, 2);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  usleep(100'000);
  write_pages(block, 7, 1);
  std::free(block);
  return WEXITSTATUS(status);
}

// glibc, asked past the recorder, must have learnt from the free that such blocks come and go.
int threshold() {
  constexpr std::size_t kSize = 1 << 20, kMapped = 2;
  std::free(take(kSize));
  void* block = __libc_malloc(kSize - 4096);
  const std::size_t header = static_cast<const std::size_t*>(block)[-1];
  __libc_free(block);
  return (header & kMapped) == 0 ? 0 : 1;
}

/// Writes to a block that was changed by `change`, frees it, and takes another of its size.
template <class Change>
char* take_again(std::size_t size, Change change) {
  void* block = nullptr;
  if (posix_memalign(&block, kPage, size) != 0) return nullptr;
  std::memset(block, 1, size);
  if (change(block, size) != 0) return nullptr;
  std::free(block);
  return static_cast<char*>(take(size));
}

/// Whether a forked child finds what was written to the block.
bool is_inherited(const char* block) {
  const pid_t pid = fork();
  if (pid == 0) _exit(block[kPage] == 1 ? 3 : 4);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 3;
}

// Nor does what was done to an end that was given back outlive that. On the pages of libc's blocks
// there are others.
int shrunk_and_grown() {
  constexpr std::size_t kSize = 60 * kPage;
  void* block = std::malloc(kSize);
  if (reinterpret_cast<std::uintptr_t>(block) % kPage != 0) return 0;
  if (mprotect(static_cast<char*>(block) + kSize - kPage, kPage, PROT_READ) != 0) return 5;
  block = std::realloc(std::realloc(block, kSize / 3), kSize);
  std::memset(block, 1, kSize);
  return 0;
}

// What a program did to the pages of a block is over with the block. libc maps these by themselves.
int changed() {
  const auto advise = [](int advice) {
    return [advice](void* at, std::size_t size) { return madvise(at, size, advice); };
  };
  const auto protect = [](void* at, std::size_t size) { return mprotect(at, size, PROT_READ); };
  const auto protect_directly = [](void* at, std::size_t size) {
    return syscall(SYS_mprotect, at, size, PROT_READ);
  };
  if (take_again(std::size_t{40} * kPage, protect) == nullptr) return 1;
  if (take_again(std::size_t{64} * kPage, protect_directly) == nullptr) return 2;
  const char* block = take_again(std::size_t{80} * kPage, advise(MADV_DONTFORK));
  if (block == nullptr || !is_inherited(block)) return 3;
  block = take_again(std::size_t{100} * kPage, advise(MADV_WIPEONFORK));
  if (block == nullptr || !is_inherited(block)) return 4;
  return shrunk_and_grown();
}

void become_nobody() {
  if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) std::puts("still root");
}

// A block that is freed must not count against what may be locked.
int locked_blocks() {
  constexpr std::size_t kSize = 200'003;
  const rlimit limit{600'000, 600'000};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0) return 1;
  become_nobody();
  for (int i = 0; i < 8; ++i) {
    void* block = std::malloc(kSize);
    if (mlock(block, kSize) != 0) return 2;
    std::memset(block, 1, kSize);
    std::free(block);
    const void* zeroed = std::calloc(1, kSize);
    if (!is_zero(zeroed, kSize)) return 3;
    std::free(const_cast<void*>(zeroed));
  }
  return 0;
}

// What the machine has too little for is refused as without the recorder.
int too_large() {
  for (int gigabytes = 1; gigabytes <= 256; gigabytes *= 2) {
    void* block = std::malloc(static_cast<std::size_t>(gigabytes) << 30);
    std::printf("%d %s\n", gigabytes, block == nullptr ? "refused" : "given");
    std::free(block);
    void* small = std::malloc(100'000);
    void* grown = std::realloc(small, static_cast<std::size_t>(gigabytes) << 30);
    std::printf("%d %s\n", gigabytes, grown == nullptr ? "refused" : "given");
    std::free(grown == nullptr ? small : grown);
  }
  return 0;
}

// All of the address space must not become resident.
int locked() {
  std::free(take(20001));
  mlockall(MCL_CURRENT | MCL_FUTURE);
  std::free(take(20003));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss < 500'000 ? 0 : 1;
}

int limit(pid_t self) {
  std::free(take(20005));
  const rlimit most{1U << 30, 1U << 30};
  return self == 0 ? setrlimit(RLIMIT_AS, &most) : prlimit(self, RLIMIT_AS, &most, nullptr);
}

// What was written once and is gone costs nothing more; what comes then and is left empty is seen.
int left_empty() {
  void* block = std::malloc(16'000'001);
  write_pages(block, 0, 3907);
  std::free(block);
  usleep(400'000);
  void* kept = std::malloc(16'000'003);
  void* also_kept = std::malloc(16'000'003);
  write_pages(kept, 0, 9);
  write_pages(also_kept, 0, 9);
  std::puts("written");
  return 0;
}

// A buffer that was looked for in the largest size that there is, before those that are used.
int after_a_huge_one() {
  std::free(std::malloc(600'000'001));
  std::free(std::malloc(5'000'003));
  for (int i = 0; i < 3; ++i) write_pages(std::malloc(5'000'003), 0, 1221);
  std::puts("written");
  return 0;
}

// Structures with a path or a line in them, which is mostly short.
int hardly_filled() {
  for (int i = 0; i < 300; ++i) {
    std::memset(std::malloc(5003), 1, 1000);
    std::memset(std::malloc(5503), 1, 1100);
    std::memset(std::malloc(6003), 0, 6003);
    std::memset(std::realloc(std::malloc(100), 6503), 1, 100);
    if (std::malloc(7003) == nullptr) return 1;
  }
  std::puts("written");
  return 0;
}

// As programs do that may need much: no limit where there could be one.
int unlimited() {
  rlimit most{};
  if (getrlimit(RLIMIT_AS, &most) != 0) return 1;
  most.rlim_cur = most.rlim_max;
  if (setrlimit(RLIMIT_AS, &most) != 0 || most.rlim_cur != RLIM_INFINITY) return 1;
  void* block = std::malloc(500001);
  write_pages(block, 0, 6);
  std::free(block);
  return 0;
}

// What the recorder reserved must not count against the program's own limit.
int self_limited(int failed_to_limit) {
  if (failed_to_limit != 0) return 1;
  if (mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return 3;
  for (int i = 0; i < 100; ++i) std::free(take(20007));
  void* large = std::malloc(200 << 20);
  if (large == nullptr) return 2;
  std::free(large);
  return 0;
}

const scenario::Register registrations[] = {
    {"first", first},
    {"partly", partly},
    {"slowly", slowly},
    {"resized", resized},
    {"aligned", aligned},
    {"usable", usable},
    {"usable-moved", usable_moved},
    {"grown", grown},
    {"protected-at-the-end", protected_at_the_end},
    {"freed-then-limited", [] { return freed_then_limited(false); }},
    {"freed-then-limited-directly", [] { return freed_then_limited(true); }},
    {"shrunk-past-us", shrunk_past_us},
    {"mapped-over", mapped_over},
    {"turnover", turnover},
    {"staying", staying},
    {"threshold", threshold},
    {"changed", changed},
    {"locked-blocks", locked_blocks},
    {"too-large", too_large},
    {"locked", locked},
    {"inherited-pages", inherited},
    {"left-empty", left_empty},
    {"hardly-filled", hardly_filled},
    {"after-a-huge-one", after_a_huge_one},
    {"unlimited", unlimited},
    {"self-limited", [] { return self_limited(limit(0)); }},
    {"self-limited-by-number", [] { return self_limited(limit(getpid())); }}};

}  // namespace
