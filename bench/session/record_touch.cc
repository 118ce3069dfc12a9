// SPDX-License-Identifier: MIT
#include "bench/session/record_touch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>

namespace heapwise {
namespace {

constexpr std::int64_t kPeriodNs = 10'000'000;
constexpr std::int64_t kShare = 20;
constexpr std::uint32_t kOftenPages = 128 * 1024 / spool::kPage;
constexpr std::uint32_t kSmallAtOnce = 256;
constexpr std::uint64_t kPagesAtOnce = 4096;
constexpr std::size_t kMostSamples = 4'000'000;

// Documentation/admin-guide/mm/pagemap.rst: 63 is "page present", 62 "page swapped".
constexpr std::uint64_t kHasContent = 3ULL << 62;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

std::uint32_t measure_fault(const TickClock& clock) {
  constexpr std::size_t kPages = 64;
  std::uint64_t least = std::numeric_limits<std::uint32_t>::max();
  for (int attempt = 0; attempt < 4; ++attempt) {
    void* memory = mmap(nullptr, kPages * spool::kPage, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    madvise(memory, kPages * spool::kPage, MADV_NOHUGEPAGE);
    const std::uint64_t began = clock();
    for (std::size_t i = 0; i < kPages; ++i) {
      static_cast<volatile char*>(memory)[i * spool::kPage] = 1;
    }
    least = std::min(least, (clock() - began) / kPages);
    munmap(memory, kPages * spool::kPage);
  }
  return static_cast<std::uint32_t>(least);
}

std::unique_ptr<TouchScan> TouchScan::open(std::int32_t pid) {
  Fd map(::open(("/proc/" + std::to_string(pid) + "/pagemap").c_str(), O_RDONLY | O_CLOEXEC));
  if (!map) return nullptr;
  return std::unique_ptr<TouchScan>(new TouchScan(std::move(map)));
}

std::int64_t TouchScan::count_pages(std::uint64_t block, std::uint64_t pages) {
  const auto has_content = [](std::uint64_t page) { return (page & kHasContent) != 0; };
  const std::uint64_t head = block / spool::kPage - 1;
  std::int64_t count = -1;  // less the page in front
  buffer_.resize(kPagesAtOnce);
  for (std::uint64_t from = 0; from < pages + 1; from += kPagesAtOnce) {
    const std::uint64_t wanted = std::min(kPagesAtOnce, pages + 1 - from) * sizeof(std::uint64_t);
    const std::uint64_t at = (head + from) * sizeof(std::uint64_t);
    const ssize_t got = pread(map_.get(), buffer_.data(), wanted, static_cast<off_t>(at));
    if (got != static_cast<ssize_t>(wanted)) return -1;
    if (from == 0 && !has_content(buffer_[0])) return -1;
    count += std::count_if(buffer_.begin(),
                           buffer_.begin() + static_cast<std::ptrdiff_t>(wanted / sizeof(wanted)),
                           has_content);
  }
  return count;
}

// A growth is dated back to the last time that it was not yet there, so that time is told too.
void TouchScan::tell(Seen& seen) {
  if (seen.told || seen.address == 0 || samples_.size() >= kMostSamples) return;
  samples_.push_back({seen.ticks, seen.address, seen.pages});
  seen.told = true;
}

void TouchScan::look(const spool::LargeBlock& block, Seen& seen, const TickClock& clock) {
  const std::uint64_t address = block.address.load(std::memory_order_acquire);
  const std::uint32_t turn = block.turn.load(std::memory_order_relaxed);
  if (seen.address != address || seen.turn != turn) {
    tell(seen);
    seen = {};
  }
  if (address <= 1) return;
  const std::uint64_t ticks = clock();
  const std::uint32_t held = block.pages.load(std::memory_order_relaxed);
  const std::int64_t pages = count_pages(address, held);
  if (pages < 0 || block.address.load(std::memory_order_acquire) != address ||
      block.turn.load(std::memory_order_relaxed) != turn ||
      block.pages.load(std::memory_order_acquire) < held) {
    return;
  }
  const auto count = static_cast<std::uint64_t>(pages);
  const bool changed = seen.address == 0 || count != seen.pages;
  if (changed) tell(seen);
  seen = {address, count, ticks, turn, false};
  if (changed) tell(seen);
}

std::vector<recorder::TouchSample> TouchScan::take() {
  for (Seen& seen : seen_) tell(seen);
  std::stable_sort(samples_.begin(), samples_.end(),
                   [](const auto& a, const auto& b) { return a.ticks < b.ticks; });
  return std::move(samples_);
}

void TouchScan::step(const LargeBlocks& blocks, const TickClock& clock) {
  const std::int64_t began = now_ns();
  if (began < next_ns_) return;
  if (seen_.size() < blocks.count) seen_.resize(blocks.count);
  for (std::uint32_t i = 0; i < blocks.count; ++i) {
    if (blocks.entries[i].pages.load(std::memory_order_relaxed) < kOftenPages) continue;
    if (blocks.entries[i].address.load(std::memory_order_relaxed) <= 1 && seen_[i].address == 0) {
      continue;
    }
    look(blocks.entries[i], seen_[i], clock);
  }
  const std::uint32_t small = std::min(kSmallAtOnce, blocks.count);
  for (std::uint32_t i = 0; i < small; ++i) {
    if (++next_small_ >= blocks.count) next_small_ = 0;
    const spool::LargeBlock& block = blocks.entries[next_small_];
    if (block.pages.load(std::memory_order_relaxed) < kOftenPages) {
      look(block, seen_[next_small_], clock);
    }
  }
  const std::int64_t ended = now_ns();
  next_ns_ = std::max(began + kPeriodNs, ended + (ended - began) * kShare);
}

}  // namespace heapwise
