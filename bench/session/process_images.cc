// SPDX-License-Identifier: MIT
#include "bench/session/process_images.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "base/high_water.h"
#include "bench/session/program_name.h"

namespace heapwise {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostMoments = 8192;
constexpr double kLongestPause_s = MomentKeeper::kLongestPause_s;
/// … and this as long as the process that is meant is not there.
constexpr double kSearchPause_s = 0.002;
/// What is forked to execute another does so at once.
constexpr double kTimeToExec_s = 0.1;
/// Reading smaps walks all pages: it may take this share of the time, and no more.
constexpr double kSmapsShare = 1.0 / 40;
/// … but this where what is not heap, or the whole since the last look at that, has changed by a
/// part of the whole that shows.
constexpr double kBusySmapsShare = 1.0 / 8, kVisibleChange = 0.01;
constexpr double kLeastSmapsPause_s = 0.004;
/// Beyond so many new numbers at once, those that there are get listed instead.
constexpr pid_t kMostNewPids = 4096;

std::string proc(pid_t pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::string read_once(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file ? read_again(file.get()) : std::string();
}

/// What /proc/PID/stat says behind the name, which may hold anything.
struct ProcessFacts {
  pid_t parent = 0;
  std::uint64_t arguments_at = 0;  ///< where the arguments lie: another place after each exec
};

std::optional<ProcessFacts> facts_of(pid_t pid) {
  constexpr int kParentField = 4, kArgumentsField = 48;
  const std::string text = read_once(proc(pid, "stat"));
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  ProcessFacts facts;
  std::size_t at = name_end + 2;
  for (int field = 3; at < text.size(); ++field) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (field == kParentField) std::from_chars(text.data() + at, text.data() + end, facts.parent);
    if (field == kArgumentsField) {
      std::from_chars(text.data() + at, text.data() + end, facts.arguments_at);
      return facts;
    }
    at = end + 1;
  }
  return std::nullopt;
}

bool executes_another(const ProcessFacts& facts, std::uint64_t identity) {
  return facts.arguments_at != 0 && facts.arguments_at != identity;
}

/// A thread has a number in /proc too.
bool is_process(pid_t pid) {
  const std::string text = read_once(proc(pid, "status"));
  const std::size_t at = text.find("\nTgid:\t");
  pid_t group = 0;
  if (at == std::string::npos) return false;
  std::from_chars(text.data() + at + 7, text.data() + text.size(), group);
  return group == pid;
}

/// The number given out last, of process or thread: the last word of /proc/loadavg.
pid_t newest_number(const Fd& load_average) {
  const std::string text = read_again(load_average.get());
  const std::size_t at = text.rfind(' ');
  pid_t pid = 0;
  if (at != std::string::npos) {
    std::from_chars(text.data() + at + 1, text.data() + text.size(), pid);
  }
  return pid;
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) pids.push_back(pid);
  }
  return pids;
}

}  // namespace

// ---- moments

void MomentKeeper::add(const Sight& sight) {
  std::uint64_t height = sight.anonymous;
  if (sight.high_water > last_.high_water && sight.high_water > sight.resident) {
    height = std::max(
        height, anonymous_at_mark(sight.high_water, last_.file_and_shared, sight.file_and_shared));
  }
  high_ = std::max(high_, height);
  highest_ = std::max(highest_, height);
  last_ = sight;
  if (!kept_.empty() && sight.time_s < kept_.back().time_s + period_s_) return;
  kept_.push_back({sight.time_s, sight.anonymous, high_});
  high_ = 0;
  if (kept_.size() >= kMostMoments) thin();
}

/// Every other one, whatever it is: a choice by height would raise the mean. The next one takes
/// over the height.
void MomentKeeper::thin() {
  const std::size_t half = (kept_.size() + 1) / 2;
  for (std::size_t i = 1; i < half; ++i) {
    const std::uint64_t high = std::max(kept_[2 * i - 1].high, kept_[2 * i].high);
    kept_[i] = kept_[2 * i];
    kept_[i].high = high;
  }
  if (kept_.size() % 2 == 0) high_ = std::max(high_, kept_.back().high);
  kept_.resize(half);
  period_s_ *= 2;
}

