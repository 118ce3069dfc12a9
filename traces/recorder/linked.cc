// SPDX-License-Identifier: MIT
#include "traces/recorder/linked.h"

#include <cstdint>
#include <cstring>

#include "traces/recorder/sensing.h"

namespace heapwise::recorder {
namespace {

/// The parts of an object's dynamic section that a look-up needs.
struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
  const ElfW(Rela) * relocations[2] = {nullptr, nullptr};
  std::size_t relocation_bytes[2] = {0, 0};
};

// The dynamic linker has added the load address to these already, but not in every object.
template <class T>
const T* table_at(ElfW(Addr) base, ElfW(Addr) value) {
  if (value < base) value += base;
  return reinterpret_cast<const T*>(value);
}

Tables tables_of(ElfW(Addr) base, const ElfW(Dyn) * dynamic) {
  Tables tables;
  for (const ElfW(Dyn)* entry = dynamic; entry != nullptr && entry->d_tag != DT_NULL; ++entry) {
    const ElfW(Addr) value = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = table_at<ElfW(Sym)>(base, value);
    if (entry->d_tag == DT_STRTAB) tables.strings = table_at<char>(base, value);
    if (entry->d_tag == DT_GNU_HASH) tables.gnu_hash = table_at<std::uint32_t>(base, value);
    if (entry->d_tag == DT_JMPREL) tables.relocations[0] = table_at<ElfW(Rela)>(base, value);
    if (entry->d_tag == DT_RELA) tables.relocations[1] = table_at<ElfW(Rela)>(base, value);
    if (entry->d_tag == DT_PLTRELSZ) tables.relocation_bytes[0] = entry->d_un.d_val;
    if (entry->d_tag == DT_RELASZ) tables.relocation_bytes[1] = entry->d_un.d_val;
  }
  return tables;
}

Tables tables_of(const link_map* object) { return tables_of(object->l_addr, object->l_ld); }

std::uint32_t gnu_hash(const char* name) {
  std::uint32_t hash = 5381;
  for (; *name != '\0'; ++name) hash = hash * 33 + static_cast<unsigned char>(*name);
  return hash;
}

bool starts_with(const char* text, const char* prefix) {
  return std::strncmp(text, prefix, std::strlen(prefix)) == 0;
}

bool is_private_interface(const char* name) {
  static const char* const kWhole[] = {
      "mallocx",   "rallocx", "xallocx",   "sallocx",    "dallocx",         "sdallocx",
      "tc_malloc", "tc_free", "tc_calloc", "tc_realloc", "scalable_malloc", "scalable_free"};
  static const char* const kPrefixes[] = {"mi_malloc", "mi_calloc", "mi_zalloc", "mi_realloc",
                                          "mi_free",   "mi_heap_",  "mi_new",    "je_malloc",
                                          "je_free",   "je_calloc", "je_realloc"};
  for (const char* whole : kWhole) {
    if (std::strcmp(name, whole) == 0) return true;
  }
  for (const char* prefix : kPrefixes) {
    if (starts_with(name, prefix)) return true;
  }
  return false;
}

/// Calls `see` with the name of each symbol that an object imports, some of them more than once,
/// until it says true; then yields true.
template <class See>
bool any_import(const Tables& tables, See see) {
  if (tables.symbols == nullptr || tables.strings == nullptr) return false;
  // They stand in front of those that the hash table covers, but a table that covers none says
  // nothing of their number.
  const std::uint32_t first_defined = tables.gnu_hash == nullptr ? 0 : tables.gnu_hash[1];
  for (std::uint32_t i = 1; i < first_defined; ++i) {
    if (see(tables.strings + tables.symbols[i].st_name)) return true;
  }
  if (first_defined > 1) return false;
  // What is used is also relocated.
  for (const int kind : {0, 1}) {
    const ElfW(Rela)* one = tables.relocations[kind];
    if (one == nullptr) continue;
    const std::size_t count = tables.relocation_bytes[kind] / sizeof *one;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t number = ELF64_R_SYM(one[i].r_info);
      if (number == 0 || tables.symbols[number].st_shndx != SHN_UNDEF) continue;
      if (see(tables.strings + tables.symbols[number].st_name)) return true;
    }
  }
  return false;
}

