// SPDX-License-Identifier: MIT
#include "bench/session/record_convert.h"

#include <fmt/format.h>
#include <gnu/libc-version.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <ctime>
#include <map>
#include <set>
#include <system_error>
#include <thread>

#include "allocators/elf_exports.h"
#include "base/files.h"
#include "bench/session/program_name.h"
#include "bench/session/record_snapshots.h"
#include "bench/session/record_target.h"
#include "bench/session/session_folders.h"
#include "results/flags.h"
#include "results/units.h"
#include "traces/recorder/convert.h"
#include "traces/recorder/raw_spool.h"

namespace heapwise {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string now_rfc3339() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text.data();
}

// The word in brackets of "always [madvise] never".
std::string huge_page_setting() {
  const auto text = read_file("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!text) return {};
  const std::size_t open = text->find('[');
  const std::size_t close = text->find(']');
  if (open == std::string::npos || close == std::string::npos) return {};
  return text->substr(open + 1, close - open - 1);
}

/// The same in all traces of one recording, and in no other's: the moment, and who made it.
std::string recording_number() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return std::to_string(now.tv_sec) + "." + std::to_string(now.tv_nsec) + "." +
         std::to_string(getpid());
}

Facts machine_facts() {
  utsname system{};
  uname(&system);
  return {{"kernel", system.release},
          {"cpus", std::to_string(std::thread::hardware_concurrency())},
          {"page_size", std::to_string(sysconf(_SC_PAGESIZE))},
          {"libc", std::string("glibc ") + gnu_get_libc_version()},
          {"transparent_hugepage", huge_page_setting()},
          {"created", now_rfc3339()},
          {"recording", recording_number()}};
}

std::uint64_t most_resident(const EndedImage& image) {
  std::uint64_t most = 0;
  for (const auto& sample : image.samples) most = std::max(most, sample.rss_total_bytes);
  return most;
}

/// What began by exec and not by fork alone: the linker had to bind its malloc.
bool was_executed(const EndedImage& image) { return image.parent_start_ticks == 0; }

/// Of the command's own process the kernel tells what it used, with the children that it waited
/// for; others noted what they used themselves when they ended.
double recorded_cpu_seconds(const EndedImage& image, const spool::Header& header,
                            const CommandEnd& end) {
  return image.pid == end.pid ? end.cpu_seconds
                              : static_cast<double>(header.exit_cpu_ns.load()) * 1e-9;
}

/// `starts` are those of the whole command.
Facts end_facts(const EndedImage& image, const spool::Header& header, const CommandEnd& end,
                std::size_t starts) {
  Facts facts;
  if (image.pid == end.pid) {
    if (WIFEXITED(end.wait_status)) {
      facts.emplace_back("exit_status", std::to_string(WEXITSTATUS(end.wait_status)));
    } else if (WIFSIGNALED(end.wait_status)) {
      facts.emplace_back("exit_signal", std::to_string(WTERMSIG(end.wait_status)));
    }
    if (const std::uint64_t cpu_ns = header.children_cpu_ns.load(); cpu_ns != 0) {
      facts.emplace_back("children_cpu_seconds",
                         std::to_string(static_cast<double>(cpu_ns) * 1e-9));
    }
    facts.emplace_back("wall_seconds", std::to_string(end.wall_seconds));
    facts.emplace_back("process_starts", std::to_string(starts));
  } else if (header.exit_cpu_ns.load() != 0) {
    facts.emplace_back("process_starts", was_executed(image) ? "1" : "0");
  }
  if (const std::uint64_t most = most_resident(image); most != 0) {
    facts.emplace_back("max_rss_bytes", std::to_string(most));
  }
  return facts;
}

// What lies between the fork and the exec of a child is its parent's leftovers, and would be a
// trace for each command of a shell. Shells make some hundred calls there; who makes more has work
// of its own.
constexpr std::uint64_t kMostLaunching = 1000;

