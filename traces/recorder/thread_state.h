// SPDX-License-Identifier: MIT
// What each thread has of its own: where it writes.
#pragma once

#include <cstdint>

namespace heapwise::recorder {

constexpr std::uint64_t kBusy = 1;       ///< a writer that is being written to
constexpr std::uint64_t kFirstKey = 16;  ///< keys of ProcessPage are larger

/// A place in a segment. `key` is the process's key while the writer may be used; it is kBusy while
/// one event is written, so that a signal handler that allocates meanwhile goes another way.
struct Writer {
  std::uint64_t key;
  unsigned char* cursor;
  unsigned char* limit;  ///< no event begins here or beyond
  std::uint64_t last;    ///< ticks of the last event
};

struct ThreadState {
  Writer writer;
  Writer nested;            ///< for events inside the writing of an event
  std::uint32_t countdown;  ///< events until one is timed
  std::uint32_t random;
  std::uint32_t generation;  ///< in which `number` was given; 0 before the first event
  std::uint32_t number;
  std::uint32_t given_number;  ///< by the thread that made this one, with its own, both + 1
  std::uint32_t creator;
  std::uint32_t rounds;    ///< of the key's destructor
  std::uint32_t middling;  ///< blocks of 4 to 8 KiB, of which some are placed
  bool ended;
  std::uint64_t fork_ticks;  ///< of the fork that this thread is in, or that made its process
  // What exec and its kin need beyond the stack, kept for the next time: in a child made by vfork,
  // which runs on this too, the call that took it does not return.
  void* scratch;
  std::size_t scratch_bytes;
  int scratch_user;  ///< the process that uses it, which may be another program by now; 0: none
};

// Never a dynamic look-up: the event path may run anywhere, even inside the dynamic linker.
extern constinit thread_local ThreadState self __attribute__((tls_model("initial-exec")));

/// Has the end of the calling thread noted when it comes.
void note_thread_end_later();

/// Gives back what the calling thread kept for exec and its kin.
void release_scratch();

/// Makes the key whose destructor notes the ends of threads.
void make_thread_key();

/// In a forked child: the segments that ended threads left are the parent's.
void forget_partial_segments();

}  // namespace heapwise::recorder
