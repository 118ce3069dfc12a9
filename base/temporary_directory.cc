// SPDX-License-Identifier: MIT
#include "base/temporary_directory.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace heapwise {
namespace {

constexpr std::string_view kPrefix = "heapwise-";
constexpr std::string_view kTemplate = "XXXXXX";  // of mkdtemp, which puts letters and digits there

/// The paths as a signal handler can read them, in no order; null where there is none. Those that
/// find no room here stay behind when a signal comes.
constexpr std::size_t kMost = 16;
std::array<std::atomic<char*>, kMost> the_paths;
pid_t the_owner = 0;

void note(const std::string& path) {
  char* const copy = strdup(path.c_str());
  for (std::atomic<char*>& one : the_paths) {
    char* none = nullptr;
    if (one.compare_exchange_strong(none, copy)) return;
  }
  std::free(copy);
}

void forget(const std::string& path) {
  for (std::atomic<char*>& one : the_paths) {
    char* const known = one.load();
    if (known == nullptr || path != known) continue;
    one.store(nullptr);
    std::free(known);
    return;
  }
}

/// While it lives, no signal comes between the making of a folder and its being noted.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;
  ~SignalsHeldBack() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// A runner that still writes there can keep a folder from being removed at the first attempt.
constexpr int kAttempts = 5;

/// Only what is allowed in a signal handler, which removing a tree of files is not.
void remove_all_noted() {
  std::array<const char*, kMost + 4> arguments{"rm", "-rf", "--"};
  std::size_t count = 3;
  for (const std::atomic<char*>& one : the_paths) {
    const char* const path = one.load();
    if (path != nullptr) arguments[count++] = path;
  }
  if (count == 3) return;
  int status = 1;
  for (int attempt = 0; attempt < kAttempts && status != 0; ++attempt) {
    const pid_t remover = _Fork();
    if (remover == 0) {
      execv("/bin/rm", const_cast<char* const*>(arguments.data()));
      _exit(127);
    }
    if (remover < 0 || waitpid(remover, &status, 0) < 0) return;
  }
}

/// The signal that is raised comes when this one has been handled.
void on_signal(int number) {
  if (getpid() == the_owner) remove_all_noted();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

}  // namespace

// Absolute, as what is run may change its own folder.
std::string temporary_folder() {
  const char* configured = getenv("TMPDIR");
  if (configured == nullptr || *configured == '\0') return "/tmp";
  std::error_code failed;
  auto absolute = std::filesystem::absolute(configured, failed);
  return failed ? configured : absolute.string();
}

Expected<TemporaryDirectory> TemporaryDirectory::make(const std::string& parent) {
  const std::string base = parent.empty() ? temporary_folder() : parent;
  TemporaryDirectory directory;
  const SignalsHeldBack held_back;
  directory.path_ = base + "/" + std::string(kPrefix) + std::string(kTemplate);
  if (mkdtemp(directory.path_.data()) == nullptr) {
    directory.path_.clear();
    return fail_errno("cannot make a temporary folder in " + base,
                      "set TMPDIR to a folder that is there and takes files");
  }
  note(directory.path_);
  return directory;
}

bool TemporaryDirectory::is_name(std::string_view name) {
  return name.size() == kPrefix.size() + kTemplate.size() &&
         name.substr(0, kPrefix.size()) == kPrefix &&
         std::all_of(name.begin() + kPrefix.size(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0; });
}

TemporaryDirectory::TemporaryDirectory(TemporaryDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TemporaryDirectory& TemporaryDirectory::operator=(TemporaryDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
  forget(path_);
}

void note_temporary_file(const std::string& path) { note(path); }

void forget_temporary_file(const std::string& path) { forget(path); }

void remove_temporary_directories_on_signals() {
  the_owner = getpid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGABRT}) {
    if (std::signal(number, on_signal) == SIG_IGN) std::signal(number, SIG_IGN);
  }
}

}  // namespace heapwise
