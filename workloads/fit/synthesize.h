// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "traces/writer.h"
#include "workloads/fit/model.h"

namespace heapwise::fit {

/// Allocations of the phase that has most of them. synthesize() needs four bytes for each of that
/// many, times `scale`, beside what is live.
double most_objects(const Model& model);

/// Writes a trace like the one that `model` was learnt from. `length` is how many times as long:
/// behind the first run follow others, in which what the run before left behind goes as its
/// successors come, so that the heap neither grows nor starts anew. `scale` multiplies the number
/// of objects, but for the giants'. The same model, seed and factors give the same ops.
void synthesize(const Model& model, double length, double scale, std::uint64_t seed,
                TraceWriter& writer);

}  // namespace heapwise::fit
