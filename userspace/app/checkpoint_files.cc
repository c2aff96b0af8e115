// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/checkpoint_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/fallback_folder.h"
#include "userspace/base/output_file.h"
#include "userspace/model/recording_json.h"
#include "userspace/trace/leftovers.h"

namespace syscarve {
namespace {

constexpr int kMaxNames = 100;

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

// Whether a file can be written beside `output`: it is the path of a file, not of a descriptor, pipe or device.
bool HasFolder(const std::string& output) {
  if (output == "-" || output.starts_with("/dev/") || output.starts_with("/proc/")) return false;
  struct stat info;
  return lstat(output.c_str(), &info) != 0 || S_ISREG(info.st_mode) || S_ISLNK(info.st_mode);
}

}  // namespace

std::string CheckpointPath(const std::string& output) {
  std::error_code error;
  const std::string stem = HasFolder(output)
                               ? std::filesystem::absolute(output, error).string()
                               : Concat(RuntimeFolders().front(), "/syscarve-recording.", getpid(), ".json");
  // An existing checkpoint belongs to another recorder, perhaps a killed one: do not replace it.
  std::string path = stem + ".partial";
  for (int number = 2; Exists(path) && number < kMaxNames; ++number) path = Concat(stem, ".partial.", number);
  return path;
}

std::string CheckpointFiles::PathFor(const std::string& output) {
  const auto [entry, added] = paths_.try_emplace(output);
  if (added) entry->second = CheckpointPath(output);
  return entry->second;
}

void CheckpointFiles::Write(const std::string& path, const Recording& recording) {
  const absl::Status written =
      WriteOutput(path, FormatRecording(recording), {.mode = kRecordingMode, .owner = owner_, .flush = false});
  if (!written.ok()) {
    if (!std::exchange(warned_, true)) {
      notes_.Warn(Concat("if the recorder is killed, what it recorded is lost: ", WithoutHint(written)));
    }
    return;
  }
  if (!marks_.contains(path)) marks_[path] = MarkCheckpoint(path).value_or("");
}

void CheckpointFiles::KeepOnly(const std::vector<std::string>& paths) {
  std::erase_if(marks_, [&](const auto& file) {
    if (std::ranges::find(paths, file.first) != paths.end()) return false;
    unlink(file.first.c_str());
    if (!file.second.empty()) unlink(file.second.c_str());
    return true;
  });
}

std::vector<std::string> CheckpointFiles::Paths() const {
  std::vector<std::string> paths;
  for (const auto& [path, mark] : marks_) paths.push_back(path);
  return paths;
}

}  // namespace syscarve
