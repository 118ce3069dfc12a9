// SPDX-License-Identifier: MIT
#include "bench/session/record_touch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <string>

namespace heapwise {
namespace {

constexpr std::int64_t kPeriodNs = 2'000'000;
constexpr std::int64_t kShare = 20;
constexpr std::uint32_t kOftenPages = 128 * 1024 / spool::kPage;
constexpr std::uint32_t kHugePages = 8 * 1024 * 1024 / spool::kPage;
constexpr std::uint32_t kSmallAtOnce = 256;
constexpr std::uint64_t kPagesAtOnce = 4096;
constexpr std::size_t kMostTouchSamples = 4'000'000;

// Documentation/admin-guide/mm/pagemap.rst: 63 is "page present", 62 "page swapped", 56 "page
// exclusively mapped".
constexpr std::uint64_t kHasContent = 3ULL << 62, kSwapped = 1ULL << 62, kExclusive = 1ULL << 56;

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
  return std::unique_ptr<TouchScan>(new TouchScan(pid, std::move(map)));
}

bool TouchScan::read_pages(std::uint64_t page, std::uint64_t wanted) {
  const std::uint64_t bytes = wanted * sizeof(std::uint64_t);
  buffer_.resize(kPagesAtOnce);
  if (pread(map_.get(), buffer_.data(), bytes, static_cast<off_t>(page * sizeof(std::uint64_t))) !=
      static_cast<ssize_t>(bytes)) {
    return false;
  }
  drop_zero_pages(page, wanted);
  return true;
}

// What was only read is mapped to the one page of zeros that all processes share. What a forked
// process shares with another is not exclusive either: move_pages(2) tells them apart.
void TouchScan::drop_zero_pages(std::uint64_t page, std::uint64_t wanted) {
  asked_.clear();
  for (std::uint64_t i = 0; i < wanted; ++i) {
    if ((buffer_[i] & kHasContent) == 0 || (buffer_[i] & (kSwapped | kExclusive)) != 0) continue;
    asked_.push_back(reinterpret_cast<void*>((page + i) * spool::kPage));
  }
  if (asked_.empty()) return;
  nodes_.assign(asked_.size(), 0);
  if (syscall(SYS_move_pages, pid_, asked_.size(), asked_.data(), nullptr, nodes_.data(), 0) != 0) {
    return;
  }
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    const std::uint64_t at = reinterpret_cast<std::uint64_t>(asked_[i]) / spool::kPage - page;
    if (nodes_[i] == -EFAULT) buffer_[at] = 0;
  }
}

bool TouchScan::count_pages(Seen& seen, std::uint64_t held) {
  const auto has_content = [](std::uint64_t page) { return (page & kHasContent) != 0; };
  const std::uint64_t block = seen.address / spool::kPage;
  if (!read_pages(block - 1, 1) || !has_content(buffer_[0])) return false;
  std::uint64_t count = seen.prefix;
  std::uint64_t wanted = 0;
  for (std::uint64_t from = seen.prefix; from < held; from += wanted) {
    wanted = std::min(kPagesAtOnce, held - from);
    if (!read_pages(block + from, wanted)) return false;
    const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(wanted);
    if (from == seen.prefix) {
      seen.prefix += static_cast<std::uint64_t>(
          std::find_if_not(buffer_.begin(), end, has_content) - buffer_.begin());
    }
    count += static_cast<std::uint64_t>(std::count_if(buffer_.begin(), end, has_content));
  }
  seen.pages = count;
  return true;
}

bool TouchScan::is_empty(const spool::LargeBlock& block, const Seen& seen) {
  return block.address.load(std::memory_order_relaxed) <= 1 && seen.address == 0;
}

bool TouchScan::is_another(const spool::LargeBlock& block, const Seen& seen) {
  return seen.address != block.address.load(std::memory_order_relaxed) ||
         seen.turn != block.turn.load(std::memory_order_relaxed);
}

bool TouchScan::is_huge(const spool::LargeBlock& block, const Seen& seen) {
  const std::uint64_t known = is_another(block, seen) ? 0 : seen.prefix;
  return block.pages.load(std::memory_order_relaxed) > known + kHugePages;
}

