// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/relayed_command.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/process/process_tree.h"
#include "userspace/process/stale_name.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolderPrefix = "syscarve-verify.";

void Remove(const std::string& path) {
  std::error_code error;
  if (!path.empty()) fs::remove_all(path, error);
}

// Removes the folders of killed processes.
void RemoveStale(const std::string& parent) {
  std::error_code error;
  std::vector<std::string> stale;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    if (IsOfTheDead(it->path().filename().string(), kFolderPrefix)) stale.push_back(it->path().string());
  }
  for (const std::string& path : stale) Remove(path);
}

bool IsOurProgram(pid_t pid) {
  struct stat theirs = {};
  struct stat ours = {};
  return stat(Concat("/proc/", pid, "/exe").c_str(), &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 &&
         theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

}  // namespace

absl::StatusOr<WorkFolder> WorkFolder::Make(bool others_pass, const std::string& parent) {
  RemoveStale(parent);
  WorkFolder made;
  std::string path = Concat(parent, "/", kFolderPrefix, getpid(), ".XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return PosixError(Concat("make a folder ", path), errno);
  made.path_ = path;
  if (mkdir(made.recordings().c_str(), 0700) != 0) return PosixError(Concat("make a folder in ", path), errno);
  if (others_pass && chmod(path.c_str(), 0711) != 0) return PosixError(Concat("open ", path), errno);
  return made;
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

WorkFolder::~WorkFolder() {
  Remove(path_);
}

Command WithEngine(Command command, const std::string& socket) {
  // The other variables that select an engine take precedence over DOCKER_HOST, or contradict it.
  constexpr std::string_view kOthers[] = {
      "DOCKER_HOST=", "DOCKER_CONTEXT=", "DOCKER_TLS_VERIFY=", "DOCKER_TLS=", "DOCKER_CERT_PATH="};
  std::erase_if(command.environment, [&](const std::string& variable) {
    return std::ranges::any_of(kOthers, [&](std::string_view other) { return variable.starts_with(other); });
  });
  command.environment.push_back(Concat("DOCKER_HOST=unix://", socket));
  return command;
}

size_t CountBelow(pid_t ancestor) {
  return static_cast<size_t>(std::ranges::count_if(FindDescendants(ancestor), [](const ProcessInfo& process) {
    return !process.dead && !IsOurProgram(process.pid);
  }));
}

void EndBelow(pid_t ancestor) {
  for (const ProcessInfo& process : FindDescendants(ancestor)) {
    if (!process.dead && !IsOurProgram(process.pid)) KillProcess(process);
  }
}

}  // namespace syscarve