std::vector<ProcessMoment> MomentKeeper::moments() const {
  std::vector<ProcessMoment> moments = kept_;
  if (!moments.empty() && last_.time_s > moments.back().time_s) {
    moments.push_back({last_.time_s, last_.anonymous, high_});
  }
  return moments;
}

// ---- one image

ProcessImage::ProcessImage(pid_t pid, bool forked, std::uint64_t identity, double now)
    : pid_(pid),
      forked_(forked),
      identity_(identity),
      begun_s_(now),
      status_(open(proc(pid, "status").c_str(), O_RDONLY | O_CLOEXEC)) {
  find_name();
}

/// Known a moment after exec at the latest.
void ProcessImage::find_name() {
  const std::string arguments = read_once(proc(pid_, "cmdline"));
  if (arguments.empty()) return;
  std::array<char, 4096> path;
  const ssize_t size = readlink(proc(pid_, "exe").c_str(), path.data(), path.size());
  program_ = program_name(arguments.substr(0, arguments.find('\0')),
                          std::string(path.data(), size > 0 ? static_cast<std::size_t>(size) : 0));
}

double ProcessImage::lived_s() const { return std::max(0.0, keeper_.last_s() - begun_s_); }

bool ProcessImage::look(double now, bool closely, const NonHeapRules& rules) {
  if (program_.empty()) find_name();
  const std::string text = read_again(status_.get());
  const auto memory = parse_status(text);
  if (!memory) return false;
  keeper_.add({now, memory->anonymous, memory->file + memory->shared, memory->resident,
               memory->high_water});
  next_look_s_ = now + (closely ? keeper_.pause_s() : kLongestPause_s);
  peak_resident_ = std::max(peak_resident_, memory->high_water);
  const bool busy = is_visible_change(anonymous_at_smaps_, memory->anonymous);
  if (closely && now >= (busy ? earliest_smaps_s_ : next_smaps_s_)) {
    anonymous_at_smaps_ = memory->anonymous;
    look_at_smaps(now, rules);
  }
  return true;
}

bool ProcessImage::is_visible_change(std::uint64_t before, std::uint64_t after) const {
  const double change = std::abs(static_cast<double>(after) - static_cast<double>(before));
  return change > kVisibleChange * static_cast<double>(peak_anonymous());
}

/// What is read of a process that ends, or executes another program meanwhile, breaks off anywhere.
bool ProcessImage::still_runs() const {
  if (!parse_status(read_again(status_.get()))) return false;
  const auto facts = facts_of(pid_);
  return facts && !executes_another(*facts, identity_);
}

void ProcessImage::look_at_smaps(double now, const NonHeapRules& rules) {
  const auto begun = Clock::now();
  const auto smaps = read_file(proc(pid_, "smaps"));
  if (!smaps || smaps->empty() || !still_runs()) return;
  const NonHeap found = non_heap_in(*smaps, rules);
  files_.insert(found.files.begin(), found.files.end());
  const double took = std::chrono::duration<double>(Clock::now() - begun).count();
  const bool busy = is_visible_change(non_heap_.empty() ? 0 : non_heap_.back().bytes, found.bytes);
  earliest_smaps_s_ = now + std::max(kLeastSmapsPause_s, took / kBusySmapsShare);
  next_smaps_s_ = busy ? earliest_smaps_s_ : now + std::max(kLeastSmapsPause_s, took / kSmapsShare);
  non_heap_.push_back({now, found.bytes});
}

// ---- all of them

ProcessImages::ProcessImages(pid_t root, ImageChoice choice, const NonHeapRules& rules,
                             std::function<void(pid_t)> found)
    : root_(root),
      choice_(std::move(choice)),
      rules_(rules),
      found_(std::move(found)),
      load_average_(open("/proc/loadavg", O_RDONLY | O_CLOEXEC)),
      newest_(root) {
  const auto facts = facts_of(root);
  begin_image(root, false, facts ? facts->arguments_at : 0, 0);
}

void ProcessImages::begin_image(pid_t pid, bool forked, std::uint64_t identity, double now) {
  images_.push_back(std::make_unique<ProcessImage>(pid, forked, identity, now));
  live_[pid].image = images_.back().get();
  if (found_) found_(pid);
}

