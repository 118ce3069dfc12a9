// SPDX-License-Identifier: MIT
// A plug-in of a C program: C++'s library comes with it, for it alone.
#include <cstddef>
#include <new>

extern "C" __attribute__((visibility("default"))) int ask_for_too_much(std::size_t bytes) {
  try {
    ::operator delete(::operator new(bytes));  // not to be left out, as an expression may be
  } catch (const std::bad_alloc&) {
    return 7;
  }
  return 0;
}
