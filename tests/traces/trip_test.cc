// SPDX-License-Identifier: MIT
// What is written is read again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/rng.h"
#include "tests/traces/support.h"
#include "traces/format.h"

namespace heapwise::test {
namespace {

TraceInfo some_info() {
  TraceInfo info;
  info.source = TraceSource::imported;
  info.capabilities = Capability::threads | Capability::time;
  info.name = "some program";
  info.command = {"/bin/some", "", "with \xff bytes", std::string("and\0zeros", 9)};
  info.facts = {{"pid", "42"}, {"env.MALLOC_ARENA_MAX", "2"}, {"", ""}};
  return info;
}

/// Writes through the public writer and keeps what a reader should say.
class Scribe {
 public:
  explicit Scribe(const std::string& path) : writer_(*TraceWriter::create(path, some_info())) {}

  ObjectId allocate(OpKind kind, std::uint64_t size, unsigned thread = 0, unsigned align = 0) {
    const ObjectId object =
        writer_.allocate(ThreadId{thread}, now, kind, size, static_cast<std::uint8_t>(align));
    Op op = make(kind, now, index(object), size, thread);
    if (kind == OpKind::aligned) op.align_log2 = static_cast<std::uint8_t>(align);
    ops.push_back(op);
    return object;
  }
  void free(ObjectId object, unsigned thread = 0) {
    writer_.free(ThreadId{thread}, now, object);
    ops.push_back(make(OpKind::free, now, index(object), 0, thread));
  }
  void reallocate(ObjectId object, std::uint64_t size, unsigned thread = 0) {
    writer_.reallocate(ThreadId{thread}, now, object, size);
    ops.push_back(make(OpKind::realloc, now, index(object), size, thread));
  }
  void thread_start(unsigned creator, unsigned started) {
    writer_.thread_start(ThreadId{creator}, now, ThreadId{started});
    ops.push_back(make(OpKind::thread_start, now, started, 0, creator));
  }
  void touch(ObjectId object, std::uint64_t pages) {
    writer_.touch(ThreadId{0}, now, object, pages);
    ops.push_back(make(OpKind::touch, now, index(object), pages));
  }
  TraceWriter& writer() { return writer_; }

  std::uint64_t now = 0;
  std::vector<Op> ops;

 private:
  TraceWriter writer_;
};

void expect_same(const std::vector<Op>& read, const std::vector<Op>& written) {
  ASSERT_EQ(read.size(), written.size());
  for (std::size_t i = 0; i < read.size(); ++i) ASSERT_EQ(read[i], written[i]) << "op " << i;
}

void expect_same(const TraceTotals& a, const TraceTotals& b) {
  EXPECT_EQ(a.ops, b.ops);
  EXPECT_EQ(a.operations, b.operations);
  EXPECT_EQ(a.allocations, b.allocations);
  EXPECT_EQ(a.duration_ns, b.duration_ns);
  EXPECT_EQ(a.peak_live_bytes, b.peak_live_bytes);
  EXPECT_EQ(a.peak_live_objects, b.peak_live_objects);
  EXPECT_EQ(a.end_live_bytes, b.end_live_bytes);
  EXPECT_EQ(a.threads, b.threads);
  EXPECT_EQ(a.dropped_events, b.dropped_events);
  EXPECT_EQ(a.facts, b.facts);
}

TEST(RoundTrip, TheHeadComesBackByteForByte) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  ASSERT_TRUE(scribe.writer().finish());
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  EXPECT_EQ(reading->info.source, TraceSource::imported);
  EXPECT_EQ(reading->info.capabilities, some_info().capabilities);
  EXPECT_EQ(reading->info.name, some_info().name);
  EXPECT_EQ(reading->info.command, some_info().command);
  EXPECT_EQ(reading->info.facts, some_info().facts);
  EXPECT_EQ(reading->info.fact("pid"), "42");
  EXPECT_EQ(reading->info.fact("missing"), std::nullopt);
  EXPECT_TRUE(reading->ops.empty());
  EXPECT_FALSE(reading->damage);
}

TEST(RoundTrip, EveryKindOfOpComesBack) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  TraceWriter& writer = scribe.writer();
  const ObjectId a = scribe.allocate(OpKind::malloc, 0);
  const ObjectId b = scribe.allocate(OpKind::calloc, 1ULL << 40);
  scribe.allocate(OpKind::aligned, 100, 0, 12);
  scribe.now = 1000;
  scribe.thread_start(0, 1);
  scribe.thread_start(2, 2);
  scribe.reallocate(a, 77, 1);
  scribe.touch(b, 1ULL << 28);
  scribe.free(b, 2);
  writer.thread_end(ThreadId{1}, 1000);
  writer.trim(ThreadId{0}, 1000, ~0ULL);
  writer.mallopt(ThreadId{0}, 1000, -3, -1);
  writer.exit_begin(ThreadId{0}, 1001);
  ASSERT_TRUE(writer.finish());
  scribe.ops.push_back(make(OpKind::thread_end, 1000, 0, 0, 1));
  scribe.ops.push_back(make(OpKind::trim, 1000, 0, ~0ULL));
  scribe.ops.push_back(make(OpKind::mallopt, 1000, 0xfffffffdU, 0xffffffffU));
  scribe.ops.push_back(make(OpKind::exit_begin, 1001));
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  expect_same(reading->ops, scribe.ops);
}

