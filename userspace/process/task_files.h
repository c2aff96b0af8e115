// SPDX-License-Identifier: Apache-2.0
// What another task's paths, descriptors and ids are, from outside: as its own calls would find them, as far as we may
// look. Nothing is opened but with O_PATH, so no device is touched and no pipe waits.
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
  // As the task's mount namespace has it, without links; "" of what has no path (a pipe, a socket, a file of memory
  // alone).
  std::string path;
  mode_t mode = 0;
  unsigned major = 0;  // Of a device file.
  unsigned minor = 0;
  bool removed = false;  // It has no name any more; `path` is its former one.
  uint64_t mount = 0;    // Number of the mount that it is on, 0 where the kernel does not tell (before Linux 5.8).
  std::string target;    // Of a symbolic link that was not followed.
};

enum class Presence { kThere, kNotThere, kNotKnown };

struct FoundFile {
  Presence presence = Presence::kNotKnown;
  TaskFile file;  // Of kThere.
};

struct MountPlace {
  std::string path;  // As paths of TaskFile.
  std::string filesystem;
};

// Behind an interface so that what is concluded can be tested without tasks.
class TaskFileView {
 public:
  virtual ~TaskFileView() = default;
  // The directory where names begin that are absolute; nullopt when it cannot be told.
  virtual std::optional<std::string> Root() const = 0;
  // The same of relative ones, given beside `directory`, a descriptor or AT_FDCWD.
  virtual std::optional<std::string> Base(int directory) const = 0;
  // What the task would find under `name`, which is not empty. With `follow` a link at its end is followed. kNotKnown
  // also where the way leads through another task's descriptors.
  virtual FoundFile Find(int directory, const std::string& name, bool follow) const = 0;
  virtual FoundFile OfDescriptor(int descriptor) const = 0;
  // What the task executes.
  virtual FoundFile Executable() const = 0;
  // Paths of the files of which it has memory that can be executed.
  virtual std::vector<std::string> ExecutableMappings() const = 0;
  // SOCK_STREAM …; 0 when it cannot be told.
  virtual int SocketType(int descriptor) const = 0;
  virtual std::optional<MountPlace> PlaceOf(uint64_t mount) const = 0;
  // As they are in its user namespace.
  virtual std::optional<ProcessIds> Ids() const = 0;
  // The task's process; 0 when it cannot be told.
  virtual pid_t Process() const = 0;
};

// Of a task that does not run meanwhile: one that waits for the supervisor's answer. REQUIRES: ProcIsOurs(). That the
// task is still the same is to be asked afterwards.
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

// What a name that begins with /proc/self, /proc/thread-self or /dev/fd means for a task: those links lead everyone to
// his own. "/dev/stdout" is descriptor 1.
struct OwnName {
  int descriptor = -1;  // What it is, or begins with.
  std::string rest;     // Behind the descriptor, without a slash at its beginning; or, without one, the whole name.
};
// nullopt for any other name.
std::optional<OwnName> OwnNameOf(std::string_view name, pid_t process, pid_t task);

// `text` is like /proc/PID/maps.
std::vector<std::string> ExecutableFilesIn(std::string_view text);

// The mount `id` in a text like /proc/PID/mountinfo; `root` is the root directory of that process. nullopt if it is not
// there.
std::optional<MountPlace> PlaceOfMount(std::string_view mounts, uint64_t id, std::string_view root);

// The number that `id` of a parent namespace has in one whose uid_map or gid_map is `map`; `id` itself where it has
// none.
uint32_t IdInNamespace(std::string_view map, uint32_t id);

}  // namespace syscarve
