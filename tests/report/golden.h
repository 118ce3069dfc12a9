// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace heapwise::golden {

/// Expects `text` to be what tests/report/golden/<name> holds. With HEAPWISE_REGENERATE_GOLDEN set
/// in the environment it writes the file instead, and the test fails so that no one forgets to
/// look at the difference.
void expect(const std::string& name, const std::string& text);

}  // namespace heapwise::golden
