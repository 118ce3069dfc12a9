// SPDX-License-Identifier: MIT
// What processes inherited from those that they were forked from, until their turn comes to be
// converted. A server may have forked thousands with a large heap each.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "traces/recorder/convert.h"

namespace heapwise {

/// The names of their files have a number in between.
constexpr char kSnapshotPrefix[] = "inherited.", kSnapshotEnding[] = ".live";

/// Live objects by the number of the image that inherited them, packed in files. Where there is no
/// room for a file they stay in memory, packed too. Not thread-safe.
class Snapshots {
 public:
  explicit Snapshots(std::string folder) : folder_(std::move(folder)) {}
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;
  /// Removes the files of those that nobody took.
  ~Snapshots();

  /// In place of what was kept for this image before.
  void keep(std::size_t image, std::vector<recorder::LiveObject> objects);
  /// Gives them back, by address, and forgets them. Empty where none were kept, or they cannot be
  /// read any more.
  std::vector<recorder::LiveObject> take(std::size_t image);

 private:
  struct Kept {
    std::size_t objects = 0;
    std::string packed;  ///< empty: in a file
  };
  std::string path_of(std::size_t image) const;

  std::string folder_;
  std::map<std::size_t, Kept> kept_;
};

}  // namespace heapwise
