// SPDX-License-Identifier: MIT
// The memory of a RocksDB-like store: memtables, flushes, compactions and a block cache.
//
// A writer puts records into a memtable, which takes memory from the heap in blocks of an eighth of
// its size; each write passes through a batch, a string that grows. Full memtables go to a
// background thread, which builds a table file from each (a block buffer, index and filter) and
// frees the memtable's blocks. Every few files it merges them, reading block after block. Reader
// threads look records up: a block that is not in the cache is read into a new object of about the
// block size, and the block used least recently makes room, whoever read it. Index and filter of
// every open file stay on the heap.
//
// Where it comes from: RocksDB's wiki ("Memory usage in RocksDB": block cache, indexes and filters,
// memtables, blocks pinned by iterators) and its options' documentation: arena_block_size is an
// eighth of write_buffer_size, max_write_buffer_number 2, block_size 4 KiB, a merge of four files
// of level 0, a filter of ten bits a key. Users report two to three times the configured cache as
// resident under glibc and less under jemalloc or with few arenas. Sizes of records and shares of
// reads are ours; the preset is scaled down (write_buffer_size is 64 MiB by default).
//
// What it does to allocators: blocks of nearly, but not quite, the same size, just above a page,
// that one thread allocates and another frees; large arena blocks between them that come and go.
//
// What it does not model: levels beyond the first merge, compression buffers, the write-ahead log,
// iterators that pin blocks, caches in shards, several column families.
#include <algorithm>
#include <deque>
#include <vector>

#include "workloads/program.h"
#include "workloads/random.h"
#include "workloads/workload.h"

namespace heapwise {
namespace {

struct Memtable {
  std::vector<ObjectId> arena;
  std::uint64_t bytes = 0, keys = 0;
};

struct CachedBlock {
  ObjectId handle, block;
  std::uint64_t bytes;
};

class Store {
 public:
  Store(const Params& params, std::uint64_t seed, TraceWriter& writer)
      : params_(params), program_(seed, writer) {}

  void run() {
    writer_ = program_.start_thread();
    background_ = program_.start_thread();
    for (std::uint64_t i = params_["readers"]; i > 0; --i) {
      readers_.push_back(program_.start_thread());
    }
    while (flushes_ < params_["flushes"]) {
      put_some();
      get_some(reader_on_duty());
      if (full_.size() + 1 >= kMemtables) flush();
    }
    program_.idle(params_["idle"], readers_);
    program_.exit();
  }

 private:
  static constexpr std::size_t kMemtables = 2;     // max_write_buffer_number
  static constexpr std::size_t kFilesToMerge = 4;  // level0_file_num_compaction_trigger
  static constexpr std::uint64_t kTurn = 100;      // records before another thread is seen
  static constexpr std::uint64_t kHandleBytes = 120;
  static constexpr std::uint64_t kFilterBitsPerKey = 10;

  void put_some() {
    for (std::uint64_t i = 0; i < kTurn; ++i) {
      const std::uint64_t record = log_uniform(program_.rng(), 64, 2048);
      const ObjectId batch = program_.allocate(writer_, 64);
      program_.reallocate(writer_, batch, record + 40);
      insert(record + 32);  // a node of the skip list
      program_.free(writer_, batch);
    }
  }

  void insert(std::uint64_t bytes) {
    const std::uint64_t arena_block = std::max<std::uint64_t>(4096, params_["memtable"] / 8);
    if (room_ < bytes) {
      if (active_.bytes + arena_block > params_["memtable"] && !active_.arena.empty()) {
        full_.push_back(std::move(active_));
        active_ = {};
      }
      active_.arena.push_back(program_.allocate(writer_, arena_block));
      active_.bytes += arena_block;
      room_ = arena_block;
    }
    room_ -= std::min(room_, bytes);
    ++active_.keys;
  }

  // Readers are not busy all at once: each in turn, for as many lookups as renew the cache once.
  ThreadId reader_on_duty() {
    if (blocks_read_ * params_["block"] > params_["cache"]) {
      blocks_read_ = 0;
      ++shift_;
    }
    return readers_[shift_ % readers_.size()];
  }

  void get_some(ThreadId reader) {
    for (std::uint64_t i = 0; i < 2 * kTurn; ++i) {
      if (program_.rng().below(100) >= params_["hits"]) read_block(reader);
      const ObjectId value = program_.allocate(reader, log_uniform(program_.rng(), 64, 2048));
      program_.free(reader, value);
    }
  }

