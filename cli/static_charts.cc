// SPDX-License-Identifier: MIT
#include "cli/static_charts.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "bench/session/process.h"
#include "cli/measure.h"
#include "results/report/static_charts.h"

namespace heapwise::cli {
namespace {

std::string on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = fmt::format("{}/{}", folder, program);
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

Expected<std::string> find_program(const std::vector<std::string>& names,
                                   const std::string& package, const std::string& what_for) {
  for (const std::string& name : names) {
    if (std::string path = on_path(name); !path.empty()) return path;
  }
  return fail(ErrorCode::unsupported, names.front() + " is missing, which draws " + what_for,
              "apt-get install " + package);
}

Expected<void> run_tool(std::vector<std::string> command) {
  const std::string tool = command.front();
  const char* path = std::getenv("PATH");
  const ProcessCall call{
      std::move(command), {{"PATH", path == nullptr ? "" : path}, {"HOME", "/tmp"}}, 300};
  const auto end = run_process(call);
  if (!end) return tl::make_unexpected(end.error());
  if (end->status == RunStatus::ok && end->exit_code == 0) return {};
  return fail(ErrorCode::unsupported,
              fmt::format("{} failed: {}\n{}", tool, end->detail, end->output),
              "the report itself draws the charts too: heapwise report RESULT -o report.html");
}

Expected<void> make_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) {
    return fail(ErrorCode::io, fmt::format("cannot make {}: {}", folder, failed.message()));
  }
  return {};
}

Expected<void> draw(const std::vector<ChartFile>& files, const std::string& folder) {
  const auto node = find_program({"node", "nodejs"}, "nodejs", "charts without a browser");
  if (!node) return tl::make_unexpected(node.error());
  auto place = TemporaryDirectory::make();
  if (!place) return tl::make_unexpected(place.error());
  const std::string script = place->path() + "/draw.mjs", libraries = place->path() + "/report.js",
                    list = place->path() + "/charts.json";
  const std::pair<const std::string&, std::string> parts[] = {
      {script, drawing_script()}, {libraries, drawing_libraries()}, {list, chart_list(files)}};
  for (const auto& [path, content] : parts) {
    if (auto written = write_file(path, content, true); !written) return written;
  }
  return run_tool({*node, script, libraries, list, folder});
}

Expected<std::vector<std::string>> free_paths(const std::vector<ChartFile>& files,
                                              const std::string& folder, const char* ending,
                                              bool force) {
  if (auto made = make_folder(folder); !made) return tl::make_unexpected(made.error());
  std::vector<std::string> paths;
  for (const ChartFile& file : files) {
    paths.push_back(folder + "/" + file.name + ending);
    if (auto place = check_replaceable(paths.back(), force); !place) {
      return tl::make_unexpected(place.error());
    }
  }
  return paths;
}

}  // namespace

Expected<std::vector<std::string>> draw_svg(const std::vector<Result>& results,
                                            const std::string& folder, bool force) {
  const std::vector<ChartFile> files = chart_files(results);
  auto paths = free_paths(files, folder, ".svg", force);
  if (!paths) return paths;
  if (auto drawn = draw(files, folder); !drawn) return tl::make_unexpected(drawn.error());
  return paths;
}

Expected<std::vector<std::string>> draw_png(const std::vector<Result>& results,
                                            const std::string& folder, bool force) {
  const auto converter = find_program({"rsvg-convert"}, "librsvg2-bin", "PNG pictures");
  if (!converter) return tl::make_unexpected(converter.error());
  const std::vector<ChartFile> files = chart_files(results);
  auto paths = free_paths(files, folder, ".png", force);
  if (!paths) return paths;
  auto place = TemporaryDirectory::make();
  if (!place) return tl::make_unexpected(place.error());
  if (auto drawn = draw(files, place->path()); !drawn) return tl::make_unexpected(drawn.error());
  for (std::size_t index = 0; index < files.size(); ++index) {
    const std::string drawn = place->path() + "/" + files[index].name;
    auto done = run_tool({*converter, "--zoom", "2", "--output", drawn + ".png", drawn + ".svg"});
    if (!done) return tl::make_unexpected(done.error());
    const auto picture = read_file(drawn + ".png");
    if (!picture) return tl::make_unexpected(picture.error());
    if (auto placed = write_file((*paths)[index], *picture, force); !placed) {
      return tl::make_unexpected(placed.error());
    }
  }
  return paths;
}

}  // namespace heapwise::cli
