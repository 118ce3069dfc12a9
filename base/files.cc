// SPDX-License-Identifier: MIT
#include "base/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "base/temporary_directory.h"

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

/// All that `read(into, room, offset)` yields, with `room` for the beginning of it. Nothing, and
/// errno, where it fails.
template <class Read>
std::optional<std::string> read_to_end(std::size_t room, Read read) {
  std::string content(room, '\0');
  for (std::size_t size = 0;;) {
    const ssize_t got = read(content.data() + size, content.size() - size, size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    size += static_cast<std::size_t>(got);
    if (got == 0) {
      content.resize(size);
      return content;
    }
    if (size == content.size()) content.resize(2 * size);
  }
}

Expected<std::string> read_descriptor(int fd, const std::string& name) {
  auto content = read_to_end(65536, [fd](char* into, std::size_t most, std::size_t /*offset*/) {
    return ::read(fd, into, most);
  });
  if (!content) return fail_errno("cannot read " + name);
  return *std::move(content);
}

}  // namespace

Expected<std::string> read_file(const std::string& path) {
  if (path == "-") return read_descriptor(STDIN_FILENO, "standard input");
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("cannot open " + path, "check the path and its permissions");
  return read_descriptor(fd.get(), path);
}

std::string read_again(int fd) {
  auto content = read_to_end(4096, [fd](char* into, std::size_t most, std::size_t offset) {
    return ::pread(fd, into, most, static_cast<off_t>(offset));
  });
  return content ? *std::move(content) : std::string();
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

std::string behind_link(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::is_symlink(path, failed)) return path;
  const std::filesystem::path real = std::filesystem::canonical(path, failed);
  return failed ? path : real.string();
}

std::string folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::optional<std::uint64_t> free_bytes_in(const std::string& folder) {
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

namespace {

tl::unexpected<Error> exists_already(const std::string& path) {
  return fail(ErrorCode::usage, path + " exists already",
              "give another name, or --force to replace it");
}

/// Where a link leads, so that it is not the link that gets replaced.
std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&free)> real(realpath(path.c_str(), nullptr), &free);
  return real ? std::string(real.get()) : path;
}

/// Only making a file tells all that may keep one from being made: rights, a file system that is
/// read only, a name that is too long. Longer than any name that a file has while it is written.
Expected<void> check_folder(const std::string& path) {
  std::string trial = path + ".heapwise-trial-XXXXXX";
  const Fd fd(mkostemp(trial.data(), O_CLOEXEC));
  if (!fd) {
    return fail_errno("cannot write " + path,
                      errno == ENOENT ? "make the folder " + folder_of(path) + " first"
                                      : "give a place that takes files, or check its permissions");
  }
  ::unlink(trial.c_str());
  return {};
}

/// What is wrong with what is there already.
Expected<void> check_target(const std::string& path, bool overwrite) {
  if (path.empty()) return fail(ErrorCode::usage, "the name of a file is empty", "give its path");
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return {};
  if (stat(path.c_str(), &status) != 0) {
    return fail_errno(path + " is a link that leads to no file", "remove it, or give another name");
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::usage, path + " is a folder", "give the name of a file in it");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::usage, path + " is not a regular file", "give the name of a new file");
  }
  return overwrite ? Expected<void>{} : exists_already(path);
}

}  // namespace

Expected<void> check_file(const std::string& path, bool overwrite) {
  if (path == "-") {
    return fail(ErrorCode::usage, "this cannot be written to standard output",
                "give the name of a file");
  }
  if (auto fine = check_target(path, overwrite); !fine) return fine;
  return check_folder(resolved(path));
}

Expected<void> check_replaceable(const std::string& path, bool overwrite) {
  return path == "-" || is_stream(path) ? Expected<void>{} : check_file(path, overwrite);
}

bool same_place(const std::string& one, const std::string& other) {
  struct stat a {
  }, b{};
  const bool first = stat(one.c_str(), &a) == 0, second = stat(other.c_str(), &b) == 0;
  if (first != second) return false;
  if (first) return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  const auto name = [](const std::string& path) { return std::filesystem::path(path).filename(); };
  return name(one) == name(other) && resolved(folder_of(one)) == resolved(folder_of(other));
}

std::string numbered(const std::string& path, unsigned number) {
  if (number == 1) return path;
  const std::filesystem::path whole(path);
  return (whole.parent_path() / whole.stem()).string() + "-" + std::to_string(number) +
         whole.extension().string();
}

// Without RENAME_NOREPLACE (old or foreign file systems) a file made meanwhile is not seen.
bool rename_to_new(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL) return false;
  struct stat status {};
  if (lstat(to.c_str(), &status) == 0) {
    errno = EEXIST;
    return false;
  }
  return std::rename(from.c_str(), to.c_str()) == 0;
}

namespace {

Expected<void> write_stream(const std::string& path, std::string_view content) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || !write_all(fd.get(), content.data(), content.size())) {
    return fail_errno("cannot write to " + path);
  }
  return {};
}

/// The rights of the file that is replaced, or what the user's umask leaves of a new one's.
mode_t mode_for(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return status.st_mode & 0777;
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

Expected<void> replace_file(const std::string& path, std::string_view content, bool overwrite) {
  std::string temporary = path + ".XXXXXX";
  Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return fail_errno("cannot write " + path, "check that its folder exists");
  note_temporary_file(temporary);
  const bool written = fchmod(fd.get(), mode_for(path)) == 0 &&
                       write_all(fd.get(), content.data(), content.size()) && fd.close();
  const bool done = written && (overwrite ? ::rename(temporary.c_str(), path.c_str()) == 0
                                          : rename_to_new(temporary, path));
  Expected<void> result;
  if (!done && written && errno == EEXIST) {
    result = exists_already(path);
  } else if (!done) {
    result = fail_errno("cannot write " + path);
  }
  if (!done) ::unlink(temporary.c_str());
  forget_temporary_file(temporary);
  return result;
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
  if (auto place = check_target(path, overwrite); !place) return place;
  return replace_file(resolved(path), content, overwrite);
}

namespace {

/// Written under the first number of the name that is free.
Expected<std::string> write_numbered(const std::string& path, std::string_view content) {
  for (unsigned number = 1;; ++number) {
    std::string name = numbered(path, number);
    const auto written = write_file(name, content, false);
    if (written) return name;
    struct stat status {};
    if (lstat(name.c_str(), &status) != 0) return tl::unexpected(written.error());
  }
}

}  // namespace

Expected<std::string> keep_file(const std::string& path, std::string_view content, bool overwrite) {
  const auto written = write_file(path, content, overwrite);
  if (written) return path;
  if (path == "-" || is_stream(path)) return tl::unexpected(written.error());
  if (auto kept = write_numbered(path, content)) return kept;
  const std::string name = std::filesystem::path(path).filename().string();
  const auto kept = write_numbered(temporary_folder() + "/heapwise-kept-" + name, content);
  Error error = written.error();
  if (kept) error.hint = "what was to go there is kept in " + *kept;
  return tl::unexpected(std::move(error));
}

}  // namespace heapwise
