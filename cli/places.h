// SPDX-License-Identifier: MIT
// Where a verb's outputs go: asked before the work begins, and kept when it is done.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace heapwise::cli {

/// Fails where one of the outputs could not be written as things are, two of them are the same
/// file, or one is an input. An empty name stands for nothing, "-" for a standard stream.
Expected<void> check_places(const std::vector<std::string>& outputs, bool force,
                            const std::vector<std::string>& inputs = {});

/// Writes what took long to make as keep_file() does, and says so where it has got another name
/// than was asked for. Yields its path.
Expected<std::string> keep(const std::string& path, std::string_view content, bool force);

/// Says that an output has got another name than was asked for, as that was taken meanwhile.
void say_renamed(const std::string& asked, const std::string& got);

/// The command that a user types next, with its words as a shell takes them.
std::string next_command(const std::vector<std::string>& words);

}  // namespace heapwise::cli
