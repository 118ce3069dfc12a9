# SPDX-License-Identifier: MIT
# The tcmalloc of gperftools, without its profilers.
heapwise_allocator(tcmalloc
  TITLE "tcmalloc (gperftools)"
  LIBRARY tcmalloc_minimal
  HEADER gperftools/tcmalloc.h
  SONAME libtcmalloc_minimal.so.4
  PACKAGE libtcmalloc-minimal4
  DEVELOPMENT_PACKAGE libgoogle-perftools-dev
  LINK_FLAG -ltcmalloc_minimal
  TUNINGS
    aggressive-decommit "TCMALLOC_AGGRESSIVE_DECOMMIT=1"
      "Returns every free span at once: least memory, most system calls."
    release-rate-10 "TCMALLOC_RELEASE_RATE=10"
      "Returns free spans ten times as eagerly as by default."
    small-cache "TCMALLOC_MAX_TOTAL_THREAD_CACHE_BYTES=4194304"
      "4 MiB for all thread caches instead of 32 MiB: less memory, more visits to the shared lists.")
