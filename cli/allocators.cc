// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "allocators/allocator.h"
#include "bench/session/confirm.h"
#include "bench/session/runner.h"
#include "cli/verb.h"
#include "results/report/text.h"

namespace heapwise::cli {
namespace {

std::string told(const std::string& text, const std::string& indent) {
  return wrap(text, kTerminalColumns, indent, indent);
}

/// "5.3.0, /usr/lib/…/libjemalloc.so.2", or why there is none.
std::string where(const Allocator& allocator) {
  if (!allocator.built) {
    return "not built; apt-get install " + allocator.development_package +
           ", then configure and build again";
  }
  const auto identity = identify_runner(library_directory(), allocator.name);
  if (!identity) return identity.error().what;
  return identity->version + ", " + identity->library;
}

void print_tuning(const Allocator& allocator, const Tuning& tuning, bool check) {
  fmt::print("  {}\n", allocator.name + ":" + tuning.name);
  fmt::print("{}", told(to_string(tuning.settings), "    "));
  fmt::print("{}", told(tuning.reason, "    "));
  if (!check || !allocator.built) return;
  const auto contender = parse_contender(allocator.name + ":" + tuning.name);
  if (!contender) return;
  const auto confirmed = confirm_settings(library_directory(), *contender);
  if (!confirmed) return;
  if (!confirmed->refusal.empty()) {
    fmt::print("{}", told("unsupported here: " + confirmed->refusal, "    "));
  }
}

void print_allocator(const Allocator& allocator, bool check) {
  fmt::print("{}: {}{}\n", allocator.name, allocator.title,
             allocator.on_request ? ", takes part where it is named" : "");
  fmt::print("{}", told(where(allocator), "  "));
  for (const Tuning& tuning : allocator.tunings) print_tuning(allocator, tuning, check);
  fmt::print("\n");
}

}  // namespace

void add_allocators(const Command& root) {
  auto check = std::make_shared<bool>(true);
  const Command app = root.add_command(
      "allocators",
      "List the allocators with their versions and tunings: what each tuning sets, what it is for, "
      "and whether it takes effect on this machine.\nExample: heapwise allocators");
  app.add_flag("!--no-check", *check, "Do not try the tunings");
  app.callback([check] {
    for (const Allocator& allocator : allocators()) {
      if (!allocator.harness) print_allocator(allocator, *check);
    }
    fmt::print(
        "Name them with --allocators: jemalloc, jemalloc:decay-0, jemalloc:* for all of\n"
        "its tunings, *:* for all of all, jemalloc@MALLOC_CONF=narenas:1 for settings of\n"
        "your own, mine=/path/libmine.so for a library of your own.\n"
        "\nNext: heapwise replay TRACE.hwt --allocators 'glibc:*'\n");
  });
}

}  // namespace heapwise::cli
