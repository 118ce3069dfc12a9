// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace heapwise {

/// A file descriptor that closes itself. Movable; -1 is "none".
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept;
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  /// Closes now and tells whether the system accepted all that was written.
  bool close();

 private:
  int fd_ = -1;
};

/// A whole file mapped for reading; an empty file maps to an empty view.
class MappedFile {
 public:
  static Expected<MappedFile> open(const std::string& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  const unsigned char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  const unsigned char* data_ = nullptr;
  std::size_t size_ = 0;
};

/// The whole of a file, or of standard input for "-".
Expected<std::string> read_file(const std::string& path);

/// True for a device or a pipe: what is written to it goes on, and replaces nothing.
bool is_stream(const std::string& path);

/// Fails where write_file() would because the file exists; "-" never does, nor a stream. For asking
/// before the work is done.
Expected<void> check_replaceable(const std::string& path, bool overwrite);

/// Writes a file whole or not at all: a reader sees the old content or the new, never half. "-" is
/// standard output; a stream is written to as it is, and a link stays one. Fails when the file
/// exists and `overwrite` is false.
Expected<void> write_file(const std::string& path, std::string_view content, bool overwrite);

/// Writes all of `size` bytes, going on after interruptions and short writes.
bool write_all(int fd, const void* data, std::size_t size);

}  // namespace heapwise
