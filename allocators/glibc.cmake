# SPDX-License-Identifier: MIT
# What a program gets when nobody chooses: the malloc of the C library.
heapwise_allocator(glibc
  TITLE "glibc malloc"
  SOURCES glibc_settings.cc
  TUNINGS
    arena-max-2 "MALLOC_ARENA_MAX=2"
      "Fewer arenas: less memory where many threads allocate, more waiting between them."
    trim "MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072"
      "Fixes both thresholds, which otherwise grow: freed memory returns sooner, at the price of page faults."
    tcache-off "GLIBC_TUNABLES=glibc.malloc.tcache_count=0"
      "No per-thread caches: shows what they cost in memory and save in time."
    thp "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"
      "Asks for transparent huge pages: fewer TLB misses, memory in steps of 2 MiB."
    hugetlb "GLIBC_TUNABLES=glibc.malloc.hugetlb=2"
      "Takes huge pages that the system has set aside (vm.nr_hugepages): fewest TLB misses, memory in steps of 2 MiB.")
