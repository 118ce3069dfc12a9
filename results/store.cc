// SPDX-License-Identifier: MIT
#include "results/store.h"

#include "base/files.h"
#include "results/json.h"

namespace heapwise {

Expected<Result> load_result(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected<Error>(text.error());
  return from_json(*text, path == "-" ? "standard input" : path);
}

Expected<void> save_result(const std::string& path, const Result& result, bool force) {
  return write_file(path, to_json(result), force);
}

}  // namespace heapwise
