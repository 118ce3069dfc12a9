// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "results/result.h"

namespace heapwise::cli {

/// Draws every chart of the report into a folder, which is made where it is missing: as SVG by
/// Node.js, as PNG from that by rsvg-convert. Yields the paths. Fails where either program is
/// missing, and where a file exists and `force` is false.
Expected<std::vector<std::string>> draw_svg(const std::vector<Result>& results,
                                            const std::string& folder, bool force);
Expected<std::vector<std::string>> draw_png(const std::vector<Result>& results,
                                            const std::string& folder, bool force);

}  // namespace heapwise::cli