// A growth is dated back to the last time that it was not yet there, so that time is told too.
void TouchScan::tell(Seen& seen) {
  if (seen.told || seen.address == 0 || samples_.size() >= kMostTouchSamples) return;
  samples_.push_back({seen.ticks, seen.address, seen.pages});
  seen.told = true;
}

bool TouchScan::look(const spool::LargeBlock& block, Seen& seen, const TickClock& clock) {
  const std::uint64_t address = block.address.load(std::memory_order_acquire);
  const std::uint32_t turn = block.turn.load(std::memory_order_acquire);
  const bool fresh = seen.address != address || seen.turn != turn;
  if (fresh) {
    tell(seen);
    seen = {};
  }
  if (address <= 1) return false;
  Seen now = seen;
  now.address = address;
  now.turn = turn;
  now.ticks = clock();
  now.told = false;
  const std::uint32_t held = block.pages.load(std::memory_order_acquire);
  if (now.prefix < held && !count_pages(now, held)) return false;
  if (block.address.load(std::memory_order_acquire) != address ||
      block.turn.load(std::memory_order_acquire) != turn) {
    return false;
  }
  const bool changed = fresh || now.pages != seen.pages;
  if (changed) tell(seen);
  seen = now;
  if (changed) tell(seen);
  return changed;
}

std::vector<recorder::TouchSample> TouchScan::take() {
  for (Seen& seen : seen_) tell(seen);
  std::stable_sort(samples_.begin(), samples_.end(),
                   [](const auto& a, const auto& b) { return a.ticks < b.ticks; });
  return std::move(samples_);
}

bool TouchScan::step(const LargeBlocks& blocks, const TickClock& clock) {
  if (seen_.size() < blocks.count) seen_.resize(blocks.count);
  const bool changed = look_often(blocks, clock);
  return look_at_huge(blocks, clock) || changed;
}

bool TouchScan::look_often(const LargeBlocks& blocks, const TickClock& clock) {
  const std::int64_t began = now_ns();
  if (began < next_ns_) return false;
  bool changed = false;
  for (std::uint32_t i = 0; i < blocks.count; ++i) {
    if (blocks.entries[i].pages.load(std::memory_order_relaxed) < kOftenPages) continue;
    if (is_empty(blocks.entries[i], seen_[i]) || is_huge(blocks.entries[i], seen_[i])) continue;
    changed |= look(blocks.entries[i], seen_[i], clock);
  }
  const std::uint32_t small = std::min(kSmallAtOnce, blocks.count);
  for (std::uint32_t i = 0; i < small; ++i) {
    if (++next_small_ >= blocks.count) next_small_ = 0;
    const spool::LargeBlock& block = blocks.entries[next_small_];
    if (block.pages.load(std::memory_order_relaxed) < kOftenPages) {
      changed |= look(block, seen_[next_small_], clock);
    }
  }
  const std::int64_t ended = now_ns();
  next_ns_ = std::max(began + kPeriodNs, ended + (ended - began) * kShare);
  return changed;
}

// Each by itself, and of several each less often.
bool TouchScan::look_at_huge(const LargeBlocks& blocks, const TickClock& clock) {
  const std::int64_t asked = now_ns();
  if (asked < next_huge_ns_) return false;
  next_huge_ns_ = asked + kPeriodNs;
  bool changed = false;
  std::int64_t found = 0;
  for (std::uint32_t i = 0; i < blocks.count; ++i) {
    Seen& seen = seen_[i];
    if (is_empty(blocks.entries[i], seen) || !is_huge(blocks.entries[i], seen)) continue;
    ++found;
    const std::int64_t began = now_ns();
    if (began < seen.next_ns && !is_another(blocks.entries[i], seen)) continue;
    changed |= look(blocks.entries[i], seen, clock);
    const std::int64_t ended = now_ns();
    seen.next_ns = ended + (ended - began) * kShare * std::max<std::int64_t>(1, huge_ / 2);
  }
  huge_ = found;
  return changed;
}

}  // namespace heapwise
