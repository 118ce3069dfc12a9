// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "results/json.h"
#include "results/report/compare_view.h"

namespace heapwise {
namespace {

using OrderedJson = nlohmann::ordered_json;

void put(OrderedJson& object, const char* name, const std::optional<double>& value) {
  if (value) object[name] = *value;
}

OrderedJson texts_of(const std::vector<Absent>& list) {
  OrderedJson texts = OrderedJson::array();
  for (const Absent& one : list) texts.push_back(absent_text(one));
  return texts;
}

OrderedJson json_of(const FigureChange& one) {
  OrderedJson object = {{"workload", one.workload},
                        {"allocator", one.allocator},
                        {"tuning", one.tuning},
                        {"figure", one.figure},
                        {"change", to_string(one.change)},
                        {"gate", to_string(one.gate)},
                        {"base_runs", one.base_runs},
                        {"new_runs", one.now_runs}};
  put(object, "base", one.base);
  put(object, "new", one.now);
  put(object, "percent", one.percent);
  put(object, "low_percent", one.low);
  put(object, "high_percent", one.high);
  put(object, "probability", one.probability);
  if (!one.clock.empty()) {
    object["clock"] = one.clock;
    object["relative"] = one.relative;
  }
  if (!one.reason.empty()) object["reason"] = one.reason;
  return object;
}

}  // namespace

std::string compare_json(const Comparison& comparison) {
  OrderedJson object = {{"base", comparison.base_name},
                        {"base_created", comparison.base_created},
                        {"new", comparison.now_name},
                        {"new_created", comparison.now_created},
                        {"headline", compare_headline(comparison)}};
  put(object, "fail_over_percent", comparison.fail_over_percent);
  put(object, "common_time_percent", comparison.common_time_percent);
  put(object, "harness_time_percent", comparison.harness_time_percent);
  OrderedJson differences = OrderedJson::array();
  for (const SettingDifference& one : comparison.differences) {
    differences.push_back(
        {{"name", one.name}, {"base", one.base}, {"new", one.now}, {"prevents", one.prevents}});
  }
  object["differences"] = std::move(differences);
  object["only_in_base"] = texts_of(comparison.only_in_base);
  object["only_in_new"] = texts_of(comparison.only_in_now);
  OrderedJson changes = OrderedJson::array();
  for (const FigureChange& one : comparison.changes) changes.push_back(json_of(one));
  object["changes"] = std::move(changes);
  const OrderedJson root = {{"schema_version", kSchemaVersion}, {"comparison", std::move(object)}};
  return root.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace heapwise