bool is_launcher(const EndedImage& image) {
  if (was_executed(image) || (image.flags & spool::kExecuting) == 0) return false;
  const auto raw = recorder::RawSpool::open(image.raw_path);
  if (!raw) return true;
  std::uint64_t events = 0;
  for (const recorder::Segment& segment : raw->segments()) {
    recorder::SegmentCursor cursor(segment);
    for (recorder::Event event; events < kMostLaunching && cursor.next(event);) ++events;
  }
  return events < kMostLaunching;
}

std::string program_of(const recorder::SpoolText& text) {
  return program_name(text.arguments.empty() ? "" : text.arguments.front(), text.executable);
}

std::string harmless(std::string name) {
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-' &&
        c != '+') {
      c = '_';
    }
  }
  return name.empty() ? "process" : name;
}

// A trace takes about this share of its raw file at most, mostly far less.
constexpr double kTraceShare = 0.25;
// What is kept of a raw file when its trace found no room even so.
constexpr double kKeptShare = 2.0 / 3;

constexpr char kSpoolRemedy[] = "give /dev/shm more room, or record on a less busy machine";
constexpr char kRoomRemedy[] =
    "write the trace where there is more room: name it with -o or --trace, or set TMPDIR where it "
    "has no name";

// An Error keeps the words and not the number.
bool is_lack_of_room(const Error& error) {
  const auto ends_with = [&error](int number) {
    return error.what.ends_with(std::generic_category().message(number));
  };
  return error.code == ErrorCode::io &&
         (ends_with(ENOSPC) || ends_with(EDQUOT) || ends_with(EFBIG));
}

