// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace heapwise {

/// What kind of failure an Error is; the CLI turns it into an exit code.
enum class ErrorCode {
  usage,         ///< the caller asked for something that cannot be asked for (exit 2)
  bad_input,     ///< a file or value is not what it should be (exit 2)
  io,            ///< the system refused: missing file, no permission, no space (exit 2)
  unsupported,   ///< this machine, program or library cannot do it (exit 2)
  check_failed,  ///< everything ran, and the answer is no (exit 1)
};

/// A failure as a value. `what` names the file and the position where there is one and reads as a
/// sentence without a full stop; `hint` says what to do about it and may be empty.
struct Error {
  ErrorCode code = ErrorCode::bad_input;
  std::string what;
  std::string hint;
};

template <class T>
using Expected = tl::expected<T, Error>;

/// Shorthand for returning an Error from a function that yields an Expected.
inline tl::unexpected<Error> fail(ErrorCode code, std::string what, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(what), std::move(hint)});
}

/// fail(ErrorCode::io, …) with the text of errno at the end of `what`, and where there is no hint
/// the remedy that errno suggests, if any.
tl::unexpected<Error> fail_errno(const std::string& what, std::string hint = {});

}  // namespace heapwise