double ProcessImages::look(double now) {
  find_new(now);
  const bool searching = !meant_lives_;
  double next = now + (searching ? kSearchPause_s : kLongestPause_s);
  meant_lives_ = false;
  for (auto one = live_.begin(); one != live_.end();) {
    Member& member = one->second;
    const bool may_exec = member.image->forked() && now < member.image->begun_s() + kTimeToExec_s;
    if (searching || may_exec || member.image->next_look_s() <= now) check_exec(member, now);
    const bool due = member.image->next_look_s() <= now;
    if (due && !member.image->look(now, may_be_chosen(*member.image), rules_)) {
      member.image->close();
      one = live_.erase(one);
      continue;
    }
    meant_lives_ = meant_lives_ || may_be_chosen(*member.image);
    next = std::min(next, member.image->next_look_s());
    ++one;
  }
  return next;
}

void ProcessImages::find_new(double now) {
  const pid_t newest = newest_number(load_average_);
  if (newest == newest_) return;
  if (newest > newest_ && newest - newest_ <= kMostNewPids) {
    for (pid_t pid = newest_ + 1; pid <= newest; ++pid) consider(pid, now);
  } else {
    for (const pid_t pid : all_processes()) consider(pid, now);
  }
  newest_ = newest;
}

/// A child of a member, or one whose parents are gone but that is of the command's process group.
void ProcessImages::consider(pid_t pid, double now) {
  if (live_.count(pid) != 0) return;
  const auto facts = facts_of(pid);
  if (!facts) return;
  const auto parent = live_.find(facts->parent);
  if ((parent == live_.end() && getpgid(pid) != root_) || !is_process(pid)) return;
  const bool forked =
      parent != live_.end() && parent->second.image->identity() == facts->arguments_at;
  begin_image(pid, forked, facts->arguments_at, now);
}

void ProcessImages::check_exec(Member& member, double now) {
  ProcessImage& image = *member.image;
  const auto facts = facts_of(image.pid());
  if (!facts || !executes_another(*facts, image.identity())) return;
  const pid_t pid = image.pid();
  image.close();
  if (image.forked()) {  // it was there to execute this
    images_.erase(std::find_if(images_.begin(), images_.end(),
                               [&](const auto& one) { return one.get() == &image; }));
  }
  begin_image(pid, false, facts->arguments_at, now);
}

bool ProcessImages::may_be_chosen(const ProcessImage& image) const {
  return choice_.program.empty() ? image.pid() == root_ : image.program() == choice_.program;
}

std::vector<const ProcessImage*> ProcessImages::named() const {
  std::vector<const ProcessImage*> found;
  for (const auto& image : images_) {
    if (may_be_chosen(*image)) found.push_back(image.get());
  }
  return found;
}

// A server may have one process more this time, or one that was too short to be seen, and under
// another allocator it may be another process that has the most memory. Half of the memory and half
// of the lifetime weigh alike, and so does a beginning that is off by most of the recorded time.
double ProcessImages::unlikeness(const ProcessImage& image) const {
  constexpr double kLeastTime_s = 0.002;
  const double less_memory = -std::log(1.0 + static_cast<double>(image.peak_anonymous()));
  if (choice_.lived_s <= 0) return less_memory;
  const double lifetimes =
      std::max(image.lived_s(), kLeastTime_s) / std::max(choice_.lived_s, kLeastTime_s);
  const double off_s = std::abs(image.begun_s() - choice_.begun_s);
  return less_memory + std::abs(std::log(lifetimes)) + off_s / (choice_.begun_s + choice_.lived_s);
}

const ProcessImage* ProcessImages::chosen() const {
  const auto candidates = named();
  if (candidates.empty()) return nullptr;
  if (choice_.program.empty()) return candidates.back();
  if (candidates.size() == choice_.named_so) return candidates[choice_.nth];
  return *std::min_element(candidates.begin(), candidates.end(),
                           [this](const ProcessImage* one, const ProcessImage* other) {
                             return unlikeness(*one) < unlikeness(*other);
                           });
}

void ProcessImages::kill_all() const {
  for (const auto& [pid, member] : live_) {
    const auto facts = facts_of(pid);  // its number may be another's by now
    if (facts && facts->arguments_at == member.image->identity()) kill(pid, SIGKILL);
  }
}

}  // namespace heapwise
