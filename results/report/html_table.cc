// SPDX-License-Identifier: MIT
#include "results/report/html_table.h"

#include <fmt/format.h>

#include <array>

#include "results/report/escape.h"

namespace heapwise {
namespace {

struct Column {
  const char* heading;
  std::optional<Interval> Summary::*figure;
  bool bytes;  ///< shown in the unit of the table
};

constexpr std::array<Column, 8> kColumns = {{
    {"peak RSS", &Summary::peak_rss_bytes, true},
    {"÷ live", &Summary::fragmentation_peak, false},
    {"mean RSS", &Summary::mean_rss_bytes, true},
    {"÷ live", &Summary::fragmentation_mean, false},
    {"end RSS", &Summary::end_rss_bytes, true},
    {"1 s on", &Summary::drained_1s_rss_bytes, true},
    {"10 s on", &Summary::drained_10s_rss_bytes, true},
    {"ns/op", &Summary::ns_per_operation, false},
}};

/// The least of a column; below two rows nothing is the best of anything.
std::optional<double> best_of(const WorkloadView& view, const Column& column) {
  std::optional<double> best;
  unsigned measured = 0;
  for (const Summary* row : view.rows) {
    const auto& figure = row->*column.figure;
    if (!figure) continue;
    ++measured;
    if (!best || figure->median < *best) best = figure->median;
  }
  return measured > 1 ? best : std::nullopt;
}

std::string cell(const std::optional<Interval>& figure, double unit, bool best, bool spread) {
  if (!figure) return "<td data-value=\"\">–</td>";
  std::string range;
  if (spread) {
    range = fmt::format("<small>{} – {}</small>", format_number(figure->low / unit),
                        format_number(figure->high / unit));
  }
  return fmt::format("<td data-value=\"{}\"{}>{}{}</td>", figure->median,
                     best ? " class=\"best\"" : "", format_number(figure->median / unit), range);
}

std::string heading(const char* text) {
  return fmt::format("<th scope=\"col\"><button class=\"sort\" type=\"button\">{}</button></th>",
                     text);
}

std::string heading_row() {
  std::string row = "<tr>" + heading("allocator");
  for (const Column& column : kColumns) row += heading(column.heading);
  return row + heading("runs") + "</tr>\n";
}

std::string live_row(const WorkloadView& view) {
  if (view.info == nullptr) return {};
  const double unit = view.unit.bytes;
  return fmt::format(
      "<tr class=\"live\"><td>live</td><td>{}</td><td></td><td>{}</td><td></td>"
      "<td>{}</td><td></td><td></td><td></td><td></td></tr>\n",
      format_number(static_cast<double>(view.info->peak_live_bytes) / unit),
      format_number(view.info->mean_live_bytes / unit),
      format_number(static_cast<double>(view.info->end_live_bytes) / unit));
}

std::string name_cell(const Series& one) {
  std::string text =
      fmt::format("<td data-value=\"{0}\"><span class=\"swatch\" style=\"--series:{1}\"></span>{0}",
                  escape_html(one.name), one.colour);
  if (!one.summary->version.empty()) {
    text += fmt::format("<small>{}</small>", escape_html(one.summary->version));
  }
  return text + "</td>";
}

std::string allocator_row(const WorkloadView& view, const Series& one) {
  const Summary& row = *one.summary;
  const std::string failure = escape_html(describe_failure(row));
  std::string text = "<tr>" + name_cell(one);
  if (!row.peak_rss_bytes && !row.ns_per_operation) {
    return text + fmt::format("<td class=\"failure\" data-value=\"\" colspan=\"{}\">{}</td></tr>\n",
                              kColumns.size() + 1, failure.empty() ? "not measured" : failure);
  }
  for (const Column& column : kColumns) {
    const auto& figure = row.*column.figure;
    const bool best = figure && best_of(view, column) == figure->median;
    text += cell(figure, column.bytes ? view.unit.bytes : 1, best, row.repetitions >= 3);
  }
  return text +
         fmt::format("<td data-value=\"{0}\">{0}{1}</td></tr>\n", row.repetitions,
                     failure.empty() ? "" : "<small class=\"failure\">" + failure + "</small>");
}

}  // namespace

std::string html_table(const WorkloadView& view, const std::vector<Series>& series) {
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Figures of every "
      "allocator\"><table>\n<caption>RSS in {}, medians with the 95 % interval below; bold is the "
      "least of a column. “10 s on” is after so much idling behind the end.</caption>\n<thead>",
      view.unit.name);
  text += heading_row() + live_row(view) + "</thead>\n<tbody>\n";
  for (const Series& one : series) text += allocator_row(view, one);
  return text + "</tbody></table></div>\n";
}

}  // namespace heapwise
