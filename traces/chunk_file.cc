// SPDX-License-Identifier: MIT
#include "traces/chunk_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/temporary_directory.h"

namespace heapwise {
namespace {

using format::kHeaderBytes;
using format::kMagic;

void put_u32(unsigned char* out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<unsigned char>(value >> (8 * i));
}

std::uint32_t get_u32(const unsigned char* in) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(in[i]) << (8 * i);
  return value;
}

// Replacing a device or a folder by a trace is never what anyone wants.
Expected<void> check_target(const std::string& path, bool overwrite) {
  if (path == "-") {
    return fail(ErrorCode::usage, "a trace cannot be written to standard output",
                "give the name of a file");
  }
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::usage, path + " is not a regular file", "give the name of a new file");
  }
  if (overwrite) return {};
  return fail(ErrorCode::usage, path + " exists already",
              "give another name, or --force to replace it");
}

// O_EXCL and not mkstemp, so that the file gets the permissions that the user's umask says.
Fd open_temporary(const std::string& path, std::string& temporary) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary = path + ".part-" + std::to_string(getpid()) + "-" + std::to_string(attempt);
    note_temporary_file(temporary);
    Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (fd) return fd;
    const int why = errno;
    forget_temporary_file(temporary);
    errno = why;
    if (why != EEXIST) return fd;
  }
  return {};
}

bool starts_with(const unsigned char* data, std::string_view start) {
  return std::memcmp(data, start.data(), start.size()) == 0;
}

// `header` has kHeaderBytes, padded with zeros.
std::string guess_what_it_is(const unsigned char* header) {
  using namespace std::string_view_literals;
  if (starts_with(header, "\x28\xb5\x2f\xfd"sv) || starts_with(header, "\x1f\x8b"sv) ||
      starts_with(header, "BZh"sv) ||
      starts_with(header,
                  "\xfd"
                  "7zXZ"sv)) {
    return "it is compressed: decompress it first";
  }
  if (starts_with(header, "\x89HWT"sv)) {
    return "its line ends were changed by a transfer as text: transfer it again, as binary";
  }
  return "make a trace with `heapwise record` or `heapwise workload make`";
}

Expected<void> check_header(const std::string& path, const unsigned char* header,
                            std::uint64_t size) {
  if (size == 0) return fail(ErrorCode::bad_input, path + " is empty", "record the program again");
  if (!std::equal(kMagic.begin(), kMagic.end(), header)) {
    return fail(ErrorCode::bad_input, path + " is not a heapwise trace", guess_what_it_is(header));
  }
  if (size < kHeaderBytes) {
    return fail(ErrorCode::bad_input, path + " ends before its version",
                "record the program again");
  }
  const std::uint32_t version = get_u32(header + kMagic.size());
  if (version >> 16 == format::kMajor) return {};
  return fail(ErrorCode::unsupported,
              path + " is a trace of format version " + std::to_string(version >> 16) + "." +
                  std::to_string(version & 0xffff) + ", and this heapwise reads versions " +
                  std::to_string(format::kMajor) + ".x",
              "use the heapwise that wrote it, or record again with this one");
}

}  // namespace

PartFile::~PartFile() {
  if (path.empty()) return;
  ::unlink(path.c_str());
  forget_temporary_file(path);
}

void PartFile::keep() { forget_temporary_file(std::exchange(path, {})); }

