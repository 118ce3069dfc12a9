// SPDX-License-Identifier: MIT
#include "workloads/fit/synthesize.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <queue>

#include "base/rng.h"

namespace heapwise::fit {
namespace {

constexpr double kForEver = std::numeric_limits<double>::infinity();
constexpr double kUnitSpread = 0.28867513459481287;  // of a uniform number: 1/sqrt(12)
constexpr double kLatest = 9e18;                     // ns, what a trace can say
constexpr std::uint64_t kPageBytes = 4096;

/// Draws numbers as often as their weights say.
class Weights {
 public:
  void add(std::uint64_t value, std::uint64_t weight) {
    values_.push_back(value);
    sums_.push_back(total() + weight);
  }
  std::uint64_t total() const { return sums_.empty() ? 0 : sums_.back(); }
  std::uint64_t draw(Rng& rng) const {
    const auto at = std::upper_bound(sums_.begin(), sums_.end(), rng.below(total()));
    return values_[static_cast<std::size_t>(at - sums_.begin())];
  }

 private:
  std::vector<std::uint64_t> values_, sums_;
};

/// One bucket of sizes, ready to draw from.
struct Bucket {
  const Sizes* sizes = nullptr;
  Weights exact, grows, delays;
  double grows_share = 0;
};

struct Event {
  enum class Kind { start, end, birth, step, death, pause } kind;
  double position;
  std::uint64_t order;   // breaks ties
  std::uint32_t object;  // number in objects_, giant, thread or pause
  std::uint64_t size;    // of a giant's step

  bool operator>(const Event& other) const {
    return position != other.position ? position > other.position : order > other.order;
  }
};

struct Object {
  ObjectId id{0};
  double dies = kForEver;
  std::uint32_t bucket = 0, maker = 0, freer = 0;
  const Giant* giant = nullptr;
};

struct LiveThread {
  ThreadId id{0};
  bool alive = false;
};

class Synthesizer {
 public:
  Synthesizer(const Model& model, double length, double scale, std::uint64_t seed,
              TraceWriter& writer)
      : model_(model),
        rng_(seed),
        writer_(writer),
        run_length_(static_cast<double>(model.phases.size())),
        end_(run_length_ * length),
        scale_(scale),
        per_phase_(static_cast<double>(model.operations) / run_length_),
        threads_(model.threads.size()) {
    prepare_buckets();
    prepare_threads();
    prepare_replacement();
  }

  void run() {
    threads_[0] = {ThreadId{0}, true};
    for (double begin = 0; begin < end_; begin += run_length_) {
      run_end_ = begin + run_length_;
      plan_run(begin);
      for (std::size_t i = 0; i < model_.phases.size(); ++i) {
        if (begin + static_cast<double>(i) < end_) run_phase(i, begin + static_cast<double>(i));
      }
    }
    happen_until(end_);
    writer_.exit_begin(ThreadId{0}, time(end_));
  }

 private:
  void prepare_buckets() {
    for (const Sizes& sizes : model_.sizes) {
      Bucket& bucket = buckets_[sizes.bucket];
      bucket.sizes = &sizes;
      for (const auto& [size, count] : sizes.common) bucket.exact.add(size, count);
      if (sizes.others > 0) bucket.exact.add(kAnySize, sizes.others);
      for (const auto& [to, count] : sizes.grows) bucket.grows.add(to, count);
      for (const auto& [span, count] : sizes.delays) bucket.delays.add(span, count);
      const auto grows = static_cast<double>(bucket.grows.total());
      if (grows > 0) bucket.grows_share = grows / (grows + static_cast<double>(sizes.ends));
    }
  }

  void prepare_threads() {
    soon_.resize(threads_.size());
    later_.resize(threads_.size());
    for (const Handover& handover : model_.handovers) {
      if (handover.soon > 0) soon_[handover.maker].add(handover.freer, handover.soon);
      if (handover.later > 0) later_[handover.maker].add(handover.freer, handover.later);
    }
  }

  // Whatever stands in the model with its position is set down for the run that begins there.
  void plan_run(double begin) {
    for (std::uint32_t i = 1; i < model_.threads.size(); ++i) {
      const Thread& thread = model_.threads[i];
      if (begin > 0 && thread.end < 0) continue;  // it goes on
      plan(Event::Kind::start, begin + thread.start, i);
      if (thread.end >= 0) plan(Event::Kind::end, begin + thread.end, i);
    }
    for (std::uint32_t i = 0; i < model_.giants.size(); ++i) {
      plan(Event::Kind::birth, begin + model_.giants[i].born, i);
    }
    for (std::uint32_t i = 0; i < model_.pauses.size(); ++i) {
      plan(Event::Kind::pause, begin + model_.pauses[i].position, i);
    }
  }

