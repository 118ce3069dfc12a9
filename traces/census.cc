// SPDX-License-Identifier: MIT
#include "traces/census.h"

#include <cstddef>
#include <vector>

#include "traces/reader.h"

namespace heapwise {
namespace {

class Census {
 public:
  explicit Census(std::uint64_t threshold) : threshold_(threshold) {}

  void add(const Op& op) {
    switch (op.kind) {
      case OpKind::malloc:
      case OpKind::calloc:
      case OpKind::aligned:
      case OpKind::realloc:
        return resize(index(op.object), op.size);
      case OpKind::free:
        return resize(index(op.object), 0);
      case OpKind::trim:
        ++seen_.trims;
        return;
      case OpKind::mallopt:
        ++seen_.mallopts;
        return;
      default:
        return;
    }
  }
  const TraceCensus& seen() const { return seen_; }

 private:
  void resize(std::uint32_t number, std::uint64_t size) {
    if (number >= sizes_.size()) sizes_.resize(number + std::size_t{1});
    count(sizes_[number], -1);
    sizes_[number] = size;
    count(size, 1);
    if (live_ <= seen_.peak_live_bytes) return;
    seen_.peak_live_bytes = live_;
    seen_.middling_bytes = middling_;
    seen_.large_bytes = large_;
  }

  void count(std::uint64_t size, int sign) {
    const std::uint64_t change = sign < 0 ? ~size + 1 : size;
    live_ += change;
    if (size >= threshold_) {
      large_ += change;
    } else if (size >= kMiddlingBytes) {
      middling_ += change;
    }
  }

  std::uint64_t threshold_;
  std::uint64_t live_ = 0, middling_ = 0, large_ = 0;
  std::vector<std::uint64_t> sizes_;
  TraceCensus seen_;
};

}  // namespace

Expected<TraceCensus> take_census(const std::string& path, std::uint64_t touch_threshold) {
  auto reader = TraceReader::open(path);
  if (!reader) return tl::unexpected(reader.error());
  Census census(touch_threshold);
  Op op;
  while (reader->next(op)) census.add(op);
  return census.seen();
}

}  // namespace heapwise
