# SPDX-License-Identifier: MIT
# What a program gets when nobody chooses: the malloc of the C library.
heapwise_allocator(glibc
  TITLE "glibc malloc"
  TUNINGS
    arena-max-2 "MALLOC_ARENA_MAX=2"
      "Fewer arenas: less memory where many threads allocate, more waiting between them."
    trim-early "MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072"
      "Fixes both thresholds, which otherwise grow: freed memory returns sooner, at the price of page faults."
    no-thread-cache "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"
      "No per-thread caches: shows what they cost in memory and save in time.")
