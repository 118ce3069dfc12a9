// SPDX-License-Identifier: MIT
#include "bench/replay/sampler.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "base/high_water.h"

namespace heapwise::replay {
namespace {

constexpr std::size_t kPage = 4096;
/// The kernel's counters of a process are exact to a batch of pages per processor, 32 on most
/// machines (lib/percpu_counter.c, percpu_counter_batch).
constexpr std::uint64_t kLag = 512 << 10;

/// Room for a process that is in as many groups as there may be (65,536, NGROUPS_MAX), which stand
/// before what is looked for. Only what is used of it takes memory.
char text[1 << 20];

bool read_text(int file) {
  const ssize_t size = pread(file, text, sizeof text - 1, 0);
  text[size > 0 ? size : 0] = '\0';
  return size > 0;
}

/// The kilobytes behind `label`, which starts a line, in bytes; -1 if it is not there.
std::int64_t labelled_bytes(const char* label) {
  const char* at = strstr(text, label);
  if (at == nullptr) return -1;
  at += strlen(label);
  while (*at == ' ' || *at == '\t') ++at;
  std::int64_t kilobytes = 0;
  for (; *at >= '0' && *at <= '9'; ++at) kilobytes = kilobytes * 10 + (*at - '0');
  return kilobytes * 1024;
}

std::int64_t from_status(int file) { return read_text(file) ? labelled_bytes("\nRssAnon:") : -1; }
std::int64_t from_rollup(int file) { return read_text(file) ? labelled_bytes("\nAnonymous:") : -1; }

std::uint64_t known(std::int64_t bytes) {
  return bytes < 0 ? 0 : static_cast<std::uint64_t>(bytes);
}

}  // namespace

bool Sampler::open() {
  status_ = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  rollup_ = ::open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
  if (status_ < 0 || from_status(status_) < 0) return false;
  if (rollup_ < 0 || from_rollup(rollup_) < 0) return true;
  source_ = status_is_exact() ? 1 : 2;
  return true;
}

std::uint64_t Sampler::rss_anon_bytes() {
  const std::int64_t bytes = source_ == 1 ? from_status(status_) : from_rollup(rollup_);
  return known(bytes);
}

Residence Sampler::look() {
  Residence found;
  found.now = found.most = rss_anon_bytes();
  if (source_ != 1 && !read_text(status_)) return found;
  const std::uint64_t mark = known(labelled_bytes("\nVmHWM:"));
  const std::uint64_t all = known(labelled_bytes("\nVmRSS:"));
  const std::uint64_t anonymous = known(labelled_bytes("\nRssAnon:"));
  const std::uint64_t other = all - (anonymous < all ? anonymous : all);
  const std::uint64_t most = anonymous_at_mark(mark, other_, other);
  if (mark > mark_ && mark > all + kLag && most > found.most) found.most = most;
  mark_ = mark;
  other_ = other;
  return found;
}

/// Counters that lag do so by less than a batch; page after page, they show it at once.
bool Sampler::status_is_exact() {
  constexpr std::size_t kPages = 8;
  void* const memory =
      mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return true;
  bool exact = true;
  for (std::size_t page = 0; page < kPages; ++page) {
    static_cast<volatile char*>(memory)[page * kPage] = 1;
    exact = exact && from_status(status_) == from_rollup(rollup_);
  }
  munmap(memory, kPages * kPage);
  return exact && from_status(status_) == from_rollup(rollup_);
}

}  // namespace heapwise::replay
