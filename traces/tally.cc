// SPDX-License-Identifier: MIT
#include "traces/tally.h"

namespace heapwise {

void Counts::copy_to(TraceTotals& totals) const {
  totals.ops = ops;
  totals.operations = operations;
  totals.allocations = allocations;
  totals.duration_ns = last_time_ns;
  totals.peak_live_bytes = peak_live_bytes;
  totals.peak_live_objects = peak_live_objects;
  totals.end_live_bytes = live_bytes;
  totals.threads = threads;
}

bool Counts::agree_with(const TraceTotals& totals) const {
  return totals.ops == ops && totals.operations == operations &&
         totals.allocations == allocations && totals.duration_ns == last_time_ns &&
         totals.peak_live_bytes == peak_live_bytes &&
         totals.peak_live_objects == peak_live_objects && totals.end_live_bytes == live_bytes &&
         totals.threads == threads;
}

}  // namespace heapwise
