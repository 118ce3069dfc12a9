// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

namespace heapwise {

Fd::Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Fd::~Fd() { close(); }

bool Fd::close() {
  const int fd = std::exchange(fd_, -1);
  return fd < 0 || ::close(fd) == 0;
}

Expected<MappedFile> MappedFile::open(const std::string& path) {
  // Without O_NONBLOCK a named pipe would be waited on here, before anyone can see what it is.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail_errno("cannot open " + path, "check the path and its permissions");
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return fail_errno("cannot read " + path);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::bad_input, path + " is not a regular file", "give a file on disk");
  }
  MappedFile file;
  file.size_ = static_cast<std::size_t>(status.st_size);
  if (file.size_ == 0) return file;
  void* data = mmap(nullptr, file.size_, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) return fail_errno("cannot map " + path);
  file.data_ = static_cast<const unsigned char*>(data);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<unsigned char*>(data_), size_);
}

namespace {

Expected<std::string> read_descriptor(int fd, const std::string& name) {
  std::string content;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read " + name);
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Expected<std::string> read_file(const std::string& path) {
  if (path == "-") return read_descriptor(STDIN_FILENO, "standard input");
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + path, "check the path and its permissions");
  return read_descriptor(fd.get(), path);
}

bool write_all(int fd, const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = ::write(fd, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<std::size_t>(put);
  }
  return true;
}

bool is_stream(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

Expected<void> check_replaceable(const std::string& path, bool overwrite) {
  if (overwrite || path == "-" || ::access(path.c_str(), F_OK) != 0 || is_stream(path)) return {};
  return fail(ErrorCode::usage, path + " exists already",
              "give another name, or --force to replace it");
}

namespace {

Expected<void> write_stream(const std::string& path, std::string_view content) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || !write_all(fd.get(), content.data(), content.size())) {
    return fail_errno("cannot write to " + path);
  }
  return {};
}

/// Where a link leads, so that it is not the link that gets replaced.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  return real ? std::string(real.get()) : path;
}

Expected<void> replace_file(const std::string& path, std::string_view content) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return fail_errno("cannot write " + path, "check that its folder exists");
  const mode_t mask = umask(0);
  umask(mask);
  const bool written = fchmod(fd.get(), 0666 & ~mask) == 0 &&
                       write_all(fd.get(), content.data(), content.size()) && fd.close();
  if (written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  auto error = fail_errno("cannot write " + path);
  ::unlink(temporary.c_str());
  return error;
}

}  // namespace

Expected<void> write_file(const std::string& path, std::string_view content, bool overwrite) {
  if (path == "-") {
    if (!write_all(STDOUT_FILENO, content.data(), content.size())) {
      return fail_errno("cannot write to standard output");
    }
    return {};
  }
  if (is_stream(path)) return write_stream(path, content);
  if (auto place = check_replaceable(path, overwrite); !place) return place;
  return replace_file(resolved(path), content);
}

}  // namespace heapwise
