// SPDX-License-Identifier: MIT
// What one call costs where nothing else happens: the least an allocator can take, and no forecast
// of a program. Blocks are written to, one byte each, as whoever asks for memory does.
//
// The compiler knows nothing of malloc and operator new here (see CMakeLists.txt), so no pair of
// calls is left out.
#include "bench/micro/primitives.h"

#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <utility>

#include "bench/micro/measured.h"

namespace heapwise::micro {
namespace {

/// How many blocks are alive at a time, or calls made at least, where it is more than one.
constexpr std::size_t kBatch = 1000;

void touch(void* block) { *static_cast<volatile char*>(block) = 1; }

std::size_t size_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void malloc_free(benchmark::State& state) {
  const std::size_t size = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    void* const block = malloc(size);
    touch(block);
    free(block);
  }
}

/// The same with a thousand calls at least in each thread: one alone is over before the next thread
/// has begun.
void malloc_free_threads(benchmark::State& state) {
  const std::size_t size = size_of(state);
  const Measured measured;
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      void* const block = malloc(size);
      touch(block);
      free(block);
    }
  }
}

void calloc_free(benchmark::State& state) {
  const std::size_t size = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    void* const block = calloc(1, size);
    touch(block);
    free(block);
  }
}

void aligned_alloc_free(benchmark::State& state) {
  const std::size_t alignment = size_of(state);
  const auto size = static_cast<std::size_t>(state.range(1));
  const Measured measured;
  for (auto _ : state) {
    void* const block = aligned_alloc(alignment, size);
    touch(block);
    free(block);
  }
}

void new_delete(benchmark::State& state) {
  const std::size_t size = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    void* const block = ::operator new(size);
    touch(block);
    ::operator delete(block);
  }
}

void new_delete_sized(benchmark::State& state) {
  const std::size_t size = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    void* const block = ::operator new(size);
    touch(block);
    ::operator delete(block, size);
  }
}

/// A vector that grows by doubling, from 16 bytes to the end; one iteration is the whole growth.
void realloc_double(benchmark::State& state) {
  const std::size_t end = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    char* block = nullptr;
    for (std::size_t size = 16; size <= end; size *= 2) {
      block = static_cast<char*>(realloc(block, size));
      touch(block + size - 1);
    }
    free(block);
  }
}

/// A text that grows by 64 bytes at a time; one iteration is the whole growth.
void realloc_append(benchmark::State& state) {
  const std::size_t end = size_of(state);
  const Measured measured;
  for (auto _ : state) {
    char* block = nullptr;
    for (std::size_t size = 64; size <= end; size += 64) {
      block = static_cast<char*>(realloc(block, size));
      touch(block + size - 1);
    }
    free(block);
  }
}

// --- batches: a thousand blocks are allocated, then freed in an order

using Order = std::array<std::uint16_t, kBatch>;

/// Steps of SplitMix64, as in base/rng.h; the same numbers in every run.
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

Order fifo_order() {
  Order order;
  for (std::size_t i = 0; i < kBatch; ++i) order[i] = static_cast<std::uint16_t>(i);
  return order;
}

Order lifo_order() {
  Order order;
  for (std::size_t i = 0; i < kBatch; ++i) order[i] = static_cast<std::uint16_t>(kBatch - 1 - i);
  return order;
}

Order random_order() {
  Order order = fifo_order();
  std::uint64_t seed = 1;
  for (std::size_t i = kBatch; i > 1; --i) std::swap(order[i - 1], order[next_random(seed) % i]);
  return order;
}

/// The time of an iteration is that of one block.
void batch(benchmark::State& state, const Order& order) {
  const std::size_t size = size_of(state);
  std::array<void*, kBatch> blocks;
  const Measured measured;
  while (state.KeepRunningBatch(kBatch)) {
    for (void*& block : blocks) {
      block = malloc(size);
      touch(block);
    }
    for (const std::uint16_t which : order) free(blocks[which]);
  }
}

