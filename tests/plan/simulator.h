// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "tests/plan/plan_file.h"
#include "tests/plan/trace_maker.h"

namespace heapwise::testing {

/// Executes a plan without threads or memory: blocks are known by their sizes, and any thread that
/// can go on may be the next. Whatever a replay must never do is an error here.
class Simulator {
 public:
  /// With `in_order` words come in recorded order, and blocks of other threads can be looked at.
  explicit Simulator(const PlanFile& plan, bool in_order = false);

  /// Runs one word of thread `number`. False when it has to wait, does not exist yet or is through.
  bool step(std::uint32_t number);
  /// Runs words of random threads until all are through. False when none can go on before that.
  bool run_randomly(std::uint64_t seed);
  bool finished() const;

  const std::vector<std::string>& errors() const { return errors_; }
  const std::map<std::uint32_t, std::vector<Consumption>>& consumed() const { return consumed_; }
  /// Sizes of the blocks alive, sorted.
  std::vector<std::uint64_t> left() const;
  std::uint64_t live_bytes() const { return live_bytes_; }

 private:
  struct Slot {
    std::uint64_t size = 0;
    bool full = false;  ///< holds a block that is this thread's to free
  };
  struct Thread {
    std::vector<plan::Word> words;
    std::size_t next = 0;
    bool started = false;
    std::vector<Slot> slots;
  };
  struct Mailbox {
    std::optional<std::uint64_t> size;
    std::optional<std::uint32_t> producer, consumer;
  };

  bool perform(std::uint32_t number, plan::Word word);
  void allocate(std::uint32_t number, Slot& slot, std::uint64_t size);
  void resize(std::uint32_t number, Slot& slot, std::uint64_t size);
  void release(std::uint32_t number, Slot& slot);
  void touch_of(std::uint32_t number, std::uint32_t slot, const plan::PlanBig& what);
  bool give(std::uint32_t number, Slot& slot, Mailbox& mailbox);
  bool take(std::uint32_t number, Slot& slot, Mailbox& mailbox);
  void error(std::uint32_t number, const std::string& what);

  const PlanFile& plan_;
  bool in_order_;
  std::vector<Thread> threads_;
  std::vector<Mailbox> mailboxes_;
  std::map<std::uint32_t, std::vector<Consumption>> consumed_;
  std::vector<std::string> errors_;
  std::uint64_t live_bytes_ = 0;
};

}  // namespace heapwise::testing
