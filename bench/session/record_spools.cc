// SPDX-License-Identifier: MIT
#include "bench/session/record_spools.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "bench/session/process.h"
#include "bench/session/real_run_memory.h"
#include "traces/recorder/raw_spool.h"

namespace heapwise {
namespace {

using spool::SegmentState;

constexpr std::size_t kMostSamples = 4000;

// Until its process has had room made for it, a spool is as large as the process made it.
Expected<void> check(const Fd& file, const std::string& path, std::uint32_t* capacity) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return fail_errno("cannot read " + path);
  if (static_cast<std::size_t>(status.st_size) < spool::spool_bytes(spool::kFirstSegments)) {
    return fail(ErrorCode::bad_input, path + " is too small to be a spool");
  }
  spool::Header header;
  if (pread(file.get(), static_cast<void*>(&header), sizeof header, 0) !=
          static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header.magic, spool::kMagic, sizeof spool::kMagic) != 0 ||
      header.header_bytes != sizeof header || header.capacity > spool::kMaxSegments) {
    return fail(ErrorCode::bad_input, path + " is not a spool of this build's recorder",
                "use the recorder library that belongs to this heapwise");
  }
  *capacity = header.capacity;
  return {};
}

}  // namespace

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

Expected<std::unique_ptr<LiveSpool>> LiveSpool::open(const std::string& path,
                                                     const std::string& raw_directory) {
  std::unique_ptr<LiveSpool> live(new LiveSpool);
  live->path_ = path;
  live->file_ = Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!live->file_) return fail_errno("cannot open " + path);
  if (auto fine = check(live->file_, path, &live->capacity_); !fine) {
    return tl::unexpected(fine.error());
  }
  live->mapped_ = spool::spool_bytes(live->capacity_);
  void* base = mmap(nullptr, live->mapped_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                    live->file_.get(), 0);
  if (base == MAP_FAILED) return fail_errno("cannot map " + path);
  live->base_ = static_cast<unsigned char*>(base);
  live->begin_raw_file(raw_directory + path.substr(path.rfind('/')));
  live->identify_process();
  return live;
}

LiveSpool::~LiveSpool() {
  if (base_ != nullptr) munmap(base_, mapped_);
  ::unlink(path_.c_str());
}

// The header is final only at the end, but the disk may be full by then: so it is written now. A
// hole in its place would be worse than none, as reading one can kill where there is no room.
void LiveSpool::begin_raw_file(const std::string& path) {
  raw_ = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (raw_ && write_all(raw_.get(), base_, spool::kStatesOffset)) {
    raw_path_ = path;
    whole_ = spool::kStatesOffset;
    return;
  }
  write_error_ = errno;
  raw_.close();
  ::unlink(path.c_str());
}

// Process numbers mean the same here and there only within one namespace.
void LiveSpool::identify_process() {
  same_namespace_ = header().pid_namespace != 0 && header().pid_namespace == own_pid_namespace();
  if (!same_namespace_) return;
  process_ = open_process(header().pid);
  was_gone_ = !process_ && errno == ESRCH;
  const std::string status = "/proc/" + std::to_string(header().pid) + "/status";
  status_ = Fd(::open(status.c_str(), O_RDONLY | O_CLOEXEC));
  touch_ = TouchScan::open(header().pid);
}

const spool::Header& LiveSpool::header() const { return mutable_header(); }

spool::Header& LiveSpool::mutable_header() const {
  return *reinterpret_cast<spool::Header*>(base_);
}

std::uint32_t LiveSpool::limit() const {
  return std::min(header().limit.load(std::memory_order_relaxed), capacity_);
}

std::atomic<SegmentState>& LiveSpool::state(std::uint32_t index) const {
  return reinterpret_cast<std::atomic<SegmentState>*>(base_ + spool::kStatesOffset)[index];
}

unsigned char* LiveSpool::segment(std::uint32_t index) const {
  return base_ + spool::kSegmentsOffset + index * spool::kSegmentBytes;
}

// What finds no room is lost, and so is all behind it: with a gap in between, frees would be those
// of other blocks. What half a segment took is given back, for the trace needs room too.
void LiveSpool::copy_segment(std::uint32_t index, std::size_t bytes) {
  const spool::Word length = bytes;
  if (write_error_ == 0 && write_all(raw_.get(), &length, sizeof length) &&
      write_all(raw_.get(), segment(index), bytes)) {
    whole_ += sizeof length + bytes;
    return;
  }
  if (write_error_ == 0) {
    write_error_ = errno;
    // Where this fails the rest is seen to be cut short when it is read.
    [[maybe_unused]] const int failed = ftruncate(raw_.get(), static_cast<off_t>(whole_));
  }
  recorder::Segment lost{segment(index), bytes, {}};
  std::memcpy(&lost.head, lost.data, sizeof lost.head);
  lost_events_ += recorder::count_calls(lost);
}

