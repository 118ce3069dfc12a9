// SPDX-License-Identifier: MIT
// One recorded process image: its spool, and whether it records at all.
#pragma once

#include <atomic>
#include <cstdint>

#include "traces/recorder/spool.h"

namespace heapwise::recorder {

enum class ProcessState : std::uint32_t { unknown = 0, starting = 1, recording = 2, inert = 3 };

/// What decides whether this process records. It lies in memory that the kernel wipes in a child
/// however it is made (MADV_WIPEONFORK), so a child never takes its parent's spool for its own: it
/// finds ProcessState::unknown and begins anew at its next event.
struct ProcessPage {
  std::atomic<std::uint64_t> key;  ///< what a writer of this process holds; 0 unless recording
  std::atomic<ProcessState> state;
};

extern ProcessPage* process;      ///< never null
extern std::uint32_t generation;  ///< how many spools this process and its ancestors began

/// The spool of this process; valid while process->state is `recording`.
struct Spool {
  spool::Header* header = nullptr;
  std::atomic<spool::SegmentState>* states = nullptr;
  spool::LargeBlock* large_blocks = nullptr;
  unsigned char* segments = nullptr;
};
extern Spool spool_of_process;

/// Mapped when the first image began, and through every fork; null outside a session.
extern spool::SessionPage* session;

/// True when this process records, having begun to if need be. False while it begins.
bool ensure_recording();

/// Look up the functions that the recorder stands before. For begin_image().
void resolve_execs();
void resolve_exits();
void resolve_limits();
void resolve_notices();
void resolve_operators();
void resolve_pages();
void resolve_threads();

/// True when the process may not have all the address space it wants.
bool has_memory_limit();

/// The bytes that this process may lock unless it has the privilege to lock more.
std::uint64_t memory_lock_limit();

/// The program limits its memory to so many bytes: gives back what the spool has for later.
void limit_spool(std::uint64_t bytes);

/// The program has locked all its memory: the spool must not count against what it may lock.
void unlock_spool();

/// Gives recording up for good: the supervisor is gone.
void stop_recording();

inline bool is_recording() {
  return process->state.load(std::memory_order_relaxed) == ProcessState::recording;
}

/// True when this process records and is not a child made by vfork, which runs on its parent's
/// memory and thus on its parent's spool.
bool is_own_spool();

/// Marks the moment of a fork of the calling thread, so that the child knows which objects it
/// inherits: those of the process that last recorded in this memory. One that was forked itself and
/// has not begun to record hands on the moment of its own fork. Returns what note_fork_end() is to
/// be told in the parent.
std::uint64_t note_fork_begin();
void note_fork_end(std::uint64_t before);

/// Where the calling thread may be about to write in this process's spool.
struct SpoolInUse {
  const void* header = nullptr;
  const void* segments[2] = {};  ///< null where there is none
  std::size_t bytes = 0;         ///< from the header on, beside the segments
};
SpoolInUse spool_in_use();

/// In the child of a fork, which has nothing of its parent's spool. A handler may have made it that
/// interrupted the recorder, which goes on writing there when the handler returns: so there is
/// memory that nobody reads.
void stand_in_for(const SpoolInUse& parents);

/// From now on no system call beyond those of the program itself is safe in a new process.
void note_sandbox(bool now);
bool is_sandboxed();

}  // namespace heapwise::recorder
