// SPDX-License-Identifier: MIT
// Large blocks, so placed that the pages the program writes can be counted.
//
// What a block costs is the pages that were written, not the bytes that were asked for. A block
// from glibc may lie on pages that an earlier one has written, which tells nothing. So the recorder
// places large blocks itself, in address space that it reserves: each on pages of its own that
// nothing has written yet, and which go back to the kernel when the block is freed.
//
// Code that reaches libc past the recorder (RTLD_DEEPBIND) can free and resize these blocks all the
// same: in front of each stands what glibc expects before a block that it mapped by itself
// (malloc/malloc.c, "mmapped chunks": the distance to the start of the mapping, and the length of
// the rest with the second lowest bit set), so glibc unmaps it or moves it away. The recorder then
// no longer finds its mark there, and leaves the block to libc too.
//
// Behind a sandbox no system call is made: what cannot be counted is still placed here, up to a
// size, as libc may have no room and no way to get any that the program would have had.
//
// Fresh pages cost more than used ones. Where that would be more than a sixteenth of the program's
// time, only a sample of the blocks of each size is placed here, and the others come from libc; but
// all of a size that took little of that time are. Of blocks from 4 to 8 KiB, of which programs may
// have very many and which would take three pages each, there is never more than a sample.
#pragma once

#include <cstddef>
#include <cstdint>

#include "traces/recorder/spool.h"

namespace heapwise::recorder {

/// The reserved addresses; both 0 when there are none.
struct LargeRegion {
  std::uintptr_t base = 0;
  std::uintptr_t bytes = 0;
};
extern LargeRegion large_region;

inline bool is_large(std::size_t size) { return size >= spool::kLargeBytes; }
inline bool is_measured(std::size_t size) { return size >= spool::kMeasuredBytes; }

/// True for every block that was placed here, and for hardly any other.
inline bool may_be_placed(const void* block) {
  return reinterpret_cast<std::uintptr_t>(block) - large_region.base < large_region.bytes;
}

/// Reserves the addresses, once for a process image and its forked children, and tells the spool.
/// Where memory is limited, or calls go on to another allocator than glibc, nothing is placed.
void begin_large_blocks();

/// Whether a block will need more room: one that grew may do so again.
enum class Growth { none, expected };

/// A zeroed block, aligned to a page or, if that is more, to 1 << align_log2; null when this one is
/// not to be placed here. It takes the place of one of `held` bytes.
void* place_large(std::size_t size, Growth growth, unsigned align_log2, std::size_t held = 0);

/// True when the block was placed here and libc has not taken it over.
bool is_placed(const void* block);

/// The bytes that the program asked for last.
std::size_t placed_size(const void* block);

/// The bytes that malloc_usable_size() grants of it, which programs write to and realloc() keeps:
/// as many as glibc would, of which programs make decisions, but none behind its last page.
std::size_t placed_usable_size(const void* block);

/// Logs how many pages of the block have been written. For before its free.
void log_touched(const void* block);

/// Gives the block's pages back. Logged before, as its place may be taken again at once.
void release_large(void* block);

/// Makes the block smaller or larger where it is; false when there is no room. Logs how many pages
/// had been written before it gives some back.
bool resize_large(void* block, std::size_t size);

/// Copies what was written of a block, as far as `size` bytes go and all that is usable of it, to
/// one that is as large and was written nowhere.
void copy_touched(void* to, const void* from, std::size_t size);

/// Logs what has been written of each live block.
void log_all_touched();

/// The program is about to protect, advise or bind these pages: blocks that are placed there later
/// get fresh ones.
void note_changed_pages(const void* from, std::size_t bytes);

/// True for advice to the kernel (madvise(2)) that stays with pages when their content is gone.
bool is_lasting_advice(int advice);

/// Gives the addresses back that are not in use, and places no more blocks: for a program that is
/// about to limit its memory, or to have all of it resident.
void give_up_large_blocks();

}  // namespace heapwise::recorder
