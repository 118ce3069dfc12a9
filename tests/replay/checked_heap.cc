// SPDX-License-Identifier: MIT
#include "tests/replay/checked_heap.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "bench/replay/state.h"

namespace heapwise::testing {
namespace {

constexpr std::uint64_t kAlive = 0x6c69766521212121;
constexpr std::uint64_t kDead = 0x6465616421212121;

struct alignas(16) Header {
  std::uint64_t size;
  std::uint64_t state;
};

Header& header_of(const void* block) {
  return *(static_cast<Header*>(const_cast<void*>(block)) - 1);
}

void bury(void* block) {
  Header& header = header_of(block);
  if (header.state != kAlive) {
    std::fprintf(stderr, "a block that is not alive is consumed\n");
    std::abort();
  }
  header.state = kDead;
  std::free(&header);
}

}  // namespace

void (*CheckedHeap::start)(replay::Lane& lane) = nullptr;

std::vector<Consumption>& CheckedHeap::consumed() {
  thread_local std::vector<Consumption> list;
  return list;
}

std::uint64_t checked_size(const void* block) { return header_of(block).size; }

void* CheckedHeap::malloc(std::size_t size) {
  auto* const header = static_cast<Header*>(std::malloc(sizeof(Header) + size));
  *header = {size, kAlive};
  return header + 1;
}

void* CheckedHeap::realloc(void* block, std::size_t size) {
  consumed().push_back({header_of(block).size, size});
  bury(block);
  return malloc(size);
}

void CheckedHeap::free(void* block) {
  consumed().push_back({header_of(block).size, 0});
  bury(block);
}

void CheckedHeap::cold(replay::Lane& lane, const plan::Word* at, replay::Reason reason) {
  if (reason == replay::Reason::wait) return std::this_thread::yield();
  const plan::Code code = plan::code_of(*at);
  const std::uint32_t operand = plan::operand_of(*at);
  if (code == plan::Code::start) start(lane.replay->lanes[operand]);
  if (code != plan::Code::big) return;
  const plan::PlanBig& big = lane.replay->plan.bigs[operand];
  void*& slot = lane.slots[plan::slot_of(*at)];
  const bool resizes = big.base_code == static_cast<std::uint32_t>(plan::Code::realloc);
  slot = resizes ? realloc(slot, big.size) : malloc(big.size);
  replay::touch(slot, big.touch_from, big.touch_to);
}

}  // namespace heapwise::testing
