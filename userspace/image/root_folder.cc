// SPDX-License-Identifier: Apache-2.0
// Reads a root file system in a folder in the same way as a layer. It is untrusted: each file is opened relative to its
// folder's descriptor, and no link is followed.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/unique_fd.h"
#include "userspace/image/scan.h"
#include "userspace/image/secrets.h"

namespace syscarve {
namespace {

// Each level needs a descriptor.
constexpr size_t kMostLevels = 200;
constexpr size_t kMaxLinkBytes = 4096;
constexpr size_t kMaxCapabilityBytes = 64;
// Most files are small, and of a binary file no more than this is read.
constexpr size_t kFilePieceBytes = size_t{32} << 10;

class RootWalk {
 public:
  RootWalk(const SecretFinder& secrets, ScanBudget& budget, bool keep_packages, LayerContents& contents)
      : budget_(budget),
        contents_(contents),
        scanner_(secrets, budget, keep_packages, contents, /*has_whiteouts=*/false) {}

  absl::Status Walk(UniqueFd root, dev_t device) {
    device_ = device;
    SYSCARVE_RETURN_IF_ERROR(Enter(std::move(root), ""));
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.names.empty()) {
        levels_.pop_back();
        continue;
      }
      const std::string name = std::move(level.names.back());
      level.names.pop_back();
      SYSCARVE_RETURN_IF_ERROR(Take(level.fd.get(), level.path, name));
    }
    scanner_.Finish();
    return absl::OkStatus();
  }

  uint64_t mounts() const { return mounts_; }

 private:
  struct Level {
    UniqueFd fd;
    std::string path;
    std::vector<std::string> names;  // Still to be scanned, the last one first.
  };

  absl::Status Enter(UniqueFd fd, const std::string& path) {
    if (levels_.size() == kMostLevels) {
      ++contents_.unread;
      return absl::OkStatus();
    }
    Level level{.fd = std::move(fd), .path = path, .names = {}};
    // fdopendir takes ownership of its descriptor.
    DIR* const folder = fdopendir(fcntl(level.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (folder == nullptr) return PosixError(Concat("read the folder /", EscapeForTerminal(path)), errno);
    while (const dirent* entry = readdir(folder)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") level.names.emplace_back(name);
      if (level.names.size() > budget_.limits.entries) break;
    }
    closedir(folder);
    std::ranges::sort(level.names, std::greater<>());
    levels_.push_back(std::move(level));
    return absl::OkStatus();
  }

  absl::Status Take(int folder, const std::string& above, const std::string& name) {
    if (++budget_.entries > budget_.limits.entries) {
      return absl::ResourceExhaustedError(
          Concat("there are more than ", budget_.limits.entries, " files, the most that is read"));
    }
    struct stat info;
    if (fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      ++contents_.unread;
      return absl::OkStatus();
    }
    if (info.st_dev != device_) {
      ++mounts_;
      return absl::OkStatus();
    }
    FileEntry entry;
    entry.path = Concat(above, above.empty() ? "" : "/", name);
    entry.mode = info.st_mode;
    entry.uid = info.st_uid;
    entry.gid = info.st_gid;
    entry.device_major = major(info.st_rdev);
    entry.device_minor = minor(info.st_rdev);
    if (S_ISREG(info.st_mode)) return TakeFile(folder, name, info, entry);
    if (S_ISLNK(info.st_mode)) {
      char target[kMaxLinkBytes];
      const ssize_t length = readlinkat(folder, name.c_str(), target, sizeof(target));
      if (length > 0) entry.target.assign(target, static_cast<size_t>(length));
    }
    SYSCARVE_RETURN_IF_ERROR(scanner_.Take(entry, TextSource("")));
    return S_ISDIR(info.st_mode) ? TakeFolder(folder, name, info, entry.path) : absl::OkStatus();
  }

  absl::Status TakeFile(int folder, const std::string& name, const struct stat& info, FileEntry& entry) {
    // Non-blocking: it may have been replaced by a pipe.
    UniqueFd fd(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat opened;
    const bool same = fd.valid() && fstat(fd.get(), &opened) == 0 && opened.st_ino == info.st_ino &&
                      opened.st_dev == info.st_dev && S_ISREG(opened.st_mode);
    if (!same) {
      ++contents_.unread;
      return scanner_.Take(entry, TextSource(""));
    }
    char capability[kMaxCapabilityBytes];
    const ssize_t size = fgetxattr(fd.get(), "security.capability", capability, sizeof(capability));
    if (size > 0) entry.capability.assign(capability, static_cast<size_t>(size));
    const absl::Status taken = scanner_.Take(
        entry,
        [this, source = FileSource(std::move(fd), entry.path, kFilePieceBytes)]() -> absl::StatusOr<std::string_view> {
          SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, source());
          contents_.bytes += piece.size();
          return piece;
        });
    if (!taken.ok()) ++contents_.unread;
    return absl::OkStatus();
  }

  absl::Status TakeFolder(int folder, const std::string& name, const struct stat& info, const std::string& path) {
    UniqueFd fd(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat opened;
    if (!fd.valid() || fstat(fd.get(), &opened) != 0 || opened.st_ino != info.st_ino || opened.st_dev != info.st_dev) {
      ++contents_.unread;
      return absl::OkStatus();
    }
    return Enter(std::move(fd), path);
  }

  ScanBudget& budget_;
  LayerContents& contents_;
  LayerScanner scanner_;
  dev_t device_ = 0;
  uint64_t mounts_ = 0;
  std::vector<Level> levels_;
};

}  // namespace

absl::StatusOr<ScannedImage> ScanRootFolder(const std::string& folder, const ScanOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const SecretRules* const rules, ShippedSecretRules());
  const SecretFinder secrets(*rules);
  ScanBudget budget{.limits = options.limits};
  ScannedImage image;
  image.kind = "root-folder";
  ScannedLayer& layer = image.layers.emplace_back();
  layer.name = folder;
  UniqueFd root(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info;
  if (!root.valid() || fstat(root.get(), &info) != 0) {
    return PosixError(Concat("open the folder ", EscapeForTerminal(folder)), errno);
  }
  RootWalk walk(secrets, budget, options.keep_packages, layer.contents);
  layer.contents.status = walk.Walk(std::move(root), info.st_dev);
  layer.contents.index.Finish();
  if (walk.mounts() > 0) {
    image.not_known.push_back(Concat(walk.mounts(), " mount points or files of other file systems were left out."));
  }
  image.not_known.emplace_back(
      "A folder has no layers: what was deleted before, and the image's configuration, are not known.");
  FinishScan(image);
  return image;
}

}  // namespace syscarve
