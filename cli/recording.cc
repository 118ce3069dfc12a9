// SPDX-License-Identifier: MIT
#include "cli/recording.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/files.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/flags.h"

namespace heapwise::cli {
namespace {

/// What a recording warns of process by process, and each trace knows of its own.
constexpr const char* kInTrace[] = {"linked-allocator", "deepbind", "namespaces", "events-dropped"};

/// Of what comes through a pipe, which may never end; a file is as long as it is.
constexpr std::uint64_t kMostPiped = std::uint64_t{256} << 20;
constexpr std::chrono::seconds kPatience{1};

/// The names of traces while they are made. They get their own in the end, so that what appears
/// under those meanwhile is not replaced, and costs no recording.
struct Staging {
  explicit Staging(const std::string& output) : stem(output) {
    if (stem.ends_with(".hwt")) stem.resize(stem.size() - 4);
    staged = fmt::format("{}.recording-{}", stem, getpid());
    path = staged + output.substr(stem.size());
  }
  std::string final_name(const std::string& trace) const {
    return trace.starts_with(staged) ? stem + trace.substr(staged.size()) : trace;
  }

  std::string stem, staged, path;
};

/// Gives a trace its name, or the next number of it that is free. Yields the name that it has.
std::string give_name(const std::string& trace, const std::string& name, bool overwrite) {
  if (overwrite && std::rename(trace.c_str(), name.c_str()) == 0) return name;
  for (unsigned number = 1;; ++number) {
    std::string free = numbered(name, number);
    if (rename_to_new(trace, free)) {
      if (number > 1) say_renamed(name, free);
      return free;
    }
    if (errno == EEXIST) continue;
    say(fmt::format("heapwise: {}; the trace is {}\n",
                    fail_errno("cannot name it " + free).value().what, trace));
    return trace;
  }
}

Expected<void> check_command(const std::vector<std::string>& command) {
  if (!command.empty() && !command.front().empty()) return {};
  return fail(ErrorCode::usage,
              command.empty() ? "there is no program to record" : "the program's name is empty",
              "give it behind two dashes: -- PROGRAM ARGUMENTS…");
}

/// Returns when there is something to read, or when that takes so long that it is worth a word.
void await_input(std::chrono::steady_clock::time_point begun, bool& told) {
  if (told) return;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(begun + kPatience -
                                                                 std::chrono::steady_clock::now());
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (left.count() > 0 && poll(&input, 1, static_cast<int>(left.count())) != 0) return;
  told = true;
  say("heapwise: reading standard input to its end (< /dev/null gives none)\n");
}

/// Copies standard input to its end.
Expected<void> copy_input(const Fd& file, const std::string& path) {
  struct stat status {};
  const bool endless = fstat(STDIN_FILENO, &status) != 0 || !S_ISREG(status.st_mode);
  const auto begun = std::chrono::steady_clock::now();
  std::vector<char> buffer(65536);
  bool told = false;
  for (std::uint64_t copied = 0;;) {
    await_input(begun, told);
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || (got < 0 && errno == EBADF)) return {};  // it ended, or was never open
    if (got < 0) return fail_errno("cannot read standard input", "< /dev/null gives none");
    copied += static_cast<std::uint64_t>(got);
    if (endless && copied > kMostPiped) {
      return fail(ErrorCode::bad_input,
                  "standard input has more than 256 MiB, and each run needs all of it",
                  "give it as a file (< FILE), or none (< /dev/null)");
    }
    if (!write_all(file.get(), buffer.data(), static_cast<std::size_t>(got))) {
      return fail_errno("cannot keep standard input in " + path,
                        "set TMPDIR to a folder with more room, or give no input (< /dev/null)");
    }
  }
}

}  // namespace

void add_recording_flags(const Command& app, RecordingFlags& flags) {
  app.add_option("--touch", flags.touch,
                 "Count which pages of blocks of more than 4 KiB the program writes: on, or off "
                 "where every microsecond counts; then all of a block is taken to be written")
      .one_of({"on", "off"})
      .note_given(flags.touch_given)
      .show_default();
}

Expected<Recording> record_command(const std::vector<std::string>& command,
                                   const std::string& output, bool overwrite, Progress& progress,
                                   std::function<void(std::int32_t pid)> started,
                                   const RecordingFlags& flags) {
  if (auto good = check_command(command); !good) return tl::make_unexpected(good.error());
  if (auto free = check_file(output, overwrite); !free) return tl::make_unexpected(free.error());
  const Staging staging(behind_link(output));
  RecordOptions options;
  options.command = command;
  options.output = staging.path;
  options.overwrite = true;
  options.recorder_library = library_directory() + "/libheapwise_record.so";
  options.touch = flags.touch == "on";
  options.ends_with_us = flags.ends_with_us;
  options.started = std::move(started);
  options.waiting = [&progress](std::size_t processes) {
    progress.note(
        fmt::format("the program ended but left {} process{} running; waiting for "
                    "{} (Ctrl-C stops waiting)",
                    processes, processes == 1 ? "" : "es", processes == 1 ? "it" : "them"));
  };
  options.converting = [&](const std::string& path) {
    progress.show("writing " + staging.final_name(path));
  };
  auto recording = record(options);
  progress.clear();
  if (!recording) return recording;
  for (RecordedProcess& process : recording->processes) {
    process.trace = give_name(process.trace, staging.final_name(process.trace), overwrite);
  }
  // With nothing to show for it this is no remark on the way but what came of the command.
  Progress aloud(false);
  for (const Warning& warning : recording->warnings) {
    note_warning(warning, recording->processes.empty() ? aloud : progress);
  }
  return recording;
}

Expected<std::string> keep_input(const std::string& folder) {
  if (isatty(STDIN_FILENO) != 0) return std::string();
  const std::string path = folder + "/input";
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return fail_errno("cannot write " + path);
  if (auto copied = copy_input(file, path); !copied) return tl::make_unexpected(copied.error());
  if (auto rewound = rewind_input(path); !rewound) return tl::make_unexpected(rewound.error());
  return path;
}

Expected<void> rewind_input(const std::string& kept) {
  if (kept.empty() || std::freopen(kept.c_str(), "r", stdin) != nullptr) return {};
  return fail_errno("cannot read " + kept);
}

void add_recording_warnings(WorkloadInfo& workload, const std::vector<Warning>& warnings) {
  for (const Warning& warning : warnings) {
    const bool in_trace =
        std::any_of(std::begin(kInTrace), std::end(kInTrace),
                    [&warning](const char* code) { return warning.code == code; });
    if (!in_trace) add_flag(workload.warnings, warning);
  }
}

void note_warning(const Warning& warning, Progress& progress) {
  progress.note("warning: " + warning.what);
  if (!warning.remedy.empty()) progress.note("  remedy: " + warning.remedy);
}

}  // namespace heapwise::cli
