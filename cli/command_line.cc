// SPDX-License-Identifier: MIT
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <utility>

#include "cli/verb.h"

namespace heapwise::cli {
namespace {

/// The parser's own of this kind name the largest double in their message, in 309 digits.
CLI::Validator number_where(bool (*good)(double), const char* otherwise, const char* name) {
  const auto check = [=](std::string& text) {
    double value = 0;
    const bool fine = CLI::detail::lexical_cast(text, value) && good(value);
    return fine ? std::string() : "Value " + text + " is not a number " + otherwise;
  };
  return {check, name};
}

/// The first word that should name a command and does not. The parser itself would say of it that
/// a command is missing.
std::optional<std::string> unknown_command(const CLI::App* at,
                                           const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (at->get_require_subcommand_min() == 0 || word.empty() || word.front() == '-') break;
    const auto named =
        at->get_subcommands([&word](const CLI::App* one) { return one->get_name() == word; });
    if (named.empty()) return word;
    at = named.front();
  }
  return std::nullopt;
}

}  // namespace

Option Option::required() const { return Option(option_->required()); }

Option Option::excludes(const Option& other) const {
  return Option(option_->excludes(other.option_));
}

Option Option::range(int low, int high) const {
  return Option(option_->check(CLI::Range(low, high)));
}

Option Option::range(double low, double high) const {
  return Option(option_->check(CLI::Range(low, high)));
}

Option Option::positive() const {
  return Option(
      option_->check(number_where([](double value) { return value > 0; }, "above 0", "POSITIVE")));
}

Option Option::not_negative() const {
  return Option(option_->check(
      number_where([](double value) { return value >= 0; }, "of 0 or more", "NONNEGATIVE")));
}

Option Option::one_of(const std::vector<std::string>& values) const {
  return Option(option_->check(CLI::IsMember(values)));
}

Option Option::show_default() const { return Option(option_->capture_default_str()); }

Option Option::note_given(bool& given) const {
  return Option(option_->each([&given](const std::string&) { given = true; }));
}

Command Command::add_command(const std::string& name, const std::string& description) const {
  return Command(app_->add_subcommand(name, description));
}

Command Command::command(const std::string& name) const {
  return Command(app_->get_subcommand(name));
}

void Command::require_command() const { app_->require_subcommand(1); }

template <class Value>
Option Command::add_option(const std::string& name, Value& value,
                           const std::string& description) const {
  return Option(app_->add_option(name, value, description));
}

template Option Command::add_option(const std::string&, std::string&, const std::string&) const;
template Option Command::add_option(const std::string&, std::vector<std::string>&,
                                    const std::string&) const;
template Option Command::add_option(const std::string&, unsigned&, const std::string&) const;
template Option Command::add_option(const std::string&, std::uint64_t&, const std::string&) const;
template Option Command::add_option(const std::string&, double&, const std::string&) const;

Option Command::add_flag(const std::string& name, bool& value,
                         const std::string& description) const {
  return Option(app_->add_flag(name, value, description));
}

bool Command::given(const std::string& option) const {
  return app_->get_option(option)->count() > 0;
}

void Command::footer(const std::string& text) const { app_->footer(text); }

void Command::callback(std::function<void()> run) const { app_->callback(std::move(run)); }

CommandLine::CommandLine(const std::string& about, const std::string& version)
    : app_(std::make_unique<CLI::App>(about, "heapwise")) {
  if (!version.empty()) app_->set_version_flag("--version", version);
  app_->require_subcommand(1);
  app_->failure_message(CLI::FailureMessage::simple);
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() const { return Command(app_.get()); }

std::optional<int> CommandLine::parse(std::vector<std::string> words) {
  if (const auto unknown = unknown_command(app_.get(), words)) {
    return report_error({ErrorCode::usage, "there is no command \"" + *unknown + "\"",
                         "heapwise --help names those that there are."});
  }
  std::reverse(words.begin(), words.end());  // as the parser takes them
  try {
    app_->parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app_->exit(error) == 0 ? kFine : kUsage;
  }
  return std::nullopt;
}

}  // namespace heapwise::cli
