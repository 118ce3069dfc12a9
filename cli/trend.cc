// SPDX-License-Identifier: MIT
#include "results/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/places.h"
#include "cli/verb.h"
#include "results/report/text.h"
#include "results/report/trend_html.h"
#include "results/store.h"
#include "results/units.h"

namespace heapwise::cli {
namespace {

constexpr std::size_t kShownSteps = 12;

struct TrendVerb {
  std::string folder, output;
  bool force = false;
};

Expected<std::vector<std::string>> json_files(const std::string& folder) {
  std::error_code failed;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot read {}: {}", folder, failed.message()),
                "give a folder with a result (JSON) for each night");
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// A file that is no result is named and left out: one night that was cut short must not hide the
/// others.
Expected<std::vector<Night>> load_nights(const std::string& folder,
                                         const std::vector<std::string>& files) {
  std::vector<Night> nights;
  for (const std::string& file : files) {
    auto result = load_result(file);
    if (!result) {
      say(fmt::format("heapwise: left out: {}\n", result.error().what));
      continue;
    }
    if (!milliseconds_of(result->created)) {
      say(fmt::format(
          "heapwise: left out: {}: \"created\" is no time like 2026-11-20T22:00:00Z: {}\n", file,
          result->created.empty() ? "empty" : printable(result->created)));
      continue;
    }
    nights.push_back(night_of(*std::move(result), file));
  }
  if (nights.empty()) {
    return fail(ErrorCode::bad_input, folder + " has no result in it",
                "save one each night: heapwise suite --json " + folder + "/$(date +%F).json");
  }
  return nights;
}

Expected<void> run(const TrendVerb& verb) {
  const auto files = json_files(verb.folder);
  if (!files) return tl::make_unexpected(files.error());
  if (auto good = check_places({verb.output}, verb.force, *files); !good) return good;
  auto nights = load_nights(verb.folder, *files);
  if (!nights) return tl::make_unexpected(nights.error());
  const Trend trend = trend_of(*std::move(nights));
  if (auto done = write_file(verb.output, trend_html(trend), verb.force); !done) return done;
  if (verb.output == "-") return {};
  fmt::print("{}\nNext: open {} in a browser.\n", trend_text(trend, kShownSteps),
             shell_quoted(verb.output));
  return {};
}

}  // namespace

void add_trend(const Command& root, Outcome& outcome) {
  auto verb = std::make_shared<TrendVerb>();
  const Command app = root.add_command(
      "trend",
      "Draw the results of many nights over time: one HTML file with memory and time of every "
      "allocator on every workload, with marks where a level changed for good and lines where an "
      "allocator, the kernel or heapwise itself did.\n"
      "Example: heapwise trend results/nightly -o trend.html");
  app.add_option("FOLDER", verb->folder, "A folder with a result (JSON) for each night").required();
  app.add_option("-o,--output", verb->output, "The HTML file to write, or - for stdout").required();
  app.add_flag("--force", verb->force, "Replace an existing file");
  app.callback([verb, &outcome] {
    if (auto done = run(*verb); !done) outcome.exit_code = report_error(done.error());
  });
}

}  // namespace heapwise::cli
