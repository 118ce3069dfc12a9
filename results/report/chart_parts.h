// SPDX-License-Identifier: MIT
// Pieces of Vega-Lite specifications that both charts are made of.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "results/report/charts.h"

namespace heapwise::parts {

using Json = nlohmann::json;

/// Three decimals of a figure are below a pixel; more only make the file larger.
double rounded(double value);

/// Rows of data as a specification holds them.
Json values(Json rows);

/// An encoding by a number.
Json quantity(const char* field);

/// An encoding by the field "series" in the colours of the series.
Json colour_scale(const std::vector<Series>& series);

/// An encoding of text by the field "ink", which holds its colour.
Json ink();

/// An encoding by "series" of what tells an allocator's tunings apart: dashes of lines, or shapes.
Json dash_scale(const std::vector<Series>& series);
Json shape_scale(const std::vector<Series>& series);

/// With more series than this there is no room for their names beside what is drawn.
constexpr std::size_t kMostNames = 10;

/// Names short enough for a chart, one for each series, and no two the same.
std::vector<std::string> short_names(const std::vector<Series>& series, std::size_t columns);

/// An expression that yields each of these names cut for a label, or nothing where all are short.
std::string label_expression(const std::vector<std::string>& names, std::size_t columns);

/// An axis with a row for each series, whose names stay apart when they are cut.
Json series_axis(const std::vector<Series>& series);

/// The transform that leaves out what the buttons above the chart put into `hidden`.
Json unless_hidden();

/// The outside of a chart that is as wide as the page allows, with the parameter `hidden`.
Json frame(int height);

/// The same for a chart with a row for each series, high enough for their names.
Json row_frame(std::size_t rows);

}  // namespace heapwise::parts
