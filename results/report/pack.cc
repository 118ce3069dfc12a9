// SPDX-License-Identifier: MIT
#include "results/report/pack.h"

namespace heapwise {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kWorthPacking = 12;

/// What of a row is not a number: the same along a line.
Json same_part(const Json& row) {
  Json same = Json::object();
  for (const auto& [name, value] : row.items()) {
    if (!value.is_number() || name == "run") same[name] = value;
  }
  return same;
}

/// The names of a row's numbers, in order.
Json number_names(const Json& row) {
  Json names = Json::array();
  for (const auto& [name, value] : row.items()) {
    if (value.is_number() && name != "run") names.push_back(name);
  }
  return names;
}

bool is_packable(const Json& rows) {
  if (!rows.is_array() || rows.size() < kWorthPacking || !rows[0].is_object()) return false;
  const Json names = number_names(rows[0]);
  for (const Json& row : rows) {
    if (!row.is_object() || number_names(row) != names) return false;
  }
  return true;
}

Json packed_rows(const Json& rows) {
  const Json names = number_names(rows[0]);
  Json blocks = Json::array();
  for (const Json& row : rows) {
    Json same = same_part(row);
    if (blocks.empty() || blocks.back()["same"] != same) {
      blocks.push_back({{"same", std::move(same)}, {"rows", Json::array()}});
    }
    Json& numbers = blocks.back()["rows"];
    for (const Json& name : names) numbers.push_back(row[name.get<std::string>()]);
  }
  return {{"names", names}, {"blocks", std::move(blocks)}};
}

}  // namespace

Json packed(Json spec) {
  if (!spec.is_structured()) return spec;
  if (spec.is_object() && spec.contains("values") && is_packable(spec["values"])) {
    return {{"packed", packed_rows(spec["values"])}};
  }
  for (Json& part : spec) part = packed(std::move(part));
  return spec;
}

}  // namespace heapwise
