# SPDX-License-Identifier: MIT
# No allocator: hands out shared memory by moving a pointer, so that what is left is the harness.
heapwise_allocator(null
  TITLE "null (the harness itself)"
  HARNESS
  SOURCES null_malloc.cc)
