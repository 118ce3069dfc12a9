# SPDX-License-Identifier: MIT
# The options are those of 2.0, which Debian 12 has. From 2.1 on, purging has other names; there the
# tunings that are no more end as unsupported.
heapwise_allocator(mimalloc
  TITLE "mimalloc"
  LIBRARY mimalloc
  HEADER mimalloc.h
  SONAME libmimalloc.so.2
  PACKAGE libmimalloc2.0
  DEVELOPMENT_PACKAGE libmimalloc-dev
  LINK_FLAG -lmimalloc
  TUNINGS
    purge-now "MIMALLOC_DECOMMIT_DELAY=0 MIMALLOC_SEGMENT_DECOMMIT_DELAY=0"
      "Returns free pages at once: less memory, more system calls."
    purge-slow "MIMALLOC_DECOMMIT_DELAY=1000 MIMALLOC_SEGMENT_DECOMMIT_DELAY=5000"
      "Keeps free pages for a second instead of 25 ms: fewer system calls, more memory after a peak."
    eager-commit-off "MIMALLOC_EAGER_COMMIT=0"
      "Commits memory as it is used: less at the start, more system calls."
    large-pages "MIMALLOC_LARGE_OS_PAGES=1"
      "Huge pages where the system gives them: fewer TLB misses, memory in steps of 2 MiB."
    secure "PRELOAD=libmimalloc-secure.so.2"
      "The build with guard pages and encrypted free lists: what hardening costs. Debian has no package of it.")