TEST(RoundTrip, TheNumberFreedLastIsTakenFirst) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  std::vector<ObjectId> objects;
  for (unsigned i = 0; i < 10000; ++i) {
    objects.push_back(scribe.allocate(OpKind::malloc, i));
    EXPECT_EQ(index(objects.back()), i);
  }
  for (const ObjectId object : objects) scribe.free(object);
  for (unsigned i = 10000; i-- > 0;) {
    EXPECT_EQ(index(scribe.allocate(OpKind::malloc, i)), i);
  }
  EXPECT_EQ(index(scribe.allocate(OpKind::malloc, 1)), 10000U);
  const auto totals = scribe.writer().finish();
  ASSERT_TRUE(totals);
  EXPECT_EQ(totals->peak_live_objects, 10001U);
  const auto reading = read_trace(folder / "t.hwt");
  expect_same(reading->ops, scribe.ops);
}

TEST(RoundTrip, ThousandsOfThreadsThatComeAndGoKeepTheirNumbers) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  scribe.allocate(OpKind::malloc, 1);
  for (unsigned thread = 1; thread <= 5000; ++thread) {
    scribe.thread_start(thread - 1, thread);
    scribe.free(scribe.allocate(OpKind::malloc, thread, thread), thread / 2);
  }
  ASSERT_TRUE(scribe.writer().finish());
  const auto reading = read_trace(folder / "t.hwt");
  expect_same(reading->ops, scribe.ops);
  EXPECT_EQ(reading->totals.threads, 5001U);
}

TEST(RoundTrip, ChunkBordersAreInvisible) {
  for (const std::size_t count : {format::kMaxOpsPerChunk - 1, format::kMaxOpsPerChunk,
                                  format::kMaxOpsPerChunk + 1, 2 * format::kMaxOpsPerChunk}) {
    const Folder folder;
    Scribe scribe(folder / "t.hwt");
    for (std::size_t i = 0; i < count; ++i) {
      scribe.now += i;
      scribe.allocate(OpKind::malloc, i);
    }
    ASSERT_TRUE(scribe.writer().finish());
    const auto reading = read_trace(folder / "t.hwt");
    expect_same(reading->ops, scribe.ops);
    EXPECT_FALSE(reading->damage);
  }
}

