// SPDX-License-Identifier: MIT
#include "workloads/fit/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace heapwise::fit {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr std::uint64_t kMostBytes = 1ULL << 48;
constexpr std::uint64_t kMostCount = 1ULL << 40;
constexpr std::uint64_t kMostNs = 1ULL << 62;
constexpr double kMostPhases = 100000;
constexpr std::uint64_t kMostObjects = 1ULL << 30;  // of a phase

template <class Pairs>
Json pairs(const Pairs& from) {
  Json list = Json::array();
  for (const auto& [first, second] : from) list.push_back({first, second});
  return list;
}

Json json_of(const Sizes& sizes) {
  Json json = {{"bucket", sizes.bucket}, {"sizes", pairs(sizes.common)}, {"ends", sizes.ends}};
  if (sizes.others > 0) json["others"] = sizes.others;
  if (sizes.callocs > 0) json["callocs"] = sizes.callocs;
  if (sizes.aligned > 0) json["aligned"] = sizes.aligned;
  if (sizes.aligned > 0) json["align_log2"] = sizes.align_log2;
  if (sizes.written < 1) json["written"] = sizes.written;
  if (!sizes.grows.empty()) json["grows"] = pairs(sizes.grows);
  if (!sizes.delays.empty()) json["delays"] = pairs(sizes.delays);
  return json;
}

// What a thousandth tells is enough for a place.
double rounded(double value) { return std::round(value * 1000) / 1000; }

Json json_of(const Phase& phase) {
  Json cells = Json::array(), flows = Json::array();
  for (const Cell& cell : phase.cells) cells.push_back({cell.bucket, cell.fate, cell.count});
  for (const Flow& flow : phase.flows) {
    flows.push_back({flow.to, rounded(flow.mean), rounded(flow.spread), rounded(flow.order)});
  }
  return {{"active_ns", std::round(phase.active_ns)},
          {"changes", phase.changes},
          {"makers", pairs(phase.makers)},
          {"cells", cells},
          {"flows", flows}};
}

Json json_of(const Giant& giant) {
  Json json = {{"born", giant.born},
               {"died", giant.died},
               {"maker", giant.maker},
               {"freer", giant.freer},
               {"kind", static_cast<unsigned>(giant.kind)},
               {"size", giant.size}};
  if (giant.kind == OpKind::aligned) json["align_log2"] = giant.align_log2;
  if (!giant.steps.empty()) json["steps"] = pairs(giant.steps);
  if (giant.pages > 0) json["pages"] = giant.pages;
  return json;
}

Json json_of(const Footprint& footprint) {
  return {{"peak", std::round(footprint.peak)},
          {"mean", std::round(footprint.mean)},
          {"end", std::round(footprint.end)}};
}

// Per cent, to a hundredth; null where there is none.
Json percent(double value) { return value < 0 ? Json() : Json(std::round(value * 100) / 100); }

Json error_json(const std::vector<Tried>& tried) {
  const Footprint mean = mean_error(tried);
  Json json = {
      {"mean_percent",
       {{"peak", percent(mean.peak)}, {"mean", percent(mean.mean)}, {"end", percent(mean.end)}}}};
  Json rows = Json::array();
  for (const Tried& one : tried) {
    Json row = {{"recorded", json_of(one.recorded)}, {"fitted", json_of(one.fitted)}};
    if (one.allocator.empty()) {
      json["live_bytes"] = std::move(row);
      continue;
    }
    row["allocator"] = one.allocator;
    row["tuning"] = one.tuning;
    rows.push_back(std::move(row));
  }
  json["rss_bytes"] = std::move(rows);
  return json;
}

/// Takes a document apart and keeps the first thing that is wrong with it.
class Reader {
 public:
  const std::string& error() const { return error_; }

  void fail_at(const std::string& where, const std::string& why) {
    if (error_.empty()) error_ = where + " " + why;
  }

