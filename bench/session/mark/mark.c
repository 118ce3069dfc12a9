// SPDX-License-Identifier: MIT
// Preloaded into the real runs of a verification, before the allocator: marks the anonymous memory
// that is certainly not malloc's, so that whoever reads /proc/PID/smaps can tell it from the heap.
// The mark is MADV_DONTDUMP, "dd" in VmFlags; it also keeps the kernel from merging such memory
// with malloc's neighbouring mappings. It costs a system call for each mapping and thread that the
// program makes, and nothing for an allocation.
//
// Marked are mappings that the program and its libraries make by calling mmap, unless the caller is
// the library that malloc comes from; glibc's own malloc calls its mmap inside libc, past this one.
// So are the stacks of threads, and what the dynamic linker had made when the first of all this
// happens. The mark is this library's alone: what the program wants to see in its core dumps is not
// passed on, or a runtime that reserves its heap undumped and asks for parts of it back, as GHC's
// does, would turn those parts into malloc's.
//
// It also tells when the program began, see mark.h.
#define _GNU_SOURCE
#include "bench/session/mark/mark.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void mark(void* memory, size_t bytes) {
  const int kept = errno;
  syscall(SYS_madvise, memory, bytes, MADV_DONTDUMP);
  errno = kept;
}

EXPORT int madvise(void* memory, size_t bytes, int advice) {
  if (advice == MADV_DODUMP || advice == MADV_DONTDUMP) return 0;
  return (int)syscall(SYS_madvise, memory, bytes, advice);
}

// --- the beginning ---------------------------------------------------------------------------

static uintptr_t malloc_from, malloc_until;  // the library that malloc comes from

static int find_malloc(struct dl_phdr_info* object, size_t bytes, void* malloc_itself) {
  (void)bytes;
  const uintptr_t wanted = (uintptr_t)malloc_itself;
  uintptr_t from = UINTPTR_MAX, until = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    if (object->dlpi_phdr[i].p_type != PT_LOAD) continue;
    const uintptr_t begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
    const uintptr_t end = begin + object->dlpi_phdr[i].p_memsz;
    if (begin < from) from = begin;
    if (end > until) until = end;
  }
  if (wanted < from || wanted >= until) return 0;
  malloc_from = from;
  malloc_until = until;
  return 1;
}

/// A line of /proc/self/maps: "from-until rw-p offset device inode [name]".
static void mark_if_unnamed(char* line) {
  char* at = line;
  const unsigned long from = strtoul(at, &at, 16);
  if (*at != '-') return;
  const unsigned long until = strtoul(at + 1, &at, 16);
  if (strncmp(at, " rw-p 00000000 00:00 0", 22) != 0) return;
  if (strpbrk(at + 22, "[/") != NULL) return;
  mark((void*)from, until - from);
}

/// Thread-local storage, the dynamic linker's own data, zeroed data of libraries: they belong to
/// any process, whatever its heap.
static void mark_what_the_linker_made(void) {
  static char text[1 << 18];
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  for (ssize_t got = 1; file >= 0 && got > 0 && size < sizeof text - 1; size += (size_t)got) {
    got = read(file, text + size, sizeof text - 1 - size);
    if (got < 0) break;
  }
  if (file >= 0) close(file);
  text[size] = '\0';
  for (char* line = text; line != NULL && *line != '\0';) {
    char* end = strchr(line, '\n');
    if (end != NULL) *end = '\0';
    mark_if_unnamed(line);
    line = end == NULL ? NULL : end + 1;
  }
}

/// With the first call that comes here, which is before the allocator has mapped anything, or when
/// this library is initialized. There is one thread then.
static void begin(void) {
  static bool begun;
  if (begun) return;
  begun = true;
  const int kept = errno;
  mark_what_the_linker_made();
  // Its plain address may be that of a stub in the program.
  dl_iterate_phdr(find_malloc, dlsym(RTLD_NEXT, "malloc"));
  errno = kept;
}

static const char* starts_file(char** environment) {
  const size_t length = sizeof HEAPWISE_STARTS - 1;
  for (; environment != NULL && *environment != NULL; ++environment) {
    if (strncmp(*environment, HEAPWISE_STARTS "=", length + 1) == 0) {
      return *environment + length + 1;
    }
  }
  return NULL;
}

