// SPDX-License-Identifier: MIT
#include "results/report/matrix_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "results/difference.h"
#include "results/regret.h"
#include "results/report/escape.h"
#include "results/summarize.h"

namespace heapwise {
namespace {

struct Figure {
  const char* name;
  const char* button;
  std::optional<RegretCell> Regret::*regret;
  bool bytes;
};
constexpr std::array<Figure, 3> kFigures = {{
    {"memory", "Memory", &Regret::memory, true},
    {"speed", "Time", &Regret::speed, false},
    {"latency", "Latency", &Regret::latency, false},
}};

constexpr std::size_t kNarrowColumns = 7;

using AllocatorColumn = std::pair<std::string, std::string>;

std::vector<AllocatorColumn> columns_of(const std::vector<WorkloadView>& views) {
  std::vector<AllocatorColumn> columns;
  for (const WorkloadView& view : views) {
    for (const Summary* row : view.rows) {
      const AllocatorColumn column{row->allocator, row->tuning};
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
        columns.push_back(column);
      }
    }
  }
  std::stable_sort(columns.begin(), columns.end(),
                   [](const AllocatorColumn& left, const AllocatorColumn& right) {
                     const auto rank = [](const AllocatorColumn& one) {
                       return std::tuple(one.first != "glibc", one.first, one.second != "default",
                                         one.second);
                     };
                     return rank(left) < rank(right);
                   });
  return columns;
}

std::optional<double> figure_of(const WorkloadView& view, const Summary& row,
                                const Figure& figure) {
  const auto interval = figure.bytes                      ? memory_cost(row)
                        : figure.regret == &Regret::speed ? shown_time(view, row)
                                                          : row.latency_p999_ns;
  return interval ? std::optional(interval->median) : std::nullopt;
}

/// Shades go by what a regret means, not by the worst of the table: 0 is the best or the same.
int shade_of(const RegretCell& cell) {
  if (cell.standing == "best" || cell.standing == "same") return 0;
  if (cell.percent < 10) return 1;
  if (cell.percent < 25) return 2;
  return cell.percent < 60 ? 3 : 4;
}

std::string regret_text(const RegretCell& cell) {
  if (cell.standing == "best") return "best";
  return (cell.percent < 0 ? "−" : "+") + format_percent(cell.percent) +
         (cell.standing == "unclear" ? " ?" : "");
}

class Matrix {
 public:
  Matrix(const std::vector<Regret>& regrets, const std::vector<WorkloadView>& views, unsigned first)
      : views_(views), columns_(columns_of(views)), first_(first) {
    for (const Regret& one : regrets) {
      regrets_[{one.workload, one.allocator, one.tuning}] = &one;
    }
  }

  bool has(const Figure& figure) const {
    return columns_.size() > 1 &&
           std::any_of(regrets_.begin(), regrets_.end(), [&figure](const auto& one) {
             return (one.second->*figure.regret).has_value();
           });
  }

  std::string table(const Figure& figure, bool shown) const {
    std::string text = fmt::format(
        "<div class=\"scroll matrix-scroll\" data-matrix=\"{}\"{} tabindex=\"0\" role=\"region\" "
        "aria-label=\"{} of every allocator on every workload\"><table class=\"matrix{}\">\n"
        "<caption>{}; below, by how much it is above the least of the row. The stronger the shade, "
        "the worse; "
        "“?”: within the noise, or recordings disagree.</caption>\n<thead><tr><th "
        "scope=\"col\">workload</th>",
        figure.name, shown ? "" : " hidden", figure.button,
        columns_.size() > kNarrowColumns ? " narrow" : "", caption_of(figure));
    for (const AllocatorColumn& column : columns_) {
      text +=
          fmt::format("<th scope=\"col\"><button class=\"sort\" type=\"button\">{}</button></th>",
                      escape_html(display_name(column.first, column.second)));
    }
    text += "</tr></thead>\n<tbody>\n";
    for (std::size_t row = 0; row < views_.size(); ++row) {
      text +=
          fmt::format("<tr><th scope=\"row\"><a href=\"#w{}\">{}</a>{}</th>", first_ + row,
                      escape_html(views_[row].name),
                      figure.bytes ? fmt::format(" <small>{}</small>", views_[row].unit.name) : "");
      for (const AllocatorColumn& column : columns_) text += cell(views_[row], column, figure);
      text += "</tr>\n";
    }
    return text + "</tbody></table></div>\n";
  }

 private:
  static const char* caption_of(const Figure& figure) {
    if (figure.bytes) return "Mean of peak, mean and end RSS";
    return figure.regret == &Regret::speed
               ? "Nanoseconds per operation in the allocator, as they are compared"
               : "99.9th percentile of a call, in nanoseconds";
  }

  std::string cell(const WorkloadView& view, const AllocatorColumn& column,
                   const Figure& figure) const {
    const auto known = regrets_.find({view.name, column.first, column.second});
    if (known == regrets_.end()) return "<td data-value=\"\">–</td>";
    const Regret& regret = *known->second;
    if (!regret.failure.empty()) {
      return fmt::format("<td class=\"failure\" data-value=\"\" title=\"{}\">failed</td>",
                         escape_html(regret.failure));
    }
    const auto& standing = regret.*figure.regret;
    std::optional<double> value;
    for (const Summary* row : view.rows) {
      if (row->allocator == column.first && row->tuning == column.second) {
        value = figure_of(view, *row, figure);
      }
    }
    if (!standing || !value) return "<td data-value=\"\">–</td>";
    return fmt::format("<td class=\"r{}\" data-value=\"{}\">{}<small>{}</small></td>",
                       shade_of(*standing), standing->percent,
                       format_number(*value / (figure.bytes ? view.unit.bytes : 1)),
                       regret_text(*standing));
  }

  const std::vector<WorkloadView>& views_;
  std::vector<AllocatorColumn> columns_;
  std::map<std::tuple<std::string, std::string, std::string>, const Regret*> regrets_;
  unsigned first_;
};

}  // namespace

std::string html_matrix(const Result& result, const std::vector<WorkloadView>& views,
                        unsigned first_section) {
  // Made anew: those of a file may be an older heapwise's, which chose by another time.
  const std::vector<Regret> regrets = regrets_of(result.summary, result.workloads);
  const Matrix matrix(regrets, views, first_section);
  std::string buttons, tables;
  for (const Figure& figure : kFigures) {
    if (!matrix.has(figure)) continue;
    const bool first = tables.empty();
    buttons += fmt::format(
        "<button class=\"choose\" type=\"button\" aria-pressed=\"{}\" data-choose=\"{}\">{}"
        "</button>\n",
        first ? "true" : "false", figure.name, figure.button);
    tables += matrix.table(figure, first);
  }
  if (tables.empty()) return {};
  return "<div class=\"matrices\">\n<div class=\"chips\" role=\"group\" aria-label=\"Figure to "
         "show\">\n" +
         buttons + "</div>\n" + tables + "</div>\n";
}

}  // namespace heapwise