bool imports_private_interface(const link_map* object) {
  return any_import(tables_of(object), is_private_interface);
}

std::uint64_t calls_imported_by(const Tables& tables) {
  std::uint64_t calls = 0;
  any_import(tables, [&calls](const char* name) {
    // Nearly all others are told by their first letter.
    if (std::strchr("m_jtrxsdnM", name[0]) != nullptr) calls |= allocator_call(name);
    return false;
  });
  return calls;
}

/// Whether the imports of an object are the program's own doing.
bool is_of_program(const char* path) {
  const char* name = base_name(path);
  return std::strcmp(name, "libc.so.6") != 0 && !starts_with(name, "ld-linux") &&
         !starts_with(name, "libheapwise") && !starts_with(name, "linux-vdso") &&
         !is_known_allocator(name);
}

int add_calls(dl_phdr_info* object, std::size_t, void* calls) {
  if (!is_of_program(object->dlpi_name)) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type != PT_DYNAMIC) continue;
    const auto* dynamic = reinterpret_cast<const ElfW(Dyn)*>(object->dlpi_addr + header.p_vaddr);
    *static_cast<std::uint64_t*>(calls) |= calls_imported_by(tables_of(object->dlpi_addr, dynamic));
  }
  return 0;
}

}  // namespace

const char* base_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

const link_map* find_libc() {
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    if (std::strcmp(base_name(object->l_name), "libc.so.6") == 0) return object;
  }
  return nullptr;
}

const link_map* first_definer(const char* name) {
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    if (object->l_ld != _DYNAMIC && find_symbol(object, name) != nullptr) return object;
  }
  return nullptr;
}

bool comes_before_recorder(const char* name) {
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    if (object->l_ld == _DYNAMIC) return false;
    if (find_symbol(object, name) != nullptr) return true;
  }
  return false;
}

void* find_symbol(const link_map* object, const char* name) {
  const Tables tables = tables_of(object);
  if (tables.gnu_hash == nullptr || tables.symbols == nullptr || tables.strings == nullptr) {
    return nullptr;
  }
  const std::uint32_t bucket_count = tables.gnu_hash[0];
  const std::uint32_t first = tables.gnu_hash[1];
  const std::uint32_t bloom_words = tables.gnu_hash[2];
  const std::uint32_t* buckets = tables.gnu_hash + 4 + bloom_words * (sizeof(ElfW(Addr)) / 4);
  const std::uint32_t* chains = buckets + bucket_count;
  const std::uint32_t hash = gnu_hash(name);
  std::uint32_t i = buckets[hash % bucket_count];
  if (i < first) return nullptr;
  for (;; ++i) {
    const ElfW(Sym)& symbol = tables.symbols[i];
    if ((chains[i - first] | 1U) == (hash | 1U) &&
        std::strcmp(tables.strings + symbol.st_name, name) == 0 && symbol.st_shndx != SHN_UNDEF &&
        ELF64_ST_TYPE(symbol.st_info) == STT_FUNC) {
      return reinterpret_cast<void*>(object->l_addr + symbol.st_value);
    }
    if ((chains[i - first] & 1U) != 0) return nullptr;
  }
}

bool program_uses_private_interface(const char* allocator) {
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    if (std::strcmp(base_name(object->l_name), allocator) == 0) continue;
    if (imports_private_interface(object)) return true;
  }
  return false;
}

std::uint64_t imported_allocator_calls() {
  std::uint64_t calls = 0;
  for (const link_map* object = _r_debug.r_map; object != nullptr; object = object->l_next) {
    if (is_of_program(object->l_name)) calls |= calls_imported_by(tables_of(object));
  }
  return calls;
}

std::uint64_t imported_allocator_calls_now() {
  std::uint64_t calls = 0;
  dl_iterate_phdr(add_calls, &calls);
  return calls;
}

bool is_known_allocator(const char* file_name) {
  static const char* const kPrefixes[] = {"libjemalloc", "libtcmalloc", "libmimalloc",
                                          "libtbbmalloc", "libsnmalloc"};
  for (const char* prefix : kPrefixes) {
    if (starts_with(file_name, prefix)) return true;
  }
  return false;
}

}  // namespace heapwise::recorder