std::uint64_t file_bytes(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// Converts a raw file, shorter where there is no room for both it and its trace: the beginning of
/// a trace is better than none. Adds what it leaves out to `lost`.
Expected<recorder::Conversion> convert_into_room(recorder::ConversionRequest& request,
                                                 std::uint64_t& lost) {
  const auto shorten = [&](double to_bytes) {
    const auto gone =
        recorder::shorten_raw_spool(request.raw_path, static_cast<std::uint64_t>(to_bytes));
    if (gone) lost += *gone;
    return gone.has_value();
  };
  if (request.cut_short) {
    const auto free = free_bytes_in(folder_of(request.output));
    const auto all = static_cast<double>(free.value_or(~0ULL >> 1)) +
                     static_cast<double>(file_bytes(request.raw_path));
    shorten(all / (1 + kTraceShare));
  }
  for (;;) {
    auto conversion = recorder::convert_spool(request);
    if (conversion || !is_lack_of_room(conversion.error())) return conversion;
    request.cut_short = true;
    if (shorten(static_cast<double>(file_bytes(request.raw_path)) * kKeptShare)) continue;
    return fail(ErrorCode::io, conversion.error().what, kRoomRemedy);
  }
}

/// Converts the images of one session one after the other, parents before their children.
class ImageConverter {
 public:
  ImageConverter(const RecordSession& session, const RecordOptions& options, const CommandEnd& end)
      : session_(session),
        options_(options),
        end_(end),
        machine_(machine_facts()),
        scale_(session.scale()),
        starts_(count_starts(session)),
        main_(find_main()),
        launchers_(find_launchers(session)),
        wanted_(find_wanted(session, launchers_)),
        inherited_(session.raw_directory()) {}

  Expected<void> run(Recording& recording) {
    recording.process_starts = static_cast<unsigned>(starts_);
    for (std::size_t i = 0; i < session_.ended().size(); ++i) {
      if (!wanted_[i]) continue;
      if (auto done = convert(i, recording); !done) return done;
    }
    for (RecordedProcess& process : recording.processes) {
      process.named_so = named_so_[process.program];
    }
    // Collected in order of their start, with the one that was asked for in front.
    std::stable_partition(recording.processes.begin(), recording.processes.end(),
                          [&](const RecordedProcess& p) { return p.trace == options_.output; });
    return {};
  }

 private:
  static std::size_t count_starts(const RecordSession& session) {
    const auto& images = session.ended();
    return static_cast<std::size_t>(std::count_if(images.begin(), images.end(), was_executed));
  }

  // The command's own process may have become another program by exec: the last is meant.
  std::optional<std::size_t> find_main() const {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < session_.ended().size(); ++i) {
      const EndedImage& image = session_.ended()[i];
      if (image.pid == end_.pid && was_executed(image)) found = i;
    }
    return found;
  }

  static std::vector<bool> find_launchers(const RecordSession& session) {
    std::vector<bool> launchers;
    for (const EndedImage& image : session.ended()) launchers.push_back(is_launcher(image));
    return launchers;
  }

  // Of a launcher only what its children inherited is wanted, if any of them is. Children come
  // after their parents.
  static std::vector<bool> find_wanted(const RecordSession& session,
                                       const std::vector<bool>& launchers) {
    const auto& images = session.ended();
    std::set<std::uint64_t> parents;
    std::vector<bool> wanted(images.size());
    for (std::size_t i = images.size(); i-- > 0;) {
      wanted[i] = !launchers[i] || parents.count(images[i].start_ticks) != 0;
      if (wanted[i]) parents.insert(images[i].parent_start_ticks);
    }
    return wanted;
  }

  std::string path_for(const EndedImage& image, const std::string& program) {
    std::string stem = options_.output;
    const std::string ending = ".hwt";
    if (stem.size() > ending.size() &&
        stem.compare(stem.size() - ending.size(), ending.size(), ending) == 0) {
      stem.resize(stem.size() - ending.size());
    }
    stem += "." + std::to_string(image.pid) + "." + harmless(program);
    std::string path = stem + ending;
    for (int n = 2; !is_new(path); ++n) {
      path = stem;
      path += "." + std::to_string(n) + ending;
    }
    return path;
  }

  bool is_new(const std::string& path) {
    return used_.insert(path).second && (options_.overwrite || ::access(path.c_str(), F_OK) != 0);
  }

  std::vector<std::size_t> children_of(std::size_t parent) const {
    std::vector<std::size_t> children;
    const auto& images = session_.ended();
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (images[i].parent_start_ticks == images[parent].start_ticks && wanted_[i]) {
        children.push_back(i);
      }
    }
    std::sort(children.begin(), children.end(), [&](std::size_t a, std::size_t b) {
      return images[a].fork_ticks < images[b].fork_ticks;
    });
    return children;
  }

  recorder::ConversionRequest request_for(std::size_t index, const recorder::RawSpool& raw,
                                          const std::string& program,
                                          const std::vector<std::size_t>& children) {
    const EndedImage& image = session_.ended()[index];
    recorder::ConversionRequest request;
    request.raw_path = image.raw_path;
    request.output = launchers_[index] ? image.raw_path + std::string(kLaunchersTrace)
                     : index == main_  ? options_.output
                                       : path_for(image, program);
    request.overwrite = options_.overwrite;
    request.name = program;
    request.facts = machine_;
    if (const std::string privileges = privileges_of(raw.text().executable); !privileges.empty()) {
      request.facts.emplace_back("executable.privileges", privileges);
    }
    request.end_facts = end_facts(image, raw.header(), end_, starts_);
    request.cpu_seconds = recorded_cpu_seconds(image, raw.header(), end_);
    request.residency = image.samples;
    request.touches = image.touches;
    request.cut_short = image.write_error != 0;
    request.scale = scale_;
    request.cpus = std::max(1U, std::thread::hardware_concurrency());
    for (const std::size_t child : children) {
      request.snapshots_at.push_back(session_.ended()[child].fork_ticks);
    }
    request.take_snapshot = [this, children](std::size_t moment,
                                             std::vector<recorder::LiveObject> objects) {
      inherited_.keep(children[moment], std::move(objects));
    };
    request.inherited = inherited_.take(index);
    return request;
  }

  Expected<void> convert(std::size_t index, Recording& recording) {
    const EndedImage& image = session_.ended()[index];
    if (image.raw_path.empty()) {
      warn_of_no_room(image, recording.warnings);
      return {};
    }
    auto raw = recorder::RawSpool::open(image.raw_path);
    if (!raw) return tl::unexpected(raw.error());
    const bool empty = raw->segments().empty();
    const std::string program = program_of(raw->text());
    const unsigned nth = launchers_[index] ? 0 : named_so_[program]++;
    const std::string executable = raw->text().executable;
    if (empty) warn_of_own_malloc(executable, program, image, recording.warnings);
    if (empty && index != main_) return {};
    const auto children = children_of(index);
    auto request = request_for(index, *raw, program, children);
    if (options_.converting && !launchers_[index]) options_.converting(request.output);
    std::uint64_t lost = image.lost_events;
    auto conversion = convert_into_room(request, lost);
    if (!conversion) return tl::unexpected(conversion.error());
    ::unlink(image.raw_path.c_str());
    if (conversion->totals.operations == 0) {
      warn_of_own_malloc(executable, program, image, recording.warnings);
    }
    if (launchers_[index] || (conversion->totals.operations == 0 && index != main_)) {
      ::unlink(request.output.c_str());
      return {};
    }
    RecordedProcess process;
    process.trace = request.output;
    process.program = program;
    process.nth = nth;
    process.begun_s = begun_s(image);
    process.pid = image.pid;
    process.parent_pid = image.parent_pid;
    process.totals = conversion->totals;
    process.lived_s = lived_s(image, process.totals);
    for (const auto& sample : image.samples) process.sampled_ns.push_back(sample.monotonic_ns);
    process.finished = (image.flags & (spool::kExitBegan | spool::kExecuting)) != 0;
    if (index == main_) recording.max_rss_bytes = most_resident(image);
    warn(raw->header(), process, image, lost, recording.warnings);
    warn_of_impossible(*conversion, process, recording.warnings);
    if (request.cut_short) {
      warn_of_cut(process, lost, image.write_error, recording.warnings);
    }
    recording.processes.push_back(std::move(process));
    return {};
  }

  /// CLOCK_MONOTONIC.
  double begun_ns(const EndedImage& image) const {
    return scale_.monotonic_at(image.fork_ticks != 0 ? image.fork_ticks : image.start_ticks);
  }

  double begun_s(const EndedImage& image) const {
    if (!main_) return 0;
    return std::max(0.0, begun_ns(image) - begun_ns(session_.ended()[*main_])) * 1e-9;
  }

  double lived_s(const EndedImage& image, const TraceTotals& totals) const {
    if (image.samples.empty()) return static_cast<double>(totals.duration_ns) * 1e-9;
    const auto seen_ns = static_cast<double>(image.samples.back().monotonic_ns);
    return std::max(0.0, seen_ns - begun_ns(image)) * 1e-9;
  }

  static void warn_of_own_malloc(const std::string& executable, const std::string& program,
                                 const EndedImage& image, std::vector<Warning>& warnings) {
    if (has_flag(warnings, "own-malloc") || !program_defines(executable, "malloc")) return;
    warnings.push_back(
        {"own-malloc",
         program + " (process " + std::to_string(image.pid) +
             ") defines malloc itself (an allocator is linked into it): it had up to " +
             format_bytes(static_cast<double>(most_resident(image))) +
             " of memory, of which no trace knows",
         "build it without that allocator, and compare then", "recording"});
  }

  static std::string name_of(const RecordedProcess& process) {
    return process.program + " (process " + std::to_string(process.pid) + ")";
  }

  // `lost` are the dropped events that found no room on disk.
  void warn(const spool::Header& header, const RecordedProcess& process, const EndedImage& image,
            std::uint64_t lost, std::vector<Warning>& warnings) const {
    const std::string who = name_of(process);
    const auto add = [&](const char* code, const std::string& what, const char* remedy) {
      warnings.push_back({code, what, remedy, "recording"});
    };
    if (header.allocator[0] != '\0') {
      if ((image.flags & spool::kOverLinkedAllocator) != 0) {
        add("linked-allocator",
            who + " uses functions that only " + header.allocator +
                " has, so it was recorded over that and not over glibc",
            "a preloaded allocator cannot replace it; build the program without it to compare");
      } else {
        add("linked-allocator",
            who + " is linked to " + header.allocator + "; it was recorded over glibc",
            "to deploy another allocator, preload it: it comes before the linked one");
      }
    }
    if (const auto loads = header.deepbind_loads.load(); loads != 0) {
      add("deepbind",
          who +
              " loaded libraries with RTLD_DEEPBIND: their calls to malloc reach libc past any "
              "preloaded allocator, and are missing here",
          "link the allocator instead of preloading it, and only if these libraries do not "
          "exchange "
          "blocks with the program");
    }
    if (const auto loads = header.namespace_loads.load(); loads != 0) {
      add("namespaces", who + " loaded libraries with dlmopen, whose calls are missing", "");
    }
    if (const auto dropped = header.dropped_events.load(); dropped > lost) {
      add("events-dropped", who + " lost " + std::to_string(dropped - lost) + " events",
          kSpoolRemedy);
    }
    warn_of_stalls(header, who, process.totals.duration_ns, warnings);
    if (image.interrupted) {
      add("unfinished-process", who + " was still running when recording ended",
          "let it end, or stop it, to see its end too");
    }
  }

  void warn_of_stalls(const spool::Header& header, const std::string& who, std::uint64_t run_ns,
                      std::vector<Warning>& warnings) const {
    constexpr double kShare = 0.05;  // of the run, by any of its threads
    const double ns = static_cast<double>(header.waited_ticks.load()) * scale_.ns_per_tick;
    if (ns < kShare * static_cast<double>(run_ns)) return;
    warnings.push_back({"recording-stalled",
                        who + " waited " + fmt::format("{:.3g}", ns * 1e-9) +
                            " s for the recorder, over all its threads",
                        kSpoolRemedy, "recording"});
  }

  // `problem` is 0 where it was the trace that found no room.
  static void warn_of_cut(const RecordedProcess& process, std::uint64_t lost, int problem,
                          std::vector<Warning>& warnings) {
    warnings.push_back({"disk-full",
                        name_of(process) + ": the last " + std::to_string(lost) +
                            " events are missing, as they could not be written: " +
                            std::generic_category().message(problem == 0 ? ENOSPC : problem),
                        kRoomRemedy, "recording"});
  }

  static void warn_of_no_room(const EndedImage& image, std::vector<Warning>& warnings) {
    warnings.push_back({"disk-full",
                        "process " + std::to_string(image.pid) + " has no trace: its " +
                            std::to_string(image.lost_events) + " events could not be written: " +
                            std::generic_category().message(image.write_error),
                        kRoomRemedy, "recording"});
  }

  static void warn_of_impossible(const recorder::Conversion& conversion,
                                 const RecordedProcess& process, std::vector<Warning>& warnings) {
    if (conversion.impossible == 0) return;
    warnings.push_back({"impossible-operations",
                        name_of(process) + ": the trace leaves out what no memory can hold, " +
                            std::to_string(conversion.impossible) + " of its calls",
                        "see that the program does not write where it should not; if it does not, "
                        "please report it",
                        "recording"});
  }

  const RecordSession& session_;
  const RecordOptions& options_;
  const CommandEnd& end_;
  Facts machine_;
  recorder::TickScale scale_;
  std::size_t starts_;
  std::optional<std::size_t> main_;
  std::vector<bool> launchers_;
  std::vector<bool> wanted_;  ///< to be converted
  std::set<std::string> used_;
  std::map<std::string, unsigned> named_so_;  ///< images by the program's name
  Snapshots inherited_;
};

}  // namespace

Expected<void> convert_images(const RecordSession& session, const RecordOptions& options,
                              const CommandEnd& end, Recording& recording) {
  return ImageConverter(session, options, end).run(recording);
}

}  // namespace heapwise
