// SPDX-License-Identifier: MIT
// What the recorder inside a program and the supervisor outside share: the layout of a session's
// directory, of the spool each recorded process makes there, and of the events in its segments.
// Data only; private to one build of heapwise, so there are no versions and no compatibility.
//
// A session is a directory in memory (tmpfs):
//   session        one SessionPage, mapped by every process of the session; the supervisor holds
//                  a lock on it
//   libheapwise_record.so  a link to the library, where its own path cannot be preloaded
//   new.PID.TICKS  a spool in the making, to be ignored
//   spool.PID.TICKS  one per recorded process image: Header, text, segment states, large blocks,
//                    segments
// The folder for raw files, beside the trace, has a `session` too, of which only the magic counts.
// What a killed session left is removed by the next one, by these names alone (session_folders.h).
//
// A spool's segments go round: a thread takes a free one, fills it and marks it full; the
// supervisor copies it to disk and marks it free. So the pages under the program's pen stay few and
// hot, and the event path needs neither a system call nor a file descriptor.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace heapwise::spool {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSegmentBytes = 64 * 1024;
constexpr std::uint32_t kMaxSegments = 65536;
/// Segments a process allocates for itself; any more come from the supervisor. Small, so that
/// thousands of short-lived processes stay cheap.
constexpr std::uint32_t kFirstSegments = 8;

constexpr std::size_t kTextOffset = kPage;
constexpr std::size_t kTextBytes = 3 * kPage;
constexpr std::size_t kStatesOffset = kTextOffset + kTextBytes;

/// A block of which the pages that the program writes are counted, see large.h. Written by the
/// recorded process; an address of 0 means that the entry is free.
struct LargeBlock {
  std::atomic<std::uint64_t> address;
  std::atomic<std::uint32_t> pages;  ///< that the program may write, from the address on
  std::atomic<std::uint32_t> turn;   ///< advances when the entry is taken, or pages given back
};
constexpr std::uint32_t kMaxLargeBlocks = 65536;
/// Entries that a process has room for at first; the supervisor makes more.
constexpr std::uint32_t kFirstLargeBlocks = 1024;
constexpr std::size_t kLargeOffset = kStatesOffset + kMaxSegments;
constexpr std::size_t kSegmentsOffset = kLargeOffset + kMaxLargeBlocks * sizeof(LargeBlock);

/// Blocks from this size on are large.
constexpr std::size_t kLargeBytes = 8192;
/// Of blocks from this size on is known what was written: a smaller one lies on one page, which an
/// allocator's notes or its neighbours write anyway.
constexpr std::size_t kMeasuredBytes = kPage + 1;

/// Bytes of a spool with room for this many segments.
constexpr std::size_t spool_bytes(std::uint32_t segments) {
  return kSegmentsOffset + static_cast<std::size_t>(segments) * kSegmentBytes;
}

enum class SegmentState : std::uint8_t { free = 0, in_use = 1, full = 2 };

/// Which counter the ticks of this process are.
enum class ClockKind : std::uint32_t {
  tsc = 1,
  monotonic = 2,  ///< CLOCK_MONOTONIC in nanoseconds, where the TSC is not invariant
};

enum Flag : std::uint32_t {
  kExitBegan = 1U << 0,
  kExecuting = 1U << 1,            ///< an exec was begun and has not failed
  kClockFrozen = 1U << 2,          ///< a sandbox forbids reading the clock: ticks only count events
  kOverLinkedAllocator = 1U << 3,  ///< calls went on to Header::allocator and not to glibc
};

constexpr char kMagic[8] = {'H', 'W', 'S', 'P', 'O', 'O', 'L', '1'};

/// The first page of a spool. All is written by the recorded process before the spool gets its
/// final name, but for the atomics.
struct Header {
  char magic[8];
  std::uint32_t header_bytes;  ///< sizeof(Header): tells a spool of another build
  ClockKind clock;
  std::int32_t pid;
  std::int32_t parent_pid;
  std::uint64_t pid_namespace;  ///< inode of /proc/self/ns/pid, 0 when unknown
  std::uint64_t start_ticks;    ///< with pid, the identity of this process image
  /// A child made by fork of a recorded process: that process's start_ticks and the moment of the
  /// fork. Both 0 for an image begun by exec.
  std::uint64_t parent_start_ticks;
  std::uint64_t fork_ticks;
  std::uint32_t capacity;     ///< segments that are mapped in the process
  std::uint32_t stamp_ticks;  ///< what reading the clock costs
  std::uint32_t executable_bytes, directory_bytes, argument_bytes, variable_bytes;  ///< see text
  char allocator[64];  ///< file name of a known allocator linked to the program, or empty