  // A member, or nothing where it may be missing.
  const Json* member(const Json& json, const std::string& where, const char* name, bool needed) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    if (json.is_object() && found != json.end()) return &*found;
    if (needed) fail_at(where + name, "is missing");
    return nullptr;
  }

  double real(const Json& json, const std::string& where, double low, double high) {
    if (!json.is_number()) {
      fail_at(where, "is not a number");
      return low;
    }
    const double value = json.get<double>();
    if (value >= low && value <= high) return value;
    fail_at(where, "is out of range");
    return low;
  }

  std::uint64_t whole(const Json& json, const std::string& where, std::uint64_t low,
                      std::uint64_t high) {
    if (!json.is_number_unsigned()) {
      fail_at(where, "is not a whole number");
      return low;
    }
    const auto value = json.get<std::uint64_t>();
    if (value >= low && value <= high) return value;
    fail_at(where, "is out of range");
    return low;
  }

  // Calls f(element, its place) for each; every element has as many fields as `fields` says.
  template <class F>
  void each(const Json* list, const std::string& where, std::size_t fields, F&& f) {
    if (list == nullptr) return;
    if (!list->is_array()) {
      fail_at(where, "is not a list");
      return;
    }
    for (std::size_t i = 0; i < list->size() && error_.empty(); ++i) {
      const std::string place = where + "[" + std::to_string(i) + "]";
      const Json& element = (*list)[i];
      if (fields > 0 && (!element.is_array() || element.size() != fields)) {
        fail_at(place, "does not have " + std::to_string(fields) + " fields");
      } else if (fields == 0 && !element.is_object()) {
        fail_at(place, "is no object");
      } else {
        f(element, place);
      }
    }
  }

  template <class Second>
  std::vector<std::pair<std::uint32_t, Second>> counts(const Json* list, const std::string& where,
                                                       std::uint64_t most_key) {
    std::vector<std::pair<std::uint32_t, Second>> result;
    each(list, where, 2, [&](const Json& pair, const std::string& place) {
      const auto key = static_cast<std::uint32_t>(whole(pair[0], place, 0, most_key));
      result.emplace_back(key, whole(pair[1], place, 1, kMostCount));
    });
    return result;
  }

 private:
  std::string error_;
};

class ModelReader {
 public:
  explicit ModelReader(Reader& reader) : r_(reader) {}

  Model read(const Json& root) {
    head(root);
    r_.each(r_.member(root, "", "threads", true), "threads", 3,
            [&](const Json& json, const std::string& place) { thread(json, place); });
    if (model_.threads.empty()) r_.fail_at("threads", "is empty");
    r_.each(r_.member(root, "", "sizes", true), "sizes", 0,
            [&](const Json& json, const std::string& place) { sizes(json, place + "."); });
    r_.each(r_.member(root, "", "phases", true), "phases", 0,
            [&](const Json& json, const std::string& place) { phase(json, place + "."); });
    if (model_.phases.empty()) r_.fail_at("phases", "is empty");
    r_.each(r_.member(root, "", "handovers", true), "handovers", 4,
            [&](const Json& json, const std::string& place) { handover(json, place); });
    r_.each(r_.member(root, "", "pauses", true), "pauses", 2,
            [&](const Json& json, const std::string& place) {
              const double position = r_.real(json[0], place, 0, kMostPhases);
              model_.pauses.push_back({position, r_.whole(json[1], place, 0, kMostNs)});
            });
    r_.each(r_.member(root, "", "giants", true), "giants", 0,
            [&](const Json& json, const std::string& place) { giant(json, place + "."); });
    if (const Json* error = r_.member(root, "", "error", false)) tried(*error);
    check_buckets();
    check_fates();
    return std::move(model_);
  }

 private:
  void head(const Json& root) {
    model_.name = text(root, "", "name");
    model_.operations = needed(root, "", "operations", 1, kMostCount);
    model_.duration_ns = needed(root, "", "duration_ns", 0, kMostNs);
    if (const Json* threshold = r_.member(root, "", "written_from", false)) {
      model_.written_measured = true;
      model_.written_threshold = r_.whole(*threshold, "written_from", 1, kMostBytes);
    }
  }

