// SPDX-License-Identifier: MIT
#include "traces/recorder/real.h"

#include <dlfcn.h>

#include "traces/recorder/linked.h"

namespace heapwise::recorder {

const char* linked_allocator = "";
bool over_linked_allocator = false;
bool over_other_malloc = false;

// dlsym tells from its return address who asks, so it must not become a tail call.
[[gnu::noinline]] void* next_symbol(const char* name) {
  void* symbol = dlsym(RTLD_NEXT, name);
  asm volatile("" : "+r"(symbol));
  return symbol;
}

namespace {

template <class F>
void set(F& function, void* address) {
  if (address != nullptr) function = reinterpret_cast<F>(address);
}

template <class Find>
void set_all(Find find) {
  set(real.malloc, find("malloc"));
  set(real.calloc, find("calloc"));
  set(real.realloc, find("realloc"));
  set(real.free, find("free"));
  set(real.posix_memalign, find("posix_memalign"));
  set(real.aligned_alloc, find("aligned_alloc"));
  set(real.memalign, find("memalign"));
  set(real.valloc, find("valloc"));
  set(real.pvalloc, find("pvalloc"));
  set(real.malloc_usable_size, find("malloc_usable_size"));
  set(real.malloc_trim, find("malloc_trim"));
  set(real.mallopt, find("mallopt"));
}

// Of a program linked to an allocator the trace is still taken over glibc, as other allocators
// bring costs and an operator new of their own; unless the program also uses that allocator's own
// interface. Any other malloc in between (a debugging aid that the user preloads) stays in the
// chain.
void choose_chain() {
  void* next = next_symbol("malloc");
  if (next == nullptr || next == reinterpret_cast<void*>(real.malloc)) return;
  Dl_info info{};
  if (dladdr(next, &info) != 0 && is_known_allocator(base_name(info.dli_fname))) {
    linked_allocator = base_name(info.dli_fname);
    over_linked_allocator = program_uses_private_interface(linked_allocator);
    if (!over_linked_allocator) return;
  }
  over_other_malloc = true;
  set_all(next_symbol);
}

// dlsym may allocate: by then the pointers lead to libc, found without it.
void resolve() {
  const link_map* libc = find_libc();
  if (libc == nullptr) {
    set_all(next_symbol);
    return;
  }
  set_all([libc](const char* name) { return find_symbol(libc, name); });
  choose_chain();
}

void* first_malloc(std::size_t size) {
  resolve();
  return real.malloc(size);
}
void* first_calloc(std::size_t count, std::size_t size) {
  resolve();
  return real.calloc(count, size);
}
void* first_realloc(void* block, std::size_t size) {
  resolve();
  return real.realloc(block, size);
}
void first_free(void* block) {
  resolve();
  real.free(block);
}
int first_posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  resolve();
  return real.posix_memalign(block, alignment, size);
}
void* first_aligned_alloc(std::size_t alignment, std::size_t size) {
  resolve();
  return real.aligned_alloc(alignment, size);
}
void* first_memalign(std::size_t alignment, std::size_t size) {
  resolve();
  return real.memalign(alignment, size);
}
void* first_valloc(std::size_t size) {
  resolve();
  return real.valloc(size);
}
void* first_pvalloc(std::size_t size) {
  resolve();
  return real.pvalloc(size);
}
std::size_t first_malloc_usable_size(void* block) {
  resolve();
  return real.malloc_usable_size(block);
}
int first_malloc_trim(std::size_t pad) {
  resolve();
  return real.malloc_trim(pad);
}
int first_mallopt(int parameter, int value) {
  resolve();
  return real.mallopt(parameter, value);
}

}  // namespace

void resolve_real() {
  if (real.malloc == first_malloc) resolve();
}

Real real = {
    first_malloc,        first_calloc,   first_realloc, first_free,    first_posix_memalign,
    first_aligned_alloc, first_memalign, first_valloc,  first_pvalloc, first_malloc_usable_size,
    first_malloc_trim,   first_mallopt};

}  // namespace heapwise::recorder