/// A program that does anything at random, with a few objects or many, one thread or several.
void act_at_random(Scribe& scribe, std::uint64_t seed, int steps) {
  Rng rng(seed);
  std::vector<ObjectId> live;
  const std::uint64_t threads = 1 + rng.below(6);
  for (unsigned i = 0; i < threads; ++i) scribe.thread_start(i, i);
  const std::uint64_t bits = 1 + rng.below(40);
  for (int step = 0; step < steps; ++step) {
    scribe.now += rng.next() >> (64 - bits);
    const auto thread = static_cast<unsigned>(rng.below(threads));
    const std::uint64_t size = rng.next() >> (20 + rng.below(44));
    const std::uint64_t what = rng.below(10);
    if (live.empty() || what < 4) {
      const auto kind = static_cast<OpKind>(1 + rng.below(3));
      live.push_back(scribe.allocate(kind, size, thread, static_cast<unsigned>(rng.below(20))));
      continue;
    }
    ObjectId& object = live[rng.below(live.size())];
    if (what == 4) scribe.reallocate(object, size, thread);
    if (what == 5) scribe.touch(object, size);
    if (what < 6) continue;
    scribe.free(object, thread);
    object = live.back();
    live.pop_back();
  }
}

TEST(RoundTrip, RandomTracesComeBackWithTheirTotals) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const Folder folder;
    Scribe scribe(folder / "t.hwt");
    act_at_random(scribe, seed, seed < 57 ? 500 : 150000);
    TraceTotals end;
    end.dropped_events = seed;
    end.facts = {{"exit_status", std::to_string(seed)}};
    const auto totals = scribe.writer().finish(end);
    ASSERT_TRUE(totals) << totals.error().what;
    const auto reading = read_trace(folder / "t.hwt");
    ASSERT_TRUE(reading);
    EXPECT_FALSE(reading->damage) << reading->damage->what;
    expect_same(reading->ops, scribe.ops);
    expect_same(reading->totals, *totals);
    EXPECT_EQ(reading->totals.fact("exit_status"), std::to_string(seed));
  }
}

TEST(RoundTrip, TotalsAreThoseOfAPlainCount) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  act_at_random(scribe, 99, 20000);
  const auto totals = scribe.writer().finish();
  ASSERT_TRUE(totals);
  std::map<std::uint32_t, std::uint64_t> live;
  std::uint64_t bytes = 0, peak_bytes = 0, peak_objects = 0, operations = 0, allocations = 0;
  for (const Op& op : scribe.ops) {
    operations += is_operation(op.kind) ? 1 : 0;
    allocations += is_allocation(op.kind) ? 1 : 0;
    if (op.kind == OpKind::free || op.kind == OpKind::realloc) bytes -= live.at(index(op.object));
    if (op.kind == OpKind::free) live.erase(index(op.object));
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) {
      live[index(op.object)] = op.size;
      bytes += op.size;
    }
    peak_bytes = std::max(peak_bytes, bytes);
    peak_objects = std::max<std::uint64_t>(peak_objects, live.size());
  }
  EXPECT_EQ(totals->ops, scribe.ops.size());
  EXPECT_EQ(totals->operations, operations);
  EXPECT_EQ(totals->allocations, allocations);
  EXPECT_EQ(totals->peak_live_bytes, peak_bytes);
  EXPECT_EQ(totals->peak_live_objects, peak_objects);
  EXPECT_EQ(totals->end_live_bytes, bytes);
  EXPECT_EQ(totals->duration_ns, scribe.ops.back().time_ns);
}

TEST(RoundTrip, ADropWithdrawsCompleteness) {
  const Folder folder;
  TraceInfo info;
  info.capabilities = Capability::threads | Capability::complete;
  auto writer = TraceWriter::create(folder / "t.hwt", info);
  TraceTotals end;
  end.dropped_events = 1;
  ASSERT_TRUE(writer->finish(end));
  EXPECT_EQ(capability_names(read_trace(folder / "t.hwt")->capabilities),
            std::vector<std::string>{"threads"});
}

TEST(RoundTrip, SamplesOfResidentMemoryComeBack) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  std::vector<ResidencySample> samples;
  Rng rng(5);
  for (std::uint64_t i = 0; i < 1000; ++i) {
    samples.push_back({i * 1000000 + rng.below(1000), rng.next() >> 20, rng.next() >> 10});
    scribe.writer().residency(samples.back());
  }
  ASSERT_TRUE(scribe.writer().finish());
  const auto read = read_trace(folder / "t.hwt")->residency;
  ASSERT_EQ(read.size(), samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(read[i].time_ns, samples[i].time_ns);
    EXPECT_EQ(read[i].rss_anon_bytes, samples[i].rss_anon_bytes);
    EXPECT_EQ(read[i].rss_total_bytes, samples[i].rss_total_bytes);
  }
}

