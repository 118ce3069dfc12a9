// SPDX-License-Identifier: MIT
// Programs whose calls to malloc are known: each scenario is one, chosen by the first argument.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

namespace scenario {

using Arguments = std::map<std::string, std::string>;

/// By name; filled by the constructors below before main runs.
std::map<std::string, std::function<int()>>& all();

struct Register {
  Register(const char* name, std::function<int()> run) { all()[name] = std::move(run); }
};

/// Allocates and writes `size` bytes; never optimised away.
void* take(std::size_t size);

/// Path of this program, and arguments behind the scenario's name.
extern const char* self;
extern int extra_count;
extern char** extra;

}  // namespace scenario
