// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/deployments.h"
#include "cli/places.h"
#include "cli/static_charts.h"
#include "cli/verb.h"
#include "results/json.h"
#include "results/recommend.h"
#include "results/report/formats.h"
#include "results/report/html.h"
#include "results/report/markdown.h"
#include "results/store.h"
#include "results/summarize.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

struct ReportVerb {
  std::vector<std::string> results;
  std::string output;
  std::string markdown, csv, google_benchmark, prometheus, figures;
  std::string svg, png;  ///< folders
  bool force = false;
};

/// A result from a file, with the summary and the verdicts that another tool may have left out.
Expected<Result> load_complete(const std::string& path) {
  auto result = load_result(path);
  if (!result) return result;
  if (result->summary.empty()) result->summary = summarize(result->runs);
  if (result->recommendations.empty()) {
    result->recommendations = recommend_objectives(*result, deployments_of(*result));
  }
  return result;
}

/// A night's samples are a hundred times the size of its figures, and nothing that looks at many
/// nights asks for them.
Result without_samples(Result result) {
  for (Run& run : result.runs) run.samples.clear();
  for (Run& run : result.real_runs) run.samples.clear();
  for (WorkloadInfo& workload : result.workloads) workload.recorded_rss.clear();
  return result;
}

/// Every file that was asked for, with what goes into it.
std::vector<std::pair<std::string, std::string>> texts_of(const ReportVerb& verb,
                                                          const std::vector<Result>& results) {
  std::vector<std::pair<std::string, std::string>> texts;
  const auto add = [&texts](const std::string& path, auto make) {
    if (!path.empty()) texts.emplace_back(path, make());
  };
  add(verb.markdown, [&] {
    std::string text;
    for (const Result& result : results) text += markdown_report(result);
    return text;
  });
  add(verb.csv, [&] { return csv_runs(results); });
  add(verb.google_benchmark, [&] { return google_benchmark_json(results.front()); });
  add(verb.prometheus, [&] { return prometheus_text(results); });
  add(verb.figures, [&] { return to_json(without_samples(results.front())); });
  add(verb.output, [&] { return html_report(results); });
  return texts;
}

Expected<std::vector<std::string>> draw(const ReportVerb& verb,
                                        const std::vector<Result>& results) {
  std::vector<std::string> drawn;
  if (!verb.svg.empty()) {
    auto paths = draw_svg(results, verb.svg, verb.force);
    if (!paths) return paths;
    drawn = *std::move(paths);
  }
  if (!verb.png.empty()) {
    auto paths = draw_png(results, verb.png, verb.force);
    if (!paths) return paths;
    drawn.insert(drawn.end(), paths->begin(), paths->end());
  }
  return drawn;
}

Expected<void> check(const ReportVerb& verb) {
  const std::vector<std::string> files = {verb.output,           verb.markdown,   verb.csv,
                                          verb.google_benchmark, verb.prometheus, verb.figures};
  const bool wanted = std::any_of(files.begin(), files.end(),
                                  [](const std::string& file) { return !file.empty(); });
  if (!wanted && verb.svg.empty() && verb.png.empty()) {
    return fail(ErrorCode::usage, "there is nothing to write",
                "give -o report.html, or another form: heapwise report --help");
  }
  if (auto good = check_places(files, verb.force, verb.results); !good) return good;
  if (verb.results.size() > 1 && !(verb.google_benchmark.empty() && verb.figures.empty())) {
    return fail(ErrorCode::usage,
                "--google-benchmark and --figures write one machine and one session to a file",
                "give one result at a time");
  }
  return {};
}

Expected<void> run(const ReportVerb& verb) {
  if (auto fine = check(verb); !fine) return fine;
  std::vector<Result> results;
  for (const std::string& path : verb.results) {
    auto result = load_complete(path);
    if (!result) return tl::make_unexpected(result.error());
    results.push_back(*std::move(result));
  }
  bool quiet = false;
  for (const auto& [path, text] : texts_of(verb, results)) {
    if (auto written = write_file(path, text, verb.force); !written) return written;
    quiet = quiet || path == "-";
  }
  const auto drawn = draw(verb, results);
  if (!drawn) return tl::make_unexpected(drawn.error());
  if (quiet) return {};
  if (!drawn->empty()) {
    fmt::print("{} charts drawn, the first is {}\n", drawn->size(), drawn->front());
  }
  if (!verb.output.empty()) fmt::print("Next: open {} in a browser.\n", shell_quoted(verb.output));
  return {};
}

}  // namespace

void add_report(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<ReportVerb>();
  const Command app = root.add_command(
      "report",
      "Write the report of one or more results again: one HTML file with verdicts, charts and "
      "tables that needs no network. Or draw the charts into files, or write the figures for other "
      "tools.\n"
      "Example: heapwise report redis.json sqlite.json -o report.html --png charts");
  app.add_option("RESULT", verb->results, "Results (JSON)").required();
  app.add_option("-o,--output", verb->output, "The HTML file to write, or - for stdout");
  app.add_option("--markdown", verb->markdown,
                 "Write tables and verdicts as Markdown, for a pull request");
  app.add_option("--svg", verb->svg, "Draw the charts into this folder as SVG (needs Node.js)");
  app.add_option("--png", verb->png,
                 "Draw them as PNG (needs Node.js and rsvg-convert of librsvg2-bin)");
  app.add_option("--csv", verb->csv, "Write a row for each run, for spreadsheets");
  app.add_option("--google-benchmark", verb->google_benchmark,
                 "Write Google Benchmark's JSON, for its compare.py and for dashboards");
  app.add_option("--prometheus", verb->prometheus,
                 "Write Prometheus' text format, for its textfile collector");
  app.add_option("--figures", verb->figures,
                 "Write the result without its samples over time, a small part of the size: enough "
                 "for recommend, compare and trend");
  app.add_flag("--force", verb->force, "Replace existing files");
  app.callback([verb, &outcome] {
    if (auto done = run(*verb); !done) outcome.exit_code = report_error(done.error());
  });
}

}  // namespace heapwise::cli
