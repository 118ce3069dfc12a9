// SPDX-License-Identifier: MIT
#include "bench/session/bench_json.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "results/statistics.h"

namespace heapwise {
namespace {

using Json = nlohmann::ordered_json;

/// Google Benchmark's units in nanoseconds.
double unit_ns(const std::string& unit) {
  if (unit == "us") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  return 1;
}

/// The field of that name, or nothing where it is missing or of another kind.
template <class T>
T field_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return T{};
  try {
    return found->get<T>();
  } catch (const Json::exception&) {
    return T{};
  }
}

/// The fields that every entry of one primitive on one allocator has.
struct Place {
  std::string name;
  std::size_t family = 0;
  unsigned repetitions = 0;
  long threads = 1;
};

Json head_of(const Place& place, const std::string& name, const char* type) {
  return {{"name", name},
          {"family_index", place.family},
          {"per_family_instance_index", 0},
          {"run_name", place.name},
          {"run_type", type},
          {"repetitions", place.repetitions},
          {"threads", place.threads}};
}

/// The process's own entry under its place in the whole.
Json iteration_of(const PrimitiveRun& run, const Place& place) {
  Json entry = Json::parse(run.entry);
  Json whole = head_of(place, place.name, "iteration");
  whole["repetition_index"] = run.repetition;
  for (auto& [key, value] : entry.items()) {
    if (!whole.contains(key)) whole[key] = value;
  }
  return whole;
}

Json failure_of(const PrimitiveRun& run, const Place& place) {
  Json entry = head_of(place, place.name, "iteration");
  entry["repetition_index"] = run.repetition;
  entry["error_occurred"] = true;
  entry["error_message"] = to_string(run.status) + ": " + run.detail;
  entry["iterations"] = 0;
  entry["real_time"] = 0.0;
  entry["cpu_time"] = 0.0;
  entry["time_unit"] = "ns";
  return entry;
}

/// Mean, median and sample standard deviation, as Google Benchmark defines them.
struct Spread {
  double mean = 0, median = 0, stddev = 0;
};

Spread spread_of(const std::vector<double>& values) {
  Spread spread;
  for (const double value : values) spread.mean += value / static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.stddev = std::sqrt(squares / static_cast<double>(values.size() - 1));
  spread.median = median(values);
  return spread;
}

struct Aggregate {
  const char* name;
  const char* unit;
  double real, cpu;
};

void add_aggregates(const std::vector<Json>& entries, const Place& place, Json& benchmarks) {
  std::vector<double> real, cpu;
  for (const Json& entry : entries) {
    real.push_back(field_of<double>(entry, "real_time"));
    cpu.push_back(field_of<double>(entry, "cpu_time"));
  }
  const Spread of_real = spread_of(real), of_cpu = spread_of(cpu);
  const auto ratio = [](const Spread& one) { return one.mean > 0 ? one.stddev / one.mean : 0; };
  for (const Aggregate& one : {Aggregate{"mean", "time", of_real.mean, of_cpu.mean},
                               Aggregate{"median", "time", of_real.median, of_cpu.median},
                               Aggregate{"stddev", "time", of_real.stddev, of_cpu.stddev},
                               Aggregate{"cv", "percentage", ratio(of_real), ratio(of_cpu)}}) {
    Json entry = head_of(place, place.name + "_" + one.name, "aggregate");
    entry["aggregate_name"] = one.name;
    entry["aggregate_unit"] = one.unit;
    entry["iterations"] = entries.size();
    entry["real_time"] = one.real;
    entry["cpu_time"] = one.cpu;
    entry["time_unit"] = entries.front()["time_unit"];
    benchmarks.push_back(std::move(entry));
  }
}

void add_place(const std::vector<const PrimitiveRun*>& runs, Place place, bool aggregates_only,
               Json& benchmarks) {
  std::vector<Json> fine;
  for (const PrimitiveRun* run : runs) {
    if (run->status == RunStatus::ok) {
      place.threads = field_of<long>(Json::parse(run->entry), "threads");
      fine.push_back(iteration_of(*run, place));
      if (!aggregates_only || place.repetitions < 2) benchmarks.push_back(fine.back());
    } else {
      benchmarks.push_back(failure_of(*run, place));
    }
  }
  if (fine.size() > 1) add_aggregates(fine, place, benchmarks);
}

Json context_of(const BenchResult& result, const std::string& heapwise_version) {
  Json context = result.context.empty() ? Json::object() : Json::parse(result.context);
  for (const char* own : {"allocator", "allocator_version", "allocator_library"}) {
    context.erase(own);
  }
  context["executable"] = "heapwise bench";
  context["heapwise_version"] = heapwise_version;
  context["heapwise_seed"] = std::to_string(result.seed);
  for (std::size_t i = 0; i < result.contenders.size(); ++i) {
    if (!result.versions[i].empty()) {
      context["version_of_" + result.contenders[i]] = result.versions[i];
    }
  }
  return context;
}

}  // namespace

Expected<BenchOutput> read_bench_output(std::string_view text) {
  const Json document = Json::parse(text, nullptr, false);
  const auto context = document.find("context");
  const auto benchmarks = document.find("benchmarks");
  if (!document.is_object() || context == document.end() || benchmarks == document.end() ||
      !benchmarks->is_array() || benchmarks->size() != 1 || !benchmarks->front().is_object()) {
    return fail(ErrorCode::bad_input, "not the JSON of one benchmark");
  }
  const Json& entry = benchmarks->front();
  BenchOutput output;
  output.context = context->dump();
  output.entry = entry.dump();
  output.version = field_of<std::string>(*context, "allocator_version");
  if (field_of<bool>(entry, "error_occurred")) {
    output.error = field_of<std::string>(entry, "error_message");
    if (output.error.empty()) output.error = "it reported an error";
  }
  const bool real = field_of<std::string>(entry, "name").find("/real_time") != std::string::npos;
  output.ns = field_of<double>(entry, real ? "real_time" : "cpu_time") *
              unit_ns(field_of<std::string>(entry, "time_unit"));
  return output;
}

std::string to_benchmark_json(const BenchResult& result, const std::string& heapwise_version,
                              bool aggregates_only) {
  Json benchmarks = Json::array();
  std::size_t family = 0;
  for (std::size_t primitive = 0; primitive < result.primitives.size(); ++primitive) {
    for (std::size_t contender = 0; contender < result.contenders.size(); ++contender) {
      std::vector<const PrimitiveRun*> runs;
      for (const PrimitiveRun& run : result.runs) {
        if (run.primitive == primitive && run.contender == contender) runs.push_back(&run);
      }
      const Place place{result.primitives[primitive] + "/" + result.contenders[contender], family++,
                        result.repetitions};
      add_place(runs, place, aggregates_only, benchmarks);
    }
  }
  Json document;
  document["context"] = context_of(result, heapwise_version);
  document["benchmarks"] = std::move(benchmarks);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace heapwise
