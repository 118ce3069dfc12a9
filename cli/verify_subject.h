// SPDX-License-Identifier: MIT
// Recording for `verify`: under its load, and with the process in mind that will be compared.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/session/process_images.h"
#include "bench/session/real_run.h"
#include "bench/session/real_run_load.h"
#include "bench/session/record.h"
#include "cli/progress.h"
#include "results/result.h"

namespace heapwise::cli {

struct Subject;

/// What is run, with {port} for a port that is free.
struct SubjectCall {
  std::vector<std::string> command;
  LoadScript load;
  bool wait_any_port = false;
  unsigned recordings = 1;
  std::string input;  ///< what keep_input() kept
  /// Runs it without the recorder, as soon as it was recorded.
  std::function<Expected<RealRunEnd>(const Subject& recorded)> run_plainly;
};

/// What was recorded, for the prediction and for the real runs. Of several recordings the first
/// speaks for the program, and times and shares are medians.
struct Subject {
  Recording recording;
  std::vector<std::string> traces;  ///< of the process that is compared, one of each recording
  RecordedProcess process;          ///< that with the largest heap: it is the one that is compared
  ImageChoice image;                ///< the same in the real runs
  std::vector<Warning> warnings;    ///< of the recording and the choice, as shown already
  double measured_share = 1;        ///< of the process's trace, up to the end of the load
  std::vector<double> measured_shares;  ///< of each trace
  double recorded_wall_s = 0;           ///< of the command, up to there
  RealRunEnd plain;                     ///< the run without recorder that followed
  double plain_cpu_s = 0;  ///< of the command in these runs; of several the fastest third's mean
  double slowdown = 0;     ///< recorded_wall_s ÷ the same of that run; likewise of each
};

/// Records the command into `folder`, as often as is asked for, with its load where it has one, and
/// chooses the process with the most live bytes at their peak, as small scripts around a program
/// are not what is asked about.
Expected<Subject> record_subject(const SubjectCall& call, const std::string& folder,
                                 Progress& progress);

}  // namespace heapwise::cli