  std::uint64_t needed(const Json& json, const std::string& where, const char* name,
                       std::uint64_t low, std::uint64_t high) {
    const Json* value = r_.member(json, where, name, true);
    return value == nullptr ? low : r_.whole(*value, where + name, low, high);
  }
  std::uint64_t optional(const Json& json, const std::string& where, const char* name,
                         std::uint64_t otherwise, std::uint64_t high) {
    const Json* value = r_.member(json, where, name, false);
    return value == nullptr ? otherwise : r_.whole(*value, where + name, 0, high);
  }
  double share(const Json& json, const std::string& where, const char* name, double otherwise) {
    const Json* value = r_.member(json, where, name, false);
    return value == nullptr ? otherwise : r_.real(*value, where + name, 0, 1);
  }

  std::uint32_t thread_number(const Json& json, const std::string& place) {
    const std::uint64_t most = model_.threads.empty() ? 0 : model_.threads.size() - 1;
    return static_cast<std::uint32_t>(r_.whole(json, place, 0, most));
  }

  // A creator stands before the thread that it creates, or is the main one.
  void thread(const Json& json, const std::string& place) {
    Thread thread;
    thread.creator = thread_number(json[0], place);
    thread.start = r_.real(json[1], place, 0, kMostPhases);
    thread.end = r_.real(json[2], place, -1, kMostPhases);
    model_.threads.push_back(thread);
  }

  void sizes(const Json& json, const std::string& where) {
    Sizes sizes;
    sizes.bucket = static_cast<std::uint32_t>(needed(json, where, "bucket", 0, kBuckets - 1));
    const std::uint64_t low = bucket_low(sizes.bucket), high = bucket_high(sizes.bucket);
    r_.each(r_.member(json, where, "sizes", true), where + "sizes", 2,
            [&](const Json& pair, const std::string& place) {
              const std::uint64_t size = r_.whole(pair[0], place, low, std::min(high, kMostBytes));
              sizes.common.emplace_back(size, r_.whole(pair[1], place, 1, kMostCount));
            });
    sizes.others = optional(json, where, "others", 0, kMostCount);
    if (sizes.common.empty()) r_.fail_at(where + "sizes", "is empty");
    if (high > kMostBytes) r_.fail_at(where + "bucket", "is out of range");
    sizes.callocs = share(json, where, "callocs", 0);
    sizes.aligned = share(json, where, "aligned", 0);
    sizes.align_log2 = static_cast<std::uint32_t>(optional(json, where, "align_log2", 4, 30));
    sizes.written = share(json, where, "written", 1);
    sizes.ends = needed(json, where, "ends", 0, kMostCount);
    sizes.grows = r_.counts<std::uint64_t>(r_.member(json, where, "grows", false), where + "grows",
                                           kBuckets - 1);
    sizes.delays = r_.counts<std::uint64_t>(r_.member(json, where, "delays", false),
                                            where + "delays", kSpans - 1);
    if (sizes.grows.empty() != sizes.delays.empty()) {
      r_.fail_at(where + "delays", "do not go with what grows");
    }
    // Else an object would grow for ever.
    if (!sizes.grows.empty() && sizes.ends == 0) sizes.ends = 1;
    known_[sizes.bucket] = true;
    model_.sizes.push_back(std::move(sizes));
  }

