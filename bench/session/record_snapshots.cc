// SPDX-License-Identifier: MIT
#include "bench/session/record_snapshots.h"

#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <type_traits>

#include "base/files.h"

namespace heapwise {
namespace {

using recorder::LiveObject;
static_assert(std::is_trivially_copyable_v<LiveObject>);

constexpr int kLevel = 1;

std::string packed(const std::vector<LiveObject>& objects) {
  const std::size_t bytes = objects.size() * sizeof(LiveObject);
  std::string out(ZSTD_compressBound(bytes), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), objects.data(), bytes, kLevel);
  out.resize(ZSTD_isError(size) != 0 ? 0 : size);
  out.shrink_to_fit();
  return out;
}

std::vector<LiveObject> unpacked(const std::string& packed, std::size_t count) {
  std::vector<LiveObject> objects(count);
  const std::size_t bytes = count * sizeof(LiveObject);
  const std::size_t got = ZSTD_decompress(objects.data(), bytes, packed.data(), packed.size());
  if (got != bytes) objects.clear();  // an error is a number beyond all sizes
  return objects;
}

}  // namespace

std::string Snapshots::path_of(std::size_t image) const {
  return folder_ + "/" + kSnapshotPrefix + std::to_string(image) + kSnapshotEnding;
}

Snapshots::~Snapshots() {
  for (const auto& [image, kept] : kept_) {
    if (kept.packed.empty()) ::unlink(path_of(image).c_str());
  }
}

void Snapshots::keep(std::size_t image, std::vector<LiveObject> objects) {
  // Neighbours are alike, and pack well.
  std::sort(objects.begin(), objects.end(), [](const LiveObject& one, const LiveObject& other) {
    return one.address < other.address;
  });
  Kept kept{objects.size(), packed(objects)};
  if (write_file(path_of(image), kept.packed, true)) kept.packed = {};
  kept_[image] = std::move(kept);
}

std::vector<LiveObject> Snapshots::take(std::size_t image) {
  const auto found = kept_.find(image);
  if (found == kept_.end()) return {};
  const Kept kept = std::move(found->second);
  kept_.erase(found);
  if (!kept.packed.empty()) return unpacked(kept.packed, kept.objects);
  const std::string path = path_of(image);
  const auto content = read_file(path);
  ::unlink(path.c_str());
  return content ? unpacked(*content, kept.objects) : std::vector<LiveObject>{};
}

}  // namespace heapwise
