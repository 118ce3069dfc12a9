// SPDX-License-Identifier: MIT
#include "traces/recorder/environment.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "traces/recorder/process.h"
#include "traces/recorder/syscalls.h"

extern "C" void* __libc_stack_end;  // NOLINT: the dynamic linker's own name

namespace heapwise::recorder {
namespace {

constexpr char kPreload[] = "LD_PRELOAD=";
constexpr char kRecord[] = "HEAPWISE_RECORD=";
constexpr char kFiller[] = "HEAPWISE_KEEP=1";
constexpr std::size_t kPathBytes = 4096;
// MAX_ARG_STRLEN, the longest that the kernel lets an argument be, with its end.
constexpr std::size_t kLongestArgument = 128 * 1024;
constexpr std::size_t kRecordBytes = 960;  // leaves room for names in the directory

char record_entry[kRecordBytes];  // HEAPWISE_RECORD=directory
char library[kPathBytes];         // path of this library as it stood in LD_PRELOAD

bool has_name(const char* entry, const char* name_and_equals) {
  return std::strncmp(entry, name_and_equals, std::strlen(name_and_equals)) == 0;
}

char** find(char** entries, const char* name) {
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    if (has_name(*entries, name)) return entries;
  }
  return nullptr;
}

void remove_entry(char** entries, const char* name) {
  char** at = find(entries, name);
  for (; at != nullptr && *at != nullptr; ++at) *at = at[1];
}

// Some runtimes find the auxiliary vector by walking past the end of the environment. Two entries
// were removed, which leaves exactly the room of one pair that means nothing.
void bridge_to_auxiliary_vector(char** entries) {
  while (*entries != nullptr) ++entries;
  entries[1] = reinterpret_cast<char*>(static_cast<std::uintptr_t>(AT_IGNORE));
  entries[2] = nullptr;
}

// LD_PRELOAD=ours or LD_PRELOAD=ours:theirs; the latter becomes what it was without us.
void hide_preload(char** entries) {
  char** at = find(entries, kPreload);
  if (at == nullptr) return;
  char* value = *at + std::strlen(kPreload);
  const std::size_t own = std::strlen(library);
  if (std::strncmp(value, library, own) != 0) return;
  if (value[own] == ':') {
    std::memmove(value, value + own + 1, std::strlen(value + own + 1) + 1);
  } else {
    remove_entry(entries, kPreload);
  }
}

bool read_variables(char** entries) {
  char** record = find(entries, kRecord);
  char** preload = find(entries, kPreload);
  if (record == nullptr || preload == nullptr || std::strlen(*record) >= kRecordBytes) {
    return false;
  }

  const char* value = *preload + std::strlen(kPreload);
  const std::size_t own = std::strcspn(value, ":");
  if (own == 0 || own >= kPathBytes) return false;
  std::strcpy(record_entry, *record);
  std::memcpy(library, value, own);
  library[own] = '\0';
  return true;
}

void hide(char** entries) {
  hide_preload(entries);
  remove_entry(entries, kRecord);
  remove_entry(entries, kFiller);
}

// A preload that cannot be opened (after chroot, or without the right) would make the dynamic
// linker complain on the program's own standard error.
bool can_bring_along() {
  if (record_entry[0] == '\0' || is_sandboxed()) return false;
  const long fd = system_call(SYS_openat, AT_FDCWD, argument(library), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  system_call(SYS_close, fd);
  return true;
}

const char* value_of_preload(char* const* entries) {
  for (; entries != nullptr && *entries != nullptr; ++entries) {
    if (has_name(*entries, kPreload)) return *entries + std::strlen(kPreload);
  }
  return nullptr;
}

char* append(char* at, const char* text) {
  const std::size_t length = std::strlen(text);
  std::memcpy(at, text, length + 1);
  return at + length;
}

char* write_preload(char* at, const char* theirs) {
  at = append(append(at, kPreload), library);
  return theirs == nullptr ? at : append(append(at, ":"), theirs);
}

}  // namespace

char** initial_arguments() { return static_cast<char**>(__libc_stack_end) + 1; }

char** initial_environment() {
  const auto count = *static_cast<long*>(__libc_stack_end);
  return initial_arguments() + count + 1;
}

const char* session_directory() {
  return record_entry[0] == '\0' ? "" : record_entry + std::strlen(kRecord);
}

bool enter_session() {
  char** entries = initial_environment();
  if (!read_variables(entries)) return false;
  hide(entries);
  bridge_to_auxiliary_vector(entries);
  // Somebody may have been quicker than us to call setenv.
  if (environ != nullptr && environ != entries) hide(environ);
  return true;
}

std::size_t child_environment_bytes(char* const* given) {
  std::size_t count = 0;
  while (given != nullptr && given[count] != nullptr) ++count;
  const char* theirs = value_of_preload(given);
  return (count + 4) * sizeof(char*) + std::strlen(kPreload) + std::strlen(library) + 2 +
         (theirs == nullptr ? 0 : std::strlen(theirs));
}

char* const* make_child_environment(char* const* given, void* memory) {
  if (!can_bring_along()) return given;
  std::size_t count = 0;
  while (given != nullptr && given[count] != nullptr) ++count;
  auto** entries = static_cast<char**>(memory);
  char* preload = reinterpret_cast<char*>(entries + count + 4);
  const char* theirs = value_of_preload(given);
  write_preload(preload, theirs);
  std::size_t put = 0;
  for (std::size_t i = 0; i < count; ++i) {
    entries[put++] = has_name(given[i], kPreload) ? preload : given[i];
  }
  entries[put++] = theirs == nullptr ? preload : const_cast<char*>(kFiller);
  entries[put++] = record_entry;
  entries[put] = nullptr;
  return entries;
}

namespace {

// 'text' with every quote in it written as '\''.
char* append_quoted(char* at, const char* text) {
  *at++ = '\'';
  for (; *text != '\0'; ++text) {
    if (*text == '\'') {
      at = append(at, "'\\''");
    } else {
      *at++ = *text;
    }
  }
  return append(at, "'");
}

}  // namespace

std::size_t shell_command_bytes(const char* command, char* const* given) {
  const char* theirs = value_of_preload(given);
  return 4 * (std::strlen(command) + std::strlen(library) + std::strlen(record_entry) +
              (theirs == nullptr ? 0 : std::strlen(theirs))) +
         128;
}

const char* make_shell_command(const char* command, char* const* given, char* memory) {
  if (!can_bring_along()) return command;
  const char* theirs = value_of_preload(given);
  char* at = append(memory, kPreload);
  at = append_quoted(at, library);
  if (theirs != nullptr) at = append_quoted(append(at, ":"), theirs);
  *at++ = ' ';
  at = append_quoted(append(at, kRecord), session_directory());
  if (theirs != nullptr) at = append(append(at, " "), kFiller);
  at = append(at, " exec /bin/sh -c ");
  at = append_quoted(at, command);
  at = append(at, " sh");
  const bool fits = static_cast<std::size_t>(at - memory) < kLongestArgument;
  return fits ? memory : command;
}

}  // namespace heapwise::recorder
