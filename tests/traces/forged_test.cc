// SPDX-License-Identifier: MIT
// Chunks whose checksums fit and whose content cannot be: the writer was wrong, or someone forged
// them. Damage at that chunk, whatever stands in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/traces/support.h"
#include "traces/bytes.h"
#include "traces/fields.h"
#include "traces/format.h"

namespace heapwise::test {
namespace {

using testing::HasSubstr;

const std::vector<Op>& first_group() {
  static const std::vector<Op> ops = {make(OpKind::malloc, 10, 0, 100),
                                      make(OpKind::malloc, 20, 1, 200)};
  return ops;
}

constexpr char kAccepted[] = "the file ends without the end of its trace";

/// What the reader says of a chunk that follows two allocations, which must survive it.
std::string said_of(const std::string& body) {
  const Folder folder;
  const std::string good = unfinished({first_group()});
  spill(folder / "t.hwt", good + chunk(body));
  const auto reading = read_trace(folder / "t.hwt");
  EXPECT_TRUE(reading);
  if (!reading) return reading.error().what;
  EXPECT_EQ(reading->ops, first_group());
  EXPECT_EQ(reading->totals.ops, 2U);
  EXPECT_EQ(reading->totals.end_live_bytes, 300U);
  EXPECT_EQ(reading->totals.peak_live_bytes, 300U);
  EXPECT_EQ(reading->totals.threads, 1U);
  if (!reading->damage) return "nothing";
  const bool accepted = reading->damage->what == kAccepted;
  EXPECT_EQ(reading->damage->missing_bytes, accepted ? 0 : chunk(body).size());
  return reading->damage->what;
}

std::string said_of_ops(const std::vector<Op>& ops) {
  return said_of(body(2, 2, ops_payload(ops)));
}

TEST(Forged, ImpossibleObjectsAreDamage) {
  EXPECT_THAT(said_of_ops({make(OpKind::free, 30, 2)}), HasSubstr("does not live is freed"));
  EXPECT_THAT(said_of_ops({make(OpKind::free, 30, 0xfffffffe)}), HasSubstr("is freed"));
  EXPECT_THAT(said_of_ops({make(OpKind::free, 30, 1), make(OpKind::free, 31, 1)}),
              HasSubstr("is freed"));
  EXPECT_THAT(said_of_ops({make(OpKind::free, 30, 1), make(OpKind::realloc, 31, 1, 5)}),
              HasSubstr("is resized"));
  EXPECT_THAT(said_of_ops({make(OpKind::touch, 30, 7, 1)}), HasSubstr("is touched"));
}

TEST(Forged, OpsBeforeTheImpossibleOneInItsChunkDoNotCount) {
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, 30, 2, 1 << 20), make(OpKind::malloc, 30, 3, 9, 1),
                           make(OpKind::free, 31, 1), make(OpKind::free, 32, 1)}),
              HasSubstr("is freed"));
}

TEST(Forged, TimeThatGoesBackIsDamage) {
  EXPECT_THAT(said_of_ops({make(OpKind::free, 19, 0)}), HasSubstr("time goes back"));
}

TEST(Forged, NumbersBeyondTheLimitsAreDamage) {
  const std::uint64_t limit = format::kMaxNumber;
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, limit, 2, 1)}), HasSubstr("time is too large"));
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, 30, 2, 1), make(OpKind::malloc, ~0ULL, 3, 1)}),
              HasSubstr("time is too large"));
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, 30, 2, limit)}), HasSubstr("too many bytes"));
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, 30, 2, limit - 300)}), HasSubstr("too many bytes"));
  EXPECT_THAT(said_of_ops({make(OpKind::realloc, 30, 0, ~0ULL)}), HasSubstr("too many bytes"));
  EXPECT_THAT(said_of_ops({make(OpKind::mallopt, 30, 1, 1ULL << 32)}), HasSubstr("mallopt"));
  Op aligned = make(OpKind::aligned, 30, 2, 8);
  aligned.align_log2 = 64;
  EXPECT_THAT(said_of_ops({aligned}), HasSubstr("alignment is too large"));
}

TEST(Forged, ThreadsThatSkipANumberAreDamage) {
  EXPECT_THAT(said_of_ops({make(OpKind::malloc, 30, 2, 1, 2)}), HasSubstr("a thread is not"));
  EXPECT_THAT(said_of_ops({make(OpKind::thread_start, 30, 5)}), HasSubstr("a thread is not"));
  EXPECT_THAT(said_of_ops({make(OpKind::thread_start, 30, 0xffffffff)}),
              HasSubstr("a thread is not"));
}

TEST(Forged, UnknownKindsOfOpsAreDamage) {
  EXPECT_THAT(said_of_ops({make(static_cast<OpKind>(12), 30)}), HasSubstr("does not know"));
  EXPECT_THAT(said_of_ops({make(static_cast<OpKind>(0), 30)}), HasSubstr("does not know"));
}

