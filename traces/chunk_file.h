// SPDX-License-Identifier: MIT
// The outer layer of traces/FORMAT.md: magic, version, and chunks in zstd frames.
#pragma once

#include <zstd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/files.h"
#include "traces/bytes.h"
#include "traces/format.h"

namespace heapwise {

struct ZstdDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// A file that is removed at the end, or when a signal ends the process, unless it was kept.
struct PartFile {
  PartFile() = default;
  PartFile(PartFile&& other) noexcept : path(std::exchange(other.path, {})) {}
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();
  /// It has another name by now.
  void keep();

  std::string path;
};

/// Writes chunks into a file beside the target, which takes the target's name in commit() and is
/// removed when that never comes. Errors are kept: writing goes on into nothing.
class ChunkWriter {
 public:
  static Expected<ChunkWriter> create(const std::string& path, bool overwrite);

  /// An empty body for a chunk of this type; the caller appends the payload and calls write().
  std::string& begin(format::ChunkType type);
  void write();
  /// Keeps the first of all errors.
  void set_error(Error error);
  const std::optional<Error>& error() const { return error_; }
  Expected<void> commit();
  const std::string& path() const { return path_; }

 private:
  ChunkWriter() = default;
  bool write_header();

  std::string path_;
  PartFile part_;
  bool overwrite_ = false;
  Fd file_;
  std::unique_ptr<ZSTD_CCtx, ZstdDeleter> zstd_;
  std::uint64_t sequence_ = 0;
  std::string body_, frame_;
  std::optional<Error> error_;
};

/// Reads chunks from front to back, each checked as far as the outer layer goes.
class ChunkReader {
 public:
  enum class Status { chunk, end, damaged };

  /// Opens a regular file and checks magic and version; the error says what the file is instead.
  static Expected<ChunkReader> open(const std::string& path);

  /// Goes to the next chunk. After `damaged`, problem() says why, and there is no next.
  Status next();
  std::uint8_t type() const { return type_; }
  /// The payload of the chunk, valid until next().
  ByteView payload() const { return payload_; }
  const std::string& problem() const { return problem_; }

  /// Where the chunk before the current one ended, and how large the file is.
  std::uint64_t previous_end() const { return previous_end_; }
  std::uint64_t current_end() const { return current_end_; }
  std::uint64_t file_size() const { return size_; }

 private:
  ChunkReader() = default;
  bool read(void* data, std::size_t size);
  Status damaged(std::string problem);
  const char* read_frame(std::size_t length);
  const char* unpack_frame();

  Fd file_;
  std::unique_ptr<ZSTD_DCtx, ZstdDeleter> zstd_;
  std::uint64_t size_ = 0, previous_end_ = 0, current_end_ = 0, sequence_ = 0;
  std::string frame_, body_, problem_;
  std::uint8_t type_ = 0;
  ByteView payload_;
};

}  // namespace heapwise