std::size_t LiveSpool::drain(std::uint32_t most, std::atomic<std::uint64_t>& beat) {
  std::size_t copied = 0;
  std::uint32_t busy = 0;
  std::uint32_t lowest = spool::kMaxSegments;
  const std::uint32_t count = limit();
  for (std::uint32_t i = 0; i < count; ++i) {
    const SegmentState now = state(i).load(std::memory_order_acquire);
    if (now != SegmentState::free) ++busy;
    if (now != SegmentState::full) continue;
    copy_segment(i, spool::kSegmentBytes);
    reinterpret_cast<spool::SegmentHead*>(segment(i))->start_ticks = 0;
    state(i).store(SegmentState::free, std::memory_order_release);
    lowest = std::min(lowest, i);
    beat.fetch_add(1, std::memory_order_relaxed);
    ++copied;
  }
  if (lowest < header().hint.load(std::memory_order_relaxed)) {
    mutable_header().hint.store(lowest, std::memory_order_relaxed);
  }
  grow(busy, most);
  return copied;
}

// Makes the spool four times as large when more than half of it was busy. Pages are allocated
// before the process may write to them: a full tmpfs ends the growth here and not with a SIGBUS
// there.
void LiveSpool::grow(std::uint32_t busy, std::uint32_t most) {
  const std::uint32_t now = limit();
  const std::uint32_t next = std::min({now * 4, most, capacity_});
  if (busy * 2 <= now || next <= now) return;
  const auto from = static_cast<off_t>(spool::spool_bytes(now));
  const auto bytes = static_cast<off_t>((next - now) * spool::kSegmentBytes);
  if (fallocate(file_.get(), 0, spool::kStatesOffset, next) != 0) return;
  if (fallocate(file_.get(), 0, from, bytes) != 0) return;
  mutable_header().limit.store(next, std::memory_order_release);
}

// As grow(), for the table of large blocks: once most of it was in use at a time.
void LiveSpool::grow_large() {
  const std::uint32_t now = header().large_limit.load(std::memory_order_relaxed);
  const std::uint32_t used = header().large_used.load(std::memory_order_relaxed);
  if (now >= spool::kMaxLargeBlocks || used * 4 < now * 3) return;
  const std::uint32_t next = std::min(now * 4, spool::kMaxLargeBlocks);
  const auto from = static_cast<off_t>(spool::kLargeOffset + now * sizeof(spool::LargeBlock));
  const auto bytes = static_cast<off_t>((next - now) * sizeof(spool::LargeBlock));
  if (fallocate(file_.get(), 0, from, bytes) != 0) return;
  mutable_header().large_limit.store(next, std::memory_order_release);
}

bool LiveSpool::count_touched(const TickClock& clock) {
  if (header().large_bytes.load(std::memory_order_relaxed) == 0) return false;
  grow_large();
  if (touch_ == nullptr) return false;
  return touch_->step(
      {reinterpret_cast<const spool::LargeBlock*>(base_ + spool::kLargeOffset),
       std::min({header().large_used.load(std::memory_order_relaxed),
                 header().large_limit.load(std::memory_order_relaxed), spool::kMaxLargeBlocks})},
      clock);
}

std::vector<recorder::TouchSample> LiveSpool::take_touches() {
  return touch_ == nullptr ? std::vector<recorder::TouchSample>() : touch_->take();
}

void LiveSpool::finish(std::atomic<std::uint64_t>& beat) {
  drain(0, beat);
  for (std::uint32_t i = 0; i < limit(); ++i) {
    if (state(i).load(std::memory_order_acquire) != SegmentState::in_use) continue;
    if (reinterpret_cast<spool::SegmentHead*>(segment(i))->start_ticks == 0) continue;
    copy_segment(i, spool::used_bytes(segment(i)));
  }
  if (raw_path_.empty()) return;
  mutable_header().dropped_events.fetch_add(lost_events_, std::memory_order_relaxed);
  const bool final = pwrite(raw_.get(), base_, spool::kStatesOffset, 0) ==
                     static_cast<ssize_t>(spool::kStatesOffset);
  if ((!final || !raw_.close()) && write_error_ == 0) write_error_ = errno;
}

bool LiveSpool::is_gone() const {
  if (!same_namespace_) return false;
  if (was_gone_) return true;
  if (!process_) return heapwise::is_gone(header().pid);
  pollfd ended{process_.get(), POLLIN, 0};
  return poll(&ended, 1, 0) > 0;
}

bool LiveSpool::sample(std::uint64_t now_ns) {
  if (!status_ || now_ns < next_sample_ns_) return static_cast<bool>(status_);
  const auto memory = parse_status(read_again(status_.get()));
  if (!memory) return false;
  // What the file said may be of the image that comes next, which need not be recorded. Asked
  // afterwards, as the flag is set before the process is another.
  if ((header().flags.load() & spool::kExecuting) != 0) return true;
  next_sample_ns_ = now_ns + sample_every_ns_;
  // The spool itself is shared memory of the process; the program's own cannot be told from it.
  const std::uint64_t total = memory->anonymous + memory->file;
  if (total == 0) return false;
  samples_.push_back({now_ns, memory->anonymous, total});
  if (samples_.size() < kMostSamples) return true;
  for (std::size_t i = 0; i < kMostSamples / 2; ++i) samples_[i] = samples_[2 * i];
  samples_.resize(kMostSamples / 2);
  sample_every_ns_ *= 2;
  return true;
}

}  // namespace heapwise
