// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "workloads/fit/model.h"

namespace heapwise::fit {

/// The model as one JSON document; docs/workloads.md describes it.
std::string to_json(const Model& model);

/// The other way. Everything is checked, so that a model from anybody can be synthesized; errors
/// name `name` and the place in the document.
Expected<Model> from_json(std::string_view text, const std::string& name);

}  // namespace heapwise::fit
