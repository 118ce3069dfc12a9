// SPDX-License-Identifier: MIT
#include "bench/session/record_target.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include "allocators/elf_exports.h"
#include "base/files.h"

namespace heapwise {
namespace {

namespace fs = std::filesystem;

bool is_executable_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Expected<std::string> refuse(const std::string& name) {
  return fail(ErrorCode::unsupported, "may not execute " + name,
              "make it executable, or name the interpreter in front of it");
}

Expected<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    if (is_executable_file(name)) return name;
    if (exists(name)) return refuse(name);
    return fail(ErrorCode::unsupported, "there is no " + name, "check the path");
  }
  const char* configured = getenv("PATH");
  const std::string path = configured != nullptr ? configured : "/usr/bin:/bin";
  std::string seen;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t colon = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, colon - at);
    const std::string candidate = (fs::path(folder) / name).string();
    if (is_executable_file(candidate)) return candidate;
    if (seen.empty() && exists(candidate)) seen = candidate;
    at = colon + 1;
  }
  if (!seen.empty()) return refuse(seen);
  return fail(ErrorCode::unsupported, "there is no program " + name + " in PATH",
              "give its path, or install it");
}

/// What of an ELF file matters here.
struct Elf {
  bool is_elf = false;
  bool is_native = false;   ///< 64-bit x86
  bool is_dynamic = false;  ///< has a program interpreter: preloading works
  std::vector<std::string> needed;
};

template <class T>
std::optional<T> read_at(const MappedFile& file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

std::vector<Elf64_Phdr> program_headers(const MappedFile& file, const Elf64_Ehdr& head) {
  std::vector<Elf64_Phdr> headers;
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    const auto header = read_at<Elf64_Phdr>(file, head.e_phoff + i * sizeof(Elf64_Phdr));
    if (!header) break;
    headers.push_back(*header);
  }
  return headers;
}

std::uint64_t file_offset(const std::vector<Elf64_Phdr>& headers, std::uint64_t address) {
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type == PT_LOAD && address >= header.p_vaddr &&
        address - header.p_vaddr < header.p_filesz) {
      return address - header.p_vaddr + header.p_offset;
    }
  }
  return ~0ULL;
}

std::string string_at(const MappedFile& file, std::uint64_t offset) {
  if (offset >= file.size()) return {};
  const auto* start = reinterpret_cast<const char*>(file.data() + offset);
  return {start, strnlen(start, file.size() - offset)};
}

std::vector<std::string> needed_libraries(const MappedFile& file,
                                          const std::vector<Elf64_Phdr>& headers) {
  std::vector<std::uint64_t> names;
  std::uint64_t strings = ~0ULL;
  for (const Elf64_Phdr& header : headers) {
    if (header.p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = 0; at + sizeof(Elf64_Dyn) <= header.p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = read_at<Elf64_Dyn>(file, header.p_offset + at);
      if (!entry || entry->d_tag == DT_NULL) break;
      if (entry->d_tag == DT_NEEDED) names.push_back(entry->d_un.d_val);
      if (entry->d_tag == DT_STRTAB) strings = file_offset(headers, entry->d_un.d_ptr);
    }
  }
  std::vector<std::string> libraries;
  if (strings == ~0ULL) return libraries;
  for (const std::uint64_t name : names) libraries.push_back(string_at(file, strings + name));
  return libraries;
}

Elf read_elf(const MappedFile& file) {
  Elf elf;
  const auto head = read_at<Elf64_Ehdr>(file, 0);
  if (file.size() < SELFMAG || std::memcmp(file.data(), ELFMAG, SELFMAG) != 0) return elf;
  elf.is_elf = true;
  elf.is_native = head && head->e_ident[EI_CLASS] == ELFCLASS64 && head->e_machine == EM_X86_64;
  if (!elf.is_native) return elf;
  const auto headers = program_headers(file, *head);
  elf.is_dynamic = std::any_of(headers.begin(), headers.end(),
                               [](const Elf64_Phdr& h) { return h.p_type == PT_INTERP; });
  elf.needed = needed_libraries(file, headers);
  return elf;
}

/// The program named by a script's first line, or nothing.
std::string script_interpreter(const MappedFile& file) {
  if (file.size() < 2 || std::memcmp(file.data(), "#!", 2) != 0) return {};
  const std::string text(reinterpret_cast<const char*>(file.data()),
                         std::min<std::size_t>(file.size(), 256));
  const std::size_t from = text.find_first_not_of(" \t", 2);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find_first_of(" \t\n", from) - from);
}

bool has_capabilities(const std::string& path) {
  return getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

bool gains_privileges(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  const bool other_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid();
  const bool other_group =
      (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != getegid();
  const bool capable = geteuid() != 0 && has_capabilities(path);
  return other_user || other_group || capable;
}

void judge(const std::string& path, const Elf& elf, std::vector<Warning>& warnings) {
  const auto warn = [&](const char* code, std::string what, std::string remedy) {
    warnings.push_back({code, std::move(what), std::move(remedy), "recording"});
  };
  if (gains_privileges(path)) {
    warn("setuid-executable",
         path + " runs with more rights than its caller, so the system does not let it be recorded",
         "record it as the user it runs as");
  }
  if (!elf.is_elf) return;
  if (!elf.is_native) {
    warn("foreign-executable", path + " is not a 64-bit x86 program", "record a 64-bit build");
  } else if (!elf.is_dynamic) {
    warn("static-executable",
         path + " is statically linked: its malloc cannot be seen from outside, nor replaced",
         "link it dynamically, or link the allocator into it");
  } else if (program_defines(path, "malloc")) {
    warn("own-malloc",
         path +
             " defines malloc itself (an allocator is linked into it): its own comes before any "
             "preloaded one, so it can neither be recorded nor run on another",
         "build it without that allocator, and compare then");
  }
  for (const std::string& library : elf.needed) {
    for (const char* runtime : {"libasan.so", "libtsan.so", "libmsan.so", "libhwasan.so"}) {
      if (library.rfind(runtime, 0) != 0) continue;
      warn("sanitized-executable",
           path + " is built with a sanitizer, which has a malloc of its own",
           "record a build without it");
    }
  }
}

}  // namespace

std::string privileges_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  if ((status.st_mode & S_ISUID) != 0) return "setuid";
  if ((status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) return "setgid";
  return has_capabilities(path) ? "given capabilities" : "";
}

Expected<RecordTarget> inspect_target(const std::string& name) {
  auto path = find_program(name);
  if (!path) return tl::unexpected(path.error());
  RecordTarget target;
  target.path = *path;
  std::string program = target.path;
  auto file = MappedFile::open(program);
  // A program that may be run but not read is run, unseen.
  if (file) target.interpreter = script_interpreter(*file);
  if (!target.interpreter.empty()) {
    program = target.interpreter;
    file = MappedFile::open(program);
  }
  judge(program, file ? read_elf(*file) : Elf{}, target.warnings);
  return target;
}

}  // namespace heapwise
