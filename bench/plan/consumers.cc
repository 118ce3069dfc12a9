// SPDX-License-Identifier: MIT
#include "bench/plan/consumers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace heapwise::plan {
namespace {

/// The file grows by so many productions: 16 MiB.
constexpr std::uint64_t kStep = std::uint64_t{4} << 20;

Fd unnamed_file(const std::string& directory) {
  std::string name = directory + "/consumers-XXXXXX";
  Fd file(mkostemp(name.data(), O_CLOEXEC));
  if (file) unlink(name.c_str());
  return file;
}

}  // namespace

Consumers::~Consumers() {
  if (threads_ != nullptr) munmap(threads_, capacity_ * sizeof *threads_);
}

void Consumers::set(std::uint64_t production, std::uint32_t thread) {
  if (!status_) return;
  if (production < capacity_ || reach(production)) {
    threads_[production] = thread + 1;
    return;
  }
  status_ = fail_errno("cannot keep " + std::to_string(production) + " objects in " + directory_,
                       "Set TMPDIR to a directory with more space.");
}

bool Consumers::get(std::uint64_t production, std::uint32_t* thread) const {
  if (production >= capacity_ || threads_[production] == 0) return false;
  *thread = threads_[production] - 1;
  return true;
}

/// Space is really taken, as a mapped file without space kills whoever writes to it.
bool Consumers::reach(std::uint64_t production) {
  if (!file_) file_ = unnamed_file(directory_);
  if (!file_) return false;
  const std::uint64_t wanted = (production / kStep + 1) * kStep;
  const int refused =
      posix_fallocate(file_.get(), 0, static_cast<off_t>(wanted * sizeof *threads_));
  if (refused != 0) {
    errno = refused;
    return false;
  }
  void* const grown =
      mmap(nullptr, wanted * sizeof *threads_, PROT_READ | PROT_WRITE, MAP_SHARED, file_.get(), 0);
  if (grown == MAP_FAILED) return false;
  if (threads_ != nullptr) munmap(threads_, capacity_ * sizeof *threads_);
  threads_ = static_cast<std::uint32_t*>(grown);
  capacity_ = wanted;
  return true;
}

}  // namespace heapwise::plan
