// SPDX-License-Identifier: MIT
#pragma once

#include "bench/replay/slots.h"

namespace heapwise::replay {

/// An allocation or a resizing that is too large, too aligned or too sparsely written for a word of
/// its own. World names the malloc family.
template <class World>
void perform_big(Lane& lane, void*& slot, const plan::PlanBig& big) {
  const auto base = static_cast<plan::Code>(big.base_code);
  bool kept = false;
  if (base == plan::Code::realloc) {
    kept = keep_resized<World>(lane, slot, World::realloc(slot, big.size));
  } else if (big.align_log2 != 0) {
    kept = keep(lane, slot, World::aligned(big.align_log2, big.size), big.size);
  } else if (base == plan::Code::calloc) {
    kept = keep(lane, slot, World::calloc(1, big.size), big.size);
  } else {
    kept = keep(lane, slot, World::malloc(big.size), big.size);
  }
  if (kept) touch(slot, big.touch_from, big.touch_to);
}

}  // namespace heapwise::replay
