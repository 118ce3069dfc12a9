// SPDX-License-Identifier: MIT
#include "bench/session/real_run_memory.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace heapwise {
namespace {

constexpr std::uint64_t kKiB = 1024;

/// The number behind "Name:" at the beginning of a line, in KiB as the kernel writes it.
std::optional<std::uint64_t> kib_field(std::string_view line, std::string_view name) {
  if (line.substr(0, name.size()) != name) return std::nullopt;
  line.remove_prefix(name.size());
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(line.data(), line.data() + line.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value * kKiB;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

struct Mapping {
  std::uint64_t from = 0, until = 0;
  std::string_view rights, name;
  std::uint64_t anonymous = 0;
  bool marked = false;
};

/// "7f01-7f02 rw-p 00000000 00:00 0    /path", or nothing for the lines between such.
std::optional<Mapping> parse_head(std::string_view line) {
  Mapping mapping;
  const char* const end = line.data() + line.size();
  auto parsed = std::from_chars(line.data(), end, mapping.from, 16);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != '-') return std::nullopt;
  parsed = std::from_chars(parsed.ptr + 1, end, mapping.until, 16);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ' ') return std::nullopt;
  std::string_view rest(parsed.ptr + 1, static_cast<std::size_t>(end - parsed.ptr - 1));
  mapping.rights = rest.substr(0, 4);
  for (int column = 0; column < 4; ++column) {
    rest.remove_prefix(std::min(rest.find(' '), rest.size()));
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  mapping.name = rest;
  return mapping;
}

bool is_malloc_name(std::string_view name) {
  return name == "[heap]" || name.find("malloc") != std::string_view::npos;
}

/// Compilers' and garbage collectors' memory, also where they ask the kernel past libc. No malloc
/// hands out memory that can be run.
bool is_executable(const Mapping& mapping) {
  return mapping.rights.find('x') != std::string_view::npos;
}

bool is_file(const Mapping& mapping) {
  return !mapping.name.empty() && mapping.name.front() == '/';
}

class Reader {
 public:
  explicit Reader(const NonHeapRules& rules) : rules_(rules) {}

  void add(const Mapping& mapping) {
    if (is_file(mapping)) found_.files.emplace(mapping.name);
    found_.bytes += non_heap_of(mapping);
    below_ = mapping;
  }
  NonHeap take() { return std::move(found_); }

 private:
  bool is_own(const Mapping& mapping) const {
    return rules_.own_files == nullptr || rules_.own_files->count(std::string(mapping.name)) != 0;
  }

  std::uint64_t non_heap_of(const Mapping& mapping) const {
    if (is_file(mapping)) return is_own(mapping) ? mapping.anonymous : 0;
    if (!mapping.name.empty()) return is_malloc_name(mapping.name) ? 0 : mapping.anonymous;
    if (is_executable(mapping)) return mapping.anonymous;
    const bool behind_data =
        is_file(below_) && below_.until == mapping.from && below_.rights.substr(0, 2) == "rw";
    if (behind_data && !is_own(below_)) return 0;
    if (mapping.marked) return mapping.anonymous;
    return behind_data ? zeroed_part(mapping) : 0;
  }

  /// The heap's may follow on a library's zeroed data in one mapping.
  std::uint64_t zeroed_part(const Mapping& mapping) const {
    if (rules_.zeroed_data == nullptr) return mapping.anonymous;
    return std::min(mapping.anonymous, rules_.zeroed_data(std::string(below_.name)));
  }

  const NonHeapRules& rules_;
  NonHeap found_;
  Mapping below_;
};

}  // namespace

std::optional<ProcessMemory> parse_status(std::string_view status) {
  ProcessMemory memory;
  bool found = false;
  while (!status.empty()) {
    const std::string_view line = next_line(status);
    if (const auto anonymous = kib_field(line, "RssAnon:")) {
      memory.anonymous = *anonymous;
      found = true;
    } else if (const auto file = kib_field(line, "RssFile:")) {
      memory.file = *file;
    } else if (const auto shared = kib_field(line, "RssShmem:")) {
      memory.shared = *shared;
    } else if (const auto resident = kib_field(line, "VmRSS:")) {
      memory.resident = *resident;
    } else if (const auto high = kib_field(line, "VmHWM:")) {
      memory.high_water = *high;
    }
  }
  return found ? std::optional(memory) : std::nullopt;
}

NonHeap non_heap_in(std::string_view smaps, const NonHeapRules& rules) {
  Reader reader(rules);
  std::optional<Mapping> current;
  while (!smaps.empty()) {
    const std::string_view line = next_line(smaps);
    if (const auto head = parse_head(line)) {
      if (current) reader.add(*current);
      current = head;
    } else if (!current) {
      continue;
    } else if (const auto anonymous = kib_field(line, "Anonymous:")) {
      current->anonymous = *anonymous;
    } else if (line.substr(0, 8) == "VmFlags:") {
      current->marked = line.find(" dd") != std::string_view::npos;
    }
  }
  if (current) reader.add(*current);
  return reader.take();
}

}  // namespace heapwise
