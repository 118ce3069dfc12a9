// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

namespace heapwise {

/// A chart's specification with its rows of data written without their names, a third of the size:
/// each {"values": [{"t": 1, "series": "a"}, …]} becomes {"packed": {"names": ["t"], "blocks":
/// [{"same": {"series": "a"}, "rows": [1, …]}]}}, one block for each stretch of rows that agree in
/// their texts. web/page.js unpacks it.
nlohmann::json packed(nlohmann::json spec);

}  // namespace heapwise
