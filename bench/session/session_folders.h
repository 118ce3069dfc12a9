// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/files.h"

namespace heapwise {

/// What is appended to a raw file's name for a trace that is only made on the way.
constexpr std::string_view kLaunchersTrace = ".hwt";

/// Makes the file `session` by which a session's folder is known and seen to be in use: it begins
/// with the session's magic, and is locked for as long as the descriptor is open.
Expected<Fd> make_session_file(const std::string& directory);

/// Removes the folders in `parent` that killed sessions of this user left. What only resembles one
/// is left as it is: a folder by another name or of another owner, without the magic or with a
/// process that holds its lock, or with anything in it that no session makes.
void remove_dead_sessions(const std::string& parent);

}  // namespace heapwise
