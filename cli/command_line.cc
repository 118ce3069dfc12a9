// SPDX-License-Identifier: MIT
#include "cli/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <system_error>
#include <type_traits>
#include <utility>

#include "cli/fold.h"
#include "cli/verb.h"

namespace heapwise::cli {
namespace {

/// The parser's own of this kind name the largest double in their message, in 309 digits.
CLI::Validator number_where(bool (*good)(double), const char* otherwise, const char* name) {
  const auto check = [=](std::string& text) {
    double value = 0;
    const bool fine = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && good(value);
    return fine ? std::string() : "Value " + text + " is not a number " + otherwise;
  };
  return {check, name};
}

/// The parser's own range lets through what is not a number at all.
CLI::Validator is_number() {
  return number_where([](double) { return true; }, "that can be used", "");
}

/// The parser's own reading takes 010 for 8, and lets -1 and what is too large pass as some other
/// number.
template <class Value>
CLI::Validator whole_number() {
  const auto check = [](std::string& text) {
    Value value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) {
      return "Value " + text + " is not a whole number from 0 to " +
             std::to_string(std::numeric_limits<Value>::max());
    }
    text = std::to_string(value);
    return std::string();
  };
  return {check, ""};
}

/// What a script passes on of a variable that it forgot to set.
CLI::Validator not_empty() {
  const auto check = [](std::string& text) {
    return text.empty() ? "the value is empty" : std::string();
  };
  return {check, ""};
}

/// The command that the first words name.
struct Reached {
  const CLI::App* command;
  std::string words;  ///< as one would type them, "heapwise" too
  std::size_t count;  ///< of the words that were needed

  bool is_whole() const { return command->get_require_subcommand_min() == 0; }
  std::string hint() const {
    return words + (is_whole() ? " --help explains it." : " --help names the commands there are.");
  }
};

Reached reach(const CLI::App* root, const std::vector<std::string>& words) {
  Reached at{root, root->get_name(), 0};
  for (const std::string& word : words) {
    if (at.is_whole()) break;
    const auto named =
        at.command->get_subcommands([&](const CLI::App* one) { return one->get_name() == word; });
    if (named.empty()) break;
    at = {named.front(), at.words + " " + word, at.count + 1};
  }
  return at;
}

/// What is wrong with the word where a command should be named, if anything: the parser itself says
/// of one that it does not know that none is there.
std::optional<Error> command_problem(const Reached& at, const std::vector<std::string>& words) {
  if (at.is_whole()) return std::nullopt;
  if (at.count == words.size()) {
    return Error{ErrorCode::usage, "a command is missing behind \"" + at.words + "\"", at.hint()};
  }
  const std::string& word = words[at.count];
  if (!word.empty() && word.front() == '-') return std::nullopt;  // --help, or the parser's to say
  return Error{ErrorCode::usage, "there is no command \"" + word + "\"", at.hint()};
}

/// What is wrong with words behind "--" where nobody takes them, if anything.
std::optional<Error> behind_problem(const Reached& at, const std::vector<std::string>& behind,
                                    const std::set<const CLI::App*>& takers) {
  if (behind.empty() || takers.count(at.command) != 0) return std::nullopt;
  return Error{ErrorCode::usage,
               "\"" + at.words + "\" takes nothing behind \"--\": \"" + behind.front() + "\"",
               "Its own flags and files stand without \"--\" before them; " + at.hint()};
}

/// What the parser found wrong, in the words of our own errors.
Error parser_problem(const CLI::App& root, const CLI::ParseError& error, const Reached& at) {
  // Of an option where a command is due it says only that the command is missing.
  const auto rest = root.remaining(true);
  std::string what = error.what();
  if (!at.is_whole() && !rest.empty()) what = "there is no option \"" + rest.front() + "\" here";
  return Error{ErrorCode::usage, what, at.hint()};
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
  // The first check is made first, and the help shows what the second is called.
  return Option(option_->check(is_number())->check(CLI::Range(low, high)));
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
  return {app_->add_subcommand(name, description), takers_};
}

Command Command::command(const std::string& name) const {
  return {app_->get_subcommand(name), takers_};
}

void Command::require_command() const { app_->require_subcommand(1); }

void Command::takes_words() const { takers_->insert(app_); }

template <class Value>
Option Command::add_option(const std::string& name, Value& value,
                           const std::string& description) const {
  CLI::Option* const option = app_->add_option(name, value, description);
  if constexpr (std::is_unsigned_v<Value>) {
    option->transform(whole_number<Value>());
  } else if constexpr (!std::is_arithmetic_v<Value>) {
    option->check(not_empty());
  }
  return Option(option);
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
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() { return {app_.get(), &takers_}; }

std::optional<int> CommandLine::parse(std::vector<std::string> words,
                                      const std::vector<std::string>& behind) {
  const Reached at = reach(app_.get(), words);
  if (const auto problem = command_problem(at, words)) return report_error(*problem);
  if (const auto problem = behind_problem(at, behind, takers_)) return report_error(*problem);
  std::reverse(words.begin(), words.end());  // as the parser takes them
  try {
    app_->parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      const int code = app_->exit(error, text, text);
      fmt::print("{}", folded_help(text.str(), columns_of(STDOUT_FILENO)));
      return code;
    }
    return report_error(parser_problem(*app_, error, at));
  }
  return std::nullopt;
}

}  // namespace heapwise::cli
