// SPDX-License-Identifier: MIT
#include "bench/session/zeroed_data.h"

#include <elf.h>

#include <cstring>
#include <optional>

#include "base/files.h"

namespace heapwise {
namespace {

constexpr std::uint64_t kPage = 4096;

std::uint64_t page_end(std::uint64_t address) { return (address + kPage - 1) / kPage * kPage; }

template <class T>
std::optional<T> read_at(const MappedFile& file, std::uint64_t offset) {
  if (offset > file.size() || file.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::uint64_t zeroed_data_bytes(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return 0;
  const auto head = read_at<Elf64_Ehdr>(*file, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0) return 0;
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < head->e_phnum; ++i) {
    const auto part = read_at<Elf64_Phdr>(*file, head->e_phoff + i * sizeof(Elf64_Phdr));
    if (!part || part->p_type != PT_LOAD || (part->p_flags & PF_W) == 0) continue;
    bytes = page_end(part->p_vaddr + part->p_memsz) - page_end(part->p_vaddr + part->p_filesz);
  }
  return bytes;
}

}  // namespace heapwise
