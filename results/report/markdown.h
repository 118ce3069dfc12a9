// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "results/result.h"

namespace heapwise {

/// The result as GitHub-flavoured Markdown, for a pull request: for each workload the verdict in
/// bold and a table, the rest folded away. Text from outside is escaped.
std::string markdown_report(const Result& result);

}  // namespace heapwise