Expected<ChunkWriter> ChunkWriter::create(const std::string& path, bool overwrite) {
  if (path.empty()) return fail(ErrorCode::usage, "a trace needs a file name");
  if (auto checked = check_target(path, overwrite); !checked) {
    return tl::unexpected(checked.error());
  }
  ChunkWriter writer;
  writer.path_ = behind_link(path);
  writer.overwrite_ = overwrite;
  writer.file_ = open_temporary(writer.path_, writer.part_.path);
  if (!writer.file_) {
    writer.part_.path.clear();
    return fail_errno("cannot write " + path, "check that its folder exists and is writable");
  }
  writer.zstd_.reset(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(writer.zstd_.get(), ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(writer.zstd_.get(), ZSTD_c_checksumFlag, 1);
  if (!writer.write_header()) return fail_errno("cannot write " + path);
  return writer;
}

bool ChunkWriter::write_header() {
  std::array<unsigned char, kHeaderBytes> header{};
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  put_u32(header.data() + kMagic.size(), std::uint32_t{format::kMajor} << 16 | format::kMinor);
  return write_all(file_.get(), header.data(), header.size());
}

std::string& ChunkWriter::begin(format::ChunkType type) {
  body_.assign(1, static_cast<char>(type));
  put_varint(body_, sequence_++);
  return body_;
}

void ChunkWriter::set_error(Error error) {
  if (!error_) error_ = std::move(error);
}

void ChunkWriter::write() {
  if (error_) return;
  frame_.resize(4 + ZSTD_compressBound(body_.size()));
  const std::size_t size =
      ZSTD_compress2(zstd_.get(), frame_.data() + 4, frame_.size() - 4, body_.data(), body_.size());
  if (ZSTD_isError(size) != 0) {
    return set_error({ErrorCode::io, "cannot compress a part of " + path_, "free some memory"});
  }
  if (body_.size() > format::kMaxBodyBytes || size > format::kMaxFrameBytes) {
    return set_error({ErrorCode::bad_input, "the command or facts of " + path_ + " are too long",
                      "a trace holds at most 64 MiB of them"});
  }
  put_u32(reinterpret_cast<unsigned char*>(frame_.data()), static_cast<std::uint32_t>(size));
  if (!write_all(file_.get(), frame_.data(), 4 + size)) {
    set_error(fail_errno("cannot write " + path_, "make space, or give another folder").value());
  }
}

Expected<void> ChunkWriter::commit() {
  if (error_) return tl::unexpected(*error_);
  if (!file_.close()) return fail_errno("cannot write " + path_, "make space");
  const bool renamed = overwrite_ ? std::rename(part_.path.c_str(), path_.c_str()) == 0
                                  : rename_to_new(part_.path, path_);
  if (!renamed) return fail_errno("cannot give " + path_ + " its name");
  part_.keep();
  return {};
}

Expected<ChunkReader> ChunkReader::open(const std::string& path) {
  ChunkReader reader;
  // Without O_NONBLOCK, opening a FIFO would wait for a writer.
  reader.file_ = Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!reader.file_) return fail_errno("cannot open " + path, "check the path and its permissions");
  struct stat status {};
  if (fstat(reader.file_.get(), &status) != 0) return fail_errno("cannot read " + path);
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::bad_input, path + " is not a regular file", "give a trace on disk");
  }
  reader.size_ = static_cast<std::uint64_t>(status.st_size);
  std::array<unsigned char, kHeaderBytes> header{};
  if (!reader.read(header.data(), std::min<std::uint64_t>(header.size(), reader.size_))) {
    return fail_errno("cannot read " + path);
  }
  if (auto checked = check_header(path, header.data(), reader.size_); !checked) {
    return tl::unexpected(checked.error());
  }
  reader.previous_end_ = reader.current_end_ = kHeaderBytes;
  reader.zstd_.reset(ZSTD_createDCtx());
  return reader;
}

bool ChunkReader::read(void* data, std::size_t size) {
  char* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(file_.get(), at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

ChunkReader::Status ChunkReader::damaged(std::string problem) {
  problem_ = std::move(problem);
  return Status::damaged;
}

ChunkReader::Status ChunkReader::next() {
  if (!problem_.empty()) return Status::damaged;
  previous_end_ = current_end_;
  const std::uint64_t left = size_ - current_end_;
  if (left == 0) return Status::end;
  std::array<unsigned char, 4> length{};
  if (left < length.size()) return damaged("the file ends inside a chunk's length");
  if (!read(length.data(), length.size())) return damaged("the file cannot be read on");
  const std::size_t size = get_u32(length.data());
  if (size > format::kMaxFrameBytes) return damaged("a chunk's length is impossible");
  if (size > left - length.size()) return damaged("the file ends inside a chunk");
  const char* problem = read_frame(size);
  if (problem != nullptr) return damaged(problem);
  current_end_ += length.size() + size;
  return Status::chunk;
}

// The content size is believed only as far as the limit; the checksum must be there, as a frame
// without one would let changes pass.
const char* ChunkReader::read_frame(std::size_t length) {
  frame_.resize(length);
  if (!read(frame_.data(), length)) return "the file cannot be read on";
  const unsigned long long size = ZSTD_getFrameContentSize(frame_.data(), length);
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      ZSTD_findFrameCompressedSize(frame_.data(), length) != length ||
      (static_cast<unsigned char>(frame_[4]) & 4U) == 0) {
    return "a chunk is not a whole zstd frame";
  }
  if (size > format::kMaxBodyBytes) return "a chunk's size is impossible";
  body_.resize(static_cast<std::size_t>(size));
  return unpack_frame();
}

const char* ChunkReader::unpack_frame() {
  const std::size_t size =
      ZSTD_decompressDCtx(zstd_.get(), body_.data(), body_.size(), frame_.data(), frame_.size());
  if (ZSTD_isError(size) != 0 || size != body_.size()) return "a chunk's checksum does not fit";
  payload_ = ByteView(reinterpret_cast<const unsigned char*>(body_.data()), body_.size());
  type_ = payload_.byte();
  const std::uint64_t sequence = payload_.varint();
  if (payload_.failed()) return "a chunk is too short";
  if (sequence != sequence_++) return "a chunk is missing or out of order";
  return nullptr;
}

}  // namespace heapwise
