// SPDX-License-Identifier: MIT
// What is compared: the allocators of this build with their tunings, and how users name them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace heapwise {

/// Environment variables with their values.
using Settings = std::vector<std::pair<std::string, std::string>>;

/// A way to run an allocator other than as it comes.
struct Tuning {
  std::string name;
  Settings settings;   ///< PRELOAD is no variable but the soname of a library to preload
  std::string reason;  ///< when to try it, and what it costs
};

/// One allocator, described by allocators/<name>.cmake. Everything but `built` is known even where
/// the library was missing when heapwise was built.
struct Allocator {
  std::string name;
  std::string title;                ///< as people write it
  std::string package;              ///< what to install to use it; empty: always there
  std::string development_package;  ///< what to install to build its runner
  std::string soname;               ///< of the library to preload; empty: nothing to preload
  std::string link_flag;            ///< what links a program to it; empty: nothing to add
  std::vector<Tuning> tunings;      ///< beside "default", which sets nothing
  bool built = false;               ///< there is a runner
  bool harness = false;             ///< measures the harness itself; never recommended
  bool on_request = false;          ///< takes part only where it is named
};

/// An allocator under a tuning, as a session runs it.
struct Contender {
  std::string allocator;  ///< the name in results
  std::string tuning = "default";
  std::string runner;      ///< the built-in allocator whose runner it takes
  std::string library;     ///< to preload, of the user's or the tuning's; empty: none
  Settings settings;       ///< of the tuning, then those given ad hoc
  std::size_t ad_hoc = 0;  ///< how many of them, at the end, were given ad hoc
};

/// All allocators of this build in alphabetical order. Valid for the life of the program.
const std::vector<Allocator>& allocators();

/// The allocator of that name, or null.
const Allocator* find_allocator(std::string_view name);

/// Every built allocator that takes part without being named, untuned, glibc first.
std::vector<Contender> default_contenders();

/// An allocator of this build under one of its tunings.
Contender contender_of(const Allocator& allocator, const Tuning& tuning);

/// Understands NAME, NAME:TUNING and NAME=/path/to/lib.so, each with @VAR=VALUE;VAR=VALUE behind.
/// Fails with the nearest known name when there is none, when the runner was not built, or when a
/// library cannot be read or exports no malloc.
Expected<Contender> parse_contender(std::string_view text);

/// Understands several, separated by commas. A comma inside a setting's value is kept when what
/// follows names no allocator. NAME:* is the allocator untuned and under each of its tunings, * is
/// default_contenders(), and *:* is those under all their tunings.
Expected<std::vector<Contender>> parse_contenders(std::string_view text);

/// Where the library to preload is on this machine: an absolute path, or just the soname where the
/// usual directories do not have it. Empty for an allocator that needs no preloading.
std::string preload_path(const Allocator& allocator);

/// The same for a soname.
std::string library_path(const std::string& soname);

/// The variables as a shell would set them: "A=1 B=2".
std::string to_string(const Settings& settings);

}  // namespace heapwise
