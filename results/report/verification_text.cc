// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "results/report/text.h"
#include "results/report/verification_view.h"
#include "results/summarize.h"
#include "results/units.h"
#include "results/verification.h"

namespace heapwise {
namespace {

constexpr std::size_t kNameColumns = 19;
constexpr std::size_t kFigureColumns = 6;

ByteUnit unit_of(const std::vector<Verification>& rows) {
  std::uint64_t largest = 0;
  for (const Verification& row : rows) {
    largest = std::max(
        {largest, row.real_peak_rss_bytes.value_or(0), row.predicted_peak_rss_bytes.value_or(0)});
  }
  return byte_unit(static_cast<double>(largest));
}

std::string number(const std::optional<std::uint64_t>& bytes, double unit) {
  return bytes ? format_number(static_cast<double>(*bytes) / unit) : kNothing;
}

std::string line_of(const std::string& name, const std::string& figure,
                    const std::vector<std::string>& cells) {
  std::string line = "  " + pad_right(name, kNameColumns) + pad_right(figure, kFigureColumns);
  for (const std::string& cell : cells) line += pad_left(cell, 10);
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::vector<std::string> verified_names(const std::vector<Verification>& rows) {
  std::vector<std::string> names;
  names.reserve(rows.size());
  for (const Verification& row : rows) {
    names.push_back(printable(display_name(row.allocator, row.tuning)));
  }
  return distinct_names(names, kNameColumns - 1);
}

std::string row_text(const Verification& row, std::string name, double unit, std::size_t columns) {
  std::string text = take_wide_name(name, kNameColumns - 1);
  for (const VerifiedFigure& figure : verified_figures(row)) {
    const std::string noise =
        figure.noise_percent ? "± " + format_percent(*figure.noise_percent) : "";
    text += line_of(name, figure.name,
                    {number(figure.predicted, unit), number(figure.real, unit),
                     signed_percent(figure.error_percent), noise});
    name.clear();
  }
  if (const auto cpu = verified_cpu(row)) {
    text += line_of(name, "CPU", {cpu->predicted, cpu->real, "", cpu->noise});
  }
  const std::string failures = describe_real_failures(row);
  if (failures.empty()) return text;
  const std::string indent(kNameColumns + 2, ' ');
  return text + wrap(printable(failures), columns, indent, indent);
}

/// Whether the real runs leave room for the change in CPU time that was predicted.
bool allows_prediction(const Verification& row) {
  return row.predicted_cpu_change_percent && row.cpu_change_low_percent &&
         row.cpu_change_high_percent &&
         *row.cpu_change_low_percent <= *row.predicted_cpu_change_percent &&
         *row.predicted_cpu_change_percent <= *row.cpu_change_high_percent;
}

}  // namespace

std::vector<VerifiedFigure> verified_figures(const Verification& row) {
  return {{"peak", row.predicted_peak_rss_bytes, row.real_peak_rss_bytes, row.error_percent,
           row.noise_percent},
          {"mean", row.predicted_mean_rss_bytes, row.real_mean_rss_bytes, row.mean_error_percent,
           row.mean_noise_percent},
          {"end", row.predicted_end_rss_bytes, row.real_end_rss_bytes, row.end_error_percent,
           row.end_noise_percent}};
}

std::optional<VerifiedCpu> verified_cpu(const Verification& row) {
  if (!row.real_cpu_s) return std::nullopt;
  const auto plus_minus = [](double percent) { return "± " + format_percent(percent); };
  if (!row.cpu_change_percent) {
    return VerifiedCpu{kNothing, format_seconds(*row.real_cpu_s),
                       row.real_cpu_noise_percent ? plus_minus(*row.real_cpu_noise_percent) : ""};
  }
  return VerifiedCpu{row.predicted_speed.empty() ? kNothing : row.predicted_speed,
                     signed_percent(row.cpu_change_percent),
                     plus_minus((*row.cpu_change_high_percent - *row.cpu_change_low_percent) / 2)};
}

std::string signed_percent(const std::optional<double>& percent) {
  if (!percent) return {};
  return (*percent < 0 ? "−" : "+") + format_percent(*percent);
}

std::string describe_real_failures(const Verification& row) {
  if (row.failures == 0) return row.real_runs == 0 ? row.failure : std::string();
  return fmt::format("{} of {} real runs failed, {}", row.failures, row.failures + row.real_runs,
                     row.failure);
}

std::string describe_check(const std::vector<Verification>& rows) {
  std::size_t checked = 0;
  std::string failed;
  for (const Verification& row : rows) {
    if (row.check != "not-checked") ++checked;
    if (row.check != "failed") continue;
    failed +=
        fmt::format("{}{} ({})", failed.empty() ? "" : ", ",
                    display_name(row.allocator, row.tuning), signed_percent(row.error_percent));
  }
  if (checked == 0)
    return "No prediction could be checked: no real run ended well, or most memory is not the heap";
  if (failed.empty()) {
    const std::string part =
        checked == rows.size()
            ? ""
            : fmt::format(" that could be checked ({} of {})", checked, rows.size());
    return fmt::format(
        "Every predicted peak{} is within the program's own noise + {} % of the real one", part,
        kVerifyAllowedPercent);
  }
  return fmt::format("Predicted peaks off by more than the program's own noise + {} %: {}",
                     kVerifyAllowedPercent, failed);
}

std::string describe_speed(const std::vector<Verification>& rows) {
  std::string right, open, wrong;
  for (const Verification& row : rows) {
    if (row.real_speed.empty() || row.predicted_speed.empty()) continue;
    const std::string name = display_name(row.allocator, row.tuning);
    if (row.real_speed == row.predicted_speed) {
      right += (right.empty() ? "" : ", ") + name;
    } else if (row.real_speed == "same" && allows_prediction(row)) {
      open +=
          fmt::format("{}{} (predicted: {})", open.empty() ? "" : ", ", name, row.predicted_speed);
    } else {
      wrong += fmt::format("; {} is {} (predicted: {})", name, row.real_speed, row.predicted_speed);
    }
  }
  if (!open.empty()) open = "; the real runs scatter too much to tell for " + open;
  if (right.empty() && open.empty() && wrong.empty()) return {};
  const std::string begin = "CPU time against glibc's default";
  if (right.empty()) return begin + ":" + (open + wrong).substr(1);
  return fmt::format("{} is as predicted under {}{}{}", begin, right, open, wrong);
}

std::vector<std::string> verification_sentences(const Result& result) {
  std::vector<std::string> sentences{describe_check(result.verification)};
  std::string speed = describe_speed(result.verification);
  if (!speed.empty()) sentences.push_back(std::move(speed));
  if (!result.workloads.empty() && result.workloads.front().recording_slowdown) {
    sentences.push_back(fmt::format("Recording took {:.2f} times as long as a run without it",
                                    *result.workloads.front().recording_slowdown));
  }
  if (result.agreement) {
    const std::vector<std::string>& more = result.agreement->sentences;
    sentences.insert(sentences.end(), more.begin(), more.end());
  }
  return sentences;
}

std::string verification_text(const Result& result, std::size_t columns) {
  if (result.verification.empty()) return {};
  const ByteUnit unit = unit_of(result.verification);
  std::string text = "Predicted and real\n" + line_of(fmt::format("heap RSS, {}", unit.name), "",
                                                      {"predicted", "real", "error", "noise"});
  const std::vector<std::string> names = verified_names(result.verification);
  for (std::size_t index = 0; index < names.size(); ++index) {
    text += row_text(result.verification[index], names[index], unit.bytes, columns);
  }
  text += "\n";
  for (const std::string& sentence : verification_sentences(result)) {
    text += wrap(printable(sentence) + ".", columns, "  ", "  ");
  }
  return text + "\n";
}

}  // namespace heapwise
