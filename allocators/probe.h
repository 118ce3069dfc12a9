// SPDX-License-Identifier: MIT
// What a runner asks of the allocator it is linked to. Runs inside the measured process: no heap of
// its own, no C++ library.
#pragma once

#include <cstddef>

namespace heapwise::probe {

/// Filled by identify(). Empty strings are what could not be found out.
struct Identity {
  char version[64];
  char library[512];    ///< the file that malloc comes from
  const char* refusal;  ///< null when malloc is what the runner is named after
};

/// Defined once per runner, by <name>_probe.cc or default_probe.cc: tells the version and proves
/// that the allocator really serves malloc, by calling it.
void identify(Identity& identity);

enum class Effect { unknown, confirmed, refused };

/// What check_setting() found out.
struct SettingCheck {
  Effect effect = Effect::unknown;
  /// What it does shows in real time only, because a thread of the allocator's own does it.
  bool in_real_time = false;
  char reason[200] = "";  ///< why refused or unknown
};

/// Whether `value`, which `variable` has in the environment, is at work in this process's
/// allocator: read back from it where it tells, or seen in how it behaves. Runs in a process of its
/// own that measures nothing, so it may allocate, and may leave the heap as it likes. A
/// <name>_probe.cc may define it; what does not is taken not to know.
void check_setting(const char* variable, const char* value, SettingCheck& check);

/// Sets effect and reason, which is printf's.
void conclude(SettingCheck& check, Effect effect, const char* format, ...)
    __attribute__((format(printf, 3, 4)));

/// Compares a number that was asked for with the one that the allocator runs with.
void compare_setting(SettingCheck& check, const char* what, long long asked, long long found);

/// Of several settings in one variable the first that cannot be checked tells of them all: keeps
/// `check` in `first`, if it is that one. Until then `first` has no reason.
void keep_first_unknown(const SettingCheck& check, SettingCheck& first);

/// Whether a large block of malloc's is made of huge pages (is_huge).
bool large_block_is_huge();

/// Whether the mapping that `address` lies in is made of huge pages, or the system was asked for
/// them. False as well when the system does not say.
bool is_huge(const void* address);

/// Puts the path of the file that defines `address` into `path`; false when none does.
bool file_of(const void* address, char* path, std::size_t size);

/// Where the dynamic linker finds `name` first, as the program and all its libraries do.
void* first_definition(const char* name);

/// Copies as much of `text` as fits, always with an end.
void copy_text(char* to, std::size_t size, const char* text);

/// Whether malloc and `own`, a function of the allocator, come from the same file, which goes to
/// identity.library; if not, sets the refusal.
bool malloc_comes_with(const void* own, Identity& identity);

}  // namespace heapwise::probe
