// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/files.h"
#include "cli/places.h"
#include "cli/trace_verbs.h"
#include "cli/version.h"

namespace heapwise::cli {
namespace {

using Json = nlohmann::ordered_json;

struct InfoVerb {
  std::vector<std::string> files;
  std::string json;
  bool force = false;
};

Json facts_json(const std::vector<std::pair<std::string, std::string>>& facts) {
  Json json = Json::object();
  for (const auto& [key, value] : facts) {
    if (!json.contains(key)) json[key] = value;
  }
  return json;
}

Json histogram_json(const Histogram& histogram) {
  Json buckets = Json::array();
  for (std::size_t i = 0; i < histogram.count.size(); ++i) {
    if (histogram.count[i] == 0) continue;
    buckets.push_back({{"low", Histogram::low(i)},
                       {"high", Histogram::high(i)},
                       {"objects", histogram.count[i]},
                       {"sum", histogram.sum[i]}});
  }
  return buckets;
}

Json residency_json(const std::vector<ResidencySample>& samples) {
  Json json = Json::array();
  for (const ResidencySample& sample : samples) {
    json.push_back({{"time_s", static_cast<double>(sample.time_ns) / 1e9},
                    {"rss_anon_bytes", sample.rss_anon_bytes},
                    {"rss_total_bytes", sample.rss_total_bytes}});
  }
  return json;
}

Json damage_json(const std::optional<TraceDamage>& damage) {
  if (!damage) return nullptr;
  return {
      {"what", damage->what}, {"offset", damage->offset}, {"missing_bytes", damage->missing_bytes}};
}

void put_profile(Json& json, const TraceProfile& p) {
  json["operations"] = p.operations;
  json["allocations"] = p.allocations;
  json["callocs"] = p.callocs;
  json["aligned"] = p.aligned;
  json["reallocations"] = p.reallocations;
  json["frees"] = p.frees;
  json["freed_elsewhere"] = p.freed_elsewhere;
  json["threads"] = p.threads;
  json["duration_s"] = static_cast<double>(p.duration_ns) / 1e9;
  json["allocated_bytes"] = p.allocated_bytes;
  json["peak_live_bytes"] = p.peak_live_bytes;
  json["mean_live_bytes"] = p.mean_live_bytes;
  json["end_live_bytes"] = p.end_live_bytes;
  json["peak_live_objects"] = p.peak_live_objects;
  json["end_live_objects"] = p.end_live_objects;
  json["exit_begin_s"] = nullptr;
  if (p.exit_begin_ns) json["exit_begin_s"] = static_cast<double>(*p.exit_begin_ns) / 1e9;
  json["sizes"] = histogram_json(p.sizes);
  json["lifetimes_ns"] = histogram_json(p.lifetimes_ns);
}

Json trace_json(const ReadTrace& trace) {
  const TraceReader& reader = trace.reader;
  Json json;
  json["path"] = reader.path();
  json["name"] = reader.info().name;
  json["source"] = to_string(reader.info().source);
  json["command"] = reader.info().command;
  json["capabilities"] = capability_names(reader.capabilities());
  json["facts"] = facts_json(reader.info().facts);
  json["end_facts"] = facts_json(reader.totals().facts);
  json["dropped_events"] = reader.totals().dropped_events;
  json["damage"] = damage_json(reader.damage());
  put_profile(json, trace.profile);
  json["recorded_rss"] = residency_json(reader.residency());
  return json;
}

/// Adds one trace to the page that is printed and to the document.
Expected<void> add(const InfoVerb& verb, const std::string& path, std::string& pages,
                   Json& document) {
  const auto trace = read_trace(path);
  if (!trace) return tl::make_unexpected(trace.error());
  if (verb.json != "-") pages += trace_page(*trace) + "\n";
  if (!verb.json.empty()) document["traces"].push_back(trace_json(*trace));
  return {};
}

int run(const InfoVerb& verb) {
  if (auto good = check_places({verb.json}, verb.force, verb.files); !good) {
    return report_error(good.error());
  }
  int exit_code = kFine;
  std::string pages;
  Json document = {
      {"schema_version", 1}, {"heapwise_version", HEAPWISE_VERSION}, {"traces", Json::array()}};
  for (const std::string& path : verb.files) {
    auto added = add(verb, path, pages, document);
    if (!added) exit_code = report_error(added.error());
  }
  if (!verb.json.empty()) {
    // A trace holds bytes as the system gave them; JSON wants UTF-8.
    const std::string text = document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    if (auto written = write_file(verb.json, text, verb.force); !written) {
      return report_error(written.error());
    }
  }
  fmt::print("{}", pages);
  if (exit_code == kFine && verb.json != "-") {
    fmt::print("Next: {} measures it on every allocator.\n",
               next_command({"replay", verb.files.front()}));
  }
  return exit_code;
}

}  // namespace

void add_trace_info(const Command& trace, Outcome& outcome) {
  auto verb = std::make_shared<InfoVerb>();
  const Command app = trace.add_command(
      "info",
      "Say what is in a trace: where it comes from, how many calls, how much memory is live, which "
      "sizes and lifetimes the objects have.");
  app.footer(
      "Example: heapwise trace info redis.hwt\n"
      "A damaged trace is shown as far as it can be read, with a warning.");
  app.add_option("FILE", verb->files, "Traces (.hwt)").required();
  app.add_option("--json", verb->json, "Write all figures to this file as JSON; - for stdout");
  app.add_flag("--force", verb->force, "Replace the JSON file if it exists");
  app.callback([verb, &outcome] { outcome.exit_code = run(*verb); });
}

}  // namespace heapwise::cli
