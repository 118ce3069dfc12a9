// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// The whole of an open file from its beginning, wherever it stands: for those of /proc, which say
/// something new each time. Empty where it cannot be read.
std::string read_again(int fd);

/// True for a device or a pipe: what is written to it goes on, and replaces nothing.
bool is_stream(const std::string& path);

/// Where a link leads that the path ends with, so that it is not the link that gets replaced; the
/// path itself where it is none.
std::string behind_link(const std::string& path);

/// The folder that a file is in: "." for a bare name.
std::string folder_of(const std::string& path);

/// What is free in a folder's file system for whoever is not privileged; nothing where that is not
/// known.
std::optional<std::uint64_t> free_bytes_in(const std::string& folder);

/// Fails where a file could not be written: it is "-", exists and may not be overwritten, is none
/// that can be replaced, or its folder is missing or takes no files. For asking before the work is
/// done.
Expected<void> check_file(const std::string& path, bool overwrite);

/// The same for what write_file() writes, which may be "-" or a stream, too.
Expected<void> check_replaceable(const std::string& path, bool overwrite);

/// Whether two paths name the same file, there or yet to be written.
bool same_place(const std::string& one, const std::string& other);

/// "load.hwt", "load-2.hwt", "load-3.hwt": the names that are tried when the first is taken.
std::string numbered(const std::string& path, unsigned number);

/// Gives a file another name, if nothing has that: errno is EEXIST then.
bool rename_to_new(const std::string& from, const std::string& to);

/// Writes a file whole or not at all: a reader sees the old content or the new, never half. "-" is
/// standard output; a stream is written to as it is, and a link stays one. Fails when the file
/// exists and `overwrite` is false, however late it appeared.
Expected<void> write_file(const std::string& path, std::string_view content, bool overwrite);

/// write_file(), but what has no other place is not lost: where the file appeared meanwhile, the
/// next free number of its name is written. Yields the path. Where none can be written, the folder
/// for temporary files takes it, and the error's hint says so.
Expected<std::string> keep_file(const std::string& path, std::string_view content, bool overwrite);

/// Writes all of `size` bytes, going on after interruptions and short writes.
bool write_all(int fd, const void* data, std::size_t size);

}  // namespace heapwise
