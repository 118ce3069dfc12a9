// SPDX-License-Identifier: MIT
#include "traces/fields.h"

#include "traces/format.h"

namespace heapwise::format {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

void put_string(std::string& out, const std::string& text) {
  put_varint(out, text.size());
  out += text;
}

void put_facts(std::string& out, const Facts& facts) {
  put_varint(out, facts.size());
  for (const auto& [key, value] : facts) {
    put_string(out, key);
    put_string(out, value);
  }
}

constexpr char kFieldCutOff[] = "a field of it is cut off or impossible";

// A forged count ends the loop as soon as the bytes run out, so nothing is reserved by it. But a
// string costs 32 bytes of memory and may be one byte of the payload, of which zstd packs 64 MiB
// into two thousand: so counts have limits, which no real trace comes near.
const char* get_arguments(ByteView& in, std::vector<std::string>& arguments) {
  const std::uint64_t count = in.varint();
  if (count > kMaxArguments) return "it has more arguments than a program can be started with";
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) arguments.push_back(in.string());
  return in.failed() ? kFieldCutOff : nullptr;
}

const char* get_facts(ByteView& in, Facts& facts) {
  const std::uint64_t count = in.varint();
  if (count > kMaxFacts) return "it has more facts than a trace may have";
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
    std::string key = in.string();
    facts.emplace_back(std::move(key), in.string());
  }
  return in.failed() ? kFieldCutOff : nullptr;
}

}  // namespace

void put_head(std::string& out, const TraceInfo& info) {
  out.push_back(static_cast<char>(info.source));
  put_varint(out, info.capabilities);
  put_string(out, info.name);
  put_varint(out, info.command.size());
  for (const std::string& argument : info.command) put_string(out, argument);
  put_facts(out, info.facts);
}

const char* get_head(ByteView payload, TraceInfo& info) {
  const std::uint8_t source = payload.byte();
  if (source < 1 || source > 3) return kFieldCutOff;
  info.source = static_cast<TraceSource>(source);
  info.capabilities = static_cast<Capabilities>(payload.varint());
  info.name = payload.string();
  const char* problem = get_arguments(payload, info.command);
  return problem != nullptr ? problem : get_facts(payload, info.facts);
}

void put_residency(std::string& out, const std::vector<ResidencySample>& samples) {
  ResidencySample last;
  put_varint(out, samples.size());
  for (const ResidencySample& sample : samples) {
    put_varint(out, sample.time_ns - last.time_ns);
    put_varint(out, zigzag(sample.rss_anon_bytes - last.rss_anon_bytes));
    put_varint(out, zigzag(sample.rss_total_bytes - last.rss_total_bytes));
    last = sample;
  }
}

bool get_residency(ByteView payload, std::vector<ResidencySample>& samples) {
  ResidencySample sample;
  const std::uint64_t count = payload.varint();
  if (count < 1 || count > kMaxSamplesPerChunk) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = payload.varint();
    if (payload.failed() || step >= kMaxNumber - sample.time_ns) return false;
    sample.time_ns += step;
    sample.rss_anon_bytes += unzigzag(payload.varint());
    sample.rss_total_bytes += unzigzag(payload.varint());
    samples.push_back(sample);
  }
  return !payload.failed() && payload.empty();
}

void put_allocator_time(std::string& out, const std::vector<AllocatorTimeSample>& samples) {
  AllocatorTimeSample last;
  put_varint(out, samples.size());
  for (const AllocatorTimeSample& sample : samples) {
    put_varint(out, sample.time_ns - last.time_ns);
    put_varint(out, sample.allocator_ns - last.allocator_ns);
    last = sample;
  }
}

bool get_allocator_time(ByteView payload, std::vector<AllocatorTimeSample>& samples) {
  AllocatorTimeSample sample;
  const std::uint64_t count = payload.varint();
  if (count < 1 || count > kMaxSamplesPerChunk) return false;
  for (std::uint64_t i = 0; i < count; ++i) {
    for (std::uint64_t* number : {&sample.time_ns, &sample.allocator_ns}) {
      const std::uint64_t step = payload.varint();
      if (payload.failed() || step >= kMaxNumber - *number) return false;
      *number += step;
    }
    samples.push_back(sample);
  }
  return payload.empty();
}

void put_end(std::string& out, const TraceTotals& totals) {
  for (const std::uint64_t number :
       {totals.ops, totals.operations, totals.allocations, totals.duration_ns,
        totals.peak_live_bytes, totals.peak_live_objects, totals.end_live_bytes,
        static_cast<std::uint64_t>(totals.threads), totals.dropped_events}) {
    put_varint(out, number);
  }
  put_facts(out, totals.facts);
}

const char* get_end(ByteView payload, TraceTotals& totals) {
  for (std::uint64_t* number :
       {&totals.ops, &totals.operations, &totals.allocations, &totals.duration_ns,
        &totals.peak_live_bytes, &totals.peak_live_objects, &totals.end_live_bytes}) {
    *number = payload.varint();
  }
  totals.threads = static_cast<std::uint32_t>(payload.varint());
  totals.dropped_events = payload.varint();
  return get_facts(payload, totals.facts);
}

}  // namespace heapwise::format
