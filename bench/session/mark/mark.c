// SPDX-License-Identifier: MIT
// Preloaded into one real run under glibc: marks the anonymous memory that is certainly not
// malloc's, so that whoever reads /proc/PID/smaps can tell it from the heap. The mark is
// MADV_DONTDUMP, "dd" in VmFlags; it also keeps the kernel from merging such memory with malloc's
// neighbouring mappings. glibc's malloc calls its mmap inside libc, past this one; the program and
// its other libraries come through here.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void mark(void* memory, size_t bytes) {
  const int kept = errno;
  madvise(memory, bytes, MADV_DONTDUMP);
  errno = kept;
}

EXPORT void* mmap(void* address, size_t bytes, int protection, int flags, int file, off_t offset) {
  void* memory = (void*)syscall(SYS_mmap, address, bytes, protection, flags, file, offset);
  const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  if (memory != MAP_FAILED && (flags & anonymous) == anonymous) mark(memory, bytes);
  return memory;
}

EXPORT void* mmap64(void* address, size_t bytes, int protection, int flags, int file,
                    off64_t offset) {
  return mmap(address, bytes, protection, flags, file, offset);
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

/// What is there before the program begins: thread-local storage, the dynamic linker's own data,
/// zeroed data of libraries. It belongs to any process, whatever its heap.
__attribute__((constructor)) static void mark_what_the_linker_made(void) {
  static char text[1 << 18];
  const int kept = errno;
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
  errno = kept;
}
