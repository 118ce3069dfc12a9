// SPDX-License-Identifier: MIT
#include "bench/session/session_folders.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/temporary_directory.h"
#include "bench/session/record_snapshots.h"
#include "traces/recorder/spool.h"

namespace heapwise {
namespace {

namespace fs = std::filesystem;

constexpr char kSessionFile[] = "session";

struct CloseDirectory {
  void operator()(DIR* directory) const { closedir(directory); }
};

bool is_own(int fd, mode_t type) {
  struct stat status {};
  return fstat(fd, &status) == 0 && status.st_uid == geteuid() && (status.st_mode & S_IFMT) == type;
}

/// `prefix` and then numbers with dots between them, or such a name with `ending` and whatever the
/// writer of traces adds while it is not done.
bool is_numbered(std::string_view name, std::string_view prefix, std::string_view ending = {}) {
  if (name.substr(0, prefix.size()) != prefix || name.size() == prefix.size()) return false;
  const std::size_t rest = name.find_first_not_of("0123456789.", prefix.size());
  if (rest == std::string_view::npos) return true;
  return !ending.empty() && name.substr(rest - 1, ending.size()) == ending;
}

/// All that sessions make in their folders: see spool.h, and the link by which a library in a path
/// with a colon can be preloaded.
bool is_session_name(std::string_view name) {
  return name == kSessionFile || name == "new.session" || name == spool::kLibraryLink ||
         is_numbered(name, "new.") || is_numbered(name, kSnapshotPrefix, kSnapshotEnding) ||
         is_numbered(name, "spool.", kLaunchersTrace);
}

/// Nothing when there is anything that no session makes, or the folder cannot be read.
std::optional<std::vector<std::string>> session_names(int folder) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDirectory> listing(copy < 0 ? nullptr : fdopendir(copy));
  if (!listing) return std::nullopt;
  std::vector<std::string> names;
  while (const dirent* entry = readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (!is_session_name(name)) return std::nullopt;
    names.emplace_back(name);
  }
  return names;
}

/// The file `session` of a dead session, locked; none when the folder is something else.
Fd lock_dead(int folder) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  Fd page(::openat(folder, kSessionFile, kFlags));
  std::array<char, sizeof spool::kSessionMagic> magic{};
  const bool ours =
      page && is_own(page.get(), S_IFREG) &&
      pread(page.get(), magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
      std::memcmp(magic.data(), spool::kSessionMagic, magic.size()) == 0;
  if (!ours || flock(page.get(), LOCK_EX | LOCK_NB) != 0) return Fd();
  return page;
}

/// The file `session` goes last: without it nobody would know the folder again. unlinkat takes no
/// folders.
void remove_if_dead(const std::string& path) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!folder || !is_own(folder.get(), S_IFDIR)) return;
  const Fd page = lock_dead(folder.get());
  const auto names = page ? session_names(folder.get()) : std::nullopt;
  if (!names) return;
  const bool removed = std::all_of(names->begin(), names->end(), [&](const std::string& name) {
    return name == kSessionFile || unlinkat(folder.get(), name.c_str(), 0) == 0;
  });
  if (removed && unlinkat(folder.get(), kSessionFile, 0) == 0) rmdir(path.c_str());
}

}  // namespace

// Locked before it has its name: whoever finds it finds it locked.
Expected<Fd> make_session_file(const std::string& directory) {
  const std::string making = directory + "/new.session";
  const std::string made = directory + "/" + kSessionFile;
  Fd file(::open(making.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return fail_errno("cannot make " + made, "make room there");
  // A page that the file system has no room for would kill who writes to it.
  errno = posix_fallocate(file.get(), 0, spool::kPage);
  if (errno != 0 || !write_all(file.get(), spool::kSessionMagic, sizeof spool::kSessionMagic) ||
      flock(file.get(), LOCK_EX | LOCK_NB) != 0 || rename(making.c_str(), made.c_str()) != 0) {
    return fail_errno("cannot make " + made, "make room there");
  }
  return file;
}

void remove_dead_sessions(const std::string& parent) {
  std::vector<std::string> found;
  std::error_code failed;
  for (fs::directory_iterator entry(parent, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (TemporaryDirectory::is_name(entry->path().filename().string())) {
      found.push_back(entry->path().string());
    }
  }
  for (const std::string& path : found) remove_if_dead(path);
}

}  // namespace heapwise
