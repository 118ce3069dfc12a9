// SPDX-License-Identifier: MIT
#include "traces/recorder/large.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "traces/op.h"
#include "traces/recorder/clock.h"
#include "traces/recorder/log.h"
#include "traces/recorder/process.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"

namespace heapwise::recorder {

LargeRegion large_region;

namespace {

using spool::kPage;
using spool::LargeBlock;

constexpr std::uint64_t kMark = 0x9d3f5e1bc2a76840ULL;
constexpr std::uint32_t kNoEntry = ~std::uint32_t{0};
constexpr std::uint64_t kMostRegion = 1ULL << 40;
constexpr std::uint64_t kLeastRegion = 1ULL << 34;
constexpr unsigned kPageLog2 = 12;
static_assert(1ULL << kPageLog2 == kPage);
constexpr unsigned kHighestAlignment = 24;  // each such block takes as much of the region

/// At the start of the page in front of a block.
struct Placement {
  std::uint64_t mark;            ///< kMark ^ the block's address
  std::size_t size;              ///< as the program asked last
  std::uint64_t pages_reserved;  ///< behind this one
  std::uint64_t pages_skipped;   ///< of the place in front of this one, for the alignment's sake
  std::uint32_t entry;           ///< in the spool's table, or kNoEntry
  std::uint32_t generation;      ///< of the process that has the entry
  std::uint64_t pages_fresh;     ///< so many pages libc would have needed anew for it too
};

/// What glibc reads, at the end of that page.
struct LibcHeader {
  std::size_t distance;  ///< from the start of the mapping to this header
  std::size_t length;    ///< from this header to the end of the mapping, and kMapped
};
constexpr std::size_t kMapped = 2;

LibcHeader* header_of(const void* block) {
  return reinterpret_cast<LibcHeader*>(reinterpret_cast<std::uintptr_t>(block) -
                                       sizeof(LibcHeader));
}

constexpr std::size_t libc_length(std::uint64_t pages_reserved) {
  return (pages_reserved * kPage + sizeof(LibcHeader)) | kMapped;
}

Placement* placement(const void* block) {
  return reinterpret_cast<Placement*>(reinterpret_cast<std::uintptr_t>(block) - kPage);
}

// Programs ask for SIZE_MAX too, to see it refused: rounding up must not wrap to no pages at all.
std::uint64_t pages_of(std::size_t size) { return size / kPage + (size % kPage != 0 ? 1 : 0); }

// How many pages to skip so that the block behind the page in front of it is aligned.
std::uint64_t pages_to_skip(std::uintptr_t place, unsigned align_log2) {
  const std::uintptr_t low = (std::uintptr_t{1} << align_log2) - 1;
  const std::uintptr_t block = (place + kPage + low) & ~low;
  return (block - place) / kPage - 1;
}

// --- addresses ------------------------------------------------------------------------------

// Four steps to each doubling, so that a place fits others of about its size.
constexpr unsigned kStepBits = 2;
constexpr unsigned kClasses = 128;

unsigned class_of(std::uint64_t pages) {
  if (pages < (1U << kStepBits)) return static_cast<unsigned>(pages);
  const unsigned shift = 63U - kStepBits - static_cast<unsigned>(__builtin_clzll(pages));
  return ((shift + 1) << kStepBits) + static_cast<unsigned>((pages >> shift) & 3U);
}

std::uint64_t class_pages(unsigned number) {
  if (number < (1U << kStepBits)) return number;
  const unsigned shift = (number >> kStepBits) - 1;
  return (4ULL + (number & 3U)) << shift;
}

// The smallest class that holds so many pages.
unsigned class_for(std::uint64_t pages) {
  const unsigned number = class_of(pages);
  return class_pages(number) >= pages ? number : number + 1;
}

// Places that were given back, by class. Without locks, so that a fork leaves none behind held;
// what finds no room here is not used again.
constexpr std::size_t kKept = 64;
constinit std::atomic<std::uintptr_t> kept[kClasses][kKept]{};
constinit std::atomic<std::uintptr_t> next_place{0};
constinit std::atomic<bool> given_up{false};

std::uintptr_t take_kept(unsigned number) {
  for (auto& place : kept[number]) {
    if (place.load(std::memory_order_relaxed) == 0) continue;
    if (const std::uintptr_t taken = place.exchange(0, std::memory_order_acquire)) return taken;
  }
  return 0;
}

void keep(unsigned number, std::uintptr_t at) {
  for (auto& place : kept[number]) {
    std::uintptr_t none = 0;
    if (place.load(std::memory_order_relaxed) != 0) continue;
    if (place.compare_exchange_strong(none, at, std::memory_order_release)) return;
  }
}

void unmap_place(unsigned number, std::uintptr_t at) {
  system_call(SYS_munmap, static_cast<long>(at),
              static_cast<long>((class_pages(number) + 1) * kPage));
}

// The place of a block whose page in front, which is at `head`, was as `known`. Where the program
// limits its memory no place may stay behind.
void keep_place(const Placement& known, std::uintptr_t head) {
  const unsigned number = class_of(known.pages_reserved + known.pages_skipped);
  const std::uintptr_t at = head - known.pages_skipped * kPage;
  if (given_up.load(std::memory_order_relaxed)) {
    unmap_place(number, at);
  } else {
    keep(number, at);
  }
}

// The first page of a place with room for `pages` and the one in front; 0 when there is none.
std::uintptr_t take_place(unsigned number) {
  if (const std::uintptr_t again = take_kept(number)) return again;
  const std::uint64_t bytes = (class_pages(number) + 1) * kPage;
  const std::uintptr_t end = large_region.base + large_region.bytes;
  if (bytes > large_region.bytes) return 0;
  const std::uintptr_t at = next_place.fetch_add(bytes, std::memory_order_relaxed);
  if (at <= end - bytes) return at;
  next_place.store(end, std::memory_order_relaxed);
  return 0;
}

// --- entries, by which the supervisor finds the blocks ----------------------------------------

constexpr std::uint32_t kLooks = 64;
std::atomic<std::uint32_t> entry_hint{0};

bool claim(LargeBlock& entry, std::uintptr_t block, std::uint64_t pages) {
  std::uint64_t none = 0;
  if (entry.address.load(std::memory_order_relaxed) != 0) return false;
  // The address is the last to be written: until then the entry is only taken.
  if (!entry.address.compare_exchange_strong(none, 1, std::memory_order_acquire)) return false;
  entry.turn.fetch_add(1, std::memory_order_relaxed);
  entry.pages.store(static_cast<std::uint32_t>(pages), std::memory_order_relaxed);
  entry.address.store(block, std::memory_order_release);
  return true;
}

std::uint32_t take_entry(std::uintptr_t block, std::uint64_t pages) {
  spool::Header* header = spool_of_process.header;
  const std::uint32_t limit = header->large_limit.load(std::memory_order_acquire);
  std::uint32_t at = entry_hint.load(std::memory_order_relaxed);
  for (std::uint32_t look = 0; look < kLooks; ++look, ++at) {
    if (at >= limit) at = 0;
    if (!claim(spool_of_process.large_blocks[at], block, pages)) continue;
    entry_hint.store(at + 1, std::memory_order_relaxed);
    std::uint32_t used = header->large_used.load(std::memory_order_relaxed);
    while (used <= at && !header->large_used.compare_exchange_weak(used, at + 1)) {
    }
    return at;
  }
  entry_hint.store(at, std::memory_order_relaxed);
  return kNoEntry;
}

LargeBlock* entry_of(const Placement& place) {
  const bool own = place.entry != kNoEntry && place.generation == generation && is_recording();
  return own ? &spool_of_process.large_blocks[place.entry] : nullptr;
}

// --- pages that the program changed -----------------------------------------------------------

// What the program does to its pages (mprotect and the like) outlives giving them back, and would
// befall the next block there. It is rare, so all that is known is from where to where it happened.
constinit std::atomic<std::uintptr_t> changed_from{~std::uintptr_t{0}};
constinit std::atomic<std::uintptr_t> changed_to{0};

bool may_be_changed(std::uintptr_t from, std::uint64_t bytes) {
  return from < changed_to.load(std::memory_order_relaxed) &&
         from + bytes > changed_from.load(std::memory_order_relaxed);
}

// --- which blocks -----------------------------------------------------------------------------

constexpr std::uint32_t kAlways = 8;         // of each class, in each process …
constexpr std::uint64_t kAlwaysPages = 512;  // … but no more than hold so many; one at least
constexpr std::uint64_t kShare = 16;         // of the program's time, may go into counting
constexpr unsigned kOneOfLog2 = 6;           // beyond it one in 64, at twice of it in 64 × 64 …
constexpr std::uint64_t kClassShare = 256;   // each class has so much of its own
// What so many first writes take may go into it whatever the share: of a program's first
// milliseconds a sixteenth is nothing, and it is then that it makes the buffers that it keeps.
constexpr std::uint64_t kAlwaysSpent = 1024;
constinit std::atomic<std::uint32_t> asked[kClasses]{};
constinit std::atomic<std::uint64_t> spent{0};  // ticks
constinit std::atomic<std::uint64_t> spent_on[kClasses]{};
constinit std::uint32_t sampled_in = 0;  // generation

// The same of blocks of less than two pages, eight steps to that doubling.
constexpr std::size_t kMiddlingStep = (spool::kLargeBytes - kPage) / 8;
constexpr unsigned kMiddlingOneOfLog2 = 6;
constinit std::atomic<std::uint32_t> asked_middling[8]{};
constinit std::atomic<std::uint64_t> spent_on_middling{0};

bool is_middling(std::size_t size) { return size < spool::kLargeBytes; }

unsigned sampling_class(std::uint64_t pages) { return std::min(class_of(pages), kClasses - 1); }

void spend(std::size_t size, std::uint64_t ticks) {
  if (is_middling(size)) {
    spent_on_middling.fetch_add(ticks, std::memory_order_relaxed);
    return;
  }
  spent.fetch_add(ticks, std::memory_order_relaxed);
  spent_on[sampling_class(pages_of(size))].fetch_add(ticks, std::memory_order_relaxed);
}

// A forked child begins anew.
void begin_sampling() {
  if (sampled_in == generation) return;
  sampled_in = generation;
  spent.store(0, std::memory_order_relaxed);
  for (auto& ticks : spent_on) ticks.store(0, std::memory_order_relaxed);
  for (auto& count : asked) count.store(0, std::memory_order_relaxed);
  spent_on_middling.store(0, std::memory_order_relaxed);
  for (auto& count : asked_middling) count.store(0, std::memory_order_relaxed);
}

std::uint64_t elapsed_ticks() { return stamp() - spool_of_process.header->start_ticks + 1; }

// Spread by the golden ratio (Knuth, The Art of Computer Programming, vol. 3, 6.4), as programs
// repeat themselves: of every 64th exactly all might be of one kind.
bool is_one_of(std::uint32_t number) {
  return number * 2654435769U >> (32 - kMiddlingOneOfLog2) == 0;
}

bool is_sampled_middling(std::size_t size) {
  begin_sampling();
  std::atomic<std::uint32_t>& asked_before =
      asked_middling[(size - spool::kMeasuredBytes) / kMiddlingStep];
  if (asked_before.load(std::memory_order_relaxed) < kAlways) {
    asked_before.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  // Each thread counts for itself from here on: they would wait for each other's count.
  if (!is_one_of(++self.middling)) return false;
  return spent_on_middling.load(std::memory_order_relaxed) * kClassShare < elapsed_ticks();
}

// Blocks that come and go fast use up the time, and it is those that stay that make a heap large:
// so each size has some time of its own.
bool is_sampled(std::uint64_t pages) {
  begin_sampling();
  const unsigned number = sampling_class(pages);
  const std::uint32_t before = asked[number].fetch_add(1, std::memory_order_relaxed);
  if (before == 0 || (before < kAlways && before * pages < kAlwaysPages)) return true;
  const std::uint64_t elapsed = elapsed_ticks();
  const std::uint64_t all = spent.load(std::memory_order_relaxed);
  const std::uint64_t used = (all - std::min(all, kAlwaysSpent * session->fault_ticks)) * kShare;
  if (used < elapsed) return true;
  const auto doublings = 63U - static_cast<unsigned>(__builtin_clzll(used / elapsed));
  const unsigned one_of_log2 = std::min(31U, kOneOfLog2 * (doublings + 1));
  return (before & ((1U << one_of_log2) - 1)) == 0 ||
         spent_on[number].load(std::memory_order_relaxed) * kClassShare < elapsed;
}

// In a sandbox: what is freed is cleared by hand.
constexpr std::uint64_t kMostCleared = 256;

bool is_wanted(std::size_t size) {
  const std::uint64_t pages = pages_of(size);
  if (pages > large_region.bytes / kPage / 8) return false;
  if (is_middling(size)) return !is_sandboxed() && is_sampled_middling(size);
  return is_sandboxed() ? pages <= kMostCleared : is_sampled(pages);
}

// The region takes no account of what the machine has, while the kernel refuses a mapping of more
// than that at once (vm.overcommit_memory), and programs act on it. So for so much it is asked. A
// block that grows is one to which libc would have the kernel add the rest.
constexpr std::size_t kAskedFor = 64 * 1024 * 1024;

bool is_granted(std::size_t size, std::size_t held) {
  if (size < kAskedFor + held) return true;
  const std::size_t bytes = size - held;
  void* mapped = map_memory(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  if (mapped == nullptr) return false;
  system_call(SYS_munmap, argument(mapped), static_cast<long>(bytes));
  return true;
}

bool can_place() {
  // The process's first block may be a large one; there is no region before it is announced.
  if (!is_recording()) announce_thread();
  if (large_region.bytes == 0 || given_up.load(std::memory_order_relaxed)) return false;
  return is_recording() &&
         spool_of_process.header->large_bytes.load(std::memory_order_relaxed) != 0;
}

// --- pages ------------------------------------------------------------------------------------

constexpr std::size_t kPagesAtOnce = 1024;

/// Calls visit(page) for each resident page. False where the kernel does not tell, and for the
/// pages that were not visited by then.
template <class Visit>
bool for_each_resident(const void* block, std::uint64_t pages, Visit visit) {
  unsigned char resident[kPagesAtOnce] = {};
  const auto base = reinterpret_cast<std::uintptr_t>(block);
  for (std::uint64_t from = 0; from < pages; from += kPagesAtOnce) {
    const std::uint64_t count = std::min<std::uint64_t>(kPagesAtOnce, pages - from);
    if (system_call(SYS_mincore, static_cast<long>(base + from * kPage),
                    static_cast<long>(count * kPage), argument(resident)) != 0) {
      return false;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      if ((resident[i] & 1U) != 0) visit(from + i);
    }
  }
  return true;
}

bool is_zero(const char* bytes, std::size_t count) {
  return bytes[0] == 0 && std::memcmp(bytes, bytes + 1, count - 1) == 0;
}

/// Whether a page that is not resident may have been written all the same.
bool may_be_swapped() {
  struct sysinfo machine {};
  return system_call(SYS_sysinfo, argument(&machine)) != 0 || machine.freeswap < machine.totalswap;
}

std::uint64_t count_resident(const void* block, std::uint64_t pages) {
  std::uint64_t count = 0;
  for_each_resident(block, pages, [&](std::uint64_t) { ++count; });
  return count;
}

// What was only read is mapped too, to the one page of zeros that all processes share. It is told
// apart by asking for the node of each page (move_pages(2)), which takes longer than all the rest:
// so a few are asked about, and more only where there are such. Where that is not allowed all
// pages are taken to be written.
constexpr std::uint64_t kAskedAlways = 8, kAskedAtMost = 512, kAskedAtOnce = 64;

/// How many of these pages were written.
std::uint64_t ask_written(void* const* pages, std::uint64_t count) {
  int nodes[kAskedAtOnce] = {};
  if (system_call(SYS_move_pages, 0, static_cast<long>(count), argument(pages), 0, argument(nodes),
                  0) != 0) {
    return count;
  }
  return static_cast<std::uint64_t>(
      std::count_if(nodes, nodes + count, [](int node) { return node != -EFAULT; }));
}

/// Of `resident` pages, as many as were written by the word of at most `most` of them.
std::uint64_t estimate_written(const void* block, std::uint64_t pages, std::uint64_t resident,
                               std::uint64_t most) {
  const std::uint64_t wanted = std::min(resident, most);
  void* batch[kAskedAtOnce] = {};
  std::uint64_t seen = 0, picked = 0, batched = 0, written = 0;
  for_each_resident(block, pages, [&](std::uint64_t page) {
    if (seen++ * wanted / resident < picked || picked >= wanted) return;
    ++picked;
    batch[batched++] = static_cast<char*>(const_cast<void*>(block)) + page * kPage;
    if (batched < kAskedAtOnce) return;
    written += ask_written(batch, batched);
    batched = 0;
  });
  if (batched != 0) written += ask_written(batch, batched);
  return picked == 0 ? resident : (resident * written + picked - 1) / picked;
}

std::uint64_t count_written(const void* block, std::uint64_t pages) {
  const std::uint64_t resident = count_resident(block, pages);
  if (resident == 0) return 0;
  const std::uint64_t first = estimate_written(block, pages, resident, kAskedAlways);
  if (first == resident || resident <= kAskedAlways) return first;
  return estimate_written(block, pages, resident, kAskedAtMost);
}

// Where libc has unmapped a block, the recorder's page in front of it is gone too.
bool is_unmapped(std::uint64_t block) {
  return count_resident(reinterpret_cast<const void*>(block - kPage), 1) == 0;
}

// What the first write to a page costs, in ticks: more than in the supervisor, which measured it
// alone, where threads fault at once or a hypervisor took the page back. The page in front of each
// block shows it. Lost updates between threads do no harm.
constinit std::atomic<std::uint64_t> fault_cost{0};
constexpr std::uint64_t kLongestFault = 1U << 18;  // what takes longer was interrupted

void note_fault(std::uint64_t ticks) {
  if (ticks > kLongestFault) return;
  const std::uint64_t known =
      std::max<std::uint64_t>(fault_cost.load(std::memory_order_relaxed), session->fault_ticks);
  fault_cost.store(known - known / 8 + ticks / 8, std::memory_order_relaxed);
}

std::uint64_t fault_ticks() {
  return std::max<std::uint64_t>(fault_cost.load(std::memory_order_relaxed), session->fault_ticks);
}

// Below this size glibc would have taken pages that were written before.
constexpr std::size_t kUsuallyMapped = 128 * 1024;

// Of a block of less than two pages it matters how much of the first was written: an allocator's do
// not begin with a page as this one does, and reach the next the sooner. One that has its beginning
// written counts as one page, others as both. Fresh pages are zero; what was written last is not,
// or a block that was cleared would have both written.
bool is_written_beyond_beginning(const void* block) {
  // What the program protected may not be read.
  if (may_be_changed(reinterpret_cast<std::uintptr_t>(block), kPage)) return true;
  const auto* const words = static_cast<const std::uint64_t*>(block);
  return std::any_of(words + kBeginningBytes / sizeof *words, words + kPage / sizeof *words,
                     [](std::uint64_t word) { return word != 0; });
}

std::uint64_t count_written_of(const void* block, std::size_t size) {
  const std::uint64_t count = count_written(block, pages_of(size));
  if (!is_middling(size) || count != 1) return count;
  return is_written_beyond_beginning(block) ? 2 : 1;
}

void log_count(const void* block, std::size_t size, std::uint64_t began) {
  const std::uint64_t count = count_written_of(block, size);
  const std::uint64_t fresh = std::min(count, placement(block)->pages_fresh);
  const std::uint64_t fault = fault_ticks();
  std::uint64_t debt = stamp() - began;
  spend(size, debt + (count - fresh) * fault);
  if (size < kUsuallyMapped) debt += count * fault;
  log_extended(spool::Code::touched, count, reinterpret_cast<std::uint64_t>(block), debt);
}

// glibc maps blocks from 128 KiB on by themselves, until one of them is freed: then blocks up to
// that size come from its heap, of which it keeps twice as much (malloc/malloc.c, "dynamic mmap
// threshold"). Larger ones than this are mapped anew each time.
constexpr std::size_t kHighestThreshold = 32 * 1024 * 1024;

// What is live in large blocks that libc might have in its heap, and the most that ever was. Up to
// that libc would use pages again that other blocks have left; beyond it, it would have the kernel
// map fresh ones too, and those are no cost of counting.
constinit std::atomic<std::uint64_t> live_pages{0}, most_live_pages{0};

std::uint64_t pages_in_heap(std::uint64_t pages) {
  return pages <= kHighestThreshold / kPage ? pages : 0;
}

/// A block had so many pages and has so many now; 0 where it is not. Of those that came, how many
/// libc would have needed anew.
std::uint64_t change_live(std::uint64_t before, std::uint64_t after) {
  const std::uint64_t left = pages_in_heap(before), come = pages_in_heap(after);
  const std::uint64_t live = live_pages.fetch_add(come - left, std::memory_order_relaxed) + come -
                             left;  // as unsigned numbers wrap
  if (after <= before) return 0;
  if (come == 0) return after - before;
  const std::uint64_t most = most_live_pages.load(std::memory_order_relaxed);
  if (live <= most) return 0;
  most_live_pages.store(live, std::memory_order_relaxed);
  return live - most;
}

// Huge pages would count as written whole; a core dump would go through a terabyte.
void advise(void* base, std::uint64_t bytes) {
  system_call(SYS_madvise, argument(base), static_cast<long>(bytes), MADV_NOHUGEPAGE);
  system_call(SYS_madvise, argument(base), static_cast<long>(bytes), MADV_DONTDUMP);
}

constexpr int kRegionFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::uint64_t wanted_bytes() {
  if (session == nullptr || session->measures_touch == 0 || over_other_malloc) return 0;
  return has_memory_limit() ? 0 : kMostRegion;
}

void reserve_region() {
  for (std::uint64_t bytes = wanted_bytes(); bytes >= kLeastRegion; bytes /= 4) {
    void* base = map_memory(bytes, PROT_READ | PROT_WRITE, kRegionFlags);
    if (base == nullptr) continue;
    advise(base, bytes);
    next_place.store(reinterpret_cast<std::uintptr_t>(base), std::memory_order_relaxed);
    large_region = {reinterpret_cast<std::uintptr_t>(base), bytes};
    return;
  }
}

}  // namespace

void begin_large_blocks() {
  if (large_region.bytes == 0) reserve_region();
  spool::Header* header = spool_of_process.header;
  header->large_base.store(large_region.base, std::memory_order_relaxed);
  header->large_bytes.store(given_up.load(std::memory_order_relaxed) ? 0 : large_region.bytes,
                            std::memory_order_relaxed);
}

[[gnu::cold, gnu::noinline]] void* place_large(std::size_t size, Growth growth, unsigned align_log2,
                                               std::size_t held) {
  align_log2 = std::max(align_log2, kPageLog2);
  const std::uint64_t pages = pages_of(size);
  const std::uint64_t most_skipped = (1ULL << (align_log2 - kPageLog2)) - 1;
  if (align_log2 > kHighestAlignment || !can_place() || !is_wanted(size)) return nullptr;
  const std::uint64_t began = stamp();
  if (!is_granted(size, held)) return nullptr;
  const unsigned number =
      class_for((growth == Growth::expected ? pages * 2 : pages) + most_skipped);
  const std::uintptr_t at = take_place(number);
  if (at == 0) return nullptr;
  const std::uint64_t skipped = pages_to_skip(at, align_log2);
  const std::uint64_t reserved = class_pages(number) - skipped;
  const std::uintptr_t block = at + (skipped + 1) * kPage;
  const std::uint32_t entry = take_entry(block, pages);
  if (entry == kNoEntry) {
    keep(number, at);
    return nullptr;
  }
  const std::uint64_t written = stamp();
  *reinterpret_cast<Placement*>(block - kPage) = {
      kMark ^ block, size, reserved, skipped, entry, generation, change_live(0, pages)};
  auto* const address = reinterpret_cast<void*>(block);
  *header_of(address) = {kPage - sizeof(LibcHeader), libc_length(reserved)};
  const std::uint64_t done = stamp();
  if (!is_sandboxed()) note_fault(done - written);
  spend(size, done - began);
  return address;
}

// Code that reaches libc past the recorder may have shrunk it, which libc notes in its header.
bool is_placed(const void* block) {
  const auto at = reinterpret_cast<std::uintptr_t>(block);
  if (!may_be_placed(block) || (at & (kPage - 1)) != 0) return false;
  const Placement& place = *placement(block);
  return place.mark == (kMark ^ at) &&
         header_of(block)->length == libc_length(place.pages_reserved);
}

std::size_t placed_size(const void* block) { return placement(block)->size; }

// A word of each 16 bytes' chunk is glibc's own. What is placed ends with its page.
std::size_t placed_usable_size(const void* block) {
  const std::size_t size = placed_size(block);
  const std::size_t chunk = (size + sizeof(std::size_t) + 15) & ~std::size_t{15};
  return std::min(chunk - sizeof(std::size_t), pages_of(size) * kPage);
}

[[gnu::cold, gnu::noinline]] void log_touched(const void* block) {
  const Placement& place = *placement(block);
  if (entry_of(place) == nullptr || is_sandboxed()) return;
  log_count(block, place.size, stamp());
}

namespace {

// Mapped anew, pages are as they were at first. That takes a few times as long, so it is done only
// where they are not: protected, advised or bound by the program, or locked, which the kernel
// refuses to take pages from.
bool renew(std::uintptr_t from, std::uint64_t bytes) {
  const long at = system_call(SYS_mmap, static_cast<long>(from), static_cast<long>(bytes),
                              PROT_READ | PROT_WRITE, kRegionFlags | MAP_FIXED, -1, 0);
  if (at != static_cast<long>(from)) return false;
  advise(reinterpret_cast<void*>(from), bytes);
  return true;
}

// Gives pages back to the kernel, so that they are zero and nothing has written them.
bool give_back(std::uintptr_t from, std::uint64_t bytes) {
  if (may_be_changed(from, bytes)) return renew(from, bytes);
  return system_call(SYS_madvise, static_cast<long>(from), static_cast<long>(bytes),
                     MADV_DONTNEED) == 0 ||
         renew(from, bytes);
}

// The page in front too: it lies within the next block of this place where that is aligned less.
void clear_by_hand(const Placement& known, std::uintptr_t head) {
  if (pages_of(known.size) > kMostCleared) return;
  if (may_be_changed(head, (known.pages_reserved + 1) * kPage)) return;
  std::memset(reinterpret_cast<void*>(head), 0, (pages_of(known.size) + 1) * kPage);
  keep_place(known, head);
}

}  // namespace

namespace {

// A block that is freed here would teach libc's dynamic threshold nothing, and the program would
// pay for fresh pages again and again. Were there a call for it, none would be allocated.
constinit std::atomic<std::size_t> threshold_known{128 * 1024};

void teach_libc(std::size_t size) {
  if (size <= threshold_known.load(std::memory_order_relaxed) || size > kHighestThreshold) return;
  threshold_known.store(size, std::memory_order_relaxed);
  const int before = errno;  // of free(), which leaves it alone
  real.free(real.malloc(size));
  errno = before;
}

}  // namespace

[[gnu::cold, gnu::noinline]] void release_large(void* block) {
  Placement& place = *placement(block);
  const std::uint64_t began = stamp();
  if (LargeBlock* entry = entry_of(place)) entry->address.store(0, std::memory_order_release);
  const Placement known = place;
  place.mark = 0;
  change_live(pages_of(known.size), 0);
  const auto head = reinterpret_cast<std::uintptr_t>(&place);
  if (is_sandboxed()) return clear_by_hand(known, head);
  if (give_back(head, (known.pages_reserved + 1) * kPage)) keep_place(known, head);
  teach_libc(known.size);
  spend(known.size, stamp() - began);
}

namespace {

void give_back_rest(std::uintptr_t from, std::uint64_t bytes) {
  if (!is_sandboxed()) {
    give_back(from, bytes);
  } else if (!may_be_changed(from, bytes)) {
    std::memset(reinterpret_cast<void*>(from), 0, bytes);
  }
}

}  // namespace

[[gnu::cold, gnu::noinline]] bool resize_large(void* block, std::size_t size) {
  Placement& place = *placement(block);
  const std::uint64_t before = pages_of(place.size);
  const std::uint64_t pages = pages_of(size);
  const bool shrinks = pages < before;
  if (size == 0 || pages > place.pages_reserved) return false;
  if (shrinks && is_sandboxed() && before > kMostCleared) return false;
  if (shrinks) {
    log_touched(block);
  }
  place.pages_fresh += change_live(before, pages);
  place.size = size;
  if (LargeBlock* entry = entry_of(place)) {
    // Before pages are given back: what was counted of it, or is meanwhile, holds no longer.
    if (shrinks) entry->turn.fetch_add(1, std::memory_order_release);
    entry->pages.store(static_cast<std::uint32_t>(pages), std::memory_order_release);
  }
  if (shrinks) {
    const auto from = reinterpret_cast<std::uintptr_t>(block) + pages * kPage;
    give_back_rest(from, (before - pages) * kPage);
  }
  return true;
}

[[gnu::cold, gnu::noinline]] void copy_touched(void* to, const void* from, std::size_t size) {
  size = std::min(size, placed_usable_size(from));
  if (is_sandboxed()) {
    std::memcpy(to, from, size);
    return;
  }
  const auto copy = [=](std::uint64_t page) {
    const std::size_t at = page * kPage;
    std::memcpy(static_cast<char*>(to) + at, static_cast<const char*>(from) + at,
                std::min(kPage, size - at));
  };
  const std::uint64_t pages = pages_of(size);
  if (for_each_resident(from, pages, copy) && !may_be_swapped()) return;
  for (std::uint64_t page = 0; page < pages; ++page) {
    const std::size_t at = page * kPage;
    if (!is_zero(static_cast<const char*>(from) + at, std::min(kPage, size - at))) copy(page);
  }
}

[[gnu::cold, gnu::noinline]] void log_all_touched() {
  if (!is_recording() || is_sandboxed()) return;
  const spool::Header* header = spool_of_process.header;
  const std::uint32_t used = header->large_used.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < used; ++i) {
    const LargeBlock& entry = spool_of_process.large_blocks[i];
    const std::uint64_t address = entry.address.load(std::memory_order_acquire);
    const auto* const block = reinterpret_cast<const void*>(address);
    if (address <= 1 || is_unmapped(address) || !is_placed(block)) continue;
    log_count(block, placed_size(block), stamp());
  }
}

[[gnu::cold, gnu::noinline]] void note_changed_pages(const void* from, std::size_t bytes) {
  const auto first = reinterpret_cast<std::uintptr_t>(from);
  if (first >= large_region.base + large_region.bytes || bytes == 0) return;
  const std::uintptr_t end = first + bytes;
  if (end > first && end <= large_region.base) return;
  std::uintptr_t known = changed_from.load(std::memory_order_relaxed);
  while (first < known && !changed_from.compare_exchange_weak(known, first)) {
  }
  known = changed_to.load(std::memory_order_relaxed);
  const std::uintptr_t to = end > first ? end : ~std::uintptr_t{0};
  while (to > known && !changed_to.compare_exchange_weak(known, to)) {
  }
}

[[gnu::cold, gnu::noinline]] void give_up_large_blocks() {
  if (large_region.bytes == 0 || given_up.exchange(true)) return;
  const std::uintptr_t end = large_region.base + large_region.bytes;
  const std::uintptr_t used = next_place.exchange(end, std::memory_order_relaxed);
  if (used < end) {
    system_call(SYS_munmap, static_cast<long>(used), static_cast<long>(end - used));
  }
  for (unsigned number = 0; number < kClasses; ++number) {
    while (const std::uintptr_t at = take_kept(number)) unmap_place(number, at);
  }
}

}  // namespace heapwise::recorder
