// SPDX-License-Identifier: MIT
#include "bench/session/runner.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/files.h"
#include "bench/session/confirm.h"
#include "bench/session/process.h"

namespace heapwise {
namespace {

const char* name_of(ReplayClock clock) {
  switch (clock) {
    case ReplayClock::trace:
      return "trace";
    case ReplayClock::recorded:
      return "recorded";
    case ReplayClock::none:
      return "none";
  }
  return "";
}

Expected<void> make_raw_file(const std::string& path, std::uint64_t capacity, Purpose purpose) {
  RawRun head{};
  std::memcpy(head.magic, kRawRunMagic, sizeof head.magic);
  head.sample_capacity = capacity;
  if (purpose == Purpose::latency) head.latency_bytes = sizeof(RawLatency);
  std::string content(sizeof head + capacity * sizeof(RawSample) + head.latency_bytes, '\0');
  std::memcpy(content.data(), &head, sizeof head);
  return write_file(path, content, true);
}

Expected<RawFigures> read_raw_file(const std::string& path) {
  const auto file = MappedFile::open(path);
  if (!file) return tl::unexpected(file.error());
  RawFigures figures;
  if (file->size() < sizeof(RawRun)) return fail(ErrorCode::io, path + " was cut short");
  std::memcpy(&figures.run, file->data(), sizeof(RawRun));
  const std::uint64_t behind = sizeof(RawRun) + figures.run.sample_capacity * sizeof(RawSample);
  if (figures.run.latency_bytes == sizeof(RawLatency) &&
      file->size() >= behind + sizeof(RawLatency)) {
    figures.latency = std::make_unique<RawLatency>();
    std::memcpy(figures.latency.get(), file->data() + behind, sizeof(RawLatency));
  }
  const std::uint64_t room = (file->size() - sizeof(RawRun)) / sizeof(RawSample);
  figures.samples.resize(std::min(figures.run.sample_count, room));
  if (!figures.samples.empty()) {
    std::memcpy(figures.samples.data(), file->data() + sizeof(RawRun),
                figures.samples.size() * sizeof(RawSample));
  }
  return figures;
}

std::vector<std::string> command_line(const RunnerCall& call) {
  std::vector<std::string> command{runner_path(call.library_directory, call.contender.runner),
                                   "--plan",
                                   call.plan,
                                   "--raw",
                                   call.raw,
                                   "--purpose",
                                   to_string(call.purpose),
                                   "--clock",
                                   name_of(call.clock)};
  if (call.processors > 0) {
    command.emplace_back("--processors");
    command.push_back(std::to_string(call.processors));
  }
  if (!call.reference.empty()) {
    command.emplace_back("--reference");
    command.push_back(call.reference);
  }
  if (!call.contender.library.empty()) {
    command.emplace_back("--library");
    command.push_back(call.contender.library);
  }
  return command;
}

/// Exit codes of the runner's own; any other is the doing of the allocator.
RunStatus status_of(int exit_code) {
  switch (exit_code) {
    case kRunnerFine:
      return RunStatus::ok;
    case kRunnerUsage:
    case kRunnerRefused:
    case kRunnerSystem:
      return RunStatus::unsupported;
    default:
      return RunStatus::crashed;
  }
}

}  // namespace

std::string to_string(Purpose purpose) {
  switch (purpose) {
    case Purpose::footprint:
      return "footprint";
    case Purpose::throughput:
      return "throughput";
    case Purpose::latency:
      return "latency";
  }
  return {};
}

std::string runner_path(const std::string& library_directory, const std::string& allocator) {
  return library_directory + "/heapwise-replay-" + allocator;
}

std::vector<std::string> identify_command(const std::string& library_directory,
                                          const Contender& contender) {
  std::vector<std::string> command{runner_path(library_directory, contender.runner), "--identify"};
  if (!contender.library.empty()) command.insert(command.end(), {"--library", contender.library});
  return command;
}

Settings runner_environment(const Contender& contender, std::uint64_t padding) {
  Settings environment{{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                       {"LC_ALL", "C"},
                       {"HEAPWISE_PADDING", std::string(padding, 'x')}};
  if (!contender.library.empty()) environment.emplace_back("LD_PRELOAD", contender.library);
  environment.insert(environment.end(), contender.settings.begin(), contender.settings.end());
  return environment;
}

Expected<RunnerEnd> run_runner(const RunnerCall& call) {
  if (auto made = make_raw_file(call.raw, call.sample_capacity, call.purpose); !made) {
    return tl::unexpected(made.error());
  }
  RunnerEnd end;
  auto confirmed = confirm_settings(call.library_directory, call.contender);
  if (!confirmed) return tl::unexpected(confirmed.error());
  end.unconfirmed_settings = to_string(confirmed->unconfirmed);
  end.in_real_time = confirmed->in_real_time;
  if (!confirmed->refusal.empty()) {
    end.status = RunStatus::unsupported;
    end.detail = confirmed->refusal;
    return end;
  }
  ProcessCall process;
  process.command = command_line(call);
  process.environment = runner_environment(call.contender, call.environment_padding);
  process.timeout_s = call.timeout_s;
  process.stop = call.stop;
  auto ended = run_process(process);
  if (!ended) return tl::unexpected(ended.error());
  end.seconds = ended->seconds;
  end.detail = ended->detail;
  end.status = ended->status == RunStatus::ok ? status_of(ended->exit_code) : ended->status;
  auto raw = read_raw_file(call.raw);
  if (!raw) return tl::unexpected(raw.error());
  end.raw = std::move(*raw);
  if (end.status == RunStatus::ok && end.raw.run.finished == 0) {
    end.status = RunStatus::crashed;
    end.detail = "it ended before the replay was over";
  }
  return end;
}

}  // namespace heapwise
