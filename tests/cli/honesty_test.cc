// SPDX-License-Identifier: MIT
// What a prediction may be wrong about and what takes no preloaded allocator, on small real
// programs: nothing may be advised that would crash or do nothing.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tests/cli/cli.h"

namespace heapwise::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// The body of a main() that allocates a little.
constexpr const char* kChurn =
    "static void* kept[1000]; for (int i = 0; i < 20000; i++) { free(kept[i % 1000]);"
    "  kept[i % 1000] = malloc(50 + i % 300); memset(kept[i % 1000], 1, 50); }";

class Honesty : public CliTest {
 protected:
  /// Compiles a C program or, with the right flags, a library.
  void compile(const std::string& name, const std::string& source,
               const std::vector<std::string>& flags = {}) const {
    const std::string file = path(name + ".c");
    ASSERT_TRUE(write_file(file,
                           "#include <stdlib.h>\n#include <string.h>\n#include <malloc.h>\n"
                           "#include <dlfcn.h>\n" +
                               source,
                           true));
    std::vector<std::string> command = {"gcc", "-O0", "-o", path(name), file};
    command.insert(command.end(), flags.begin(), flags.end());
    const auto built = run(command);
    ASSERT_EQ(built.exit_code, 0) << built.err;
  }

  nlohmann::json advised(const std::string& program, const std::string& allocators) const {
    const auto finished = heapwise({"advise", "--quiet", "--force", "--repetitions", "3",
                                    "--purposes", "footprint", "--allocators", allocators, "--json",
                                    "r.json", "-o", "r.html", "--", "./" + program});
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return json("r.json");
  }

  static std::set<std::string> codes(const nlohmann::json& result) {
    std::set<std::string> codes;
    for (const auto& warning : result["workloads"][0]["warnings"]) {
      codes.insert(warning["code"].get<std::string>());
      EXPECT_NE(warning["what"], "");
    }
    return codes;
  }

  static std::string how_to(const nlohmann::json& result) {
    return result["recommendations"][0]["how_to"];
  }

  static std::string main_of(const std::string& body) {
    return "int main(void) { " + body + " return 0; }\n";
  }
};

TEST_F(Honesty, AnOrdinaryProgramHasNothingToConfess) {
  compile("plain", main_of(kChurn));
  const auto result = advised("plain", "glibc,jemalloc");
  for (const char* code : {"asks-allocator", "deepbind", "blocks-cross-allocators",
                           "gains-privileges", "linked-allocator", "few-repetitions"}) {
    EXPECT_EQ(codes(result).count(code), 0U) << code;
  }
}

