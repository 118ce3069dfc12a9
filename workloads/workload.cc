// SPDX-License-Identifier: MIT
#include "workloads/workload.h"

#include <algorithm>
#include <cassert>
#include <string_view>

#include "base/edit_distance.h"

namespace heapwise {
namespace {

template <class Named>
std::string suggest(const std::string& wrong, const std::vector<Named>& known) {
  const Named* nearest = nullptr;
  std::size_t least = wrong.size() / 2 + 2;
  std::string all;
  for (const Named& one : known) {
    all += (all.empty() ? "" : ", ") + one.name;
    const std::size_t far = edit_distance(wrong, one.name);
    if (far >= least) continue;
    least = far;
    nearest = &one;
  }
  if (nearest != nullptr) return "did you mean " + nearest->name + "? There are: " + all;
  return "there are: " + all;
}

template <class Named>
const Named* find(const std::string& name, const std::vector<Named>& known) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Named& one) { return one.name == name; });
  return found == known.end() ? nullptr : &*found;
}

Expected<void> set_parameter(WorkloadChoice& choice, const std::string& key,
                             const std::string& value) {
  const Workload& workload = *choice.workload;
  const Parameter* parameter = find(key, workload.parameters);
  if (parameter == nullptr) {
    return fail(ErrorCode::usage, workload.name + " has no parameter \"" + key + "\"",
                suggest(key, workload.parameters));
  }
  if (parameter->unit == Unit::path) {
    choice.params.set_path(key, value);
    return {};
  }
  const auto number = parse_quantity(value, parameter->unit);
  if (!number) {
    return fail(ErrorCode::usage, workload.name + ": " + key + ": " + number.error().what,
                number.error().hint);
  }
  if (*number < parameter->low || *number > parameter->high) {
    return fail(ErrorCode::usage, workload.name + ": " + key + "=" + value + " is out of range",
                "give a value from " + format_quantity(parameter->low, parameter->unit) + " to " +
                    format_quantity(parameter->high, parameter->unit));
  }
  choice.params.set(key, *number);
  return {};
}

Expected<void> set_parameters(WorkloadChoice& choice, std::string_view list) {
  std::vector<std::string> seen;
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    const std::string key(item.substr(0, equals));
    if (equals == std::string_view::npos) {
      return fail(ErrorCode::usage, "\"" + key + "\" gives no value",
                  "write " + choice.workload->name + ":KEY=VALUE,KEY=VALUE");
    }
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      return fail(ErrorCode::usage, key + " is given twice", "give it once");
    }
    seen.push_back(key);
    auto done = set_parameter(choice, key, std::string(item.substr(equals + 1)));
    if (!done) return done;
  }
  return {};
}

Expected<void> check_paths(const WorkloadChoice& choice) {
  for (const Parameter& parameter : choice.workload->parameters) {
    if (parameter.unit != Unit::path || !choice.params.path(parameter.name).empty()) continue;
    return fail(ErrorCode::usage, choice.workload->name + " needs a file",
                "write " + choice.workload->name + ":" + parameter.name + "=PATH");
  }
  return {};
}

// FILE.json:key=value is short for fitted:file=FILE.json,key=value.
std::string spell_out(const std::string& text) {
  constexpr std::string_view kEnding = ".json";
  if (find_workload(text.substr(0, text.find(':'))) != nullptr) return text;
  std::size_t rest = text.ends_with(kEnding) ? text.size() : text.rfind(".json:");
  if (rest == std::string::npos) return text;
  if (rest != text.size()) rest += kEnding.size();
  std::string full = "fitted:file=" + text.substr(0, rest);
  if (rest + 1 < text.size()) full += "," + text.substr(rest + 1);
  return full;
}

TraceInfo describe(const WorkloadChoice& choice, std::uint64_t seed) {
  TraceInfo info;
  info.source = TraceSource::synthetic;
  info.capabilities = Capability::threads | Capability::time | Capability::alignment |
                      Capability::zeroed | Capability::complete;
  info.name = choice.workload->name;
  info.facts = {{"workload", choice.text()}, {"seed", std::to_string(seed)}};
  return info;
}

}  // namespace

Params::Params(const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (parameter.unit == Unit::path) {
      paths_.emplace_back(parameter.name, "");
    } else {
      values_.emplace_back(parameter.name, parameter.preset);
    }
  }
}

std::uint64_t Params::operator[](const std::string& name) const {
  for (const auto& [key, value] : values_) {
    if (key == name) return value;
  }
  assert(!"the workload has no such parameter");
  return 0;
}

const std::string& Params::path(const std::string& name) const {
  const auto found = std::find_if(paths_.begin(), paths_.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  assert(found != paths_.end());
  return found->second;
}

bool Params::set(const std::string& name, std::uint64_t value) {
  for (auto& [key, old] : values_) {
    if (key != name) continue;
    old = value;
    return true;
  }
  return false;
}

bool Params::set_path(const std::string& name, std::string path) {
  for (auto& [key, old] : paths_) {
    if (key != name) continue;
    old = std::move(path);
    return true;
  }
  return false;
}

const Workload* find_workload(const std::string& name) { return find(name, workloads()); }

bool needs_file(const Workload& workload) {
  return std::any_of(workload.parameters.begin(), workload.parameters.end(),
                     [](const Parameter& parameter) { return parameter.unit == Unit::path; });
}

std::string WorkloadChoice::text() const {
  std::string text = workload->name;
  char separator = ':';
  for (const Parameter& parameter : workload->parameters) {
    const bool is_path = parameter.unit == Unit::path;
    if (!is_path && params[parameter.name] == parameter.preset) continue;
    text += separator + parameter.name + "=" +
            (is_path ? params.path(parameter.name)
                     : format_quantity(params[parameter.name], parameter.unit));
    separator = ',';
  }
  return text;
}

Expected<WorkloadChoice> parse_workload(const std::string& text) {
  const std::string full = spell_out(text);
  const std::size_t colon = full.find(':');
  const std::string name = full.substr(0, colon);
  const Workload* workload = find(name, workloads());
  if (workload == nullptr) {
    return fail(ErrorCode::usage, "there is no workload \"" + name + "\"",
                suggest(name, workloads()));
  }
  WorkloadChoice choice{workload, Params(workload->parameters)};
  const std::size_t list = colon == std::string::npos ? full.size() : colon + 1;
  auto set = set_parameters(choice, std::string_view(full).substr(list));
  if (set) set = check_paths(choice);
  if (!set) return tl::unexpected(set.error());
  return choice;
}

Expected<TraceTotals> make_workload(const WorkloadChoice& choice, std::uint64_t seed,
                                    const std::string& path, bool overwrite) {
  TraceInfo info = describe(choice, seed);
  if (choice.workload->inform != nullptr) {
    auto informed = choice.workload->inform(choice.params, info);
    if (!informed) return tl::unexpected(informed.error());
  }
  auto writer = TraceWriter::create(path, info, overwrite);
  if (!writer) return tl::unexpected(writer.error());
  auto generated = choice.workload->generate(choice.params, seed, *writer);
  if (!generated) return tl::unexpected(generated.error());
  return writer->finish();
}

}  // namespace heapwise
