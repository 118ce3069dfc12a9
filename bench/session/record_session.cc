// SPDX-License-Identifier: MIT
#include "bench/session/record_session.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "bench/session/session_folders.h"

namespace heapwise {
namespace {

namespace fs = std::filesystem;
using spool::ClockKind;

constexpr char kSpoolPrefix[] = "spool.";

std::uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

// The TSC must count at one rate whatever the CPU does, and through its sleep.
ClockKind choose_clock() {
  const auto cpus = read_file("/proc/cpuinfo");
  const bool steady = cpus && cpus->find(" constant_tsc") != std::string::npos &&
                      cpus->find(" nonstop_tsc") != std::string::npos;
  return steady ? ClockKind::tsc : ClockKind::monotonic;
}

// Other users' processes may make files here (a program that drops its privileges), but neither
// list nor remove what is here.
void open_to_others(const std::string& directory) {
  if (geteuid() == 0) chmod(directory.c_str(), 01733);
}

// A command starts others, so there is to be room for several at a time.
constexpr std::uint64_t kLeastRoom = 8 * spool::spool_bytes(spool::kFirstSegments);

// A tmpfs is best, as spools are memory; but any directory does, and a full one does not. What
// killed sessions left there would fill it.
Expected<TemporaryDirectory> make_directory() {
  remove_dead_sessions("/dev/shm");
  auto directory = TemporaryDirectory::make("/dev/shm");
  if (directory && free_bytes_in(directory->path()).value_or(0) >= kLeastRoom) return directory;
  auto other = TemporaryDirectory::make();
  if (!other || free_bytes_in(other->path()).value_or(0) >= kLeastRoom) return other;
  return fail(ErrorCode::io,
              "there is no room to record in: neither /dev/shm nor " + folder_of(other->path()) +
                  " has " + std::to_string(kLeastRoom >> 20) + " MiB free",
              "make room in /dev/shm, or set TMPDIR to a folder that has some");
}

// The folder for raw files: beside the output, where there must be room for the trace anyway.
Expected<TemporaryDirectory> make_raw_directory(const std::string& output) {
  const std::string parent = folder_of(output);
  remove_dead_sessions(parent);
  if (auto directory = TemporaryDirectory::make(parent)) return directory;
  return TemporaryDirectory::make();
}

// A share of what is free, so that recording never drives the machine out of memory.
std::uint64_t budget_bytes(const std::string& directory) {
  const auto memory = static_cast<std::uint64_t>(sysconf(_SC_AVPHYS_PAGES)) *
                      static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min({free_bytes_in(directory).value_or(0) / 2, memory / 4, std::uint64_t{2} << 30});
}

}  // namespace

Expected<std::unique_ptr<RecordSession>> RecordSession::begin(const std::string& library,
                                                              const std::string& output,
                                                              bool measures_touch) {
  std::unique_ptr<RecordSession> session(new RecordSession);
  session->measures_touch_ = measures_touch;
  auto directory = make_directory();
  if (!directory) return tl::unexpected(directory.error());
  session->directory_ = std::make_unique<TemporaryDirectory>(std::move(*directory));
  auto raw_directory = make_raw_directory(output);
  if (!raw_directory) return tl::unexpected(raw_directory.error());
  session->raw_directory_ = std::make_unique<TemporaryDirectory>(std::move(*raw_directory));
  auto lock = make_session_file(session->raw_directory_->path());
  if (!lock) return tl::unexpected(lock.error());
  session->raw_lock_ = std::move(*lock);
  if (auto made = session->make_session_page(); !made) return tl::unexpected(made.error());
  if (auto found = session->choose_library(library); !found) return tl::unexpected(found.error());
  session->watch_ = Fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!session->watch_ ||
      inotify_add_watch(session->watch_.get(), session->directory().c_str(), IN_MOVED_TO) < 0) {
    return fail_errno("cannot watch " + session->directory(),
                      "raise the limit of open files (ulimit -n), or "
                      "/proc/sys/fs/inotify/max_user_instances");
  }
  open_to_others(session->directory());
  session->budget_segments_ = budget_bytes(session->directory()) / spool::kSegmentBytes;
  session->begun_ = session->now();
  return session;
}

RecordSession::~RecordSession() {
  if (page_ != nullptr) munmap(page_, spool::kPage);
}