TEST_F(Honesty, AProgramThatAsksItsAllocatorIsFlaggedByTheNamesOfTheFunctions) {
  compile(
      "asks",
      "int mallctl(const char*, void*, size_t*, void*, size_t)"
      " __attribute__((weak));\n" +
          main_of(std::string(kChurn) + "if (mallctl) mallctl(\"epoch\", 0, 0, 0, 0);"
                                        "if (mallinfo2().uordblks == 1) abort(); malloc_trim(0);"));
  const auto result = advised("asks", "glibc");
  EXPECT_EQ(codes(result).count("asks-allocator"), 1U);
  EXPECT_EQ(codes(result).count("steers-glibc"), 1U);
  const std::string text = result["workloads"][0]["warnings"].dump();
  for (const char* name : {"mallinfo2", "mallctl", "malloc_trim"}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
  EXPECT_NE(content("r.html").find("can ask or steer its allocator"), std::string::npos);
}

TEST_F(Honesty, APlugInThatAsksIsSeenThoughItCameLater) {
  compile("libasks.so", "size_t ask(void) { return mallinfo2().uordblks; }\n",
          {"-shared", "-fPIC"});
  compile("host",
          main_of(std::string(kChurn) +
                  "void* plugin = dlopen(\"./libasks.so\", RTLD_NOW);"
                  "if (!plugin || !((size_t (*)(void))dlsym(plugin, \"ask\"))()) abort();"));
  EXPECT_EQ(codes(advised("host", "glibc")).count("asks-allocator"), 1U);
}

TEST_F(Honesty, ManyQuestionsAfterTheUsableSizeAreFlagged) {
  compile("usable", main_of(std::string(kChurn) + "size_t sum = 0; for (int i = 0; i < 5000; i++)"
                                                  "  sum += malloc_usable_size(kept[i % 1000]);"
                                                  "if (sum == 0) abort();"));
  EXPECT_EQ(codes(advised("usable", "glibc")).count("asks-usable-size"), 1U);
}

TEST_F(Honesty, AProgramWithAMallocOfItsOwnIsRefusedWithTheReason) {
  compile(
      "own",
      "static char space[1 << 20]; static size_t used;\n"
      "void* malloc(size_t n) { void* p = space + used; used += (n + 31) / 16 * 16; return p; }\n"
      "void free(void* p) { (void)p; }\n"
      "void* calloc(size_t a, size_t b) { return malloc(a * b); }\n"
      "void* realloc(void* p, size_t n) { void* q = malloc(n); if (p) memcpy(q, p, n);"
      " return q; }\n" +
          main_of("free(malloc(100));"));
  for (const char* verb : {"advise", "verify"}) {
    const auto refused = heapwise({verb, "--", "./own"});
    EXPECT_EQ(refused.exit_code, 2);
    EXPECT_THAT(refused.err, HasSubstr("defines malloc itself"));
    EXPECT_THAT(refused.err, HasSubstr("build it without"));
  }
}

TEST_F(Honesty, AMallocOfItsOwnIsToldOfAProgramThatTheCommandStartsToo) {
  compile(
      "own",
      "static char space[1 << 20]; static size_t used;\n"
      "void* malloc(size_t n) { void* p = space + used; used += (n + 31) / 16 * 16; return p; }\n"
      "void free(void* p) { (void)p; }\n" +
          main_of("free(malloc(100));"));
  const auto recorded = heapwise({"record", "-o", "r.hwt", "--", "sh", "-c", "./own; exec ./own"});
  EXPECT_EQ(recorded.exit_code, 0) << recorded.err;
  EXPECT_THAT(recorded.err, HasSubstr("defines malloc itself"));
  EXPECT_THAT(recorded.err, HasSubstr("of which no trace knows"));
}

TEST_F(Honesty, ForAProgramThatGainsRightsNothingIsPreloaded) {
  compile("setuid", main_of(kChurn));
  ASSERT_EQ(chmod(path("setuid").c_str(), 04755), 0);
  const auto result = advised("setuid", "jemalloc,jemalloc:decay-0");
  EXPECT_EQ(codes(result).count("gains-privileges"), 1U);
  EXPECT_THAT(how_to(result), Not(HasSubstr("LD_PRELOAD=")));
  EXPECT_THAT(how_to(result), HasSubstr("-ljemalloc"));
}

TEST_F(Honesty, AProgramThatDiesUnderAnAllocatorIsAResultAndNeverAdvised) {
  // A plug-in past the preloaded allocator gives a block to the program.
  compile("libgives.so", "char* give(int n) { return malloc(n); }\n", {"-shared", "-fPIC"});
  compile("takes", main_of(std::string(kChurn) +
                           "void* plugin = dlopen(\"./libgives.so\", RTLD_NOW | RTLD_DEEPBIND);"
                           "char* (*give)(int) = (char* (*)(int))dlsym(plugin, \"give\");"
                           "for (int i = 0; i < 100; i++) free(give(40 + i));"));
  const auto finished = heapwise({"verify", "--quiet", "--repetitions", "1", "--allocators",
                                  "glibc,jemalloc", "--json", "v.json", "--", "./takes"});
  const auto result = json("v.json");
  EXPECT_EQ(codes(result).count("deepbind"), 1U);
  EXPECT_EQ(codes(result).count("blocks-cross-allocators"), 1U);
  for (const auto& row : result["verification"]) {
    EXPECT_EQ(row["failures"], row["allocator"] == "jemalloc" ? 1 : 0) << row.dump();
  }
  for (const auto& row : result["summary"]) {
    if (row["allocator"] != "jemalloc") continue;
    EXPECT_THAT(row["failure"].get<std::string>(), HasSubstr("killed by SIG"));
    EXPECT_THAT(row["flags"].dump(), HasSubstr("fails-under-allocator"));
  }
  for (const auto& one : result["recommendations"]) EXPECT_EQ(one["allocator"], "glibc");
  EXPECT_THAT(finished.out, HasSubstr("killed by SIG"));
}

TEST_F(Honesty, AProgramLinkedToAnAllocatorIsToldHowGlibcComesUnderIt) {
  const std::string jemalloc = HEAPWISE_JEMALLOC;
  if (jemalloc.empty()) GTEST_SKIP() << "libjemalloc is not installed";
  compile("linked", main_of(kChurn), {"-Wl,--no-as-needed", jemalloc});
  const auto result = advised("linked", "glibc,jemalloc");
  EXPECT_EQ(codes(result).count("linked-allocator"), 1U);
  EXPECT_THAT(result["workloads"][0]["linked_allocator"].get<std::string>(),
              StartsWith("libjemalloc.so"));
  EXPECT_EQ(result["recommendations"][0]["over"]["allocator"], "jemalloc");
  const std::string how = how_to(result);
  if (result["recommendations"][0]["allocator"] == "glibc") {
    EXPECT_THAT(how, StartsWith("LD_PRELOAD=libc.so.6 ./linked"));
  } else {
    EXPECT_THAT(how, HasSubstr("the program is linked to it"));
  }
}

TEST_F(Honesty, FewerThanThreeReplaysAreSaidToBe) {
  compile("plain", main_of(kChurn));
  const auto finished =
      heapwise({"advise", "--quiet", "--repetitions", "1", "--purposes", "footprint",
                "--allocators", "glibc", "--json", "r.json", "--", "./plain"});
  EXPECT_EQ(codes(json("r.json")).count("few-repetitions"), 1U);
  EXPECT_THAT(finished.out, HasSubstr("remedy: --repetitions 3 or more"));
}

TEST_F(Honesty, SeveralRecordingsWidenTheIntervalsToWhatTheProgramVariesBy) {
  // The number of its process decides how much it asks for: no two recordings agree.
  compile("varies", "#include <unistd.h>\n" +
                        main_of("size_t n = 4000 + getpid() * 7919u % 4000;"
                                "for (size_t i = 0; i < n; i++) memset(malloc(1000), 1, 1000);"));
  const auto finished =
      heapwise({"advise", "--quiet", "--recordings", "3", "--purposes", "footprint", "--allocators",
                "glibc,jemalloc", "--json", "r.json", "--trace", "kept.hwt", "--", "./varies"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto result = json("r.json");
  ASSERT_EQ(result["workloads"].size(), 1U);
  ASSERT_EQ(result["workloads"][0]["recordings"].size(), 3U);
  std::vector<double> cpu_s;
  for (const auto& recording : result["workloads"][0]["recordings"]) {
    cpu_s.push_back(recording["cpu_s"]);
  }
  EXPECT_EQ(result["workloads"][0]["cpu_s"], *std::min_element(cpu_s.begin(), cpu_s.end()))
      << "the fastest third of three is one";
  EXPECT_EQ(result["runs"].size(), 2U * 3U * 3U) << "three replays of each, on two allocators";
  double least = 1e18, most = 0;
  for (const auto& recording : result["workloads"][0]["recordings"]) {
    least = std::min(least, recording["peak_live_bytes"].get<double>());
    most = std::max(most, recording["peak_live_bytes"].get<double>());
  }
  EXPECT_EQ(codes(result).count("live-bytes-differ"), most > 1.04 * least ? 1U : 0U);
  for (const auto& row : result["summary"]) {
    EXPECT_LE(row["peak_rss_bytes"]["low"], 1.3 * least);
    EXPECT_GE(row["peak_rss_bytes"]["high"], most);
    EXPECT_EQ(row["recordings"].size(), 3U);
  }
  EXPECT_TRUE(exists("kept-2.hwt"));
  EXPECT_TRUE(exists("kept-3.hwt"));

  // The kept traces are known for recordings of one workload, unless the user says otherwise.
  const auto replayed = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {
        "replay",     "--quiet",   "--force",      "--json", "again.json", "--repetitions", "1",
        "--purposes", "footprint", "--allocators", "glibc",  "kept.hwt",   "kept-2.hwt"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(heapwise(words).exit_code, 0);
    return json("again.json")["workloads"];
  };
  ASSERT_EQ(replayed({}).size(), 1U);
  EXPECT_EQ(replayed({})[0]["recordings"].size(), 2U);
  EXPECT_EQ(replayed({"--separate"}).size(), 2U);
}

TEST_F(Honesty, EachRecordingReadsTheSameStandardInput) {
  compile("reads", "#include <stdio.h>\n" +
                       main_of("char line[99]; while (fgets(line, 99, stdin)) strdup(line);"));
  RunOptions options;
  options.input = "one\ntwo\nthree\n";
  const auto finished =
      heapwise({"advise", "--quiet", "--recordings", "2", "--purposes", "footprint", "--allocators",
                "glibc", "--json", "r.json", "--", "./reads"},
               options);
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const auto recordings = json("r.json")["workloads"][0]["recordings"];
  ASSERT_EQ(recordings.size(), 2U);
  EXPECT_EQ(recordings[0]["operations"], recordings[1]["operations"]);
}

TEST_F(Honesty, RecordingsOfATraceAreAnErrorThatSaysWhatIsMeant) {
  const auto refused = heapwise({"advise", "--recordings", "3", "some.hwt"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("several traces of the same command"));
}

}  // namespace
}  // namespace heapwise::testing
