// SPDX-License-Identifier: MIT
#include "results/report/assets.h"

#include <cstddef>

// Defined by embed.S, each with the byte behind its last one.
extern "C" {
extern const char heapwise_script_begin[], heapwise_script_end[];
extern const char heapwise_style_begin[], heapwise_style_end[];
extern const char heapwise_drawing_begin[], heapwise_drawing_end[];
}

namespace heapwise::assets {

std::string_view script() {
  return {heapwise_script_begin,
          static_cast<std::size_t>(heapwise_script_end - heapwise_script_begin)};
}

std::string_view style() {
  return {heapwise_style_begin,
          static_cast<std::size_t>(heapwise_style_end - heapwise_style_begin)};
}

std::string_view drawing() {
  return {heapwise_drawing_begin,
          static_cast<std::size_t>(heapwise_drawing_end - heapwise_drawing_begin)};
}

}  // namespace heapwise::assets
