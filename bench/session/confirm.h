// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "allocators/allocator.h"
#include "base/error.h"

namespace heapwise {

/// What a runner says of its allocator.
struct AllocatorIdentity {
  std::string version, library, linkage;
};

/// Fails when there is no runner of that allocator, or malloc is another's.
Expected<AllocatorIdentity> identify_runner(const std::string& library_directory,
                                            const std::string& allocator);

/// Whether a contender would run as it says.
struct Confirmation {
  std::string refusal;        ///< why its runs would not be what they are called; empty: they are
  Settings unconfirmed;       ///< ad-hoc settings of which nothing is known
  bool in_real_time = false;  ///< one of them shows what it does in real time only
};

/// Asks the contender's runner, in the environment of the run and in a process of its own for each
/// setting, whether its allocator heeds it. A tuning's setting must be confirmed, one given ad hoc
/// must not be refuted; the library to preload must be there. Takes some milliseconds for each
/// setting, none without. Fails when there is no such runner.
Expected<Confirmation> confirm_settings(const std::string& library_directory,
                                        const Contender& contender);

}  // namespace heapwise
