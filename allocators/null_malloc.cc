// SPDX-License-Identifier: MIT
// The null allocator: memory is handed out by moving a pointer around a small ring that the thread
// keeps to itself, and free does nothing. What a replay costs on it is what the harness costs, in
// time and in memory: the rings are shared mappings, which RssAnon does not count, and they stay in
// the cache. Live blocks overlap; a replay writes to them and never reads.
//
// The C library allocates too, and means it: at its start, and when it makes a thread. So only what
// a thread allocates between heapwise_null_replays(1) and (0) comes from its ring; other memory is
// never handed out again.
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <atomic>

namespace {

constexpr size_t kRing = size_t{128} << 10;
constexpr unsigned kRings = 512;  // threads beyond that share
constexpr size_t kAlignment = 16;
constexpr size_t kAside = size_t{4} << 20;

struct Cursor {
  char* at;
  char* end;
  char* begin;
};

/// Zero at the start of every thread, so that the first call goes the slow way.
thread_local Cursor ring;
thread_local Cursor big;
/// Whether what is allocated now belongs to the replay. Not so before and after it.
thread_local bool replaying;

std::atomic<unsigned> next_ring{0};
std::atomic<char*> all_rings{nullptr};
std::atomic<size_t> aside_used{0};
std::atomic<char*> aside_memory{nullptr};

char* map_shared(size_t size) {
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

/// The mapping in `slot`, made by the first thread that wants it.
char* map_once(std::atomic<char*>& slot, size_t size) {
  char* memory = slot.load(std::memory_order_acquire);
  if (memory != nullptr) return memory;
  char* const made = map_shared(size);
  if (made != nullptr && !slot.compare_exchange_strong(memory, made)) munmap(made, size);
  return slot.load(std::memory_order_acquire);
}

char* align_up(char* at, size_t alignment) {
  return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(at) + alignment - 1) &
                                 ~(alignment - 1));
}

void* allocate_aside(size_t size, size_t alignment) {
  if (size > kAside || alignment > kAside) return nullptr;
  char* const memory = map_once(aside_memory, kAside);
  const size_t room = (size + alignment + kAlignment - 1) & ~(kAlignment - 1);
  if (memory == nullptr) return nullptr;
  const size_t at = aside_used.fetch_add(room, std::memory_order_relaxed);
  // When a run starts more threads than 4 MiB hold, the rest share a mapping each.
  char* const start = at + room <= kAside ? memory + at : map_shared(room);
  return start == nullptr ? nullptr : align_up(start, alignment);
}

/// A mapping at least as large as the largest request so far, used for all large ones at once. It
/// grows by doubling and older ones stay, as blocks in them may still be written to.
void* allocate_big(size_t size, size_t alignment) {
  const size_t need = size + alignment;
  if (need < size) return nullptr;
  if (static_cast<size_t>(big.end - big.begin) < need) {
    size_t room = 2 * kRing;
    while (room < need && room != 0) room *= 2;
    char* const memory = room == 0 ? nullptr : map_shared(room);
    if (memory == nullptr) return nullptr;
    big = {memory, memory + room, memory};
  }
  return align_up(big.begin, alignment);
}

void* allocate_otherwise(size_t size, size_t alignment) {
  if (!replaying) return allocate_aside(size, alignment);
  if (size > kRing / 2 || alignment > kRing / 4) return allocate_big(size, alignment);
  if (ring.begin == nullptr) {
    char* const memory = map_once(all_rings, kRing * kRings);
    if (memory == nullptr) return nullptr;
    ring.begin = memory + kRing * (next_ring.fetch_add(1, std::memory_order_relaxed) % kRings);
    ring.end = ring.begin + kRing;
  }
  char* const block = align_up(ring.begin, alignment);
  ring.at = block + ((size + kAlignment - 1) & ~(kAlignment - 1));
  return block;
}

/// Out of the fast path's way, with all that would make it keep registers.
[[gnu::noinline, gnu::cold]] void* allocate_slowly(size_t size, size_t alignment) {
  void* const block = allocate_otherwise(size, alignment);
  if (block == nullptr) errno = ENOMEM;
  return block;
}

inline void* allocate(size_t size, size_t alignment) {
  char* const block = align_up(ring.at, alignment);
  // Compared this way nothing overflows, and a thread without a ring has no room.
  if (block > ring.end || size > static_cast<size_t>(ring.end - block)) [[unlikely]] {
    return allocate_slowly(size, alignment);
  }
  ring.at = block + ((size + kAlignment - 1) & ~(kAlignment - 1));
  return block;
}

}  // namespace

#define HEAPWISE_EXPORT extern "C" [[gnu::visibility("default")]]

HEAPWISE_EXPORT void* malloc(size_t size) { return allocate(size, kAlignment); }

HEAPWISE_EXPORT void free(void* /*block*/) {}

/// Zeroed only for the C library: what a replay gets is stale, and it does not look.
HEAPWISE_EXPORT void* calloc(size_t nmemb, size_t size) {
  size_t bytes = 0;
  if (__builtin_mul_overflow(nmemb, size, &bytes)) bytes = SIZE_MAX;  // which no one has
  return malloc(bytes);
}

HEAPWISE_EXPORT void* realloc(void* /*block*/, size_t size) { return malloc(size); }

HEAPWISE_EXPORT int posix_memalign(void** memptr, size_t alignment, size_t size) {
  *memptr = allocate(size, alignment < kAlignment ? kAlignment : alignment);
  return *memptr == nullptr ? ENOMEM : 0;
}

HEAPWISE_EXPORT void* aligned_alloc(size_t alignment, size_t size) {
  return allocate(size, alignment < kAlignment ? kAlignment : alignment);
}

HEAPWISE_EXPORT void* memalign(size_t alignment, size_t size) {
  return aligned_alloc(alignment, size);
}

HEAPWISE_EXPORT size_t malloc_usable_size(void* /*block*/) { return 0; }

HEAPWISE_EXPORT int malloc_trim(size_t /*pad*/) { return 0; }

HEAPWISE_EXPORT int mallopt(int /*parameter*/, int /*value*/) { return 1; }

/// Tells that this thread's allocations are the replay's from now on, or are no longer.
HEAPWISE_EXPORT void heapwise_null_replays(int on) {
  replaying = on != 0;
  if (!replaying) ring.at = ring.end;
}
