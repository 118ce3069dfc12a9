// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/deployments.h"
#include "cli/measure.h"
#include "cli/verb.h"
#include "results/recommend.h"
#include "results/report/html.h"
#include "results/report/markdown.h"
#include "results/store.h"
#include "results/summarize.h"

namespace heapwise::cli {
namespace {

struct ReportVerb {
  std::vector<std::string> results;
  std::string output;
  std::string markdown;
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

Expected<void> write_markdown(const ReportVerb& verb, const std::vector<Result>& results) {
  if (verb.markdown.empty()) return {};
  std::string text;
  for (const Result& result : results) text += markdown_report(result);
  return write_file(verb.markdown, text, verb.force);
}

Expected<void> run(const ReportVerb& verb) {
  for (const std::string& output : {verb.output, verb.markdown}) {
    if (auto place = check_output(output, verb.force); !place) return place;
  }
  std::vector<Result> results;
  for (const std::string& path : verb.results) {
    auto result = load_complete(path);
    if (!result) return tl::make_unexpected(result.error());
    results.push_back(*std::move(result));
  }
  if (auto written = write_markdown(verb, results); !written) return written;
  if (auto written = write_file(verb.output, html_report(results), verb.force); !written) {
    return written;
  }
  if (verb.output != "-" && verb.markdown != "-") {
    fmt::print("Next: open {} in a browser.\n", verb.output);
  }
  return {};
}

}  // namespace

void add_report(CLI::App& root, Outcome& outcome) {
  auto verb = std::make_shared<ReportVerb>();
  CLI::App* app = root.add_subcommand(
      "report",
      "Write the report of one or more results again: one HTML file with verdicts, charts and "
      "tables that needs no network.\n"
      "Example: heapwise report redis.json sqlite.json -o report.html");
  app->add_option("RESULT", verb->results, "Results (JSON)")->required();
  app->add_option("-o,--output", verb->output, "The HTML file to write, or - for stdout")
      ->required();
  app->add_option("--markdown", verb->markdown,
                  "Also write tables and verdicts as Markdown, for a pull request");
  app->add_flag("--force", verb->force, "Replace existing files");
  app->callback([verb, &outcome] {
    if (auto done = run(*verb); !done) outcome.exit_code = report_error(done.error());
  });
}

}  // namespace heapwise::cli
