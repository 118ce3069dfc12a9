// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace heapwise {

/// Text for an element or a quoted attribute of HTML or XML. Bytes that are not UTF-8 become '?'.
std::string escape_html(std::string_view text);

/// JSON for a <script type="application/json"> element: '<', '>' and '&' are written as escapes, so
/// that no text in it can end the element or open a comment.
std::string escape_script(const nlohmann::json& value);

/// Text from outside on one line of Markdown, without what Markdown or HTML would act on.
std::string escape_markdown(std::string_view text);

}  // namespace heapwise