TEST(RoundTrip, ACutTraceStillHasItsEarlierSamples) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  for (std::uint64_t i = 0; i < 2 * format::kMaxOpsPerChunk; ++i) {
    if (i % 100 == 0) scribe.writer().residency({i, i, i});
    scribe.now = i;
    scribe.free(scribe.allocate(OpKind::malloc, 1));
  }
  ASSERT_TRUE(scribe.writer().finish());
  const std::string file = slurp(folder / "t.hwt");
  spill(folder / "cut.hwt", file.substr(0, file.size() / 2));
  EXPECT_GT(read_trace(folder / "cut.hwt")->residency.size(), 300U);
}

TEST(RoundTrip, EndlessSamplesAreThinnedOutButKeepTheirPeak) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  for (std::uint64_t i = 0; i < 300000; ++i) {
    scribe.writer().residency({i, i == 123457 ? 1U << 30 : 1000 + i % 10, 5});
  }
  ASSERT_TRUE(scribe.writer().finish());
  const auto samples = read_trace(folder / "t.hwt")->residency;
  EXPECT_GT(samples.size(), 1000U);
  EXPECT_LE(samples.size(), 4096U);
  std::uint64_t peak = 0, last = 0;
  for (const ResidencySample& sample : samples) {
    peak = std::max(peak, sample.rss_anon_bytes);
    EXPECT_GE(sample.time_ns, last);
    last = sample.time_ns;
  }
  EXPECT_EQ(peak, 1U << 30);
}

TEST(RoundTrip, AllocatorTimesComeBackAndNeverGoBack) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  for (const auto& [time_ns, allocator_ns] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5, 1}, {900, 70}, {800, 60}}) {
    scribe.writer().allocator_time({time_ns, allocator_ns});
  }
  ASSERT_TRUE(scribe.writer().finish());
  const auto read = read_trace(folder / "t.hwt")->allocator_times;
  ASSERT_EQ(read.size(), 3U);
  EXPECT_EQ(read[0].time_ns, 5U);
  EXPECT_EQ(read[1].allocator_ns, 70U);
  EXPECT_EQ(read[2].time_ns, 900U);
  EXPECT_EQ(read[2].allocator_ns, 70U);
}

TEST(RoundTrip, SamplesDoNotGoBackFromOneChunkToTheNextEither) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  for (std::uint64_t i = 1; i <= format::kMaxSamplesPerChunk; ++i) {
    scribe.writer().residency({i, i, i});
    scribe.writer().allocator_time({i, i});
  }
  scribe.writer().residency({7, 1, 1});
  scribe.writer().allocator_time({format::kMaxSamplesPerChunk + 1, 7});
  ASSERT_TRUE(scribe.writer().finish());
  const auto read = read_trace(folder / "t.hwt");
  EXPECT_FALSE(read->damage);
  EXPECT_EQ(read->residency.back().time_ns, format::kMaxSamplesPerChunk);
  EXPECT_EQ(read->allocator_times.back().time_ns, format::kMaxSamplesPerChunk + 1);
  EXPECT_EQ(read->allocator_times.back().allocator_ns, format::kMaxSamplesPerChunk);
}

TEST(RoundTrip, EndlessAllocatorTimesAreThinnedOutButKeepTheirLast) {
  const Folder folder;
  Scribe scribe(folder / "t.hwt");
  for (std::uint64_t i = 0; i < 100001; ++i) scribe.writer().allocator_time({i, i / 2});
  ASSERT_TRUE(scribe.writer().finish());
  const auto read = read_trace(folder / "t.hwt")->allocator_times;
  EXPECT_GT(read.size(), 1000U);
  EXPECT_LE(read.size(), 4096U);
  EXPECT_EQ(read.back().time_ns, 100000U);
  EXPECT_EQ(read.back().allocator_ns, 50000U);
}

}  // namespace
}  // namespace heapwise::test
