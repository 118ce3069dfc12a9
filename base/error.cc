// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace heapwise {

namespace {

/// What to do about it, whatever it was that failed.
const char* remedy_of(int problem) {
  switch (problem) {
    case EMFILE:
      return "let more files be open at once: ulimit -n";
    case ENFILE:
      return "let more files be open at once: /proc/sys/fs/file-max";
    case ENOSPC:
    case EDQUOT:
      return "make room there";
    case EFBIG:
      return "let files be larger: ulimit -f";
    case EISDIR:
      return "that is a folder: give a file";
    case ENOENT:
    case ENOTDIR:
      return "check the path";
    case EACCES:
    case EPERM:
      return "check its permissions";
    case EROFS:
      return "give a place that can be written to";
    case ENAMETOOLONG:
      return "give a shorter name";
    case EAGAIN:
    case ENOMEM:
      return "end other programs, or raise the limits (ulimit -u, ulimit -v)";
    default:
      return "";
  }
}

}  // namespace

tl::unexpected<Error> fail_errno(const std::string& what, std::string hint) {
  const std::error_code cause(errno, std::generic_category());
  // Nothing that the caller may guess is truer than these.
  const bool certain = cause.value() == EMFILE || cause.value() == ENFILE;
  if (hint.empty() || certain) hint = remedy_of(cause.value());
  return fail(ErrorCode::io, what + ": " + cause.message(), std::move(hint));
}

}  // namespace heapwise
