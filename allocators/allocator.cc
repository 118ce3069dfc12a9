// SPDX-License-Identifier: MIT
#include "allocators/allocator.h"

#include <unistd.h>

#include <algorithm>

namespace heapwise {

const Allocator* find_allocator(std::string_view name) {
  const auto& all = allocators();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Allocator& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::vector<Contender> default_contenders() {
  std::vector<Contender> list;
  for (const Allocator& one : allocators()) {
    if (!one.built || one.harness || one.on_request) continue;
    list.push_back({one.name, "default", one.name, {}, {}});
  }
  // What everything is compared with stands first.
  std::stable_partition(list.begin(), list.end(),
                        [](const Contender& one) { return one.allocator == "glibc"; });
  return list;
}

Contender contender_of(const Allocator& allocator, const Tuning& tuning) {
  Contender contender{allocator.name, tuning.name, allocator.name, {}, {}};
  for (const auto& [variable, value] : tuning.settings) {
    if (variable == "PRELOAD") {
      contender.library = library_path(value);
    } else {
      contender.settings.emplace_back(variable, value);
    }
  }
  return contender;
}

std::string library_path(const std::string& soname) {
  // /usr/local first, as the linker and the loader have it. Without multiarch the next two are
  // folders of a 32-bit system's libraries.
  constexpr bool kMultiarch = sizeof HEAPWISE_MULTIARCH > 1;
  for (const char* directory :
       {"/usr/local/lib", kMultiarch ? "/usr/lib/" HEAPWISE_MULTIARCH : "",
        kMultiarch ? "/lib/" HEAPWISE_MULTIARCH : "", "/usr/lib64", "/lib64", "/usr/lib", "/lib"}) {
    if (*directory == '\0') continue;
    std::string path = std::string(directory) + "/" + soname;
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return soname;
}

std::string preload_path(const Allocator& allocator) {
  return allocator.soname.empty() ? std::string() : library_path(allocator.soname);
}

std::string to_string(const Settings& settings) {
  std::string text;
  for (const auto& [variable, value] : settings) {
    if (!text.empty()) text += ' ';
    text.append(variable).append("=").append(value);
  }
  return text;
}

}  // namespace heapwise
