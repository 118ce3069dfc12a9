// SPDX-License-Identifier: MIT
// The functions behind the ones the recorder defines. Everything goes on to them but some large
// blocks (large.h), and those look like libc's own, so code that reaches libc past the recorder
// (RTLD_DEEPBIND) can free what it likes.
#pragma once

#include <cstddef>

namespace heapwise::recorder {

/// Each pointer is callable at any time: before anything is resolved it points to a function that
/// resolves all of them first.
struct Real {
  void* (*malloc)(std::size_t);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void (*free)(void*);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  void* (*aligned_alloc)(std::size_t, std::size_t);
  void* (*memalign)(std::size_t, std::size_t);
  void* (*valloc)(std::size_t);
  void* (*pvalloc)(std::size_t);
  std::size_t (*malloc_usable_size)(void*);
  int (*malloc_trim)(std::size_t);
  int (*mallopt)(int, int);
};

extern Real real;

/// Finds them, and what follows, now: the first call of each would. Nothing where that has been.
void resolve_real();

/// The known allocator that the program is linked to (a file name), or "".
extern const char* linked_allocator;
/// True when calls go on to it; false when they go to glibc in spite of it.
extern bool over_linked_allocator;
/// True when calls go on to a malloc that is not glibc's own.
extern bool over_other_malloc;

/// The next definition of a function after the recorder's own, or null.
void* next_symbol(const char* name);

/// A function that the recorder stands before. All are looked up when the image begins: later that
/// would not be safe in a signal handler, and take the program's own dlerror() from it.
template <class F>
class Next {
 public:
  constexpr explicit Next(const char* name) : name_(name) {}
  F get() {
    if (function_ == nullptr) function_ = reinterpret_cast<F>(next_symbol(name_));
    return function_;
  }
  /// Null before it was looked up.
  F known() const { return function_; }

 private:
  const char* name_;
  F function_ = nullptr;
};

}  // namespace heapwise::recorder
