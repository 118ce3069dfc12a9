// SPDX-License-Identifier: MIT
// A workload that was learnt from a recording.
//
// `heapwise workload fit` reads a trace and keeps what matters to an allocator: how many objects of
// which sizes are asked for in each phase of the run and how long they live, which threads make and
// free them, how buffers grow, the largest objects one by one, and when the program pauses. From
// that any number of traces can be made, longer or larger than the recording, and the file can be
// given to others: it holds no contents and no order of calls, and no name but the program's.
//
// Where it comes from: the user's own recording. Its own error is what `workload fit` prints.
//
// What it does not model: which objects are neighbours (they come in random order within a phase),
// data structures that die together within a phase, anything about the size of an object that tells
// of its thread, and more than one run: what changes from run to run is not in one recording.
#include "base/files.h"
#include "workloads/fit/json.h"
#include "workloads/fit/synthesize.h"
#include "workloads/program.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

constexpr double kMostObjects = 1ULL << 30;

Expected<fit::Model> load(const Params& params) {
  const auto text = read_file(params.path("file"));
  if (!text) return tl::unexpected(text.error());
  return fit::from_json(*text, params.path("file"));
}

Expected<void> inform(const Params& params, TraceInfo& info) {
  const auto model = load(params);
  if (!model) return tl::unexpected(model.error());
  info.name = model->name + " (fitted)";
  if (!model->written_measured) return {};
  info.capabilities = info.capabilities | Capability::touch;
  info.facts.emplace_back("touch_threshold", std::to_string(model->written_threshold));
  return {};
}

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  const auto model = load(params);
  if (!model) return tl::unexpected(model.error());
  const double scale = static_cast<double>(params["scale"]) / 100;
  if (fit::most_objects(*model) * scale > kMostObjects) {
    return fail(ErrorCode::usage, "fitted: scale makes more objects at once than can be dealt out",
                "give a smaller scale; length makes longer traces");
  }
  fit::synthesize(*model, static_cast<double>(params["length"]) / 100, scale, seed, writer);
  return {};
}

}  // namespace

Workload fitted() {
  return {"fitted",
          "like a recording that was learnt from, of any length",
          {{"file", Unit::path, 0, 0, 0, "what heapwise workload fit has written"},
           {"length", Unit::percent, 100, 1, 100000000, "of the recording's"},
           {"scale", Unit::percent, 100, 1, 100000, "objects, of the recording's"}},
          generate,
          inform};
}

}  // namespace heapwise
