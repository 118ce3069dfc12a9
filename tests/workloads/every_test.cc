// SPDX-License-Identifier: MIT
// What holds for the trace of every workload, at its presets and at the ends of its ranges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/workloads/support.h"

namespace heapwise::test {
namespace {

/// As little of each workload as still shows all it does.
const std::map<std::string, std::string> kSmall = {
    {"cache", "capacity=256KiB,writes=5000,ttl=2s"},
    {"checkerboard", "board=64KiB,idle=100ms"},
    {"churn", "calls=5000,generation=500"},
    {"larson", "calls=5000,objects=100,generation=300"},
    {"idle-threads", "threads=4,jobs=2,work=8KiB,idle=100ms"},
    {"large-buffers", "buffers=20,replacements=200,idle=100ms"},
    {"mixed", "calls=5000,long-life=500us,short-life=50us"},
    {"producer-consumer", "messages=2000,queue=5,idle=100ms"},
    {"realloc-growth", "jobs=500,at-once=10,kept=50"},
    {"request-server", "peak=50,quiet=400ms"},
    {"rocksdb", "memtable=64KiB,cache=256KiB,flushes=6,idle=100ms"},
    {"slow-growth", "hours=2,bursts=5,gain=20KiB"},
    {"thread-churn", "threads=20,at-once=4,smallest=4KiB,largest=64KiB,kept=5,idle=100ms"},
    {"two-wave", "wave=128KiB,idle=100ms"},
};

/// Values at the ends of ranges, but for those that only make a trace long.
const std::map<std::string, std::vector<std::string>> kEnds = {
    {"cache",
     {"capacity=64KiB", "writes=1", "from=1", "to=1", "from=1MiB,to=1MiB", "updates=0",
      "updates=100", "ttl=0ns", "ttl=1ns", "ttl=3600000s", "interval=0ns", "interval=3600s"}},
    {"checkerboard",
     {"board=1KiB", "square=8", "square=1MiB", "growth=2", "growth=1000", "idle=0ns"}},
    {"churn",
     {"threads=1", "threads=1024", "calls=1", "lifetime=1us", "lifetime=3600s", "interval=100ns",
      "interval=1s", "remote=0", "remote=100", "generation=1", "generation=100000000000"}},
    {"larson",
     {"threads=1", "threads=1024,objects=1", "calls=1", "objects=1", "smallest=1,largest=1",
      "smallest=1MiB,largest=1MiB", "generation=1", "generation=100000000000"}},
    {"idle-threads",
     {"threads=1", "threads=4096,jobs=1", "jobs=1", "work=1", "kept=0", "kept=64KiB", "idle=0ns"}},
    {"large-buffers",
     {"buffers=1", "buffers=1000000", "replacements=1", "largest=16KiB", "largest=32MiB",
      "interval=0ns", "interval=3600s", "idle=0ns"}},
    {"mixed",
     {"calls=1", "long=0", "long=100", "long-life=1us,short-life=1us", "long-life=3600s",
      "short-life=3600s,long-life=3600s", "largest=16KiB", "largest=1GiB"}},
    {"producer-consumer",
     {"producers=1", "producers=1024", "consumers=1", "consumers=1024", "messages=1", "batch=1",
      "batch=1000000", "queue=1", "queue=10000000", "smallest=1,largest=1",
      "smallest=1GiB,largest=1GiB", "idle=0ns"}},
    {"realloc-growth",
     {"jobs=1", "at-once=1", "at-once=1000000", "largest=64KiB", "largest=1GiB", "buffers=0",
      "buffers=100", "shrink=0", "shrink=100", "kept=0", "kept=100000000"}},
    {"request-server",
     {"workers=1", "workers=1024", "base=1,peak=1", "base=50", "peak=8", "turnover=0",
      "turnover=20", "buffer=1", "buffer=1GiB", "sessions=0", "sessions=100", "quiet=0ns"}},
    {"rocksdb",
     {"memtable=64KiB", "cache=64KiB", "cache=1TiB", "block=1KiB", "block=1MiB,cache=1MiB",
      "readers=1", "readers=1024", "hits=0", "hits=100", "flushes=1", "idle=0ns"}},
    {"slow-growth",
     {"hours=1", "hours=100", "gain=0", "gain=1MiB", "bursts=1", "bursts=3600,requests=0",
      "requests=0", "session=0ns", "session=3600000s"}},
    {"thread-churn",
     {"threads=1", "threads=5000,smallest=1,largest=1", "at-once=1", "at-once=10000",
      "smallest=1,largest=1", "result=0", "result=100", "kept=0", "kept=1000000", "idle=0ns"}},
    {"two-wave",
     {"wave=64KiB", "smallest=1,largest=1", "smallest=64KiB,largest=64KiB", "idle=0ns",
      "tick=100us", "tick=3600s", "requests=0", "requests=1000"}},
};

/// NAME:what is given last counts.
std::string text_of(const std::string& name, const std::string& more) {
  std::map<std::string, std::string> values;
  for (std::string list : {kSmall.at(name), more}) {
    while (!list.empty()) {
      const std::string item = list.substr(0, list.find(','));
      list.erase(0, item.size() + 1);
      values[item.substr(0, item.find('='))] = item.substr(item.find('=') + 1);
    }
  }
  std::string text = name;
  for (const auto& [key, value] : values) {
    text.append(text == name ? ":" : ",").append(key).append("=").append(value);
  }
  return text;
}

TEST(Every, WorkloadIsListedHere) {
  for (const Workload& workload : workloads()) {
    if (needs_file(workload)) continue;
    EXPECT_TRUE(kSmall.count(workload.name)) << workload.name;
    EXPECT_TRUE(kEnds.count(workload.name)) << workload.name;
  }
}

TEST(Every, ParameterIsTriedAtTheEndsOfItsRange) {
  for (const auto& [name, lists] : kEnds) {
    std::string all;
    for (const std::string& list : lists) all += "," + list;
    for (const Parameter& parameter : parse_workload(name)->workload->parameters) {
      EXPECT_THAT(all, testing::HasSubstr("," + parameter.name + "="));
    }
  }
}

/// FNV-1a over all fields of all ops.
std::uint64_t digest(const std::vector<Op>& ops) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const Op& op : ops) {
    for (const std::uint64_t field :
         {op.time_ns, op.size, std::uint64_t{index(op.object)}, std::uint64_t{index(op.thread)},
          static_cast<std::uint64_t>(op.kind), std::uint64_t{op.align_log2}}) {
      hash = (hash ^ field) * 0x100000001b3;
    }
  }
  return hash;
}

