// SPDX-License-Identifier: MIT
// A load script beside a server: started when the server is ready; when the script ends, so does
// the measurement, and the server is asked to end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/files.h"

namespace heapwise {

struct LoadScript {
  std::string command;     ///< run by sh, with HEAPWISE_PID in its environment; empty: no load
  unsigned wait_port = 0;  ///< ready when 127.0.0.1 takes connections here; 0: not asked
  std::string wait_file;   ///< ready when this exists; empty: not asked
  double ready_timeout_s = 60;
  bool quiet = false;  ///< its output goes to /dev/null
};

enum class LoadOutcome {
  finished,       ///< the script ended with 0, then the server was ended
  failed,         ///< the script ended otherwise
  never_ready,    ///< the server was not ready in time; no script was run
  server_gone,    ///< the server ended before the script did
  cannot_happen,  ///< the script could not be started, or no report came
};

struct LoadReport {
  LoadOutcome outcome = LoadOutcome::cannot_happen;
  int exit_code = 0;           ///< of the script, as a shell gives it
  std::uint64_t begun_ns = 0;  ///< CLOCK_MONOTONIC: this load was set up, the server just started
  std::uint64_t ended_ns = 0;  ///< the script ended, or was given up
};

/// A process of its own that waits for readiness, runs the script and ends the server (SIGTERM, and
/// SIGKILL after 10 s). It is a child of the caller and ends on its own soon after the server.
class Load {
 public:
  static Expected<Load> start(const LoadScript& script, pid_t server);

  pid_t pid() const { return pid_; }
  /// What came of it. Waits until the script has ended; to be called once.
  LoadReport report() const;

 private:
  pid_t pid_ = 0;
  Fd reports_;
};

/// Fails when the server would be taken for ready before it starts: something else listens at the
/// port or the file is there already. A port may take a few seconds to become free after a server.
Expected<void> check_not_ready(const LoadScript& script);

/// "the load script ended with exit code 3"; empty for one that finished.
std::string describe(const LoadReport& report, const LoadScript& script);

/// A port of this machine with five digits that nobody listens at now.
Expected<unsigned> free_port();

/// The text with every "{port}" replaced.
std::string with_port(std::string text, unsigned port);

}  // namespace heapwise
