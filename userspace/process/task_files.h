// SPDX-License-Identifier: Apache-2.0
// Another task's paths, descriptors and ids, seen from outside: as its own calls would find them, as far as permissions
// allow. Files are opened only with O_PATH, so no device is touched and no open blocks on a pipe.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/hardening.h"

namespace syscarve {

struct TaskFile {
  // In the task's mount namespace, with links resolved; "" if it has no path (a pipe, a socket, a file in memory only).
  std::string path;
  mode_t mode = 0;
  unsigned major = 0;  // Of a device file.
  unsigned minor = 0;
  bool removed = false;  // It has no name any more; `path` is its former one.
  uint64_t mount = 0;    // Number of its mount; 0 if the kernel does not report it (before Linux 5.8).
  std::string target;    // Of a symbolic link that was not followed.
};

enum class Presence { kThere, kNotThere, kNotKnown };

struct FoundFile {
  Presence presence = Presence::kNotKnown;
  TaskFile file;  // Of kThere.
};

struct MountPlace {
  std::string path;  // As TaskFile::path.
  std::string filesystem;
};

// An interface, so that conclusions can be tested without tasks.
class TaskFileView {
 public:
  virtual ~TaskFileView() = default;
  // The directory that absolute names start from; nullopt if unknown.
  virtual std::optional<std::string> Root() const = 0;
  // The directory that names relative to `directory`, a descriptor or AT_FDCWD, start from; nullopt if unknown.
  virtual std::optional<std::string> Base(int directory) const = 0;
  // The file that the task would find under `name`, which is not empty. With `follow`, resolves a link in the last
  // component. kNotKnown also if the path leads through another task's descriptors.
  virtual FoundFile Find(int directory, const std::string& name, bool follow) const = 0;
  virtual FoundFile OfDescriptor(int descriptor) const = 0;
  // The file that the task executes.
  virtual FoundFile Executable() const = 0;
  // Paths of the files that are mapped executable.
  virtual std::vector<std::string> ExecutableMappings() const = 0;
  // SOCK_STREAM …; 0 if unknown.
  virtual int SocketType(int descriptor) const = 0;
  virtual std::optional<MountPlace> PlaceOf(uint64_t mount) const = 0;
  // As seen in its user namespace.
  virtual std::optional<ProcessIds> Ids() const = 0;
  // The task's process; 0 if unknown.
  virtual pid_t Process() const = 0;
};

// A view of a task that does not run meanwhile: one that waits for the supervisor's response. REQUIRES: ProcIsOurs().
// The caller must check afterwards that the task is still the same.
class TaskFiles : public TaskFileView {
 public:
  explicit TaskFiles(pid_t task);

  std::optional<std::string> Root() const override;
  std::optional<std::string> Base(int directory) const override;
  FoundFile Find(int directory, const std::string& name, bool follow) const override;
  FoundFile OfDescriptor(int descriptor) const override;
  FoundFile Executable() const override;
  std::vector<std::string> ExecutableMappings() const override;
  int SocketType(int descriptor) const override;
  std::optional<MountPlace> PlaceOf(uint64_t mount) const override;
  std::optional<ProcessIds> Ids() const override;
  pid_t Process() const override;

 private:
  FoundFile Describe(int file) const;
  FoundFile FindFrom(const std::string& base, const std::string& name, uint64_t resolve, bool follow) const;
  std::string Link(const std::string& name) const { return folder_ + name; }

  pid_t task_;
  std::string folder_;  // In /proc.
};

// The meaning, for a task, of a name that begins with /proc/self, /proc/thread-self or /dev/fd: the target of these
// links depends on the task that resolves them. "/dev/stdout" is descriptor 1.
struct OwnName {
  int descriptor = -1;  // The descriptor that the name is, or begins with.
  std::string rest;     // After the descriptor, without a leading slash; without a descriptor, the whole name.
};
// nullopt for any other name.
std::optional<OwnName> OwnNameOf(std::string_view name, pid_t process, pid_t task);

// Paths of the files that are mapped executable in a text like /proc/PID/maps.
std::vector<std::string> ExecutableFilesIn(std::string_view text);

// The mount `id` in a text like /proc/PID/mountinfo; `root` is the root directory of that process. nullopt if absent.
std::optional<MountPlace> PlaceOfMount(std::string_view mounts, uint64_t id, std::string_view root);

// The id in a namespace with this uid_map or gid_map of `id` in its parent namespace; `id` itself if it is not mapped.
uint32_t IdInNamespace(std::string_view map, uint32_t id);

}  // namespace syscarve
