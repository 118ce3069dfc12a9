// SPDX-License-Identifier: MIT
// The replay's program: a trace compiled into what a runner can execute from a mapped file without
// a table, an allocation or a decision of its own. Written by bench/plan/compile.cc, executed by
// bench/replay. Data only; the layout is private to one build of heapwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heapwise::plan {

/// One operation in 8 bytes: code in bits 0-3, slot in bits 4-31, operand in bits 32-63.
///
/// Slots belong to one thread and are counted from its PlanThread::first_slot. An object that
/// another thread resizes or frees crosses through a mailbox, which has one producer and one
/// consumer thread for the whole run: `give` waits until the mailbox is empty and puts the slot's
/// pointer there, `take` waits until it is full. So the ops that stay in their thread, nearly all
/// of them, need no check at all, and waits can only point back in the recorded order: no
/// deadlock.
enum class Code : std::uint32_t {
  malloc = 0,    ///< slot = malloc(operand)
  free = 1,      ///< free(slot)
  calloc = 2,    ///< slot = calloc(1, operand)
  realloc = 3,   ///< slot = realloc(slot, operand)
  give = 4,      ///< mailbox[operand] = slot
  take = 5,      ///< slot = mailbox[operand]
  big = 6,       ///< an allocation or realloc that PlanBig[operand] describes
  touch = 7,     ///< write every page of the first operand × kTouchUnit bytes of the block in slot
  touch_of = 8,  ///< a part of a block: PlanBig[operand]; in another thread's slot, in recorded
                 ///< order only
  start = 9,     ///< start the thread numbered operand
  end = 10,      ///< the recording saw the thread end: it returns after its last word
  trim = 11,     ///< malloc_trim(operand)
  mallopt = 12,  ///< mallopt(PlanBig[operand].size, .touch_to), both as int32
  exit_begin = 13,
};

using Word = std::uint64_t;

constexpr std::uint32_t kSlotBits = 28;
/// Of one thread.
constexpr std::uint64_t kMaxSlots = 1ULL << kSlotBits;

constexpr Word make_word(Code code, std::uint32_t slot, std::uint32_t operand) {
  return static_cast<Word>(code) | static_cast<Word>(slot) << 4 | static_cast<Word>(operand) << 32;
}
constexpr Code code_of(Word word) { return static_cast<Code>(word & 15U); }
constexpr std::uint32_t slot_of(Word word) { return static_cast<std::uint32_t>(word) >> 4; }
constexpr std::uint32_t operand_of(Word word) { return static_cast<std::uint32_t>(word >> 32); }

/// Words that call the allocator for the program; the rest is the replay's own.
constexpr bool is_call(Code code) { return code <= Code::realloc || code == Code::big; }

/// Operand of `touch` in bytes: no allocator aligns to less, and 64 GiB can be said.
constexpr std::uint64_t kTouchUnit = 16;

/// So many readable words stand behind the last one, for those that look ahead.
constexpr std::size_t kWordsPadding = 512;

/// What does not fit a Word: sizes from 4 GiB, alignment, touch other than of the whole block.
struct PlanBig {
  std::uint64_t size;        ///< of `touch_of`: the number of the thread whose slot it is
  std::uint64_t touch_from;  ///< pages of the block are written from this byte
  std::uint64_t touch_to;    ///< up to this one, exclusive
  std::uint32_t base_code;   ///< Code::malloc, calloc or realloc; of `touch_of`, Code::touch where
                             ///< the slot is the thread's own
  std::uint32_t align_log2;  ///< not 0: posix_memalign
};

/// One recorded thread. The first begins with the replay; a `start` word names each of the others.
struct PlanThread {
  std::uint64_t first_word;
  std::uint64_t words;
  std::uint64_t first_slot;
  std::uint64_t slots;
  std::uint32_t ends;  ///< 1 if the recording saw the thread end: the replay's thread ends too
};

/// Footprint replays run one thread at a time, in the recorded order: this thread, that many words.
struct PlanRun {
  std::uint64_t start_ns;  ///< trace time of the first word
  std::uint32_t thread;
  std::uint32_t words;
};

/// Where to look at resident memory: before the word with this number in the total order. Several
/// may name the same word: the beginning and the end of a pause.
struct PlanSample {
  std::uint64_t word;
  std::uint64_t time_ns;     ///< trace time
  std::uint64_t live_bytes;  ///< requested bytes of the objects alive then
};

constexpr char kMagic[8] = {'H', 'W', 'P', 'L', 'A', 'N', '0', '3'};

/// At the start of the file; offsets are in bytes from there, each section 4096-byte aligned.
struct PlanHeader {
  char magic[8];
  std::uint32_t thread_count;
  std::uint32_t reserved;
  std::uint64_t word_count;
  std::uint64_t run_count;
  std::uint64_t slot_count;
  std::uint64_t mailbox_count;
  std::uint64_t big_count;
  std::uint64_t sample_count;
  std::uint64_t operations;  ///< words that call the allocator: malloc family and free
  std::uint64_t exit_word;   ///< number of the exit_begin word in the total order, or word_count
  std::uint64_t duration_ns;
  std::uint64_t usable_size_calls;  ///< of malloc_usable_size, which are no words
  std::uint64_t words_offset;       ///< Word[word_count], thread after thread, then kWordsPadding
  std::uint64_t delays_offset;      ///< uint32[word_count]: ns of trace time since the run's start
  std::uint64_t threads_offset;     ///< PlanThread[thread_count]
  std::uint64_t runs_offset;        ///< PlanRun[run_count]
  std::uint64_t bigs_offset;        ///< PlanBig[big_count]
  std::uint64_t samples_offset;     ///< PlanSample[sample_count]
  std::uint64_t file_bytes;
};

}  // namespace heapwise::plan