  void plan(Event::Kind kind, double position, std::uint32_t what, std::uint64_t size = 0) {
    const bool last_pause = kind == Event::Kind::pause && position <= end_;
    if (position < end_ || last_pause) {
      events_.push({kind, position, orders_++, what, size});
    }
  }

  void run_phase(std::size_t number, double begin) {
    phase_ = &model_.phases[number];
    begin_ = begin;
    deal();
    makers_ = {};
    for (const auto& [thread, count] : phase_->makers) makers_.add(thread, count);
    redraw_ = redraw_share();
    for (std::size_t i = 0; i < deck_.size(); ++i) {
      const double at = (static_cast<double>(i) + 0.5) / static_cast<double>(deck_.size());
      if (begin + at >= end_) break;
      happen_until(begin + at);
      allocate(number, at, phase_->cells[deck_[i]]);
    }
    happen_until(std::min(begin + 1, end_));
    passed_ns_ += phase_->active_ns * (std::min(begin + 1, end_) - begin);
  }

  // All allocations of the phase, shuffled. Dealt out rather than drawn, there are exactly as many
  // of each kind as were recorded.
  void deal() {
    deck_.clear();
    for (std::uint32_t i = 0; i < phase_->cells.size(); ++i) {
      const double wanted = static_cast<double>(phase_->cells[i].count) * scale_;
      auto count = static_cast<std::uint64_t>(wanted);
      count += rng_.unit() < wanted - static_cast<double>(count) ? 1 : 0;
      deck_.insert(deck_.end(), count, i);
    }
    for (std::size_t left = deck_.size(); left > 1; --left) {
      std::swap(deck_[rng_.below(left)], deck_[left - 1]);
    }
  }

  // Of allocations, the share before which the thread is drawn anew: it may be the same again.
  double redraw_share() const {
    double total = 0, squares = 0;
    for (const auto& [thread, count] : phase_->makers) {
      total += static_cast<double>(count);
      squares += static_cast<double>(count) * static_cast<double>(count);
    }
    if (total <= 0) return 0;
    const double differs = 1 - squares / (total * total);
    return differs > 0 ? std::min(1.0, phase_->changes / differs) : 1;
  }

  std::uint32_t next_maker() {
    if (makers_.total() == 0) return 0;
    if (rng_.unit() < redraw_ || !threads_[maker_].alive) {
      maker_ = static_cast<std::uint32_t>(makers_.draw(rng_));
      for (int tries = 16; tries > 0 && !threads_[maker_].alive; --tries) {
        maker_ = static_cast<std::uint32_t>(makers_.draw(rng_));
      }
    }
    if (!threads_[maker_].alive) maker_ = 0;
    return maker_;
  }

  void allocate(std::size_t phase, double at, const Cell& cell) {
    Object object;
    object.bucket = cell.bucket;
    object.maker = next_maker();
    object.dies = death_of(phase, at, cell.fate);
    object.freer = freer_of(object.maker, cell.fate >= kLater);
    const double position = begin_ + at;
    const Sizes& sizes = *buckets_[cell.bucket].sizes;
    const double dice = rng_.unit();
    const OpKind kind = dice < sizes.callocs                   ? OpKind::calloc
                        : dice < sizes.callocs + sizes.aligned ? OpKind::aligned
                                                               : OpKind::malloc;
    const std::uint64_t size = draw_size(cell.bucket);
    object.id = writer_.allocate(threads_[object.maker].id, time(position), kind, size,
                                 static_cast<std::uint8_t>(sizes.align_log2));
    touch(object, position, size, sizes.written);
    const std::uint32_t number = keep(object);
    if (!plan_growth(number, position)) plan_death(number);
  }

  double death_of(std::size_t phase, double at, Fate fate) {
    if (fate == kNever) return until_replaced();
    if (fate >= kLater) return begin_ + later(phase, at, fate - kLater);
    return begin_ + at + std::max(1.0, draw_span(fate - kSoon)) / per_phase_;
  }

  // The line through the places of birth and death, and chance around it.
  double later(std::size_t phase, double at, std::uint32_t to) {
    const double distance = static_cast<double>(to) - static_cast<double>(phase);
    const std::vector<Flow>& flows = phase_->flows;
    const auto flow =
        std::lower_bound(flows.begin(), flows.end(), to,
                         [](const Flow& one, std::uint32_t key) { return one.to < key; });
    if (flow == flows.end() || flow->to != to) return distance + rng_.unit();
    const double along = (at - 0.5) / kUnitSpread, chance = (rng_.unit() - 0.5) / kUnitSpread;
    const double shift = flow->order * along + std::sqrt(1 - flow->order * flow->order) * chance;
    return distance + std::clamp(flow->mean + flow->spread * shift, 0.0, 0.999999);
  }

