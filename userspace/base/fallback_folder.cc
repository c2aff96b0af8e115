// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/fallback_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <tuple>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"

namespace syscarve {
namespace {

constexpr std::string_view kFolderPattern = "/syscarve-kept.XXXXXX";

// A folder in the environment must be absolute; otherwise it is ignored.
std::optional<std::string> FolderFrom(const char* variable) {
  const char* const folder = std::getenv(variable);
  if (folder == nullptr || folder[0] != '/') return std::nullopt;
  return folder;
}

// Other users may write to such a place, so the folder is checked after its creation.
absl::StatusOr<std::pair<std::string, UniqueFd>> MakePrivateFolder(const std::string& place) {
  std::string path = Concat(place, kFolderPattern);
  if (mkdtemp(path.data()) == nullptr) {
    return PosixError(Concat("make a folder in ", EscapeForTerminal(place)), errno);
  }
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!fd.valid() || fstat(fd.get(), &info) != 0) return PosixError(Concat("open ", EscapeForTerminal(path)), errno);
  if (info.st_uid != geteuid() || (info.st_mode & 0777) != 0700) {
    return absl::FailedPreconditionError(Concat(EscapeForTerminal(path), ": another folder was put there"));
  }
  return std::pair(std::move(path), std::move(fd));
}

}  // namespace

std::vector<std::string> RuntimeFolders() {
  std::vector<std::string> folders;
  // Root's variables may be those of the user who called sudo; root has a place that only it can write to.
  if (geteuid() == 0) {
    folders.push_back("/run");
  } else if (auto folder = FolderFrom("XDG_RUNTIME_DIR")) {
    folders.push_back(*std::move(folder));
  }
  folders.push_back(FolderFrom("TMPDIR").value_or("/tmp"));
  return folders;
}

FallbackFolder::FallbackFolder(std::optional<UserIds> owner, std::vector<std::string> places) : owner_(owner) {
  for (std::string& place : places) places_.push_back({.parent = std::move(place), .folder = "", .fd = UniqueFd()});
}

absl::Status FallbackFolder::KeepAt(Place& place, const std::string& name, std::string_view content) const {
  if (!place.fd.valid()) {
    SYSCARVE_ASSIGN_OR_RETURN(std::tie(place.folder, place.fd), MakePrivateFolder(place.parent));
  }
  const std::string shown = EscapeForTerminal(Concat(place.folder, "/", name));
  const UniqueFd file(openat(place.fd.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return PosixError(Concat("create ", shown), errno);
  absl::Status status = WriteAll(file.get(), content, shown);
  if (status.ok() && fsync(file.get()) != 0) status = PosixError(Concat("flush ", shown), errno);
  if (!status.ok()) {
    unlinkat(place.fd.get(), name.c_str(), 0);
    // Fails, as intended, if another result is kept in it.
    if (rmdir(place.folder.c_str()) == 0) place.fd.reset();
    return status;
  }
  if (owner_) {
    const gid_t group = owner_->gid.value_or(static_cast<gid_t>(-1));
    (void)!fchown(file.get(), owner_->uid, group);
    (void)!fchown(place.fd.get(), owner_->uid, group);
  }
  return status;
}

absl::StatusOr<std::string> FallbackFolder::Keep(const std::string& name, std::string_view content) {
  absl::Status problem = absl::NotFoundError("there is no other place to write to");
  for (Place& place : places_) {
    problem = KeepAt(place, name, content);
    if (problem.ok()) return Concat(place.folder, "/", name);
  }
  return problem;
}

}  // namespace syscarve
