/* SPDX-License-Identifier: MIT */
/* What the marking library tells whoever started the program. */
#pragma once

#include <stdint.h>

/* The environment variable that names the file to append to. */
#define HEAPWISE_STARTS "HEAPWISE_STARTS"

/* One for each process image, when its libraries are loaded and nothing of it has run: what comes
   before is the dynamic linker's time, in which there is no heap. */
struct heapwise_start {
  int64_t pid;
  uint64_t identity; /* where its arguments lie: another place after each exec */
  int64_t monotonic_ns;
};