TEST(Forged, OptionalChunksAreSkippedAndOthersNeedANewerReader) {
  EXPECT_EQ(said_of(body(129, 2, "from the future")), kAccepted);
  EXPECT_EQ(said_of(body(255, 2, "")), kAccepted);
  EXPECT_THAT(said_of(body(127, 2, "")), HasSubstr("needs a newer heapwise"));
  EXPECT_THAT(said_of(body(0, 2, "")), HasSubstr("needs a newer heapwise"));
}

TEST(Forged, OptionalChunksKeepTheirPlaceInTheSequence) {
  const Folder folder;
  const std::string free_op = ops_payload({make(OpKind::free, 30, 0)});
  spill(folder / "t.hwt",
        unfinished({first_group()}) + chunk(body(200, 2, "?")) + chunk(body(2, 3, free_op)));
  EXPECT_EQ(read_trace(folder / "t.hwt")->ops.size(), 3U);
}

TEST(Forged, AllocatorTimesThatAreCutOffOrGoBackAreDamage) {
  std::string payload;
  format::put_allocator_time(payload, {{1000, 300}, {2000, 700}});
  EXPECT_EQ(said_of(body(128, 2, payload)), kAccepted);
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_THAT(said_of(body(128, 2, payload.substr(0, size))), HasSubstr("allocator time"));
  }
  EXPECT_THAT(said_of(body(128, 2, payload + '\0')), HasSubstr("allocator time"));
  std::string huge;
  put_varint(huge, 1);
  put_varint(huge, format::kMaxNumber);
  put_varint(huge, 0);
  EXPECT_THAT(said_of(body(128, 2, huge)), HasSubstr("allocator time"));
  const Folder folder;
  std::string earlier;
  format::put_allocator_time(earlier, {{1999, 800}});
  spill(folder / "t.hwt",
        unfinished({first_group()}) + chunk(body(128, 2, payload)) + chunk(body(128, 3, earlier)));
  const auto read = read_trace(folder / "t.hwt");
  ASSERT_TRUE(read->damage);
  EXPECT_THAT(read->damage->what, HasSubstr("go back"));
  EXPECT_EQ(read->allocator_times.size(), 2U) << "those before are kept";
}

TEST(Forged, ASecondHeadIsDamage) {
  EXPECT_THAT(said_of(body(1, 2, head_payload())), HasSubstr("second head"));
}

TEST(Forged, EmptyChunksAreDamage) {
  EXPECT_THAT(said_of(""), HasSubstr("too short"));
  EXPECT_THAT(said_of(body(2, 2, "")), HasSubstr("number of its ops"));
  EXPECT_THAT(said_of(body(2, 2, std::string(8, '\0'))), HasSubstr("number of its ops"));
  EXPECT_THAT(said_of(body(3, 2, "")), HasSubstr("samples"));
  EXPECT_THAT(said_of(body(4, 2, "")), HasSubstr("cut off"));
}

TEST(Forged, ColumnsOfTheWrongLengthAreDamage) {
  const std::string payload =
      ops_payload({make(OpKind::malloc, 30, 2, 1), make(OpKind::free, 31, 2)});
  for (std::size_t size = 0; size < payload.size(); ++size) {
    EXPECT_NE(said_of(body(2, 2, payload.substr(0, size))), kAccepted) << size;
  }
  EXPECT_NE(said_of(body(2, 2, payload + '\0')), kAccepted);
}

/// Those of the ops that body() holds.
TraceTotals fitting_totals() {
  TraceTotals totals;
  totals.ops = totals.operations = totals.allocations = totals.peak_live_objects = 2;
  totals.duration_ns = 20;
  totals.peak_live_bytes = totals.end_live_bytes = 300;
  totals.threads = 1;
  return totals;
}

TEST(Forged, TotalsThatDoNotFitAreDamage) {
  TraceTotals totals = fitting_totals();
  EXPECT_EQ(said_of(body(4, 2, end_payload(totals))), "nothing");
  for (std::uint64_t* one :
       {&totals.ops, &totals.operations, &totals.allocations, &totals.duration_ns,
        &totals.peak_live_bytes, &totals.peak_live_objects, &totals.end_live_bytes}) {
    ++*one;
    EXPECT_THAT(said_of(body(4, 2, end_payload(totals))), HasSubstr("totals")) << *one;
    --*one;
  }
  ++totals.threads;
  EXPECT_THAT(said_of(body(4, 2, end_payload(totals))), HasSubstr("totals"));
}

TEST(Forged, FieldsThatALaterVersionAddsAreSkipped) {
  const Folder folder;
  TraceTotals totals;
  const std::string file = header() + chunk(body(1, 0, head_payload() + "more")) +
                           chunk(body(4, 1, end_payload(totals) + "more"));
  spill(folder / "t.hwt", file);
  const auto reading = read_trace(folder / "t.hwt");
  ASSERT_TRUE(reading);
  EXPECT_FALSE(reading->damage);
  EXPECT_EQ(reading->info.name, "small");
}