static void tell_start(const char* path, uint64_t identity) {
  struct timespec now;
  const int file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const struct heapwise_start start = {getpid(), identity, now.tv_sec * 1000000000LL + now.tv_nsec};
  const ssize_t written = write(file, &start, sizeof start);
  (void)written;  // what could not be told is not known
  close(file);
}

/// libc has not looked at the environment yet.
__attribute__((constructor)) static void initialize(int count, char** arguments,
                                                    char** environment) {
  begin();
  const int kept = errno;
  const char* const path = starts_file(environment);
  if (path != NULL && count > 0) tell_start(path, (uintptr_t)arguments[0]);
  errno = kept;
}

// --- mappings --------------------------------------------------------------------------------

static void* map(void* address, size_t bytes, int protection, int flags, int file, off_t offset,
                 uintptr_t caller) {
  begin();
  void* memory = (void*)syscall(SYS_mmap, address, bytes, protection, flags, file, offset);
  const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  const bool of_malloc = caller >= malloc_from && caller < malloc_until;
  if (memory != MAP_FAILED && (flags & anonymous) == anonymous && !of_malloc) mark(memory, bytes);
  return memory;
}

EXPORT void* mmap(void* address, size_t bytes, int protection, int flags, int file, off_t offset) {
  return map(address, bytes, protection, flags, file, offset,
             (uintptr_t)__builtin_return_address(0));
}

EXPORT void* mmap64(void* address, size_t bytes, int protection, int flags, int file,
                    off64_t offset) {
  return map(address, bytes, protection, flags, file, offset,
             (uintptr_t)__builtin_return_address(0));
}

// --- thread stacks ---------------------------------------------------------------------------

/// What a new thread needs to know. Given back as soon as it has begun.
struct Start {
  atomic_bool taken;
  void* (*function)(void*);
  void* argument;
  size_t stack_bytes;
};
static struct Start starts[64];

static struct Start* take_start(void) {
  for (size_t i = 0; i < sizeof starts / sizeof *starts; ++i) {
    if (!atomic_exchange(&starts[i].taken, true)) return &starts[i];
  }
  return NULL;
}

/// The stack ends where the thread's own control block lies, in its last page.
static void mark_stack(size_t bytes) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t end = ((uintptr_t)pthread_self() | (page - 1)) + 1;
  const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
  bytes &= ~(page - 1);
  if (here < end && here >= end - bytes) mark((void*)(end - bytes), bytes);
}

static void* run(void* given) {
  struct Start* const start = given;
  void* (*const function)(void*) = start->function;
  void* const argument = start->argument;
  const size_t stack_bytes = start->stack_bytes;
  atomic_store(&start->taken, false);
  if (stack_bytes != 0) mark_stack(stack_bytes);
  return function(argument);
}

/// 0 for a stack that the program brings itself: whatever memory that is.
static size_t stack_bytes_of(const pthread_attr_t* attributes) {
  size_t bytes = 0;
  void* bottom = NULL;
  pthread_attr_t usual;
  if (attributes == NULL) {
    pthread_attr_init(&usual);
    pthread_attr_getstacksize(&usual, &bytes);
    pthread_attr_destroy(&usual);
    return bytes;
  }
  // Without a stack of its own the bottom is that of one that ends at address 0.
  pthread_attr_getstack(attributes, &bottom, &bytes);
  if ((uintptr_t)bottom + bytes != 0) return 0;
  pthread_attr_getstacksize(attributes, &bytes);
  return bytes;
}

typedef int (*Create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

EXPORT int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                          void* (*function)(void*), void* argument) {
  static _Atomic(Create) next;
  Create create = atomic_load(&next);
  if (create == NULL) {
    create = (Create)dlsym(RTLD_NEXT, "pthread_create");
    atomic_store(&next, create);
  }
  struct Start* const start = take_start();
  if (start == NULL) return create(thread, attributes, function, argument);
  start->function = function;
  start->argument = argument;
  start->stack_bytes = stack_bytes_of(attributes);
  const int failed = create(thread, attributes, run, start);
  if (failed != 0) atomic_store(&start->taken, false);
  return failed;
}
