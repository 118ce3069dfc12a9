// SPDX-License-Identifier: MIT
#include "traces/recorder/linked.h"

#include <cstdint>
#include <cstring>

namespace heapwise::recorder {
namespace {

/// The parts of an object's dynamic section that a look-up needs.
struct Tables {
  const ElfW(Sym) * symbols = nullptr;
  const char* strings = nullptr;
  const std::uint32_t* gnu_hash = nullptr;
};

// The dynamic linker has added the load address to these already, but not in every object.
template <class T>
const T* table_at(const link_map* object, ElfW(Addr) value) {
  if (value < object->l_addr) value += object->l_addr;
  return reinterpret_cast<const T*>(value);
}

Tables tables_of(const link_map* object) {
  Tables tables;
  for (const ElfW(Dyn)* entry = object->l_ld; entry != nullptr && entry->d_tag != DT_NULL;
       ++entry) {
    const ElfW(Addr) value = entry->d_un.d_ptr;
    if (entry->d_tag == DT_SYMTAB) tables.symbols = table_at<ElfW(Sym)>(object, value);
    if (entry->d_tag == DT_STRTAB) tables.strings = table_at<char>(object, value);
    if (entry->d_tag == DT_GNU_HASH) tables.gnu_hash = table_at<std::uint32_t>(object, value);
  }
  return tables;
}

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

// Symbols that an object only imports stand in front of those its hash table covers.
bool imports_private_interface(const link_map* object) {
  const Tables tables = tables_of(object);
  if (tables.gnu_hash == nullptr || tables.symbols == nullptr || tables.strings == nullptr) {
    return false;
  }
  const std::uint32_t first_defined = tables.gnu_hash[1];
  for (std::uint32_t i = 1; i < first_defined; ++i) {
    if (is_private_interface(tables.strings + tables.symbols[i].st_name)) return true;
  }
  return false;
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

bool is_known_allocator(const char* file_name) {
  static const char* const kPrefixes[] = {"libjemalloc", "libtcmalloc", "libmimalloc",
                                          "libtbbmalloc", "libsnmalloc"};
  for (const char* prefix : kPrefixes) {
    if (starts_with(file_name, prefix)) return true;
  }
  return false;
}

}  // namespace heapwise::recorder
