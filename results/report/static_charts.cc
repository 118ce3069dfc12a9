// SPDX-License-Identifier: MIT
#include "results/report/static_charts.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <set>

#include "results/report/assets.h"
#include "results/report/charts.h"
#include "results/report/view.h"

namespace heapwise {
namespace {

std::string file_name(const std::string& text) {
  std::string name;
  for (const char letter : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '.' ||
                       letter == '_' || letter == '-';
    name += plain ? letter : '-';
  }
  while (!name.empty() && (name.front() == '.' || name.front() == '-')) name.erase(0, 1);
  return name.empty() ? "workload" : name.substr(0, 80);
}

std::string unused(std::set<std::string>& taken, const std::string& name) {
  std::string free = name;
  for (unsigned number = 2; !taken.insert(free).second; ++number) {
    free = fmt::format("{}-{}", name, number);
  }
  return free;
}

}  // namespace

std::vector<ChartFile> chart_files(const std::vector<Result>& results) {
  std::vector<ChartFile> files;
  std::set<std::string> taken;
  for (const Result& given : results) {
    const Result result = with_summary(given);
    for (const WorkloadView& view : views_of(result)) {
      for (const NamedChart& chart : charts_of(view, series_of(view, result), result)) {
        files.push_back({unused(taken, file_name(view.name) + "-" + chart.kind),
                         standalone(chart, view.name)
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
      }
    }
  }
  return files;
}

std::string drawing_script() { return std::string(assets::drawing()); }
std::string drawing_libraries() { return std::string(assets::script()); }

std::string chart_list(const std::vector<ChartFile>& files) {
  nlohmann::json list = nlohmann::json::array();
  for (const ChartFile& file : files) {
    list.push_back({{"name", file.name}, {"spec", nlohmann::json::parse(file.spec)}});
  }
  return list.dump();
}

}  // namespace heapwise
