// SPDX-License-Identifier: MIT
#include "bench/session/real_run_starts.h"

#include <sys/mman.h>
#include <unistd.h>

#include "bench/session/mark/mark.h"

namespace heapwise {

// In memory and without a name: nothing is left behind, and whoever starts the program with other
// rights cannot write to it, which only means that nothing is said.
ProgramStarts::ProgramStarts() : file_(memfd_create("heapwise-starts", MFD_CLOEXEC)) {}

std::string ProgramStarts::variable() const {
  if (!file_) return "";
  return HEAPWISE_STARTS "=/proc/" + std::to_string(getpid()) + "/fd/" +
         std::to_string(file_.get());
}

std::optional<std::int64_t> ProgramStarts::started_ns(pid_t pid, std::uint64_t identity) const {
  heapwise_start start{};
  for (off_t at = 0; pread(file_.get(), &start, sizeof start, at) == sizeof start;
       at += static_cast<off_t>(sizeof start)) {
    if (start.pid == pid && start.identity == identity) return start.monotonic_ns;
  }
  return std::nullopt;
}

}  // namespace heapwise
