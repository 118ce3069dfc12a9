// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace heapwise::assets {

/// The report's script: the chart libraries with their licences, then results/report/web/page.js.
/// Safe to put between <script> and </script>. Part of the program's image.
std::string_view script();

/// The report's style sheet.
std::string_view style();

/// What draws charts in Node.js with the libraries of script().
std::string_view drawing();

}  // namespace heapwise::assets
