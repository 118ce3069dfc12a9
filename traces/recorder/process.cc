// SPDX-License-Identifier: MIT
#include "traces/recorder/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "traces/recorder/clock.h"
#include "traces/recorder/environment.h"
#include "traces/recorder/large.h"
#include "traces/recorder/linked.h"
#include "traces/recorder/real.h"
#include "traces/recorder/syscalls.h"
#include "traces/recorder/thread_state.h"

namespace heapwise::recorder {
namespace {

using spool::Header;
using spool::Unrecorded;

ProcessPage first_page;  // until there is one that the kernel wipes
std::atomic<bool> page_made{false};
bool in_session = false;
std::atomic<bool> sandboxed{false};

// The identity of the image that recorded last in this memory: in a forked child, its parent's.
std::uint64_t last_start_ticks = 0;

// What the objects import that were there when the image began: its children's too.
std::uint64_t first_allocator_calls = 0;

// Of paths inside the session's directory. These stand on the stack of whatever thread comes first.
constexpr std::size_t kPathBytes = 1024;

// What write_text() needs of snprintf.
char* put(char* at, const char* text) {
  while (*text != '\0') *at++ = *text++;
  *at = '\0';
  return at;
}

char* put(char* at, std::uint64_t number) {
  char digits[24];
  char* first = digits + sizeof digits - 1;
  *first = '\0';
  do {
    *--first = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return put(at, first);
}

void count_unrecorded(Unrecorded why) {
  if (session == nullptr) return;
  session->unrecorded[static_cast<std::size_t>(why)].fetch_add(1, std::memory_order_relaxed);
}

void map_session() {
  char path[kPathBytes];
  put(put(path, session_directory()), "/session");
  const long fd = system_call(SYS_openat, AT_FDCWD, argument(path), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  session = static_cast<spool::SessionPage*>(
      map_memory(spool::kPage, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(fd)));
  system_call(SYS_close, fd);
}

// The page must outlive the first event and be gone in children; without such pages (Linux before
// 4.14) a child cannot be told from its parent, so nothing is recorded.
bool make_page() {
  void* memory = map_memory(spool::kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  if (memory == nullptr) return false;
  if (system_call(SYS_madvise, argument(memory), spool::kPage, MADV_WIPEONFORK) != 0) return false;
  auto* page = new (memory) ProcessPage{};
  page->state.store(ProcessState::starting, std::memory_order_relaxed);
  process = page;
  return true;
}

// --- the text behind the header -------------------------------------------------------------

/// Appends zero-ended strings to the text area, whole or not at all.
class Text {
 public:
  explicit Text(Header* header)
      : at_(reinterpret_cast<char*>(header) + spool::kTextOffset), end_(at_ + spool::kTextBytes) {}
  std::uint32_t add(const char* text) {
    const std::size_t bytes = std::strlen(text) + 1;
    if (bytes > room()) return 0;
    std::memcpy(at_, text, bytes);
    at_ += bytes;
    return static_cast<std::uint32_t>(bytes);
  }
  /// Where the next string goes, for a system call to write there; then add_written().
  char* at() { return at_; }
  std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  std::uint32_t add_written(long length) {
    at_[length < 0 ? 0 : length] = '\0';
    const std::size_t bytes = std::strlen(at_) + 1;
    at_ += bytes;
    return static_cast<std::uint32_t>(bytes);
  }

 private:
  char* at_;
  char* end_;
};

bool steers_allocator(const char* entry) {
  for (const char* prefix : {"MALLOC_", "GLIBC_TUNABLES=", "LD_PRELOAD=", "LD_LIBRARY_PATH=",
                             "JE_MALLOC_CONF=", "TCMALLOC_", "MIMALLOC_", "PYTHONMALLOC="}) {
    if (std::strncmp(entry, prefix, std::strlen(prefix)) == 0) return true;
  }
  return false;
}

void write_text(Header* header) {
  constexpr long kLongest = spool::kTextBytes / 3;
  Text text(header);
  header->executable_bytes = text.add_written(system_call(
      SYS_readlinkat, AT_FDCWD, argument("/proc/self/exe"), argument(text.at()), kLongest));
  header->directory_bytes =
      text.add_written(system_call(SYS_getcwd, argument(text.at()), kLongest) - 1);
  char** arguments = initial_arguments();
  for (; *arguments != nullptr; ++arguments) header->argument_bytes += text.add(*arguments);
  for (char** entry = initial_environment(); *entry != nullptr; ++entry) {
    if (steers_allocator(*entry)) header->variable_bytes += text.add(*entry);
  }
}

// --- the spool ------------------------------------------------------------------------------

rlim_t limit_of(int resource) {
  rlimit limit{};
  if (system_call(SYS_prlimit64, 0, resource, 0, argument(&limit)) != 0) return RLIM_INFINITY;
  return limit.rlim_cur;
}

// All the address space one could want, unless the program has to live within a limit: then so
// little that it will not miss it.
std::uint32_t wanted_segments(rlim_t limit) {
  if (limit == RLIM_INFINITY) return spool::kMaxSegments;
  const rlim_t share = limit / 64 / spool::kSegmentBytes;
  return static_cast<std::uint32_t>(
      std::clamp<rlim_t>(share, spool::kFirstSegments, spool::kMaxSegments));
}

unsigned char* map_spool(int fd, std::uint32_t* capacity) {
  for (std::uint32_t segments = wanted_segments(limit_of(RLIMIT_AS));
       segments >= spool::kFirstSegments; segments /= 2) {
    void* base = map_memory(spool::spool_bytes(segments), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_NORESERVE, fd);
    if (base == nullptr) continue;
    const auto bytes = static_cast<long>(spool::spool_bytes(segments));
    system_call(SYS_madvise, argument(base), bytes, MADV_DONTDUMP);
    system_call(SYS_madvise, argument(base), bytes, MADV_DONTFORK);
    *capacity = segments;
    return static_cast<unsigned char*>(base);
  }
  return nullptr;
}

// Memory is allocated before it is written, as a full tmpfs would otherwise show as SIGBUS.
bool allocate_spool(int fd) {
  const auto bytes = static_cast<long>(spool::spool_bytes(spool::kFirstSegments));
  const auto head = static_cast<long>(spool::kStatesOffset + spool::kPage);
  const auto large = static_cast<long>(spool::kFirstLargeBlocks * sizeof(spool::LargeBlock));
  const auto start = static_cast<long>(spool::kSegmentsOffset);
  return system_call(SYS_ftruncate, fd, bytes) == 0 &&
         system_call(SYS_fallocate, fd, 0, 0, head) == 0 &&
         system_call(SYS_fallocate, fd, 0, static_cast<long>(spool::kLargeOffset), large) == 0 &&
         system_call(SYS_fallocate, fd, 0, start, bytes - start) == 0;
}

std::uint64_t pid_namespace() {
  struct stat status {};
  return system_call(SYS_newfstatat, AT_FDCWD, argument("/proc/self/ns/pid"), argument(&status),
                     0) == 0
             ? status.st_ino
             : 0;
}

void fill_header(Header* header, std::uint32_t capacity, std::uint64_t start_ticks) {
  std::memcpy(header->magic, spool::kMagic, sizeof header->magic);
  header->header_bytes = sizeof(Header);
  header->clock =
      clock_mode == ClockMode::tsc ? spool::ClockKind::tsc : spool::ClockKind::monotonic;
  header->pid = static_cast<std::int32_t>(system_call(SYS_getpid));
  header->parent_pid = static_cast<std::int32_t>(system_call(SYS_getppid));
  header->pid_namespace = pid_namespace();
  header->start_ticks = start_ticks;
  header->parent_start_ticks = last_start_ticks;
  const std::uint64_t forked = self.fork_ticks == 0 ? start_ticks : self.fork_ticks;
  header->fork_ticks = last_start_ticks == 0 ? 0 : forked;
  header->capacity = capacity;
  header->stamp_ticks = static_cast<std::uint32_t>(measure_stamp());
  header->allocator_calls.store(first_allocator_calls, std::memory_order_relaxed);
  std::strncpy(header->allocator, linked_allocator, sizeof header->allocator - 1);
  header->limit.store(spool::kFirstSegments, std::memory_order_relaxed);
  header->large_limit.store(spool::kFirstLargeBlocks, std::memory_order_relaxed);
  header->flags.store((over_linked_allocator ? spool::kOverLinkedAllocator : 0U) |
                          (clock_mode == ClockMode::frozen ? spool::kClockFrozen : 0U),
                      std::memory_order_relaxed);
  write_text(header);
}

void use_spool(unsigned char* base) {
  spool_of_process.header = reinterpret_cast<Header*>(base);
  spool_of_process.states =
      reinterpret_cast<std::atomic<spool::SegmentState>*>(base + spool::kStatesOffset);
  spool_of_process.large_blocks = reinterpret_cast<spool::LargeBlock*>(base + spool::kLargeOffset);
  spool_of_process.segments = base + spool::kSegmentsOffset;
}

/// A spool under its temporary name.
struct SpoolFile {
  char making[kPathBytes + 64];
  char made[kPathBytes + 64];
  int fd = -1;
};

void name_spool(SpoolFile& file, std::uint64_t ticks) {
  const auto pid = static_cast<std::uint64_t>(system_call(SYS_getpid));
  char* at = put(put(file.making, session_directory()), "/new.");
  put(put(put(at, pid), "."), ticks);
  at = put(put(file.made, session_directory()), "/spool.");
  put(put(put(at, pid), "."), ticks);
}

bool fill_spool(const SpoolFile& file, std::uint64_t ticks) {
  std::uint32_t capacity = 0;
  if (!allocate_spool(file.fd)) {
    count_unrecorded(Unrecorded::no_spool);
    return false;
  }
  unsigned char* base = map_spool(file.fd, &capacity);
  if (base == nullptr) {
    count_unrecorded(Unrecorded::address_space);
    return false;
  }
  fill_header(reinterpret_cast<Header*>(base), capacity, ticks);
  if (system_call(SYS_rename, argument(file.making), argument(file.made)) != 0) {
    system_call(SYS_munmap, argument(base), static_cast<long>(spool::spool_bytes(capacity)));
    count_unrecorded(Unrecorded::no_spool);
    return false;
  }
  use_spool(base);
  return true;
}

bool make_spool() {
  // Beyond this limit a write is not refused but answered with SIGXFSZ.
  if (limit_of(RLIMIT_FSIZE) < spool::spool_bytes(spool::kFirstSegments)) {
    count_unrecorded(Unrecorded::file_size_limit);
    return false;
  }
  const std::uint64_t ticks = stamp();
  SpoolFile file;
  name_spool(file, ticks);
  file.fd = static_cast<int>(system_call(SYS_openat, AT_FDCWD, argument(file.making),
                                         O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.fd < 0) {
    count_unrecorded(Unrecorded::no_spool);
    return false;
  }
  const bool made = fill_spool(file, ticks);
  if (!made) system_call(SYS_unlink, argument(file.making));
  system_call(SYS_close, file.fd);
  if (made) last_start_ticks = ticks;
  return made;
}

// --- beginning ------------------------------------------------------------------------------

// What this libc lacks must not be the first thing that the program's dlerror() tells it.
void resolve_all() {
  resolve_real();
  resolve_execs();
  resolve_exits();
  resolve_limits();
  resolve_notices();
  resolve_operators();
  resolve_pages();
  resolve_threads();
  dlerror();
}

bool begin_image() {
  in_session = enter_session();
  if (!in_session) return false;
  map_session();
  if (session == nullptr) return false;
  clock_mode = session->clock == spool::ClockKind::tsc ? ClockMode::tsc : ClockMode::monotonic;
  first_allocator_calls = imported_allocator_calls();
  make_thread_key();
  resolve_all();
  return true;
}

bool begin_process() {
  if (generation == 0 && !begin_image()) return false;
  if (!in_session) return false;
  if (is_sandboxed()) {
    count_unrecorded(Unrecorded::sandboxed);
    return false;
  }
  forget_partial_segments();
  if (!make_spool()) return false;
  begin_large_blocks();
  return true;
}

// The one thread that begins; all others, and this one's own nested events, are not recorded yet.
bool claim_beginning() {
  ProcessState unknown = ProcessState::unknown;
  if (!process->state.compare_exchange_strong(unknown, ProcessState::starting)) return false;
  if (page_made.exchange(true)) return true;
  return make_page();
}

}  // namespace

ProcessPage* process = &first_page;
std::uint32_t generation = 0;
Spool spool_of_process;
spool::SessionPage* session = nullptr;

bool ensure_recording() {
  if (is_recording()) return true;
  if (process->state.load(std::memory_order_relaxed) != ProcessState::unknown) return false;
  if (!claim_beginning()) return false;
  const bool begun = begin_process();
  ++generation;
  self.fork_ticks = 0;
  // Keys differ from generation to generation, so that a child's writers are not its parent's.
  if (begun) process->key.store(kFirstKey + generation, std::memory_order_relaxed);
  process->state.store(begun ? ProcessState::recording : ProcessState::inert,
                       std::memory_order_release);
  return begun;
}

bool has_memory_limit() {
  return limit_of(RLIMIT_AS) != RLIM_INFINITY || limit_of(RLIMIT_DATA) != RLIM_INFINITY;
}

std::uint64_t memory_lock_limit() { return limit_of(RLIMIT_MEMLOCK); }

// The supervisor may be making more room at the same time: so much stays that it will find it.
void limit_spool(std::uint64_t bytes) {
  if (!is_recording()) return;
  Header* header = spool_of_process.header;
  const std::uint32_t before = header->capacity;
  const std::uint32_t kept = std::max(wanted_segments(bytes), header->limit.load() * 4);
  if (kept >= before) return;
  header->capacity = kept;
  const auto from = reinterpret_cast<std::uintptr_t>(header) + spool::spool_bytes(kept);
  system_call(SYS_munmap, static_cast<long>(from),
              static_cast<long>(spool::spool_bytes(before) - spool::spool_bytes(kept)));
}

void unlock_spool() {
  if (!is_recording()) return;
  const Header* header = spool_of_process.header;
  system_call(SYS_munlock, argument(header),
              static_cast<long>(spool::spool_bytes(header->capacity)));
}

void stop_recording() {
  process->key.store(0, std::memory_order_relaxed);
  process->state.store(ProcessState::inert, std::memory_order_relaxed);
}

bool is_own_spool() {
  if (!is_recording()) return false;
  // Asking is a system call, and so more than a sandbox may allow.
  return is_sandboxed() || system_call(SYS_getpid) == spool_of_process.header->pid;
}

std::uint64_t note_fork_begin() {
  const std::uint64_t before = self.fork_ticks;
  const bool begun = process->state.load(std::memory_order_relaxed) != ProcessState::unknown;
  if (begun || before == 0) self.fork_ticks = stamp();
  return before;
}

void note_fork_end(std::uint64_t before) { self.fork_ticks = before; }

SpoolInUse spool_in_use() {
  SpoolInUse in_use;
  if (!is_recording()) return in_use;
  in_use.header = spool_of_process.header;
  in_use.bytes = spool::kSegmentsOffset;
  const std::uint64_t key = process->key.load(std::memory_order_relaxed);
  const void** segment = in_use.segments;
  for (const Writer* writer : {&self.writer, &self.nested}) {
    if (writer->key != kBusy && writer->key != key) continue;
    if (writer->cursor == nullptr) {
      // It may be about to take any of them.
      const std::uint32_t capacity = spool_of_process.header->capacity;
      if (writer->key == kBusy) in_use.bytes = spool::spool_bytes(capacity);
      continue;
    }
    const auto at = static_cast<std::size_t>(writer->cursor - spool_of_process.segments);
    *segment++ = writer->cursor - at % spool::kSegmentBytes;
  }
  return in_use;
}

void stand_in_for(const SpoolInUse& parents) {
  const auto map = [](const void* from, std::size_t bytes) {
    if (from == nullptr || is_sandboxed()) return;
    system_call(SYS_mmap, argument(from), static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  };
  map(parents.header, parents.bytes);
  for (const void* segment : parents.segments) map(segment, spool::kSegmentBytes);
}

void note_sandbox(bool now) { sandboxed.store(now, std::memory_order_relaxed); }
bool is_sandboxed() { return sandboxed.load(std::memory_order_relaxed); }

}  // namespace heapwise::recorder
