// SPDX-License-Identifier: MIT
// The example in traces/FORMAT.md is what the writer writes, and what the reader reads.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/traces/support.h"

namespace heapwise::test {
namespace {

/// The program that FORMAT.md tells of.
void write_example(const std::string& path) {
  constexpr ThreadId kMain{0};
  constexpr ThreadId kOther{1};
  TraceInfo info;
  info.source = TraceSource::recorded;
  info.capabilities = Capability::threads | Capability::time | Capability::alignment |
                      Capability::zeroed | Capability::residency | Capability::complete;
  info.name = "demo";
  info.command = {"./demo", "-v"};
  info.facts = {{"pid", "42"}};
  auto writer = TraceWriter::create(path, info);
  ASSERT_TRUE(writer);
  const ObjectId a = writer->allocate(kMain, 0, OpKind::malloc, 24);
  writer->thread_start(kMain, 1000, kOther);
  const ObjectId b = writer->allocate(kOther, 1500, OpKind::aligned, 4096, 6);
  writer->reallocate(kMain, 2000, a, 100);
  writer->free(kOther, 2300, a);
  writer->allocate(kOther, 2400, OpKind::calloc, 32);
  writer->free(kOther, 2500, b);
  writer->thread_end(kOther, 2600);
  writer->residency({2000, 8192, 1638400});
  writer->exit_begin(kMain, 3000);
  TraceTotals end;
  end.facts = {{"exit_status", "0"}};
  ASSERT_TRUE(writer->finish(end));
}

std::string hex(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += {kDigits[byte >> 4], kDigits[byte & 15U]};
  }
  return text;
}

/// The hexadecimal digits of the document's example: the lines of its block up to the first ";",
/// a new element wherever a line begins with "body".
std::vector<std::string> documented() {
  std::istringstream document(slurp(HEAPWISE_FORMAT_DOCUMENT));
  std::vector<std::string> parts(1);
  std::string line;
  while (std::getline(document, line) && line != "## Example") {
  }
  while (std::getline(document, line)) {
    if (line.rfind("    body", 0) == 0) parts.emplace_back();
    if (line.rfind("    ", 0) != 0 || line.find(';') == std::string::npos) continue;
    for (const char c : line.substr(0, line.find(';'))) {
      if (c != ' ') parts.back() += c;
    }
  }
  return parts;
}

TEST(FormatDocument, ItsExampleIsWhatTheWriterWrites) {
  const Folder folder;
  write_example(folder / "demo.hwt");
  const std::string file = slurp(folder / "demo.hwt");
  std::vector<std::string> written = {hex(file.substr(0, 12))};
  for (const std::string& body : bodies_of(file)) written.push_back(hex(body));
  EXPECT_EQ(documented(), written);
}

TEST(FormatDocument, ItsExampleIsReadWithoutTheWriter) {
  std::string file;
  const auto bytes = [](const std::string& digits) {
    std::string raw;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      raw += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
    return raw;
  };
  for (const std::string& part : documented()) {
    file += file.empty() ? bytes(part) : chunk(bytes(part));
  }
  const Folder folder;
  spill(folder / "demo.hwt", file);
  const auto reading = read_trace(folder / "demo.hwt");
  ASSERT_TRUE(reading) << reading.error().what;
  EXPECT_FALSE(reading->damage);
  EXPECT_EQ(reading->ops.size(), 9U);
  EXPECT_EQ(reading->totals.peak_live_bytes, 4196U);
  EXPECT_EQ(reading->residency.size(), 1U);
  EXPECT_EQ(reading->info.command.size(), 2U);
}

}  // namespace
}  // namespace heapwise::test
