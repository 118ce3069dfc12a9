// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace heapwise {

/// A whole page that needs no network: its style, its body, and the script that draws `charts`, a
/// list of {"id", "spec"}, into the elements of these ids. `body` is HTML; `title` is text.
std::string html_page(const std::string& title, const std::string& body,
                      const nlohmann::json& charts);

}  // namespace heapwise
