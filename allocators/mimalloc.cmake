# SPDX-License-Identifier: MIT
heapwise_allocator(mimalloc
  TITLE "mimalloc"
  LIBRARY mimalloc
  HEADER mimalloc.h
  SONAME libmimalloc.so.2
  PACKAGE libmimalloc2.0
  DEVELOPMENT_PACKAGE libmimalloc-dev
  LINK_FLAG -lmimalloc
  TUNINGS
    decommit-0 "MIMALLOC_RESET_DELAY=0 MIMALLOC_SEGMENT_DECOMMIT_DELAY=0"
      "Returns free pages at once: less memory, more system calls."
    no-eager-commit "MIMALLOC_EAGER_COMMIT=0"
      "Commits memory as it is used: less at the start, more system calls."
    large-pages "MIMALLOC_LARGE_OS_PAGES=1"
      "Huge pages where the system gives them: fewer TLB misses, more memory.")