  std::atomic<std::uint32_t> limit;     ///< segments from here on must not be touched yet
  std::atomic<std::uint32_t> hint;      ///< no segment below is free
  std::atomic<std::uint32_t> sequence;  ///< segments taken so far
  std::atomic<std::uint32_t> flags;
  std::atomic<std::uint32_t> threads;      ///< thread numbers given out
  std::atomic<std::uint32_t> large_limit;  ///< entries of large blocks that may be used
  std::atomic<std::uint32_t> large_used;   ///< no entry from here on was ever used
  /// Where large blocks come from; 0 bytes when the pages that are written are not counted.
  std::atomic<std::uint64_t> large_base, large_bytes;
  std::atomic<std::uint64_t> waited_ticks;     ///< of all threads, for a segment, in vain or not
  std::atomic<std::uint64_t> exit_cpu_ns;      ///< CPU time used when exit began; 0: not known
  std::atomic<std::uint64_t> children_cpu_ns;  ///< of all that were waited for when exit began
  std::atomic<std::uint64_t> dropped_events;
  std::atomic<std::uint64_t> failed_allocations;
  std::atomic<std::uint64_t> usable_size_calls;
  std::atomic<std::uint64_t> deepbind_loads;   ///< dlopen with RTLD_DEEPBIND
  std::atomic<std::uint64_t> namespace_loads;  ///< dlmopen
  std::atomic<std::uint64_t> allocator_calls;  ///< what its objects import of sensing.h's list
  // Every so many events one is timed, so that the cost of recording is known where it was paid.
  std::atomic<std::uint64_t> timed_events;
  std::atomic<std::uint64_t> allocator_ticks;  ///< of the timed events, with one clock reading each
  std::atomic<std::uint64_t> recorder_ticks;   ///< of the timed events, with one clock reading each
};
static_assert(sizeof(Header) <= kPage);

/// Behind the header, at kTextOffset: executable, directory, arguments (each ended by a zero byte)
/// and the environment variables that steer an allocator (likewise), cut to fit.

/// At the start of every segment. A zero `start_ticks` means that it holds nothing yet.
struct SegmentHead {
  std::uint64_t start_ticks;
  std::uint32_t sequence;
  std::uint32_t thread;  ///< who writes until a `run` event says otherwise
};

/// Why a process of the session is not recorded.
enum class Unrecorded : std::uint32_t {
  no_spool = 0,         ///< the spool could not be made: space, permission, chroot
  file_size_limit = 1,  ///< RLIMIT_FSIZE forbids it
  address_space = 2,    ///< RLIMIT_AS leaves no room
  sandboxed = 3,        ///< begun behind a seccomp filter, where a wrong system call kills
  kCount = 4,
};

constexpr char kSessionMagic[8] = {'H', 'W', 'S', 'E', 'S', 'S', 'N', '1'};
constexpr char kLibraryLink[] = "libheapwise_record.so";

/// The file `session`: made by the supervisor, kept mapped through fork.
struct SessionPage {
  char magic[8];
  std::atomic<std::uint64_t> heartbeat;  ///< advances while the supervisor is at work
  std::atomic<std::uint64_t> rounds;     ///< how often it began to go through all spools
  ClockKind clock;  ///< decided once: asking the CPU from inside a virtual machine costs 3 us
  std::uint32_t measures_touch;  ///< 1: the pages that are written of large blocks are counted
  std::uint32_t fault_ticks;     ///< what the first write to a page costs
  std::uint64_t pid_namespace;   ///< in which the next two are
  std::int32_t supervisor_pid;
  std::atomic<std::int32_t> command_pid;  ///< 0 until it is known
  std::atomic<std::uint64_t> unrecorded[static_cast<std::size_t>(Unrecorded::kCount)];
};
static_assert(sizeof(SessionPage) <= kPage);

// Events. The first word of each: kind in bits 0-2, then the address / 16, then ticks since the
// event before. A zero word ends a segment; it stands there before the event in front of it is
// published by its first word, so that a killed process loses nothing that it had written.

enum class Kind : std::uint32_t {
  malloc = 1,         ///< + u32 size
  calloc = 2,         ///< + u32 size
  aligned = 3,        ///< + u32 size + u32 log2 of the alignment
  free = 4,           //
  realloc_begin = 5,  ///< the old address
  realloc_end = 6,    ///< the new address + u32 size
  extended = 7,
};

