// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "results/result.h"

namespace heapwise {

/// A chart to be drawn into a file of its own.
struct ChartFile {
  std::string name;  ///< of the file, without its ending: "redis-memory"
  std::string spec;  ///< Vega-Lite, as JSON, with all its data
};

/// Every chart of the report, named by workload and kind; each name is fit for a file, and none
/// comes twice.
std::vector<ChartFile> chart_files(const std::vector<Result>& results);

/// What draws them: a script for Node.js, called with the path of drawing_libraries(), a list of
/// {"name", "spec"} as JSON, and a folder. Parts of the program's image.
std::string drawing_script();
std::string drawing_libraries();

/// That list.
std::string chart_list(const std::vector<ChartFile>& files);

}  // namespace heapwise
