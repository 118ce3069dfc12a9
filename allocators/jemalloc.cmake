# SPDX-License-Identifier: MIT
heapwise_allocator(jemalloc
  TITLE "jemalloc"
  LIBRARY jemalloc
  HEADER jemalloc/jemalloc.h
  SONAME libjemalloc.so.2
  PACKAGE libjemalloc2
  DEVELOPMENT_PACKAGE libjemalloc-dev
  LINK_FLAG -ljemalloc
  TUNINGS
    background-thread "MALLOC_CONF=background_thread:true"
      "Returns memory while the program is idle, too. Its thread lives in real time: measure it with --clock recorded."
    decay-0 "MALLOC_CONF=dirty_decay_ms:0,muzzy_decay_ms:0"
      "Returns free pages at once: least memory, most system calls."
    decay-1s "MALLOC_CONF=dirty_decay_ms:1000,muzzy_decay_ms:0"
      "Returns free pages after one second instead of ten."
    narenas-2 "MALLOC_CONF=narenas:2"
      "Fewer arenas: less memory where many threads allocate, more waiting between them."
    thp "MALLOC_CONF=thp:always,metadata_thp:auto"
      "Asks for transparent huge pages: fewer TLB misses, memory in steps of 2 MiB.")