  void phase(const Json& json, const std::string& where) {
    Phase phase;
    if (const Json* active = r_.member(json, where, "active_ns", true)) {
      phase.active_ns = r_.real(*active, where + "active_ns", 0, static_cast<double>(kMostNs));
    }
    phase.changes = share(json, where, "changes", 0);
    phase.makers = r_.counts<std::uint64_t>(r_.member(json, where, "makers", true),
                                            where + "makers", model_.threads.size() - 1);
    r_.each(r_.member(json, where, "cells", true), where + "cells", 3,
            [&](const Json& cell, const std::string& place) {
              const auto bucket =
                  static_cast<std::uint32_t>(r_.whole(cell[0], place, 0, kBuckets - 1));
              const auto fate = static_cast<Fate>(
                  r_.whole(cell[1], place, 0, kLater + static_cast<std::uint64_t>(kMostPhases)));
              if (fate >= kSoon + kSpans && fate < kLater) r_.fail_at(place, "has no such fate");
              phase.cells.push_back({bucket, fate, r_.whole(cell[2], place, 1, kMostCount)});
            });
    r_.each(
        r_.member(json, where, "flows", true), where + "flows", 4,
        [&](const Json& flow, const std::string& place) {
          const auto to = static_cast<std::uint32_t>(
              r_.whole(flow[0], place, 0, static_cast<std::uint64_t>(kMostPhases)));
          phase.flows.push_back({to, r_.real(flow[1], place, 0, 1), r_.real(flow[2], place, 0, 1),
                                 r_.real(flow[3], place, -1, 1)});
        });
    model_.phases.push_back(std::move(phase));
  }

  void handover(const Json& json, const std::string& place) {
    const std::uint32_t maker = thread_number(json[0], place);
    const std::uint32_t freer = thread_number(json[1], place);
    model_.handovers.push_back({maker, freer, r_.whole(json[2], place, 0, kMostCount),
                                r_.whole(json[3], place, 0, kMostCount)});
  }

  void giant(const Json& json, const std::string& where) {
    Giant giant;
    const Json nothing = 0U;
    const auto at = [&](const char* name) -> const Json& {
      const Json* value = r_.member(json, where, name, true);
      return value == nullptr ? nothing : *value;
    };
    giant.born = r_.real(at("born"), where + "born", 0, kMostPhases);
    giant.died = r_.real(at("died"), where + "died", -1, kMostPhases);
    giant.maker = thread_number(at("maker"), where + "maker");
    giant.freer = thread_number(at("freer"), where + "freer");
    giant.size = r_.whole(at("size"), where + "size", 0, kMostBytes);
    giant.kind = static_cast<OpKind>(r_.whole(at("kind"), where + "kind", 1, 3));
    giant.align_log2 = static_cast<std::uint32_t>(optional(json, where, "align_log2", 4, 30));
    giant.pages = optional(json, where, "pages", 0, kMostBytes);
    double last = giant.born;
    r_.each(r_.member(json, where, "steps", false), where + "steps", 2,
            [&](const Json& step, const std::string& place) {
              last = r_.real(step[0], place, last, kMostPhases);
              giant.steps.emplace_back(last, r_.whole(step[1], place, 0, kMostBytes));
            });
    if (giant.died >= 0 && giant.died < last) r_.fail_at(where + "died", "is before that");
    model_.giants.push_back(std::move(giant));
  }

  void tried(const Json& json) {
    if (const Json* live = r_.member(json, "error.", "live_bytes", true)) {
      model_.tried.push_back(row(*live, "error.live_bytes."));
    }
    r_.each(r_.member(json, "error.", "rss_bytes", true), "error.rss_bytes", 0,
            [&](const Json& one, const std::string& place) {
              Tried tried = row(one, place + ".");
              tried.allocator = text(one, place + ".", "allocator");
              tried.tuning = text(one, place + ".", "tuning");
              model_.tried.push_back(std::move(tried));
            });
  }

  Tried row(const Json& json, const std::string& where) {
    Tried tried;
    if (const Json* of = r_.member(json, where, "recorded", true)) {
      tried.recorded = footprint(*of, where + "recorded.");
    }
    if (const Json* of = r_.member(json, where, "fitted", true)) {
      tried.fitted = footprint(*of, where + "fitted.");
    }
    return tried;
  }

  Footprint footprint(const Json& json, const std::string& where) {
    const auto figure = [&](const char* name) {
      const Json* value = r_.member(json, where, name, true);
      return value == nullptr ? -1 : r_.real(*value, where + name, -1, kMostBytes);
    };
    return {figure("peak"), figure("mean"), figure("end")};
  }

  std::string text(const Json& json, const std::string& where, const char* name) {
    const Json* value = r_.member(json, where, name, true);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
    r_.fail_at(where + name, "is not a text");
    return {};
  }