  // What a run leaves behind goes while the next one grows: chosen by chance, as much of it as the
  // next one has alive by then at most. So the heap is never larger than in a single run.
  double until_replaced() {
    const auto at = std::lower_bound(replaced_.begin(), replaced_.end(), 1 - rng_.unit());
    if (at == replaced_.begin() || at == replaced_.end()) return run_end_;
    return run_end_ + static_cast<double>(at - replaced_.begin()) - rng_.unit();
  }

  // For each place between two phases, the share of what is live at the end of a run that has been
  // live by then.
  void prepare_replacement() {
    std::vector<double> change(model_.phases.size() + 2);
    for (std::size_t i = 0; i < model_.phases.size(); ++i) {
      for (const Cell& cell : model_.phases[i].cells) {
        if (cell.fate >= kSoon && cell.fate < kLater) continue;
        const double bytes = mean_size(cell.bucket) * static_cast<double>(cell.count) * scale_;
        change[i + 1] += bytes;
        if (cell.fate >= kLater) change[cell.fate - kLater + 1] -= bytes;
      }
    }
    for (const Giant& giant : model_.giants) {
      const auto size =
          static_cast<double>(giant.steps.empty() ? giant.size : giant.steps.back().second);
      change[boundary_after(giant.born)] += size;
      if (giant.died >= 0) change[boundary_after(giant.died)] -= size;
    }
    replaced_.assign(model_.phases.size() + 1, 0);
    double live = 0, most = 0;
    for (std::size_t i = 0; i < replaced_.size(); ++i) {
      live += change[i];
      replaced_[i] = most = std::max(most, live);
    }
    for (double& share : replaced_) share = live > 0 ? std::min(1.0, share / live) : 1;
    replaced_.back() = 1;
  }

  std::size_t boundary_after(double position) const {
    return std::min(static_cast<std::size_t>(position), model_.phases.size() - 1) + 1;
  }

  double mean_size(std::uint32_t bucket) const {
    const Sizes& sizes = *buckets_[bucket].sizes;
    double sum =
        static_cast<double>(sizes.others) *
        (static_cast<double>(bucket_low(bucket)) + static_cast<double>(bucket_high(bucket))) / 2;
    for (const auto& [size, count] : sizes.common) {
      sum += static_cast<double>(size) * static_cast<double>(count);
    }
    return sum / static_cast<double>(buckets_[bucket].exact.total());
  }

  // Uniform between the two powers of two.
  double draw_span(std::uint32_t span) {
    if (span == 0) return 0;
    const double low = static_cast<double>(1ULL << (span - 1));
    return low * (1 + rng_.unit());
  }

  std::uint32_t freer_of(std::uint32_t maker, bool is_later) {
    const Weights& weights = is_later ? later_[maker] : soon_[maker];
    return weights.total() == 0 ? maker : static_cast<std::uint32_t>(weights.draw(rng_));
  }

  std::uint64_t draw_size(std::uint32_t bucket) {
    const std::uint64_t size = buckets_[bucket].exact.draw(rng_);
    if (size != kAnySize) return size;
    return rng_.between(bucket_low(bucket), bucket_high(bucket));
  }

  void touch(const Object& object, double position, std::uint64_t size, double written) {
    if (!model_.written_measured || size < model_.written_threshold) return;
    const std::uint64_t pages = (size + kPageBytes - 1) / kPageBytes;
    const auto share =
        static_cast<std::uint64_t>(static_cast<double>(pages) * written + rng_.unit());
    if (share == 0) return;
    writer_.touch(threads_[alive(object.maker)].id, time(position), object.id,
                  std::min(share, pages));
  }

  std::uint32_t keep(const Object& object) {
    if (free_places_.empty()) {
      objects_.push_back(object);
      return static_cast<std::uint32_t>(objects_.size() - 1);
    }
    const std::uint32_t number = free_places_.back();
    free_places_.pop_back();
    objects_[number] = object;
    return number;
  }

  void plan_death(std::uint32_t number) { plan(Event::Kind::death, objects_[number].dies, number); }

  // False when the object keeps the size that it has.
  bool plan_growth(std::uint32_t number, double position) {
    const Object& object = objects_[number];
    const Bucket& bucket = buckets_[object.bucket];
    if (rng_.unit() >= bucket.grows_share) return false;
    if ((object.dies - position) * per_phase_ < 1) return false;  // there is no time left for it
    double at =
        position +
        std::max(1.0, draw_span(static_cast<std::uint32_t>(bucket.delays.draw(rng_)))) / per_phase_;
    if (at >= object.dies) at = position + (object.dies - position) * rng_.unit();
    plan(Event::Kind::step, at, number, bucket.grows.draw(rng_));
    return true;
  }

  void happen_until(double position) {
    while (!events_.empty() && events_.top().position <= position) {
      const Event event = events_.top();
      events_.pop();
      happen(event);
    }
  }

