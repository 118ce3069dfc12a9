// SPDX-License-Identifier: MIT
#include "allocators/elf_exports.h"

#include <elf.h>

#include <cstring>
#include <optional>

#include "base/files.h"

namespace heapwise {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
#else
constexpr Elf64_Half kMachine = EM_NONE;
#endif

/// The `index`th T of a table in the file, or nothing beyond its end.
template <class T>
std::optional<T> entry(const MappedFile& file, std::uint64_t offset, std::uint64_t index) {
  if (offset > file.size() || index > (file.size() - offset) / sizeof(T)) return std::nullopt;
  const std::uint64_t at = offset + index * sizeof(T);
  if (file.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, file.data() + at, sizeof(T));
  return value;
}

bool name_is(const MappedFile& file, const Elf64_Shdr& strings, std::uint32_t name,
             std::string_view wanted) {
  if (name >= strings.sh_size || strings.sh_offset > file.size()) return false;
  const std::uint64_t at = strings.sh_offset + name;
  if (at > file.size() || file.size() - at <= wanted.size()) return false;
  const auto* text = reinterpret_cast<const char*>(file.data() + at);
  return std::memcmp(text, wanted.data(), wanted.size()) == 0 && text[wanted.size()] == '\0';
}

bool table_defines(const MappedFile& file, const Elf64_Shdr& symbols, const Elf64_Shdr& strings,
                   std::string_view wanted) {
  for (std::uint64_t i = 0; i < symbols.sh_size / sizeof(Elf64_Sym); ++i) {
    const auto symbol = entry<Elf64_Sym>(file, symbols.sh_offset, i);
    if (!symbol) return false;
    if (symbol->st_shndx != SHN_UNDEF && name_is(file, strings, symbol->st_name, wanted)) {
      return true;
    }
  }
  return false;
}

bool is_of_this_machine(const std::optional<Elf64_Ehdr>& head) {
  return head && std::memcmp(head->e_ident, ELFMAG, SELFMAG) == 0 &&
         head->e_ident[EI_CLASS] == ELFCLASS64 && head->e_machine == kMachine;
}

bool defines(const MappedFile& file, const Elf64_Ehdr& head, std::string_view symbol) {
  for (std::uint64_t i = 0; i < head.e_shnum; ++i) {
    const auto section = entry<Elf64_Shdr>(file, head.e_shoff, i);
    if (!section || section->sh_type != SHT_DYNSYM) continue;
    const auto strings = entry<Elf64_Shdr>(file, head.e_shoff, section->sh_link);
    if (strings && table_defines(file, *section, *strings, symbol)) return true;
  }
  return false;
}

}  // namespace

Expected<bool> exports_symbol(const std::string& path, std::string_view symbol) {
  auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  const auto head = entry<Elf64_Ehdr>(*file, 0, 0);
  if (!is_of_this_machine(head) || head->e_type != ET_DYN) {
    return fail(ErrorCode::bad_input, path + " is not a shared library for this machine",
                "Give the .so file of an allocator.");
  }
  return defines(*file, *head, symbol);
}

bool program_defines(const std::string& path, std::string_view symbol) {
  const auto file = MappedFile::open(path);
  if (!file) return false;
  const auto head = entry<Elf64_Ehdr>(*file, 0, 0);
  return is_of_this_machine(head) && defines(*file, *head, symbol);
}

}  // namespace heapwise
