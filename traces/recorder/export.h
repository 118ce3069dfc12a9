// SPDX-License-Identifier: MIT
#pragma once

/// A function that takes the place of libc's; everything else in the library is hidden.
#define HEAPWISE_EXPORT extern "C" __attribute__((visibility("default")))
