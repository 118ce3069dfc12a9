// SPDX-License-Identifier: MIT
#include "tests/plan/simulator.h"

#include <algorithm>

namespace heapwise::testing {

using plan::Code;

Simulator::Simulator(const PlanFile& plan, bool in_order) : plan_(plan), in_order_(in_order) {
  for (std::uint32_t i = 0; i < plan.header().thread_count; ++i) {
    Thread thread;
    thread.words = plan.words(i);
    thread.started = i == 0;
    thread.slots.resize(plan.thread(i).slots);
    threads_.push_back(std::move(thread));
  }
  mailboxes_.resize(plan.header().mailbox_count);
}

bool Simulator::step(std::uint32_t number) {
  Thread& thread = threads_[number];
  if (!thread.started || thread.next == thread.words.size()) return false;
  if (!perform(number, thread.words[thread.next])) return false;
  ++thread.next;
  return true;
}

bool Simulator::run_randomly(std::uint64_t seed) {
  Rng rng(seed);
  // One thread is favoured for a while, so that some run far ahead of the recording.
  while (!finished()) {
    const auto favourite = static_cast<std::uint32_t>(rng.below(threads_.size()));
    bool moved = false;
    for (std::uint64_t left = rng.below(50); left > 0 && step(favourite); --left) moved = true;
    for (std::uint32_t i = 0; !moved && i < threads_.size(); ++i) moved = step(i);
    if (!moved) return false;
  }
  return true;
}

bool Simulator::finished() const {
  return std::all_of(threads_.begin(), threads_.end(),
                     [](const Thread& one) { return one.next == one.words.size(); });
}

bool Simulator::perform(std::uint32_t number, plan::Word word) {
  static Slot none;
  Thread& thread = threads_[number];
  const Code code = plan::code_of(word);
  const std::uint32_t operand = plan::operand_of(word);
  const std::uint32_t at = plan::slot_of(word);
  const bool uses_slot = code <= Code::touch;
  if (uses_slot && at >= thread.slots.size() && !(code == Code::touch && operand == 0)) {
    error(number, "uses a slot that it has not got");
    return true;
  }
  Slot& slot = uses_slot && at < thread.slots.size() ? thread.slots[at] : none;
  switch (code) {
    case Code::malloc:
    case Code::calloc:
      allocate(number, slot, operand);
      break;
    case Code::realloc:
      resize(number, slot, operand);
      break;
    case Code::free:
      release(number, slot);
      break;
    case Code::big: {
      const plan::PlanBig& big = plan_.big(operand);
      if (big.base_code == static_cast<std::uint32_t>(Code::realloc)) {
        resize(number, slot, big.size);
      } else {
        allocate(number, slot, big.size);
      }
      if (big.touch_to > big.size) error(number, "touches beyond the block's end");
      break;
    }
    case Code::give:
      return give(number, slot, mailboxes_.at(operand));
    case Code::take:
      return take(number, slot, mailboxes_.at(operand));
    case Code::touch:
      if (operand > 0 && !slot.full) error(number, "touches what it does not hold");
      if (operand * plan::kTouchUnit > slot.size) error(number, "touches beyond the end");
      break;
    case Code::start:
      if (threads_.at(operand).started) error(number, "starts a thread that runs already");
      threads_.at(operand).started = true;
      break;
    case Code::touch_of:
      touch_of(number, at, plan_.big(operand));
      break;
    default:
      break;
  }
  return true;
}

void Simulator::allocate(std::uint32_t number, Slot& slot, std::uint64_t size) {
  if (slot.full) error(number, "loses the block in a slot");
  slot = {size, true};
  live_bytes_ += size;
}

void Simulator::resize(std::uint32_t number, Slot& slot, std::uint64_t size) {
  if (!slot.full) error(number, "resizes what it does not hold");
  consumed_[number].push_back({slot.size, size});
  live_bytes_ += size - slot.size;
  slot.size = size;
}

void Simulator::release(std::uint32_t number, Slot& slot) {
  if (!slot.full) error(number, "frees what it does not hold");
  consumed_[number].push_back({slot.size, 0});
  live_bytes_ -= slot.size;
  slot.full = false;
}

/// A slot that a block was given from still shows it, as long as it has not been used again.
void Simulator::touch_of(std::uint32_t number, std::uint32_t slot, const plan::PlanBig& what) {
  if (what.base_code == static_cast<std::uint32_t>(Code::touch)) {
    const Slot& own = threads_.at(number).slots.at(slot);
    if (what.size != number || !own.full) error(number, "touches what it does not hold");
    if (what.touch_to > own.size) error(number, "touches beyond the end");
    return;
  }
  if (!in_order_) return;
  const auto& slots = threads_.at(what.size).slots;
  if (what.touch_to > slots.at(slot).size) error(number, "touches beyond another's block");
  if (what.size == number && slots.at(slot).full)
    error(number, "looks elsewhere for its own block");
}

bool Simulator::give(std::uint32_t number, Slot& slot, Mailbox& mailbox) {
  if (mailbox.size) return false;
  if (!slot.full) error(number, "gives what it does not hold");
  if (mailbox.producer.value_or(number) != number) error(number, "shares a mailbox's front");
  mailbox.producer = number;
  mailbox.size = slot.size;
  slot.full = false;
  return true;
}

bool Simulator::take(std::uint32_t number, Slot& slot, Mailbox& mailbox) {
  if (!mailbox.size) return false;
  if (slot.full) error(number, "loses a block by taking another");
  if (mailbox.consumer.value_or(number) != number) error(number, "shares a mailbox's back");
  mailbox.consumer = number;
  slot = {*mailbox.size, true};
  mailbox.size.reset();
  return true;
}

std::vector<std::uint64_t> Simulator::left() const {
  std::vector<std::uint64_t> sizes;
  for (const Thread& thread : threads_) {
    for (const Slot& slot : thread.slots) {
      if (slot.full) sizes.push_back(slot.size);
    }
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

void Simulator::error(std::uint32_t number, const std::string& what) {
  errors_.push_back("thread " + std::to_string(number) + " " + what);
}

}  // namespace heapwise::testing