  // Whoever dies later does so in a phase that there is and that is later.
  void check_fates() {
    for (std::size_t i = 0; i < model_.phases.size(); ++i) {
      const std::string place = "phases[" + std::to_string(i) + "]";
      std::uint64_t objects = 0;
      const auto check = [&](std::size_t to) {
        if (to <= i || to >= model_.phases.size()) {
          r_.fail_at(place, "frees in phase " + std::to_string(to) + ", which does not come after");
        }
      };
      for (const Cell& cell : model_.phases[i].cells) {
        objects += cell.count;
        if (cell.fate >= kLater) check(cell.fate - kLater);
      }
      for (const Flow& flow : model_.phases[i].flows) check(flow.to);
      if (objects > kMostObjects) r_.fail_at(place, "allocates more than can be dealt out");
    }
  }

  // Every bucket that is named has sizes to draw from.
  void check_buckets() {
    const auto check = [&](std::uint32_t bucket) {
      if (!known_[bucket]) r_.fail_at("sizes", "lack bucket " + std::to_string(bucket));
    };
    for (const Phase& phase : model_.phases) {
      for (const Cell& cell : phase.cells) check(cell.bucket);
    }
    for (const Sizes& sizes : model_.sizes) {
      for (const auto& [to, count] : sizes.grows) check(to);
    }
  }

  Reader& r_;
  Model model_;
  std::array<bool, kBuckets> known_{};
};

// A member a line, for diff and for whoever looks into it.
std::string lines_of(const Json& json) {
  std::string text;
  for (const auto& [name, value] : json.items()) {
    text += (text.empty() ? "{\"" : ",\n \"") + name + "\": ";
    text += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return text + "}\n";
}

constexpr char kHint[] = "give a file that heapwise workload fit wrote";

}  // namespace

std::string to_json(const Model& model) {
  Json json = {{"heapwise_fit", kVersion},
               {"name", model.name},
               {"operations", model.operations},
               {"duration_ns", model.duration_ns}};
  if (!model.tried.empty()) json["error"] = error_json(model.tried);
  if (model.written_measured) json["written_from"] = model.written_threshold;
  Json threads = Json::array(), sizes = Json::array(), phases = Json::array();
  Json handovers = Json::array(), pauses = Json::array(), giants = Json::array();
  for (const Thread& thread : model.threads) {
    threads.push_back({thread.creator, thread.start, thread.end});
  }
  for (const Sizes& one : model.sizes) sizes.push_back(json_of(one));
  for (const Phase& phase : model.phases) phases.push_back(json_of(phase));
  for (const Handover& one : model.handovers) {
    handovers.push_back({one.maker, one.freer, one.soon, one.later});
  }
  for (const Pause& pause : model.pauses) pauses.push_back({pause.position, pause.ns});
  for (const Giant& giant : model.giants) giants.push_back(json_of(giant));
  json["threads"] = threads;
  json["sizes"] = sizes;
  json["phases"] = phases;
  json["handovers"] = handovers;
  json["pauses"] = pauses;
  json["giants"] = giants;
  return lines_of(json);
}

Expected<Model> from_json(std::string_view text, const std::string& name) {
  const Json root = Json::parse(text, nullptr, false);
  if (root.is_discarded()) return fail(ErrorCode::bad_input, name + " is not valid JSON", kHint);
  const auto version = root.is_object() ? root.find("heapwise_fit") : root.end();
  if (!root.is_object() || version == root.end()) {
    return fail(ErrorCode::bad_input, name + " is JSON, but no fitted workload", kHint);
  }
  if (*version != kVersion) {
    return fail(ErrorCode::unsupported,
                name + " is a fitted workload of version " + version->dump() +
                    "; this heapwise knows version " + std::to_string(kVersion),
                "use the heapwise that wrote it, or fit the trace again");
  }
  Reader reader;
  Model model = ModelReader(reader).read(root);
  if (!reader.error().empty()) {
    return fail(ErrorCode::bad_input, name + ": " + reader.error(), kHint);
  }
  return model;
}

}  // namespace heapwise::fit