/// Of the ops of kSmall. Results of one release can be compared with those of another only while
/// the workloads are the same. Whoever changes one on purpose changes its digest here, and says so
/// in the release notes.
const std::map<std::string, std::uint64_t> kDigests = {
    {"cache", 643578629996370999U},           {"checkerboard", 14015742041900734183U},
    {"churn", 5694369295101521481U},          {"larson", 15538123021846702082U},
    {"idle-threads", 3245641199123725542U},   {"large-buffers", 18414625825683253636U},
    {"mixed", 17233035241421544048U},         {"producer-consumer", 12064415966947754205U},
    {"realloc-growth", 5841555145144026388U}, {"request-server", 5354880847827253135U},
    {"rocksdb", 9330830400584840691U},        {"slow-growth", 14479000293294192594U},
    {"thread-churn", 17580998883968981892U},  {"two-wave", 869473680244937401U},
};

TEST(Every, WorkloadsOpsAreThoseOfTheLastRelease) {
  for (const auto& [name, small] : kSmall) {
    const auto wanted = kDigests.find(name);
    ASSERT_NE(wanted, kDigests.end()) << name;
    EXPECT_EQ(digest(make(text_of(name, "")).ops), wanted->second) << name;
  }
}

TEST(Every, SeedGivesOneTraceByteForByte) {
  for (const auto& [name, small] : kSmall) {
    const std::string text = text_of(name, "");
    EXPECT_EQ(make(text, 7).file, make(text, 7).file) << text;
    EXPECT_NE(make(text, 7).file, make(text, 8).file) << text;
  }
}

TEST(Every, TraceAtTheEndsOfRangesIsWhole) {
  for (const auto& [name, lists] : kEnds) {
    for (const std::string& list : lists) {
      const Made made = make(text_of(name, list));
      EXPECT_GT(made.profile.operations, 0U) << name << ":" << list;
      EXPECT_EQ(made.totals.ops, made.ops.size()) << name << ":" << list;
    }
  }
}

TEST(Every, PresetIsWholeAndSmallEnoughForAQuickLook) {
  for (const auto& [name, small] : kSmall) {
    const Made made = make(name);
    SCOPED_TRACE(name);
    EXPECT_GT(made.profile.operations, 50000U);
    EXPECT_LE(made.profile.operations, 3000000U);
    EXPECT_LE(made.profile.peak_live_bytes, 200U << 20);
    EXPECT_EQ(made.ops.back().kind, OpKind::exit_begin);
    EXPECT_TRUE(has(made.info.capabilities, Capability::time));
  }
}

// In a footprint run every change of thread costs some microseconds.
TEST(Every, PresetChangesThreadsSeldom) {
  for (const auto& [name, small] : kSmall) {
    const Made made = make(name);
    std::uint64_t changes = 0;
    for (std::size_t i = 1; i < made.ops.size(); ++i) {
      changes += made.ops[i].thread != made.ops[i - 1].thread ? 1 : 0;
    }
    EXPECT_LT(changes, 40000U) << name;
  }
}

TEST(Every, ThreadStartsBeforeItCallsAndIsSilentAfterItsEnd) {
  for (const auto& [name, small] : kSmall) {
    std::set<ThreadId> alive = {ThreadId{0}};
    for (const Op& op : make(text_of(name, "")).ops) {
      EXPECT_TRUE(alive.count(op.thread)) << name;
      if (op.kind == OpKind::thread_end) alive.erase(op.thread);
      if (op.kind != OpKind::thread_start) continue;
      EXPECT_TRUE(alive.insert(ThreadId{index(op.object)}).second) << name;
    }
  }
}

TEST(Every, ContradictionIsRefused) {
  for (const char* text : {"larson:smallest=2,largest=1", "mixed:short-life=2s,long-life=1s",
                           "producer-consumer:smallest=2,largest=1", "request-server:base=2,peak=1",
                           "rocksdb:block=128KiB,cache=64KiB", "thread-churn:smallest=2,largest=1",
                           "two-wave:smallest=10KiB,largest=1KiB"}) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code, ErrorCode::usage) << text;
    EXPECT_THAT(error.hint, testing::HasSubstr("at most")) << text;
  }
}

}  // namespace
}  // namespace heapwise::test