Expected<void> RecordSession::make_session_page() {
  const std::string path = directory() + "/session";
  auto file = make_session_file(directory());
  if (!file) return tl::unexpected(file.error());
  page_file_ = std::move(*file);
  const int fd = page_file_.get();
  if (geteuid() == 0) fchmod(fd, 0666);
  void* memory = mmap(nullptr, spool::kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return fail_errno("cannot map " + path);
  page_ = new (memory) spool::SessionPage{};
  std::memcpy(page_->magic, spool::kSessionMagic, sizeof page_->magic);
  page_->clock = choose_clock();
  page_->pid_namespace = own_pid_namespace();
  page_->supervisor_pid = getpid();
  page_->measures_touch = measures_touch_ ? 1 : 0;
  page_->fault_ticks = measure_fault([this] { return ticks(); });
  return {};
}

// LD_PRELOAD is a list: a path with a separator in it must go by another name.
Expected<void> RecordSession::choose_library(const std::string& library) {
  std::error_code failed;
  const std::string absolute = fs::canonical(library, failed).string();
  if (failed) {
    return fail(ErrorCode::unsupported, "the recorder library " + library + " is missing",
                "build or install heapwise completely");
  }
  library_ = absolute;
  if (absolute.find_first_of(": ;$") == std::string::npos) return {};
  library_ = directory() + "/" + spool::kLibraryLink;
  fs::create_symlink(absolute, library_, failed);
  if (failed) return fail(ErrorCode::io, "cannot link " + library_ + ": " + failed.message());
  return {};
}

RecordSession::Moment RecordSession::now() const {
  if (page_->clock != ClockKind::tsc) {
    const std::uint64_t ns = monotonic_ns();
    return {ns, ns};
  }
  // The narrowest of a few brackets, as something may come in between.
  Moment best;
  std::uint64_t narrowest = ~0ULL;
  for (int i = 0; i < 8; ++i) {
    const std::uint64_t before = __rdtsc();
    const std::uint64_t ns = monotonic_ns();
    const std::uint64_t width = __rdtsc() - before;
    if (width >= narrowest) continue;
    narrowest = width;
    best = {before + width / 2, ns};
  }
  return best;
}

std::uint64_t RecordSession::ticks() const {
  return page_->clock == ClockKind::tsc ? __rdtsc() : monotonic_ns();
}

recorder::TickScale RecordSession::scale() const {
  const Moment end = now();
  recorder::TickScale scale{begun_.ticks, begun_.monotonic_ns, 1};
  if (end.ticks > begun_.ticks) {
    scale.ns_per_tick = static_cast<double>(end.monotonic_ns - begun_.monotonic_ns) /
                        static_cast<double>(end.ticks - begun_.ticks);
  }
  return scale;
}

std::uint64_t RecordSession::unrecorded(spool::Unrecorded why) const {
  return page_->unrecorded[static_cast<std::size_t>(why)].load(std::memory_order_relaxed);
}

void RecordSession::take_in(const std::string& name) {
  if (name.rfind(kSpoolPrefix, 0) != 0) return;
  auto spool = LiveSpool::open(directory() + "/" + name, raw_directory_->path());
  if (!spool) {
    if (refused_++ > 0) return;
    refusal_ = spool.error().what;
    refusal_remedy_ = spool.error().hint;
    return;
  }
  end_replaced((*spool)->header().pid);
  if (found_ && (*spool)->in_same_namespace()) found_((*spool)->header().pid);
  live_.push_back(std::move(*spool));
}

// exec keeps the process and its number: the image before is gone.
void RecordSession::end_replaced(std::int32_t pid) {
  for (std::size_t i = 0; i < live_.size(); ++i) {
    const spool::Header& header = live_[i]->header();
    if (header.pid == pid && (header.flags.load() & spool::kExecuting) != 0) {
      return end_one(i, false);
    }
  }
}

void RecordSession::end_one(std::size_t index, bool interrupted) {
  LiveSpool& spool = *live_[index];
  spool.finish(page_->heartbeat);
  const spool::Header& header = spool.header();
  EndedImage image;
  image.raw_path = spool.raw_path();
  image.write_error = spool.write_error();
  image.lost_events = spool.lost_events();
  image.pid = header.pid;
  image.parent_pid = header.parent_pid;
  image.start_ticks = header.start_ticks;
  image.parent_start_ticks = header.parent_start_ticks;
  image.fork_ticks = header.fork_ticks;
  image.flags = header.flags.load();
  image.interrupted = interrupted;
  image.samples = spool.samples();
  image.touches = spool.take_touches();
  ended_.push_back(std::move(image));
  live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::uint32_t RecordSession::most_segments(const LiveSpool& spool) const {
  std::uint64_t others = 0;
  for (const auto& other : live_) others += other->limit();
  others -= spool.limit();
  if (others >= budget_segments_) return 0;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(budget_segments_ - others, spool::kMaxSegments));
}

bool RecordSession::step() {
  page_->heartbeat.fetch_add(1, std::memory_order_relaxed);
  page_->rounds.fetch_add(1, std::memory_order_release);
  alignas(inotify_event) std::array<char, 16384> buffer;
  for (ssize_t got; (got = ::read(watch_.get(), buffer.data(), buffer.size())) > 0;) {
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if (event->len > 0) take_in(event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
  bool busy = false;
  const std::uint64_t now_ns = monotonic_ns();
  for (std::size_t i = 0; i < live_.size();) {
    const bool gone = live_[i]->is_gone();  // asked first: what it wrote until then is all there is
    busy |= live_[i]->drain(most_segments(*live_[i]), page_->heartbeat) > 0;
    live_[i]->sample(now_ns);
    busy |= live_[i]->count_touched([this] { return ticks(); });
    if (gone) {
      end_one(i, false);
    } else {
      ++i;
    }
  }
  return busy;
}

void RecordSession::end(bool all_gone) {
  step();
  while (!live_.empty()) end_one(live_.size() - 1, !all_gone && !live_.back()->is_gone());
  std::sort(ended_.begin(), ended_.end(),
            [](const EndedImage& a, const EndedImage& b) { return a.start_ticks < b.start_ticks; });
}

}  // namespace heapwise
