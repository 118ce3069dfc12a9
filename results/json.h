// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "results/result.h"

namespace heapwise {

/// The schema that this program writes, and the only one that it reads: results/SCHEMA.md.
constexpr int kSchemaVersion = 1;

/// The document, one line per run, summary and recommendation, so that it can be compared by line.
/// Bytes that are not UTF-8 become U+FFFD; an optional figure that is absent or not finite is left
/// out, except fragmentation_end of a footprint run, which is then null: nothing was live.
std::string to_json(const Result& result);

/// The same for a list of verdicts: {"schema_version":1,"recommendations":[…]}.
std::string to_json(const std::vector<Recommendation>& recommendations);

/// Reads what to_json writes. `name` is the file's, for messages. Unknown fields are ignored; null
/// stands for absent. Fails on malformed JSON with line and column, on another schema_version with
/// both versions, on a value of the wrong kind with its place in the document, and on a document
/// without workloads or runs, which is another.
Expected<Result> from_json(std::string_view text, const std::string& name);

}  // namespace heapwise
