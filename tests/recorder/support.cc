// SPDX-License-Identifier: MIT
#include "tests/recorder/support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "traces/reader.h"

namespace heapwise::recorder_test {
namespace {

Run run(const std::vector<std::string>& command, const std::string& folder) {
  const std::string out = folder + "/out";
  const std::string err = folder + "/err";
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    close_range(3, ~0U, 0);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  Run result;
  waitpid(pid, &result.status, 0);
  result.out = read_file(out).value_or("");
  result.err = read_file(err).value_or("");
  return result;
}

std::uint64_t sum(const std::vector<Seen>& traces, std::uint64_t size) {
  std::uint64_t total = 0;
  for (const Seen& trace : traces) total += trace.allocated(size);
  return total;
}

void read_notes(const std::string& path, Recorded& recorded) {
  recorded.notes = read_file(path).value_or("no notes\n");
  std::istringstream lines(recorded.notes);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string what, word;
    words >> what >> word;
    if (what == "process") recorded.traces.push_back(read_trace(word));
    if (what == "warning") recorded.warnings.push_back(word);
  }
}

}  // namespace

std::uint64_t Seen::allocated(std::uint64_t size) const {
  const auto found = sizes.find(size);
  return found == sizes.end() ? 0 : found->second.allocated;
}

std::uint64_t Seen::freed(std::uint64_t size) const {
  const auto found = sizes.find(size);
  return found == sizes.end() ? 0 : found->second.freed;
}

std::uint64_t Seen::count(OpKind kind) const {
  return static_cast<std::uint64_t>(
      std::count_if(ops.begin(), ops.end(), [kind](const Op& op) { return op.kind == kind; }));
}

std::uint64_t Seen::end_fact(const std::string& key) const {
  return std::stoull(totals.fact(key).value_or("0"));
}

Seen read_trace(const std::string& path) {
  Seen seen;
  seen.path = path;
  auto reader = TraceReader::open(path);
  EXPECT_TRUE(reader) << path;
  if (!reader) return seen;
  seen.info = reader->info();
  std::map<std::uint32_t, std::uint64_t> live;
  for (Op op; reader->next(op);) {
    seen.ops.push_back(op);
    if (is_allocation(op.kind) || op.kind == OpKind::realloc) {
      live[index(op.object)] = op.size;
      ++seen.sizes[op.size].allocated;
    } else if (op.kind == OpKind::free) {
      ++seen.sizes[live[index(op.object)]].freed;
    }
  }
  seen.totals = reader->totals();
  seen.residency = reader->residency();
  seen.capabilities = reader->capabilities();
  seen.damaged = reader->damage().has_value();
  EXPECT_FALSE(seen.damaged) << path;
  return seen;
}

bool Recorded::warned(const std::string& code) const {
  return std::find(warnings.begin(), warnings.end(), code) != warnings.end();
}

std::uint64_t Recorded::allocated(std::uint64_t size) const { return sum(traces, size); }

const Seen& Recorded::main() const {
  static const Seen none;
  EXPECT_FALSE(traces.empty()) << notes;
  return traces.empty() ? none : traces.front();
}

Recorded record_command(const std::vector<std::string>& command, Check check) {
  auto folder = TemporaryDirectory::make();
  EXPECT_TRUE(folder);
  Recorded recorded;
  recorded.bare = run(command, folder->path());
  const std::string output = folder->path() + "/trace.hwt";
  std::vector<std::string> driven{HEAPWISE_RECORD_DRIVER, HEAPWISE_RECORD_LIBRARY, output};
  driven.insert(driven.end(), command.begin(), command.end());
  recorded.run = run(driven, folder->path());
  read_notes(output + ".txt", recorded);
  if (check == Check::recording) {
    EXPECT_FALSE(recorded.traces.empty()) << recorded.notes;
    EXPECT_FALSE(recorded.warned("nothing-recorded")) << recorded.notes;
  }
  if (check != Check::nothing) {
    EXPECT_EQ(recorded.bare.out, recorded.run.out);
    EXPECT_EQ(recorded.bare.err, recorded.run.err);
    EXPECT_EQ(recorded.bare.status, recorded.run.status) << recorded.notes;
  }
  return recorded;
}

std::string target() { return HEAPWISE_RECORD_TARGET; }

Recorded record_scenario(std::vector<std::string> words, Check check) {
  words.insert(words.begin(), target());
  return record_command(words, check);
}

}  // namespace heapwise::recorder_test
