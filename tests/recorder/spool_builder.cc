// SPDX-License-Identifier: MIT
#include "tests/recorder/spool_builder.h"

#include <cstring>

namespace heapwise::recorder_test {

using spool::Code;
using spool::Kind;

SegmentBuilder::SegmentBuilder(std::uint64_t start_ticks, std::uint32_t thread,
                               std::uint32_t sequence)
    : ticks_(start_ticks) {
  const spool::SegmentHead head{start_ticks, sequence, thread};
  put(&head, sizeof head);
}

void SegmentBuilder::put(const void* data, std::size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
}

std::uint64_t SegmentBuilder::delta(std::uint64_t ticks) {
  const std::uint64_t since = ticks - ticks_;
  ticks_ = ticks;
  if (since < spool::kDeltaLimit) return since;
  const spool::Word words[] = {spool::make_extended(Code::clock, 0, 0), ticks};
  put(words, sizeof words);
  return 0;
}

SegmentBuilder& SegmentBuilder::compact(Kind kind, std::uint64_t ticks, std::uint64_t address) {
  const spool::Word word = spool::make_word(kind, address, delta(ticks));
  put(&word, sizeof word);
  return *this;
}

SegmentBuilder& SegmentBuilder::malloc(std::uint64_t ticks, std::uint64_t address,
                                       std::uint32_t size) {
  compact(Kind::malloc, ticks, address).put(&size, sizeof size);
  return *this;
}

SegmentBuilder& SegmentBuilder::calloc(std::uint64_t ticks, std::uint64_t address,
                                       std::uint32_t size) {
  compact(Kind::calloc, ticks, address).put(&size, sizeof size);
  return *this;
}

SegmentBuilder& SegmentBuilder::aligned(std::uint64_t ticks, std::uint64_t address,
                                        std::uint32_t size, std::uint32_t align_log2) {
  compact(Kind::aligned, ticks, address).put(&size, sizeof size);
  put(&align_log2, sizeof align_log2);
  return *this;
}

SegmentBuilder& SegmentBuilder::free(std::uint64_t ticks, std::uint64_t address) {
  return compact(Kind::free, ticks, address);
}

SegmentBuilder& SegmentBuilder::realloc_begin(std::uint64_t ticks, std::uint64_t address) {
  return compact(Kind::realloc_begin, ticks, address);
}

SegmentBuilder& SegmentBuilder::realloc_end(std::uint64_t ticks, std::uint64_t address,
                                            std::uint32_t size) {
  compact(Kind::realloc_end, ticks, address).put(&size, sizeof size);
  return *this;
}

SegmentBuilder& SegmentBuilder::wide(std::uint64_t ticks, Kind kind, std::uint64_t address,
                                     std::uint64_t size) {
  const spool::Word words[] = {
      spool::make_extended(Code::wide, spool::wide_value(kind, 0), delta(ticks)), address, size};
  put(words, sizeof words);
  return *this;
}

SegmentBuilder& SegmentBuilder::extended(std::uint64_t ticks, Code code, std::uint64_t value,
                                         std::uint64_t argument) {
  const spool::Word word = spool::make_extended(code, value, delta(ticks));
  put(&word, sizeof word);
  if (spool::argument_count(code) == 1) put(&argument, sizeof argument);
  return *this;
}

SegmentBuilder& SegmentBuilder::touched(std::uint64_t ticks, std::uint64_t address,
                                        std::uint64_t pages, std::uint64_t cost_ticks) {
  const std::uint64_t words[] = {spool::make_extended(Code::touched, pages, delta(ticks)), address,
                                 cost_ticks};
  put(words, sizeof words);
  return *this;
}

SegmentBuilder& SegmentBuilder::run(std::uint64_t ticks, std::uint32_t thread) {
  const spool::Word words[] = {spool::make_extended(Code::run, thread, 0), ticks};
  put(words, sizeof words);
  ticks_ = ticks;
  return *this;
}

SegmentBuilder& SegmentBuilder::garbage_behind_the_end() {
  const spool::Word end = 0;
  put(&end, sizeof end);
  bytes_.resize(spool::kSegmentBytes, '\x5a');
  return *this;
}

SpoolBuilder::SpoolBuilder() {
  std::memcpy(header.magic, spool::kMagic, sizeof header.magic);
  header.header_bytes = sizeof header;
  header.clock = spool::ClockKind::tsc;
  header.pid = 100;
  header.parent_pid = 1;
}

namespace {

std::string joined(const std::vector<std::string>& strings) {
  std::string text;
  for (const std::string& string : strings) text += string + '\0';
  return text;
}

}  // namespace

std::string SpoolBuilder::bytes() const {
  std::string text("/bin/program\0/home\0", 19);
  const std::string argument_text = joined(arguments);
  const std::string variable_text = joined(variables);
  std::string result(spool::kStatesOffset, '\0');
  std::memcpy(result.data(), static_cast<const void*>(&header), sizeof header);
  auto* written = reinterpret_cast<spool::Header*>(result.data());
  written->executable_bytes = 13;
  written->directory_bytes = 6;
  written->argument_bytes = static_cast<std::uint32_t>(argument_text.size());
  written->variable_bytes = static_cast<std::uint32_t>(variable_text.size());
  text += argument_text + variable_text;
  result.replace(spool::kTextOffset, text.size(), text);
  for (const SegmentBuilder& segment : segments) {
    const spool::Word bytes = segment.bytes().size();
    result.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    result += segment.bytes();
  }
  return result;
}

}  // namespace heapwise::recorder_test
