// SPDX-License-Identifier: MIT
// The replay loop. Everything in it is paid per operation: it calls the allocator, World::cold
// where something rare is due, and nothing else. A test reads the machine code to see that it stays
// so.
#pragma once

#include "bench/replay/slots.h"

namespace heapwise::replay {

/// Slots are fetched into the cache so many words before they are used. Fewer hides less of a
/// miss, more evicts what is needed sooner; 16 to 32 were equal when measured.
constexpr std::size_t kAhead = 24;
static_assert(kAhead < plan::kWordsPadding);

/// A mailbox is polled so often before the cold function waits for it.
constexpr unsigned kSpins = 100;

/// As fast as the allocator and the hand-overs allow.
struct Unpaced {
  void operator()(Lane& /*lane*/, const plan::Word* /*at*/) {}
};

template <class World>
inline void await(Lane& lane, const plan::Word* at, const Mailbox& box, bool full) {
  for (unsigned spins = 0; (box.load(std::memory_order_acquire) != nullptr) != full; ++spins) {
    if (spins < kSpins) {
      relax();
    } else {
      World::cold(lane, at, Reason::wait);
    }
  }
}

/// Runs the words of [at, end). World names the malloc family and the cold function; `pace` is
/// called before each word.
template <class World, class Pace>
[[gnu::always_inline]] inline void execute(Lane& lane, const plan::Word* at, const plan::Word* end,
                                           Pace pace) {
  using plan::Code;
  void** const slots = lane.slots;
  for (; at != end; ++at) {
    pace(lane, at);
    const plan::Word word = *at;
    __builtin_prefetch(&slots[plan::slot_of(at[kAhead])], 1);
    void*& slot = slots[plan::slot_of(word)];
    const std::uint32_t operand = plan::operand_of(word);
    const Code code = plan::code_of(word);
    // Nearly all words are one of these, and a compare is guessed more cheaply than a jump table.
    if (code == Code::malloc) {
      if (keep(lane, slot, World::malloc(operand), operand)) touch(slot, 0, operand);
      continue;
    }
    if (code == Code::free) {
      World::free(slot);
      continue;
    }
    switch (code) {
      case Code::calloc:
        if (keep(lane, slot, World::calloc(1, operand), operand)) touch(slot, 0, operand);
        break;
      case Code::realloc:
        if (keep_resized<World>(lane, slot, World::realloc(slot, operand))) {
          touch(slot, 0, operand);
        }
        break;
      case Code::give: {
        Mailbox& box = lane.mailboxes[operand];
        await<World>(lane, at, box, false);
        box.store(slot != nullptr ? slot : null_in_mailbox(), std::memory_order_release);
        break;
      }
      case Code::take: {
        Mailbox& box = lane.mailboxes[operand];
        await<World>(lane, at, box, true);
        void* const block = box.load(std::memory_order_relaxed);
        slot = block != null_in_mailbox() ? block : nullptr;
        box.store(nullptr, std::memory_order_release);
        break;
      }
      case Code::touch:
        if (slot != nullptr) touch(slot, 0, operand * plan::kTouchUnit);
        break;
      default:
        World::cold(lane, at, Reason::word);
    }
  }
}

}  // namespace heapwise::replay
