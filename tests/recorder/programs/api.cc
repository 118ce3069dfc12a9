// SPDX-License-Identifier: MIT
// Every way to ask for memory, each with sizes of its own.
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <new>

#include "tests/recorder/programs/scenario.h"

namespace {

volatile std::size_t huge = PTRDIFF_MAX;  // hidden from the compiler's warnings

int every_function() {
  void* a = malloc(100001);
  void* b = calloc(7, 100003);
  void* c = realloc(nullptr, 100005);
  c = realloc(c, 200005);
  void* d = reallocarray(nullptr, 3, 100007);
  void* e = nullptr;
  const int aligned = posix_memalign(&e, 64, 100009);
  void* f = aligned_alloc(256, 102400);
  void* g = memalign(128, 100011);
  void* h = valloc(100013);
  void* i = pvalloc(100015);
  void* kept = malloc(100017);
  std::printf("%d %d\n", aligned, static_cast<int>(malloc_usable_size(a) >= 100001));
  for (void* block : {a, b, c, d, e, f, g, h, i}) free(block);
  free(nullptr);
  return kept == nullptr ? 1 : 0;
}

int failures() {
  void* kept = malloc(100021);
  errno = 0;
  void* big = malloc(huge);
  std::printf("malloc %d %d\n", static_cast<int>(big == nullptr), errno);
  errno = 0;
  void* product = calloc(huge, 16);
  std::printf("calloc %d %d\n", static_cast<int>(product == nullptr), errno);
  errno = 0;
  void* moved = realloc(kept, huge);
  std::printf("realloc %d %d\n", static_cast<int>(moved == nullptr), errno);
  errno = 0;
  void* array = reallocarray(kept, huge, 16);
  std::printf("reallocarray %d %d\n", static_cast<int>(array == nullptr), errno);
  void* untouched = &errno;
  errno = 0;
  const int wrong = posix_memalign(&untouched, 3, 100);
  std::printf("posix_memalign %d %d %d\n", wrong, errno, static_cast<int>(untouched == &errno));
  void* gone = malloc(100023);
  gone = realloc(gone, 0);
  std::printf("realloc to 0 %d\n", static_cast<int>(gone == nullptr));
  errno = 77;
  free(malloc(100));
  std::printf("errno %d\n", errno);
  return 0;
}

// What programs ask for to see it refused. Says what was given all the same; with a page's worth of
// bytes from a size's end on, sums with it wrap.
void ask_for(std::size_t size) {
  void* const kept = malloc(100033);
  void* untouched = &errno;
  errno = 0;
  std::printf("%d%d%d%d%d%d", static_cast<int>(malloc(size) == nullptr),
              static_cast<int>(calloc(1, size) == nullptr),
              static_cast<int>(realloc(kept, size) == nullptr),
              static_cast<int>(memalign(64, size) == nullptr),
              static_cast<int>(aligned_alloc(4096, size) == nullptr),
              static_cast<int>(valloc(size) == nullptr));
  std::printf(" %d", errno);
  std::printf(" %d\n", posix_memalign(&untouched, 1 << 20, size));
  free(kept);
}

int impossible() {
  for (const std::size_t below : {0UL, 1UL, 15UL, 4095UL, 4096UL, 1UL << 21, 1UL << 30}) {
    ask_for(SIZE_MAX - below);
    ask_for(SIZE_MAX / 2 + 1 - below);
  }
  return 0;
}

struct alignas(128) Wide {
  char bytes[128 * 801];
};

int operators() {
  delete static_cast<char*>(operator new(110001));
#ifdef __cpp_sized_deallocation
  operator delete (operator new(110003), std::size_t{110003});
  operator delete[](operator new[](110007), std::size_t{110007});
#endif
  operator delete[](operator new[](110005));
  operator delete(operator new(110009, std::nothrow), std::nothrow);
  operator delete[](operator new[](110011, std::nothrow), std::nothrow);
  constexpr auto align = std::align_val_t{64};
  operator delete(operator new(110016, align), align);
  operator delete[](operator new[](110080, align), align);
#ifdef __cpp_sized_deallocation
  operator delete (operator new(110144, align), std::size_t{110144}, align);
  operator delete[](operator new[](110208, align), std::size_t{110208}, align);
#endif
  operator delete(operator new(110272, align, std::nothrow), align, std::nothrow);
  operator delete[](operator new[](110336, align, std::nothrow), align, std::nothrow);
  Wide* volatile wide = new Wide;  // volatile, or the pair is optimised away
  delete wide;
  return 0;
}

int handler_calls = 0;

void give_up() {
  if (++handler_calls == 3) std::set_new_handler(nullptr);
}

int throwing_new() {
  std::set_new_handler(give_up);
  try {
    void* block = operator new(huge);
    std::printf("%p\n", block);
    operator delete(block);
  } catch (const std::bad_alloc& error) {
    std::printf("%s after %d calls\n", error.what(), handler_calls);
  }
  void* const block = operator new(huge, std::nothrow);
  std::printf("%d\n", static_cast<int>(block == nullptr));
  operator delete(block);
  return 0;
}

// No power of two is no alignment.
int wrong_alignments() {
  for (const std::size_t wrong : {std::size_t{0}, std::size_t{24}, std::size_t{48}}) {
    const auto align = static_cast<std::align_val_t>(wrong);
    void* const block = operator new(10, align, std::nothrow);
    std::printf("%d\n", static_cast<int>(block == nullptr));
    operator delete(block, align);
    try {
      operator delete(operator new(10, align), align);
    } catch (const std::bad_alloc&) {
      std::puts("refused");
    }
  }
  return 0;
}

int controls() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  void* block = malloc(300000);
  free(block);
  malloc_trim(4096);
  return 0;
}

// More than 4 GiB, an address that no compact event can hold, and long pauses in between.
int unusual() {
  void* big = malloc(std::size_t{5} << 30);
  usleep(3000);
  free(big);
  void* zero = malloc(0);
  std::printf("%d\n", static_cast<int>(zero != nullptr));
  free(zero);
  return 0;
}

int many() {
  const int count = scenario::extra_count > 0 ? std::atoi(scenario::extra[0]) : 1000000;
  void* table[64] = {};
  for (int i = 0; i < count; ++i) {
    void*& slot = table[static_cast<unsigned>(i) * 7U % 64U];
    free(slot);
    slot = scenario::take(24 + static_cast<unsigned>(i) % 100U);
  }
  return 0;
}

const scenario::Register registrations[] = {{"every-function", every_function},
                                            {"failures", failures},
                                            {"impossible", impossible},
                                            {"operators", operators},
                                            {"throwing-new", throwing_new},
                                            {"wrong-alignments", wrong_alignments},
                                            {"controls", controls},
                                            {"unusual", unusual},
                                            {"many", many}};

// Before main and after the exit handlers.
struct Early {
  Early() : block(std::malloc(120001)) {}
  ~Early() {
    std::free(block);
    after = std::malloc(120003);
  }
  void* block;
  void* after = nullptr;
};
Early early;

[[gnu::constructor(101)]] void earliest() { std::free(std::malloc(120005)); }
[[gnu::destructor(101)]] void latest() { std::free(std::malloc(120007)); }

int nothing() { return 0; }
const scenario::Register nothing_registration("nothing", nothing);

}  // namespace