  void read_block(ThreadId reader) {
    ++blocks_read_;
    const std::uint64_t bytes = next_block();
    const ObjectId block = program_.allocate(reader, bytes);
    const ObjectId handle = program_.allocate(reader, kHandleBytes);
    cache_.push_back({handle, block, bytes + kHandleBytes});
    cached_bytes_ += bytes + kHandleBytes;
    while (cached_bytes_ > params_["cache"] && cache_.size() > 1) evict(reader);
  }

  // Half the time not the oldest but one that a hit has moved away from the end since.
  void evict(ThreadId reader) {
    const std::size_t reach = std::max<std::size_t>(1, cache_.size() / 2);
    const std::size_t i = program_.rng().below(2) == 0 ? 0 : program_.rng().below(reach);
    std::swap(cache_[i], cache_.front());
    program_.free(reader, cache_.front().block);
    program_.free(reader, cache_.front().handle);
    cached_bytes_ -= cache_.front().bytes;
    cache_.pop_front();
  }

  // The last record that fits ends a block, so most are a little larger than they should be.
  std::uint64_t next_block() {
    const std::uint64_t target = params_["block"];
    return target - target / 10 + program_.rng().below(target / 10 + 600);
  }

  void flush() {
    Memtable table = std::move(full_.front());
    full_.pop_front();
    write_blocks(table.bytes);
    open_file(table.keys, table.bytes);
    program_.free_all(background_, table.arena);
    if (++flushes_ % kFilesToMerge == 0) merge();
  }

  void write_blocks(std::uint64_t bytes) {
    for (std::uint64_t written = 0, size = 0; written < bytes; written += size) {
      size = next_block();
      const ObjectId buffer = program_.allocate(background_, params_["block"]);
      program_.reallocate(background_, buffer, std::max(size, params_["block"]));
      program_.free(background_, buffer);
    }
  }

  void open_file(std::uint64_t keys, std::uint64_t bytes) {
    const ObjectId filter =
        program_.allocate(background_, std::max<std::uint64_t>(64, keys * kFilterBitsPerKey / 8));
    const ObjectId index =
        program_.allocate(background_, std::max<std::uint64_t>(64, bytes / params_["block"] * 32));
    files_.push_back({filter, index});
    file_keys_ += keys;
    file_bytes_ += bytes;
  }

  // All files become one: every block is read past the cache and written again.
  void merge() {
    for (std::uint64_t read = 0, size = 0; read < file_bytes_; read += size) {
      size = next_block();
      const ObjectId in = program_.allocate(background_, size);
      const ObjectId out = program_.allocate(background_, params_["block"]);
      program_.free(background_, in);
      program_.free(background_, out);
    }
    std::vector<std::vector<ObjectId>> old;
    std::swap(old, files_);
    const std::uint64_t keys = std::exchange(file_keys_, 0), bytes = std::exchange(file_bytes_, 0);
    open_file(keys, bytes);
    for (std::vector<ObjectId>& file : old) program_.free_all(background_, file);
  }

  const Params& params_;
  Program program_;
  ThreadId writer_{0}, background_{0};
  std::vector<ThreadId> readers_;
  Memtable active_;
  std::uint64_t room_ = 0, flushes_ = 0, blocks_read_ = 0, shift_ = 0;
  std::deque<Memtable> full_;
  std::deque<CachedBlock> cache_;
  std::uint64_t cached_bytes_ = 0;
  std::vector<std::vector<ObjectId>> files_;  // filter and index of each
  std::uint64_t file_keys_ = 0, file_bytes_ = 0;
};

Expected<void> generate(const Params& params, std::uint64_t seed, TraceWriter& writer) {
  if (params["block"] > params["cache"]) {
    return fail(ErrorCode::usage, "rocksdb: block is larger than cache",
                "give block at most as large as cache");
  }
  Store(params, seed, writer).run();
  return {};
}

}  // namespace

Workload rocksdb() {
  return {"rocksdb",
          "memtables, flushes, compactions and a block cache",
          {{"memtable", Unit::bytes, 8ULL << 20, 64ULL << 10, 1ULL << 40, "write_buffer_size"},
           {"cache", Unit::bytes, 48ULL << 20, 64ULL << 10, 1ULL << 40, "block cache"},
           {"block", Unit::bytes, 4096, 1024, 1ULL << 20, "block_size"},
           {"readers", Unit::count, 4, 1, 1024, "threads that read"},
           {"hits", Unit::percent, 60, 0, 100, "reads that the cache answers"},
           {"flushes", Unit::count, 12, 1, 100000000, "memtables written to files"},
           {"idle", Unit::duration, 5 * kSecond, 0, kHour, "time after the last flush"}},
          generate};
}

}  // namespace heapwise