using Word = std::uint64_t;
constexpr unsigned kKindBits = 3;
constexpr unsigned kAddressBits = 43;
constexpr unsigned kDeltaShift = kKindBits + kAddressBits;
constexpr std::uint64_t kDeltaLimit = 1ULL << (64 - kDeltaShift);

/// True when an address can stand in a compact event.
constexpr bool fits_address(std::uint64_t address) {
  return (address & 15U) == 0 && (address >> (kAddressBits + 4)) == 0;
}
constexpr Word make_word(Kind kind, std::uint64_t address, std::uint64_t delta) {
  return static_cast<Word>(kind) | (address >> 4) << kKindBits | delta << kDeltaShift;
}
constexpr Kind kind_of(Word word) { return static_cast<Kind>(word & 7U); }
constexpr std::uint64_t address_of(Word word) {
  return (word >> kKindBits & ((1ULL << kAddressBits) - 1)) << 4;
}
constexpr std::uint64_t delta_of(Word word) { return word >> kDeltaShift; }

/// Of kind `extended`, in the address's place: a code and a small value. Arguments of 8 bytes
/// follow as listed.
enum class Code : std::uint32_t {
  clock = 1,           ///< + ticks: the time is now this
  run = 2,             ///< + ticks: as clock; from here on thread `value` writes
  wide = 3,            ///< + address + size: kind and log2 alignment in `value`, see wide_value
  thread_begin = 4,    ///< made by thread value - 1; 0 if nobody knows
  thread_end = 5,      //
  exit_begin = 6,      //
  realloc_freed = 7,   ///< realloc to size 0 freed the block
  realloc_failed = 8,  ///< and the old block lives on
  trim = 9,            ///< + pad
  mallopt = 10,        ///< + parameter << 32 | value
  exec = 11,           //
  stall = 12,          ///< + ticks that the thread waited for a free segment
  touched = 13,        ///< + address + ticks that counting took: `value` pages have been written
  timed = 14,          ///< + allocator << 32 | recorder: ticks that the call before took in each
};

constexpr unsigned kCodeShift = kKindBits;
constexpr unsigned kValueShift = kCodeShift + 8;
constexpr std::uint64_t kValueLimit = 1ULL << (kDeltaShift - kValueShift);

constexpr Word make_extended(Code code, std::uint64_t value, std::uint64_t delta) {
  return static_cast<Word>(Kind::extended) | static_cast<Word>(code) << kCodeShift |
         value << kValueShift | delta << kDeltaShift;
}
constexpr Code code_of(Word word) { return static_cast<Code>(word >> kCodeShift & 255U); }
constexpr std::uint64_t value_of(Word word) { return word >> kValueShift & (kValueLimit - 1); }

constexpr std::uint64_t wide_value(Kind kind, unsigned align_log2) {
  return static_cast<std::uint64_t>(kind) | static_cast<std::uint64_t>(align_log2) << 3;
}

constexpr std::size_t argument_count(Code code) {
  switch (code) {
    case Code::clock:
    case Code::run:
    case Code::trim:
    case Code::mallopt:
    case Code::stall:
    case Code::timed:
      return 1;
    case Code::wide:
    case Code::touched:
      return 2;
    default:
      return 0;
  }
}

/// Bytes of the event that begins with `word`.
constexpr std::size_t event_bytes(Word word) {
  switch (kind_of(word)) {
    case Kind::malloc:
    case Kind::calloc:
    case Kind::realloc_end:
      return 12;
    case Kind::aligned:
      return 16;
    case Kind::extended:
      return 8 + 8 * argument_count(code_of(word));
    default:
      return 8;
  }
}

/// Events need not be aligned: they are read and written through these.
inline Word load_word(const unsigned char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
inline std::uint32_t load_half(const unsigned char* at) {
  std::uint32_t half;
  std::memcpy(&half, at, sizeof half);
  return half;
}

/// Bytes of a segment that hold its head and events: up to the zero word, or to its end.
inline std::size_t used_bytes(const unsigned char* segment) {
  std::size_t at = sizeof(SegmentHead);
  while (at + sizeof(Word) <= kSegmentBytes) {
    const Word word = load_word(segment + at);
    if (word == 0 || at + event_bytes(word) > kSegmentBytes) break;
    at += event_bytes(word);
  }
  return at;
}

/// Free bytes that a segment must have for the largest thing written at once: a clock event, the
/// largest other event, and the zero word.
constexpr std::size_t kReserve = 16 + 24 + sizeof(Word);

// A raw spool, as the supervisor leaves it on disk: the first kStatesOffset bytes of the spool,
// then for each segment its length as a word and that many bytes.

}  // namespace heapwise::spool