  void happen(const Event& event) {
    switch (event.kind) {
      case Event::Kind::start:
        start(event);
        break;
      case Event::Kind::end:
        if (threads_[event.object].alive) {
          writer_.thread_end(threads_[event.object].id, time(event.position));
        }
        threads_[event.object].alive = false;
        break;
      case Event::Kind::birth:
        bear_giant(event);
        break;
      case Event::Kind::step:
        resize(event);
        break;
      case Event::Kind::death:
        writer_.free(threads_[alive(objects_[event.object].freer)].id, time(event.position),
                     objects_[event.object].id);
        free_places_.push_back(event.object);
        break;
      case Event::Kind::pause:
        paused_ns_ += static_cast<double>(model_.pauses[event.object].ns);
        break;
    }
  }

  void start(const Event& event) {
    LiveThread& thread = threads_[event.object];
    if (thread.alive) return;
    thread = {ThreadId{++started_}, true};
    const std::uint32_t creator = alive(model_.threads[event.object].creator);
    const ThreadId by = creator == event.object ? ThreadId{0} : threads_[creator].id;
    writer_.thread_start(by, time(event.position), thread.id);
  }

  void bear_giant(const Event& event) {
    const Giant& giant = model_.giants[event.object];
    Object object;
    object.giant = &giant;
    object.maker = alive(giant.maker);
    object.freer = giant.freer;
    const double run = event.position - giant.born;
    object.dies = giant.died < 0 ? until_replaced() : run + giant.died;
    object.id = writer_.allocate(threads_[object.maker].id, time(event.position), giant.kind,
                                 giant.size, static_cast<std::uint8_t>(giant.align_log2));
    const std::uint32_t number = keep(object);
    touch_giant(object, event.position, giant.size);
    for (const auto& [at, size] : giant.steps) {
      plan(Event::Kind::step, std::min(run + at, object.dies), number, size);
    }
    plan_death(number);
  }

  void touch_giant(const Object& object, double position, std::uint64_t size) {
    if (!model_.written_measured || size < model_.written_threshold) return;
    const std::uint64_t pages = std::min(object.giant->pages, (size + kPageBytes - 1) / kPageBytes);
    if (pages == 0) return;
    writer_.touch(threads_[alive(object.maker)].id, time(position), object.id, pages);
  }

  void resize(const Event& event) {
    Object& object = objects_[event.object];
    const ThreadId thread = threads_[alive(object.maker)].id;
    const std::uint64_t size =
        object.giant != nullptr ? event.size : draw_size(static_cast<std::uint32_t>(event.size));
    writer_.reallocate(thread, time(event.position), object.id, size);
    if (object.giant != nullptr) {
      touch_giant(object, event.position, size);
      return;
    }
    object.bucket = static_cast<std::uint32_t>(event.size);
    touch(object, event.position, size, buckets_[object.bucket].sizes->written);
    if (!plan_growth(event.object, event.position)) plan_death(event.object);
  }

  // The thread itself, or the main one where it is gone.
  std::uint32_t alive(std::uint32_t thread) const { return threads_[thread].alive ? thread : 0; }

  std::uint64_t time(double position) const {
    const double share = std::clamp(position - begin_, 0.0, 1.0);
    const double active = phase_ == nullptr || position >= end_ ? 0 : phase_->active_ns * share;
    return static_cast<std::uint64_t>(std::min(passed_ns_ + paused_ns_ + active, kLatest));
  }

  static constexpr std::uint64_t kAnySize = ~0ULL;

  const Model& model_;
  Rng rng_;
  TraceWriter& writer_;
  double run_length_, end_, scale_, per_phase_;
  double run_end_ = 0;            // of the one that is under way
  std::vector<double> replaced_;  // see prepare_replacement()
  std::array<Bucket, kBuckets> buckets_;
  std::vector<Weights> soon_, later_;  // who frees, by maker
  std::vector<LiveThread> threads_;
  std::uint32_t started_ = 0, maker_ = 0;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t orders_ = 0;
  std::vector<Object> objects_;
  std::vector<std::uint32_t> free_places_;
  // of the phase that is under way
  const Phase* phase_ = nullptr;
  double begin_ = 0, redraw_ = 0, passed_ns_ = 0, paused_ns_ = 0;
  std::vector<std::uint32_t> deck_;
  Weights makers_;
};

}  // namespace

double most_objects(const Model& model) {
  double most = 0;
  for (const Phase& phase : model.phases) {
    double objects = 0;
    for (const Cell& cell : phase.cells) objects += static_cast<double>(cell.count);
    most = std::max(most, objects);
  }
  return most;
}

void synthesize(const Model& model, double length, double scale, std::uint64_t seed,
                TraceWriter& writer) {
  Synthesizer(model, length, scale, seed, writer).run();
}

}  // namespace heapwise::fit
