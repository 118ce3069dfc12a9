// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

namespace heapwise::plan {

/// Numbers mailboxes. Each serves one producer and one consumer for the whole run, so its gives and
/// its takes come in order by themselves, and is used again only after the take of its last object
/// in recorded order.
class Mailboxes {
 public:
  /// A mailbox that `producer` gives to `consumer` through.
  std::uint32_t acquire(std::uint32_t producer, std::uint32_t consumer) {
    std::deque<std::uint32_t>& idle = idle_[key(producer, consumer)];
    if (idle.size() <= kSlack) return count_++;
    const std::uint32_t mailbox = idle.front();
    idle.pop_front();
    return mailbox;
  }
  /// The mailbox has been taken from.
  void release(std::uint32_t producer, std::uint32_t consumer, std::uint32_t mailbox) {
    idle_[key(producer, consumer)].push_back(mailbox);
  }
  std::uint32_t count() const { return count_; }

 private:
  /// So many stay idle and the one longest idle goes first: otherwise a producer that runs ahead of
  /// the recording would wait at every object for a consumer that has not come that far.
  static constexpr std::size_t kSlack = 256;

  static std::uint64_t key(std::uint32_t producer, std::uint32_t consumer) {
    return std::uint64_t{producer} << 32 | consumer;
  }

  std::unordered_map<std::uint64_t, std::deque<std::uint32_t>> idle_;
  std::uint32_t count_ = 0;
};

}  // namespace heapwise::plan
