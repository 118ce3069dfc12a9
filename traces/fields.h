// SPDX-License-Identifier: MIT
// The payloads of the chunks that are not ops: head, residency, allocator time, end.
#pragma once

#include <string>
#include <vector>

#include "traces/bytes.h"
#include "traces/trace.h"

namespace heapwise::format {

void put_head(std::string& out, const TraceInfo& info);
/// Yields null, or what is wrong: the payload is cut off, has more strings than a trace may have,
/// or names a source that does not exist.
const char* get_head(ByteView payload, TraceInfo& info);

void put_residency(std::string& out, const std::vector<ResidencySample>& samples);
/// Appends the samples; false when the payload is cut off or has bytes to spare.
bool get_residency(ByteView payload, std::vector<ResidencySample>& samples);

void put_allocator_time(std::string& out, const std::vector<AllocatorTimeSample>& samples);
/// Appends the samples; false when the payload is cut off or has bytes to spare.
bool get_allocator_time(ByteView payload, std::vector<AllocatorTimeSample>& samples);

void put_end(std::string& out, const TraceTotals& totals);
/// Yields null, or what is wrong.
const char* get_end(ByteView payload, TraceTotals& totals);

}  // namespace heapwise::format
