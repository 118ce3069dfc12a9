// SPDX-License-Identifier: MIT
#include "results/report/html_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "results/report/escape.h"

namespace heapwise {
namespace {

using ColumnFigure = std::optional<Interval> (*)(const WorkloadView&, const Summary&);

struct Column {
  const char* heading;
  ColumnFigure figure;
  bool bytes;  ///< shown in the unit of the table
};

template <auto kMember>
std::optional<Interval> member_of(const WorkloadView& /*view*/, const Summary& row) {
  return row.*kMember;
}

/// Wall time has a column of its own where another time is compared, latency where there is any.
std::vector<Column> columns_of(const WorkloadView& view) {
  std::vector<Column> columns = {
      {"peak RSS", member_of<&Summary::peak_rss_bytes>, true},
      {"÷ live", member_of<&Summary::fragmentation_peak>, false},
      {"mean RSS", member_of<&Summary::mean_rss_bytes>, true},
      {"÷ live", member_of<&Summary::fragmentation_mean>, false},
      {"end RSS", member_of<&Summary::end_rss_bytes>, true},
      {"1 s on", member_of<&Summary::drained_1s_rss_bytes>, true},
      {"10 s on", member_of<&Summary::drained_10s_rss_bytes>, true},
      {time_heading(view.time), shown_time, false},
  };
  if (view.time.all_threads) {
    columns.push_back({"wall ns/op", member_of<&Summary::ns_per_operation>, false});
  }
  if (has_latency(view)) {
    columns.push_back({"p99.9, ns", member_of<&Summary::latency_p999_ns>, false});
  }
  return columns;
}

/// The least of a column; below two rows nothing is the best of anything.
std::optional<double> best_of(const WorkloadView& view, const Column& column) {
  std::optional<double> best;
  unsigned measured = 0;
  for (const Summary* row : view.rows) {
    const auto figure = column.figure(view, *row);
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

std::string heading_row(const std::vector<Column>& columns) {
  std::string row = "<tr>" + heading("allocator");
  for (const Column& column : columns) row += heading(column.heading);
  return row + heading("runs") + "</tr>\n";
}

std::string live_row(const WorkloadView& view, const std::vector<Column>& columns) {
  if (view.info == nullptr) return {};
  const double unit = view.unit.bytes;
  std::string rest;
  for (std::size_t cells = 5; cells < columns.size() + 1; ++cells) rest += "<td></td>";
  return fmt::format(
      "<tr class=\"live\"><td>live</td><td>{}</td><td></td><td>{}</td><td></td>"
      "<td>{}</td>{}</tr>\n",
      format_number(static_cast<double>(view.info->peak_live_bytes) / unit),
      format_number(view.info->mean_live_bytes / unit),
      format_number(static_cast<double>(view.info->end_live_bytes) / unit), rest);
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

std::string allocator_row(const WorkloadView& view, const Series& one,
                          const std::vector<Column>& columns) {
  const Summary& row = *one.summary;
  const std::string failure = escape_html(describe_failure(row));
  std::string text = "<tr>" + name_cell(one);
  const bool measured = std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
    return column.figure(view, row).has_value();
  });
  if (!measured) {
    return text + fmt::format("<td class=\"failure\" data-value=\"\" colspan=\"{}\">{}</td></tr>\n",
                              columns.size() + 1, failure.empty() ? "not measured" : failure);
  }
  for (const Column& column : columns) {
    const auto figure = column.figure(view, row);
    const bool best = figure && best_of(view, column) == figure->median;
    text += cell(figure, column.bytes ? view.unit.bytes : 1, best, row.repetitions >= 3);
  }
  return text +
         fmt::format("<td data-value=\"{0}\">{0}{1}</td></tr>\n", row.repetitions,
                     failure.empty() ? "" : "<small class=\"failure\">" + failure + "</small>");
}

}  // namespace

std::string html_table(const WorkloadView& view, const std::vector<Series>& series) {
  const std::vector<Column> columns = columns_of(view);
  const std::string time = describe_time(view);
  std::string text = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Figures of every "
      "allocator\"><table>\n<caption>RSS in {}, medians with the 95 % interval below; bold is the "
      "least of a column. “10 s on” is after so much idling behind the end.{}</caption>\n<thead>",
      view.unit.name,
      time.empty() ? "" : fmt::format(" “{}” is {}.", time_heading(view.time), time));
  text += heading_row(columns) + live_row(view, columns) + "</thead>\n<tbody>\n";
  for (const Series& one : series) text += allocator_row(view, one, columns);
  return text + "</tbody></table></div>\n";
}

}  // namespace heapwise
