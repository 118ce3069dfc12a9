// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "cli/trace_verbs.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

constexpr double kSecond = 1e9;
constexpr std::size_t kValueColumns = 61;

double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

/// A bar with a space before it, or nothing.
std::string bar(double share) {
  const long blocks = std::lround(share / 100 * 24);
  std::string text = blocks > 0 ? " " : "";
  for (long i = 0; i < blocks; ++i) text += "█";
  return text;
}

/// Key and value, the key in a column of its own.
void put(std::string& page, const char* key, const std::string& value) {
  if (!value.empty()) page += fmt::format("  {:<15} {}\n", key, value);
}

/// An argument as a shell would take it.
std::string quoted(const std::string& argument) {
  constexpr char kSafe[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
  if (!argument.empty() && argument.find_first_not_of(kSafe) == std::string::npos) return argument;
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string join(const std::vector<std::string>& words, const char* separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string command_line(const std::vector<std::string>& command) {
  std::vector<std::string> words;
  words.reserve(command.size());
  for (const std::string& argument : command) words.push_back(quoted(argument));
  return join(words, " ");
}

std::string machine(const TraceInfo& info) {
  std::vector<std::string> parts;
  const auto add = [&](const char* key, const char* format) {
    if (auto value = info.fact(key)) parts.push_back(fmt::format(fmt::runtime(format), *value));
  };
  add("kernel", "Linux {}");
  add("libc", "{}");
  add("cpus", "{} CPUs");
  add("transparent_hugepage", "huge pages {}");
  return join(parts, ", ");
}

/// How the recorded program ended.
std::string ending(const TraceTotals& totals) {
  if (auto signal = totals.fact("exit_signal")) return "killed by signal " + *signal;
  if (auto status = totals.fact("exit_status")) return "exit status " + *status;
  return {};
}

void put_origin(std::string& page, const ReadTrace& trace) {
  const TraceInfo& info = trace.reader.info();
  const auto show = [&](const char* key, const std::string& value) {
    put(page, key, printable(value, kValueColumns));
  };
  show("command", command_line(info.command));
  for (const char* key : {"workload", "seed", "executable", "directory", "created"}) {
    show(key, info.fact(key).value_or(""));
  }
  show("machine", machine(info));
  for (const auto& [key, value] : info.facts) {
    if (key.rfind("env.", 0) == 0) show("environment", key.substr(4) + "=" + value);
  }
  show("ended with", ending(trace.reader.totals()));
  const auto names = capability_names(trace.reader.capabilities());
  put(page, "knows", names.empty() ? "the order of calls only" : join(names, ", "));
}

void put_calls(std::string& page, const ReadTrace& trace) {
  const TraceProfile& p = trace.profile;
  const double seconds = static_cast<double>(p.duration_ns) / kSecond;
  const bool timed = has(trace.reader.capabilities(), Capability::time);
  page += "\nCalls\n";
  put(page, "operations", format_count(p.operations));
  put(page, "allocations",
      fmt::format("{} (of them calloc {}, aligned {})", format_count(p.allocations),
                  format_count(p.callocs), format_count(p.aligned)));
  put(page, "reallocations", format_count(p.reallocations));
  put(page, "frees",
      fmt::format("{} ({} by another thread)", format_count(p.frees),
                  format_percent(percent(static_cast<double>(p.freed_elsewhere),
                                         static_cast<double>(p.frees)))));
  put(page, "threads", format_count(p.threads));
  if (timed)
    put(page, "time",
        seconds < 1e-3 ? format_number(seconds * 1e6) + " µs" : format_seconds(seconds));
  const std::uint64_t dropped = trace.reader.totals().dropped_events;
  if (dropped > 0) put(page, "dropped", format_count(dropped) + " events are missing");
}

struct Level {
  double peak = 0, mean = 0, end = 0;
};

/// The recorded process's own memory; the mean is over time, each sample held until the next.
Level resident(const std::vector<ResidencySample>& samples) {
  Level level;
  double area = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto bytes = static_cast<double>(samples[i].rss_anon_bytes);
    level.peak = std::max(level.peak, bytes);
    if (i + 1 < samples.size()) {
      area += bytes * static_cast<double>(samples[i + 1].time_ns - samples[i].time_ns);
    }
  }
  level.end = static_cast<double>(samples.back().rss_anon_bytes);
  const auto span = static_cast<double>(samples.back().time_ns - samples.front().time_ns);
  level.mean = span > 0 ? area / span : level.end;
  return level;
}

void put_level(std::string& page, const char* what, const Level& level) {
  page += fmt::format("  {:<29} {:>12} {:>12} {:>12}\n", what, format_bytes(level.peak),
                      format_bytes(level.mean), format_bytes(level.end));
}

void put_memory(std::string& page, const ReadTrace& trace) {
  const TraceProfile& p = trace.profile;
  page += fmt::format("\n{:<31} {:>12} {:>12} {:>12}\n", "Memory", "peak", "mean", "end");
  put_level(page, "live, as requested",
            {static_cast<double>(p.peak_live_bytes), p.mean_live_bytes,
             static_cast<double>(p.end_live_bytes)});
  const auto& samples = trace.reader.residency();
  if (!samples.empty()) put_level(page, "resident, of the real process", resident(samples));
  page += fmt::format("  {:<29} {:>12} {:>12} {:>12}\n", "live objects",
                      format_count(p.peak_live_objects), "", format_count(p.end_live_objects));
}

/// A row takes the histogram's buckets below `until` that are left.
struct Row {
  std::size_t until;
  const char* label;
};

constexpr std::array<Row, 10> kSizeRows = {{{5, "below 16 B"},
                                            {7, "16 to 63 B"},
                                            {9, "64 to 255 B"},
                                            {11, "256 to 1023 B"},
                                            {13, "1 to 4 KiB"},
                                            {15, "4 to 16 KiB"},
                                            {17, "16 to 64 KiB"},
                                            {19, "64 to 256 KiB"},
                                            {21, "256 KiB to 1 MiB"},
                                            {65, "1 MiB and more"}}};
// Powers of two in ns: 1,024 ns stands for 1 µs, and so on.
constexpr std::array<Row, 8> kLifetimeRows = {{{11, "up to 1 µs"},
                                               {16, "up to 33 µs"},
                                               {21, "up to 1 ms"},
                                               {26, "up to 34 ms"},
                                               {31, "up to 1 s"},
                                               {36, "up to 34 s"},
                                               {41, "up to 18 min"},
                                               {65, "longer"}}};

std::uint64_t take(const std::array<std::uint64_t, 65>& values, std::size_t from,
                   std::size_t until) {
  std::uint64_t sum = 0;
  for (std::size_t bucket = from; bucket < until; ++bucket) sum += values[bucket];
  return sum;
}

void put_sizes(std::string& page, const TraceProfile& p) {
  if (p.allocations == 0) return;
  page += fmt::format("\n{:<19} {:>15} {:>7} {:>9}\n", "Sizes", "objects", "", "bytes");
  std::size_t from = 0;
  for (const auto& [until, label] : kSizeRows) {
    const std::uint64_t count = take(p.sizes.count, from, until);
    const auto bytes = static_cast<double>(take(p.sizes.sum, from, until));
    from = until;
    if (count == 0) continue;
    const double share = percent(static_cast<double>(count), static_cast<double>(p.allocations));
    page += fmt::format(
        "  {:<17} {:>15} {:>7} {:>9}{}\n", label, format_count(count), format_percent(share),
        format_percent(percent(bytes, static_cast<double>(p.allocated_bytes))), bar(share));
  }
}

void put_lifetimes(std::string& page, const TraceProfile& p) {
  if (p.allocations == 0) return;
  page += fmt::format("\n{:<19} {:>15}\n", "Lifetimes", "objects");
  const auto row = [&](const char* label, std::uint64_t count) {
    if (count == 0) return;
    const double share = percent(static_cast<double>(count), static_cast<double>(p.allocations));
    page += fmt::format("  {:<17} {:>15} {:>7}{}\n", label, format_count(count),
                        format_percent(share), bar(share));
  };
  std::size_t from = 0;
  for (const auto& [until, label] : kLifetimeRows) {
    row(label, take(p.lifetimes_ns.count, from, until));
    from = until;
  }
  row("never freed", p.allocations - p.frees);
}

}  // namespace

std::string printable(const std::string& text, std::size_t columns) {
  std::string shown;
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool continues = (byte & 0xc0U) == 0x80;  // of a UTF-8 character
    if (!continues && ++width > columns) return shown + "…";
    shown += byte < 0x20 || byte == 0x7f ? '?' : text[i];
  }
  return shown;
}

std::string trace_page(const ReadTrace& trace) {
  const TraceInfo& info = trace.reader.info();
  std::string page = fmt::format("{}: {}, {}\n", printable(trace.reader.path(), 500),
                                 printable(info.name, 30), to_string(info.source));
  if (trace.reader.damage()) page += "warning: " + damage_sentence(trace.reader) + "\n";
  put_origin(page, trace);
  put_calls(page, trace);
  put_memory(page, trace);
  put_sizes(page, trace.profile);
  if (has(trace.reader.capabilities(), Capability::time)) put_lifetimes(page, trace.profile);
  return page;
}

}  // namespace heapwise::cli
