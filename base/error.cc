// SPDX-License-Identifier: MIT
#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace heapwise {

tl::unexpected<Error> fail_errno(const std::string& what, std::string hint) {
  const std::error_code cause(errno, std::generic_category());
  return fail(ErrorCode::io, what + ": " + cause.message(), std::move(hint));
}

}  // namespace heapwise
