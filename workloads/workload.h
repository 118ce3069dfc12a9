// SPDX-License-Identifier: MIT
// Programs that we imagine, as traces. One file of this folder is one workload: it defines a
// function of its own name, which describes the workload and points to its generator.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "traces/writer.h"

namespace heapwise {

/// How a parameter's value is written: 3, 64KiB, 20s, 25%, profile.csv.
enum class Unit { count, bytes, duration, percent, path };

/// One thing about a workload that can be chosen. Durations are in nanoseconds. A path has no
/// preset and no range: it must be given, and cannot contain a comma.
struct Parameter {
  std::string name;
  Unit unit = Unit::count;
  std::uint64_t preset = 0;
  std::uint64_t low = 0;   ///< the smallest value allowed
  std::uint64_t high = 0;  ///< and the largest
  std::string meaning;     ///< half a sentence, for lists
};

/// A value for every parameter of one workload.
class Params {
 public:
  /// The presets.
  explicit Params(const std::vector<Parameter>& parameters);
  /// The value of a parameter; asking for one that the workload does not have is a defect.
  std::uint64_t operator[](const std::string& name) const;
  /// The same for a path; empty while it is not given.
  const std::string& path(const std::string& name) const;
  /// False when there is no such parameter. The range is the caller's to check.
  bool set(const std::string& name, std::uint64_t value);
  bool set_path(const std::string& name, std::string path);

 private:
  std::vector<std::pair<std::string, std::uint64_t>> values_;
  std::vector<std::pair<std::string, std::string>> paths_;
};

/// A kind of program. Data, and a function that writes the ops: the same parameters and seed give
/// the same ops on every machine. It fails when values within their ranges contradict each other,
/// before it writes anything; it does not finish the writer.
struct Workload {
  std::string name;     ///< kebab-case
  std::string summary;  ///< one line without a full stop
  std::vector<Parameter> parameters;
  Expected<void> (*generate)(const Params& params, std::uint64_t seed, TraceWriter& writer);
  /// Where given, says more of the trace before it is begun: its name, what it knows.
  Expected<void> (*inform)(const Params& params, TraceInfo& info) = nullptr;
};

/// Every workload there is, by name.
const std::vector<Workload>& workloads();

/// The workload of a name, or null.
const Workload* find_workload(const std::string& name);

/// True for a workload that is nothing without a file of the user's: it cannot be made by its name
/// alone, so whoever runs all workloads leaves it out.
bool needs_file(const Workload& workload);

/// A workload with its parameters chosen.
struct WorkloadChoice {
  const Workload* workload;
  Params params;

  /// "two-wave:wave=1MiB,idle=2s": the name and what differs from the presets. parse_workload()
  /// gives the same choice back.
  std::string text() const;
};

/// Reads NAME or NAME:key=value,key=value. FILE.json stands for fitted:file=FILE.json. Errors name
/// the nearest name, key or range, or the path that is missing.
Expected<WorkloadChoice> parse_workload(const std::string& text);

/// Writes the trace of a workload to `path`; see TraceWriter::create for the file.
Expected<TraceTotals> make_workload(const WorkloadChoice& choice, std::uint64_t seed,
                                    const std::string& path, bool overwrite);

/// Reads "64KiB", "20s", "25%" or "4", as the unit wants it; nothing when it is not of the unit.
Expected<std::uint64_t> parse_quantity(const std::string& text, Unit unit);
/// Writes a value so that parse_quantity() gives the same back: the largest unit that fits whole.
std::string format_quantity(std::uint64_t value, Unit unit);

}  // namespace heapwise