// --- churn: a thousand live objects of many sizes, of which one at random is replaced

struct Replacement {
  std::uint16_t slot;
  std::uint16_t size;
};

constexpr std::size_t kReplacements = 4096;
using Replacements = std::array<Replacement, kReplacements>;

/// Sizes from 16 bytes to 4 KiB, small ones oftener: each power of two as often as the next.
Replacements make_replacements(std::uint64_t seed) {
  Replacements list;
  for (Replacement& one : list) {
    const std::uint64_t random = next_random(seed);
    const std::uint64_t base = std::uint64_t{16} << (random >> 32) % 8;
    one.slot = static_cast<std::uint16_t>(random % kBatch);
    one.size = static_cast<std::uint16_t>(base + next_random(seed) % base);
  }
  return list;
}

void churn(benchmark::State& state) {
  const Replacements list = make_replacements(static_cast<std::uint64_t>(state.thread_index()) + 1);
  std::array<void*, kBatch> blocks{};
  std::size_t at = 0;
  const Measured measured;
  while (state.KeepRunningBatch(kBatch)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      const Replacement& one = list[at++ % kReplacements];
      free(blocks[one.slot]);
      blocks[one.slot] = malloc(one.size);
      touch(blocks[one.slot]);
    }
  }
  for (void* block : blocks) free(block);
}

template <class Function, class... Arguments>
benchmark::internal::Benchmark* add(const char* name, Function function, Arguments&&... arguments) {
  return benchmark::RegisterBenchmark(name, function, std::forward<Arguments>(arguments)...);
}

void with_sizes(benchmark::internal::Benchmark* primitive,
                std::initializer_list<std::int64_t> sizes) {
  for (const std::int64_t size : sizes) primitive->Arg(size);
}

void register_batches() {
  static const Order lifo = lifo_order(), fifo = fifo_order(), random = random_order();
  const auto of = [](const Order& order) {
    return [&order](benchmark::State& state) { batch(state, order); };
  };
  with_sizes(add("batch_lifo", of(lifo)), {16, 256, 4096});
  with_sizes(add("batch_fifo", of(fifo)), {16, 256, 4096});
  with_sizes(add("batch_random", of(random)), {16, 256, 4096});
}

void register_threaded(int cores) {
  const auto threads = [cores](benchmark::internal::Benchmark* primitive) {
    int last = 0;
    for (const int count : {1, cores, 2 * cores}) {
      if (count > last) primitive->Threads(count);
      last = count;
    }
    primitive->UseRealTime();
  };
  threads(add("malloc_free_threads", malloc_free_threads)->Arg(64));
  threads(add("churn", churn));
}

}  // namespace

void register_primitives(int cores) {
  constexpr std::int64_t kKiB = 1024, kMiB = 1024 * kKiB;
  with_sizes(add("malloc_free", malloc_free),
             {8, 16, 32, 64, 128, 256, 512, kKiB, 2 * kKiB, 4 * kKiB, 8 * kKiB, 32 * kKiB,
              128 * kKiB, 256 * kKiB, kMiB, 4 * kMiB});
  register_batches();
  with_sizes(add("calloc_free", calloc_free), {64, kKiB, 64 * kKiB, kMiB});
  with_sizes(add("realloc_double", realloc_double), {4 * kKiB, 64 * kKiB, 4 * kMiB});
  with_sizes(add("realloc_append", realloc_append), {4 * kKiB, 64 * kKiB});
  add("aligned_alloc", aligned_alloc_free)
      ->Args({32, 128})
      ->Args({64, 64})
      ->Args({64, 1024})
      ->Args({4096, 4096})
      ->Args({2 * kMiB, 2 * kMiB});
  with_sizes(add("new_delete", new_delete), {16, 256, 4 * kKiB});
  with_sizes(add("new_delete_sized", new_delete_sized), {16, 256, 4 * kKiB});
  register_threaded(cores);
  register_handover(cores);
}

}  // namespace heapwise::micro
