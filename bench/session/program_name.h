// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace heapwise {

/// What follows the last '/'.
std::string file_name(const std::string& path);

/// What a user would call a process: the name it was started by, as many programs are links to one
/// file, without what a title says behind a colon; or its executable's where the first argument is
/// no name.
std::string program_name(const std::string& first_argument, const std::string& executable);

}  // namespace heapwise
