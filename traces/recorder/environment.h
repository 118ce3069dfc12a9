// SPDX-License-Identifier: MIT
// How the recorder comes into every child and yet is not seen by the program.
//
// It arrives through LD_PRELOAD and HEAPWISE_RECORD. Both are taken out of the environment when
// the process begins, so that getenv, `env` and children see what they would see without it, and
// put into each environment that is passed to exec. /proc/PID/environ shows the memory as it was
// at exec and cannot be hidden.
#pragma once

#include <cstddef>

namespace heapwise::recorder {

/// Reads the two variables and hides them; called once, by the first process of an image. False
/// when this process is not part of a session.
bool enter_session();

/// The session's directory, "" before enter_session().
const char* session_directory();

/// Arguments and environment as the kernel laid them out.
char** initial_arguments();
char** initial_environment();

/// An environment to pass on: `given` with the recorder's variables added. Built on the caller's
/// stack: give memory of child_environment_bytes(given) bytes. Returns `given` itself when the
/// recorder must not or cannot be brought along.
std::size_t child_environment_bytes(char* const* given);
char* const* make_child_environment(char* const* given, void* memory);

/// The same for calls that take a shell command and no environment (`given` is what the shell
/// gets): a command that sets the variables and runs `command` in a shell of its own, which calls
/// itself "sh" in its messages as the one that libc starts does. `command` itself also where that
/// would be longer than an argument may be; what it starts is then not recorded.
std::size_t shell_command_bytes(const char* command, char* const* given);
const char* make_shell_command(const char* command, char* const* given, char* memory);

}  // namespace heapwise::recorder
