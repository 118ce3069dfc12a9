// SPDX-License-Identifier: MIT
#include "bench/replay/state.h"

#include <string.h>
#include <sys/mman.h>

#include "bench/replay/passing_time.h"

namespace heapwise::replay {
namespace {

/// Whether `count` entries of `each` bytes at `offset` lie within the file.
bool fits(std::uint64_t offset, std::uint64_t count, std::uint64_t each, std::uint64_t size) {
  return offset <= size && offset % 4096 == 0 && count <= (size - offset) / each;
}

bool sections_fit(const plan::PlanHeader& header, std::uint64_t size) {
  return fits(header.words_offset, header.word_count + plan::kWordsPadding, sizeof(plan::Word),
              size) &&
         fits(header.delays_offset, header.word_count, sizeof(std::uint32_t), size) &&
         fits(header.threads_offset, header.thread_count, sizeof(plan::PlanThread), size) &&
         fits(header.runs_offset, header.run_count, sizeof(plan::PlanRun), size) &&
         fits(header.bigs_offset, header.big_count, sizeof(plan::PlanBig), size) &&
         fits(header.samples_offset, header.sample_count, sizeof(plan::PlanSample), size);
}

}  // namespace

bool view_plan(const void* bytes, std::size_t size, PlanView& view, const char*& problem) {
  const auto* const header = static_cast<const plan::PlanHeader*>(bytes);
  if (size < sizeof *header || memcmp(header->magic, plan::kMagic, sizeof header->magic) != 0) {
    problem = "the file is no plan of this build of heapwise";
    return false;
  }
  if (header->file_bytes != size || header->thread_count == 0 || !sections_fit(*header, size)) {
    problem = "the plan is cut short";
    return false;
  }
  const auto* const base = static_cast<const char*>(bytes);
  view = {header,
          reinterpret_cast<const plan::Word*>(base + header->words_offset),
          reinterpret_cast<const std::uint32_t*>(base + header->delays_offset),
          reinterpret_cast<const plan::PlanThread*>(base + header->threads_offset),
          reinterpret_cast<const plan::PlanRun*>(base + header->runs_offset),
          reinterpret_cast<const plan::PlanBig*>(base + header->bigs_offset),
          reinterpret_cast<const plan::PlanSample*>(base + header->samples_offset)};
  return true;
}

void* map_shared(std::size_t size, bool now) {
  const int flags = MAP_SHARED | MAP_ANONYMOUS | (now ? MAP_POPULATE : MAP_NORESERVE);
  void* const memory = mmap(nullptr, size + 1, PROT_READ | PROT_WRITE, flags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

bool prepare(Replay& replay) {
  const plan::PlanHeader& header = *replay.plan.header;
  const bool now = replay.purpose != Purpose::footprint;
  auto* const slots = static_cast<void**>(map_shared(header.slot_count * sizeof(void*), now));
  replay.mailboxes = static_cast<Mailbox*>(map_shared(header.mailbox_count * sizeof(Mailbox), now));
  replay.lanes = static_cast<Lane*>(map_shared(header.thread_count * sizeof(Lane), true));
  if (slots == nullptr || replay.mailboxes == nullptr || replay.lanes == nullptr) return false;
  for (std::uint32_t number = 0; number < header.thread_count; ++number) {
    const plan::PlanThread& thread = replay.plan.threads[number];
    Lane& lane = replay.lanes[number];
    lane.slots = slots + thread.first_slot;
    lane.mailboxes = replay.mailboxes;
    lane.replay = &replay;
    lane.next = replay.plan.words + thread.first_word;
    lane.end = lane.next + thread.words;
    lane.delays = replay.plan.delays + thread.first_word;
    lane.number = number;
    // The first thread is the process's main thread, which cannot end before the process does.
    lane.ends = number == 0 ? 0 : thread.ends;
  }
  return replay.purpose == Purpose::footprint || replay.clock == ReplayClock::none ||
         find_stops(replay);
}

}  // namespace heapwise::replay
