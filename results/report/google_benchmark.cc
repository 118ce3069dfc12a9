// SPDX-License-Identifier: MIT
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "results/report/formats.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

using OrderedJson = nlohmann::ordered_json;
using Subject = std::tuple<std::string, std::string, std::string>;

std::string name_of(const Run& run) {
  return run.workload + "/" + display_name(run.allocator, run.tuning);
}

OrderedJson context_of(const Result& result) {
  const Environment& machine = result.environment;
  return {{"date", result.created},
          {"host_name", machine.host},
          {"executable", "heapwise"},
          {"num_cpus", machine.cores},
          {"mhz_per_cpu", 0},
          {"cpu_scaling_enabled",
           !machine.frequency_governor.empty() && machine.frequency_governor != "performance"},
          {"caches", OrderedJson::array()},
          {"load_avg", {machine.load_average}},
          {"library_build_type", machine.build_type},
          {"heapwise_version", result.heapwise_version},
          {"kernel", machine.kernel},
          {"cpu", machine.cpu}};
}

template <class T>
void put(OrderedJson& object, const char* name, const std::optional<T>& value) {
  if (value) object[name] = *value;
}

void put_memory(OrderedJson& object, const Run& run) {
  put(object, "peak_rss_bytes", run.peak_rss_bytes);
  put(object, "mean_rss_bytes", run.mean_rss_bytes);
  put(object, "end_rss_bytes", run.end_rss_bytes);
  put(object, "fragmentation_peak", run.fragmentation_peak);
  put(object, "fragmentation_mean", run.fragmentation_mean);
}

double per_operation(double seconds, const Run& run) {
  return run.operations == 0 ? 0 : seconds * 1e9 / static_cast<double>(run.operations);
}

/// The runs of one allocator on one workload: those that are timed, and footprints by recording and
/// round.
struct Family {
  std::vector<const Run*> timed;
  std::map<std::pair<unsigned, unsigned>, const Run*> footprints;
};

/// `number` is the run's in its family: rounds count anew in each recording.
OrderedJson benchmark_of(const Run& run, const Family& family, std::size_t index,
                         std::size_t number, unsigned threads) {
  OrderedJson one = {{"name", name_of(run)},           {"family_index", index},
                     {"per_family_instance_index", 0}, {"run_name", name_of(run)},
                     {"run_type", "iteration"},        {"repetitions", family.timed.size()},
                     {"repetition_index", number},     {"threads", std::max(1U, threads)}};
  if (run.status != RunStatus::ok) {
    one["error_occurred"] = true;
    one["error_message"] =
        to_string(run.status) + (run.status_detail.empty() ? "" : ": " + run.status_detail);
  }
  one["iterations"] = run.operations;
  one["real_time"] = run.ns_per_operation.value_or(per_operation(run.seconds, run));
  one["cpu_time"] = per_operation(run.cpu_seconds, run);
  one["time_unit"] = "ns";
  const auto footprint = family.footprints.find({run.recording, run.repetition});
  if (footprint != family.footprints.end()) put_memory(one, *footprint->second);
  return one;
}

unsigned threads_of(const Result& result, const std::string& workload) {
  const WorkloadInfo* const info = find_workload_info(result, workload);
  return info != nullptr ? info->threads : 1;
}

}  // namespace

std::string google_benchmark_json(const Result& result) {
  std::map<Subject, Family> families;
  for (const Run& run : result.runs) {
    Family& family = families[{run.workload, run.allocator, run.tuning}];
    if (run.purpose == "throughput") family.timed.push_back(&run);
    if (run.purpose == "footprint") family.footprints[{run.recording, run.repetition}] = &run;
  }
  OrderedJson benchmarks = OrderedJson::array();
  std::size_t index = 0;
  for (auto& [subject, family] : families) {
    if (family.timed.empty()) {
      for (const auto& [place, run] : family.footprints) family.timed.push_back(run);
    }
    const unsigned threads = threads_of(result, std::get<0>(subject));
    for (std::size_t number = 0; number < family.timed.size(); ++number) {
      benchmarks.push_back(benchmark_of(*family.timed[number], family, index, number, threads));
    }
    ++index;
  }
  const OrderedJson root = {{"context", context_of(result)}, {"benchmarks", std::move(benchmarks)}};
  return root.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace heapwise
