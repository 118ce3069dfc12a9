// SPDX-License-Identifier: MIT
#include "tests/plan/trace_maker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/rng.h"

namespace heapwise::testing {
namespace {

struct Held {
  ObjectId object;
  std::uint64_t size;
  unsigned place;  ///< of the thread that made it
};

class RandomTrace {
 public:
  RandomTrace(TraceWriter& writer, const RandomTraceOptions& options)
      : writer_(writer), options_(options), rng_(options.seed), threads_(options.threads) {}

  Expectation run() {
    for (unsigned i = 0; i < options_.operations; ++i) step();
    if (rng_.below(2) == 0) writer_.exit_begin(thread(pick_place()), time_);
    for (unsigned i = 0; i < options_.operations / 10 && !held_.empty(); ++i) release(pick_place());
    for (const Held& one : held_) expected_.left.push_back(one.size);
    std::sort(expected_.left.begin(), expected_.left.end());
    expected_.threads = thread_count_;
    return expected_;
  }

 private:
  /// Mostly a little time, seldom more than a run of words can say.
  void pass_time() { time_ += rng_.below(1000) == 0 ? 5'000'000'000 : rng_.below(2000); }

  unsigned pick_place() {
    const auto place = static_cast<unsigned>(rng_.below(options_.threads));
    if (!threads_[place]) begin_thread(place);
    return place;
  }

  ThreadId thread(unsigned place) const { return *threads_[place]; }

  /// Sometimes it is known who made the thread, sometimes only that it was made, or not even that.
  void begin_thread(unsigned place) {
    const ThreadId started{thread_count_++};
    const std::uint64_t known = rng_.below(3);
    const auto maker = threads_[rng_.below(threads_.size())];
    if (known == 2) writer_.thread_start(maker.value_or(started), time_, started);
    if (known == 1) writer_.thread_start(started, time_, started);
    // Without a word of it, the op that comes next is its first appearance.
    threads_[place] = started;
  }

  void step() {
    pass_time();
    const unsigned place = pick_place();
    const std::uint64_t dice = rng_.below(100);
    const bool ends = dice >= 98 && options_.thread_ends && place != 0;
    const bool touches = dice >= 92 && !ends && options_.measured_touch;
    if (dice < 45 || held_.empty() || (dice >= 92 && !ends && !touches)) {
      allocate(place);
    } else if (dice < 58) {
      reallocate(place);
    } else if (dice < 92) {
      release(place);
    } else if (ends) {
      end_thread(place);
    } else {
      touch(place);
    }
  }

  std::uint64_t unique_size() { return 16 + 8 * productions_++; }

  void allocate(unsigned place) {
    constexpr OpKind kKinds[] = {OpKind::malloc, OpKind::malloc, OpKind::calloc, OpKind::aligned};
    const OpKind kind = kKinds[rng_.below(4)];
    const auto align = static_cast<std::uint8_t>(kind == OpKind::aligned ? 4 + rng_.below(6) : 0);
    const std::uint64_t size = unique_size();
    held_.push_back({writer_.allocate(thread(place), time_, kind, size, align), size, place});
    ++expected_.operations;
    if (options_.measured_touch && rng_.below(2) == 0) touch_object(place, held_.back());
  }

  /// An object of this thread's, or of another one's now and then.
  std::size_t pick_object(unsigned place) {
    const bool remote = rng_.below(100) < options_.remote_percent;
    for (int tries = 0; tries < 20; ++tries) {
      const std::size_t at = rng_.below(held_.size());
      if ((held_[at].place != place) == remote) return at;
    }
    return rng_.below(held_.size());
  }

  void reallocate(unsigned place) {
    Held& one = held_[pick_object(place)];
    const std::uint64_t size = unique_size();
    writer_.reallocate(thread(place), time_, one.object, size);
    expected_.consumed[index(thread(place))].push_back({one.size, size});
    one.size = size;
    one.place = place;
    ++expected_.operations;
  }

  void release(unsigned place) {
    const std::size_t at = pick_object(place);
    writer_.free(thread(place), time_, held_[at].object);
    expected_.consumed[index(thread(place))].push_back({held_[at].size, 0});
    held_[at] = held_.back();
    held_.pop_back();
    ++expected_.operations;
  }

  void touch(unsigned place) { touch_object(place, held_[rng_.below(held_.size())]); }
  void touch_object(unsigned place, const Held& one) {
    writer_.touch(thread(place), time_, one.object, 1 + rng_.below(3));
  }

  /// Sometimes with a late free behind the end; then another thread takes the place.
  void end_thread(unsigned place) {
    writer_.thread_end(thread(place), time_);
    if (rng_.below(2) == 0) release(place);
    threads_[place].reset();
  }

  TraceWriter& writer_;
  RandomTraceOptions options_;
  Rng rng_;
  Expectation expected_;
  std::uint64_t time_ = 0;
  std::uint64_t productions_ = 0;
  std::uint32_t thread_count_ = 0;
  std::vector<std::optional<ThreadId>> threads_;  ///< by place; none: not begun
  std::vector<Held> held_;
};

}  // namespace

TraceWriter new_trace(const std::string& path, Capabilities more,
                      std::vector<std::pair<std::string, std::string>> facts) {
  TraceInfo info;
  info.name = "test";
  info.source = TraceSource::synthetic;
  info.capabilities = more | Capability::threads | Capability::time;
  info.facts = std::move(facts);
  auto writer = TraceWriter::create(path, info, true);
  EXPECT_TRUE(writer) << writer.error().what;
  return std::move(*writer);
}

void finish(TraceWriter& writer) {
  const auto totals = writer.finish();
  EXPECT_TRUE(totals) << totals.error().what;
}

Expectation write_random_trace(const std::string& path, const RandomTraceOptions& options) {
  const Capabilities touch =
      options.measured_touch ? static_cast<Capabilities>(Capability::touch) : 0;
  auto writer = new_trace(path, touch, {{"touch_threshold", "2000"}});
  Expectation expected = RandomTrace(writer, options).run();
  finish(writer);
  return expected;
}

}  // namespace heapwise::testing
