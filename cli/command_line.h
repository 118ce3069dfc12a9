// SPDX-License-Identifier: MIT
// The parser of the command line, behind as much of it as the verbs use: its own header takes the
// compiler longer than all the rest of a verb.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace heapwise::cli {

/// An option of a verb, or what it takes without one: a handle, valid while its CommandLine is.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required() const;
  /// Not beside that one.
  Option excludes(const Option& other) const;
  Option range(int low, int high) const;
  Option range(double low, double high) const;
  Option positive() const;
  Option not_negative() const;
  Option one_of(const std::vector<std::string>& values) const;
  /// One of the keys.
  template <class Value>
  Option one_of(const std::map<std::string, Value>& values) const {
    std::vector<std::string> names;
    names.reserve(values.size());
    for (const auto& [name, value] : values) names.push_back(name);
    return one_of(names);
  }
  /// The help tells the value that the variable has now.
  Option show_default() const;
  /// Sets it when the user gives the option; it must outlive the parsing.
  Option note_given(bool& given) const;

 private:
  CLI::Option* option_;
};

/// A verb, or all of the program: a handle, valid while its CommandLine is.
class Command {
 public:
  Command() = default;
  Command(CLI::App* app, std::set<const CLI::App*>* takers) : app_(app), takers_(takers) {}

  Command add_command(const std::string& name, const std::string& description) const;
  /// The one that was added under this name.
  Command command(const std::string& name) const;
  /// Without a verb below it, it is a usage error.
  void require_command() const;
  /// Words behind "--" are for this verb; for any other they are a usage error, since what would be
  /// dropped may be a flag that decides the outcome.
  void takes_words() const;

  /// `value` is a std::string, a std::vector<std::string>, an unsigned, a std::uint64_t or a
  /// double, and must outlive the parsing. A name without dashes is what stands without one.
  template <class Value>
  Option add_option(const std::string& name, Value& value, const std::string& description) const;
  Option add_flag(const std::string& name, bool& value, const std::string& description) const;
  /// Whether the user gave the option of this name; after the parsing.
  bool given(const std::string& option) const;

  /// Below the help.
  void footer(const std::string& text) const;
  /// What is done when the user gives this verb and its options are good.
  void callback(std::function<void()> run) const;

 private:
  CLI::App* app_ = nullptr;
  std::set<const CLI::App*>* takers_ = nullptr;
};

/// Owns the parser and all that was added to it. Not to be used by two threads at once.
class CommandLine {
 public:
  /// `version` is what --version prints; empty: there is no such flag.
  explicit CommandLine(const std::string& about, const std::string& version = {});
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command root();

  /// Parses the words behind the program's name, up to "--", and runs the callback of the verb
  /// among them. `behind` are those that follow, which are looked at only for whether the verb
  /// takes any. Nothing when that was run; the exit code where help or the version was asked for
  /// and printed, or where the words are wrong and that was said.
  std::optional<int> parse(std::vector<std::string> words,
                           const std::vector<std::string>& behind = {});

 private:
  std::unique_ptr<CLI::App> app_;
  std::set<const CLI::App*> takers_;  ///< the verbs that take words behind "--"
};

}  // namespace heapwise::cli