TEST(Forged, AHeadThatCountsMoreThanItHoldsIsAnError) {
  const Folder folder;
  const std::string huge = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  // Source, capabilities, and then as many empty fields as stand before the huge count.
  const auto forge = [&](std::size_t empty) {
    return std::string("\x01\x00", 2).append(empty, '\0').append(huge);
  };
  for (const std::string& payload : {std::string(), std::string("\x00", 1), std::string("\x04"),
                                     forge(0), forge(1), forge(2), head_payload().substr(0, 9)}) {
    spill(folder / "t.hwt", header() + chunk(body(1, 0, payload)));
    const auto reading = read_trace(folder / "t.hwt");
    ASSERT_FALSE(reading);
    EXPECT_THAT(reading.error().what, HasSubstr("head of"));
  }
}

/// A head that counts so many arguments and facts, and has them, all of them empty.
std::string head_of_many(std::uint64_t arguments, std::uint64_t facts) {
  std::string payload(3, '\0');
  payload[0] = 1;
  put_varint(payload, arguments);
  payload.append(arguments, '\0');
  put_varint(payload, facts);
  return payload.append(2 * facts, '\0');
}

TEST(Forged, AHeadOfMoreStringsThanAProgramIsStartedWithIsAnError) {
  const Folder folder;
  const auto said = [&](std::uint64_t arguments, std::uint64_t facts) {
    spill(folder / "t.hwt", header() + chunk(body(1, 0, head_of_many(arguments, facts))));
    const auto reader = TraceReader::open(folder / "t.hwt");
    if (reader) return std::string();
    EXPECT_EQ(reader.error().code, ErrorCode::bad_input);
    EXPECT_THAT(reader.error().what, HasSubstr("t.hwt is damaged at byte 12"));
    EXPECT_THAT(reader.error().hint, HasSubstr("record again"));
    return reader.error().what;
  };
  EXPECT_EQ(said(format::kMaxArguments, format::kMaxFacts), "");
  EXPECT_THAT(said(format::kMaxArguments + 1, 0), HasSubstr("more arguments"));
  EXPECT_THAT(said(0, format::kMaxFacts + 1), HasSubstr("more facts"));
}

TEST(Forged, AnEndOfMoreFactsThanATraceMayHaveIsDamage) {
  TraceTotals totals = fitting_totals();
  totals.facts.resize(format::kMaxFacts);
  EXPECT_EQ(said_of(body(4, 2, end_payload(totals))), "nothing");
  totals.facts.emplace_back();
  EXPECT_THAT(said_of(body(4, 2, end_payload(totals))), HasSubstr("more facts"));
}

TEST(Forged, CountsBeyondWhatAChunkMayHoldAreDamageBeforeAnythingIsReadByThem) {
  std::string ops;
  put_varint(ops, format::kMaxOpsPerChunk + 1);
  EXPECT_THAT(said_of(body(2, 2, ops + std::string(1 << 20, '\0'))),
              HasSubstr("number of its ops"));
  std::string runs;  // a count of ops, a time, and a count of runs that never ends
  put_varint(runs, 1);
  put_varint(runs, 30);
  put_varint(runs, ~0ULL);
  EXPECT_THAT(said_of(body(2, 2, runs + std::string(1 << 20, '\0'))), HasSubstr("threads"));
  std::string samples;
  put_varint(samples, format::kMaxSamplesPerChunk + 1);
  EXPECT_THAT(said_of(body(3, 2, samples + std::string(1 << 20, '\0'))), HasSubstr("samples"));
  EXPECT_THAT(said_of(body(128, 2, samples + std::string(1 << 20, '\0'))), HasSubstr("samples"));
}

TEST(Forged, SamplesThatGoBackOrNeverEndAreDamage) {
  const std::string one = std::string("\x01\x05", 2) + std::string(2, '\0');
  EXPECT_EQ(said_of(body(3, 2, one)), kAccepted);
  EXPECT_THAT(said_of(body(3, 2, std::string("\x02", 1) + one.substr(1))), HasSubstr("samples"));
  EXPECT_THAT(said_of(body(3, 2, one + "x")), HasSubstr("samples"));
  const std::string far = "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  EXPECT_THAT(said_of(body(3, 2, far + std::string(2, '\0'))), HasSubstr("samples"));
}

TEST(Forged, RandomBytesInAChunkNeverCrash) {
  const Folder folder;
  Rng rng(1);
  const std::string good = ops_payload(small_groups()[1]);
  for (int round = 0; round < 1500; ++round) {
    std::string payload = good;
    for (std::uint64_t changes = 1 + rng.below(4); changes > 0; --changes) {
      payload[rng.below(payload.size())] = static_cast<char>(rng.next());
    }
    spill(folder / "t.hwt", unfinished({small_groups()[0]}) + chunk(body(2, 2, payload)));
    const auto reading = read_trace(folder / "t.hwt");
    ASSERT_TRUE(reading);
    EXPECT_TRUE(reading->damage);
    EXPECT_GE(reading->ops.size(), 4U);
  }
}

}  // namespace
}  // namespace heapwise::test
