// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recording_inputs.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/model/recording_json.h"
#include "userspace/read/recording_reader.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

absl::Status ForEachIn(const std::string& folder, absl::FunctionRef<absl::Status(const std::string&)> use) {
  SYSCARVE_ASSIGN_OR_RETURN(
      const size_t count,
      ForEachRecordingIn(folder, [&](const std::string& path, std::string_view) { return use(path); }));
  if (count > 0) return absl::OkStatus();
  return absl::NotFoundError(Concat(EscapeForTerminal(folder), ": no *", kRecordingSuffix, " in it"));
}

}  // namespace

absl::StatusOr<size_t> ForEachRecordingIn(
    const std::string& folder, absl::FunctionRef<absl::Status(const std::string& path, std::string_view stem)> use) {
  size_t count = 0;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::string_view stem = name;
    if (name.starts_with('.') || !ConsumeSuffix(stem, kRecordingSuffix)) continue;
    ++count;
    SYSCARVE_RETURN_IF_ERROR(use(entry->path().string(), stem));
  }
  if (error) return PosixError(Concat("list ", EscapeForTerminal(folder)), error.value());
  return count;
}

absl::StatusOr<std::vector<std::string>> RecordingPaths(const std::vector<std::string>& inputs) {
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(inputs));
  std::vector<std::string> paths;
  for (const std::string& input : inputs) {
    if (!IsFolder(input)) {
      paths.push_back(input);
      continue;
    }
    const auto first = static_cast<std::ptrdiff_t>(paths.size());
    SYSCARVE_RETURN_IF_ERROR(ForEachIn(input, [&paths](const std::string& path) {
      paths.push_back(path);
      return absl::OkStatus();
    }));
    std::sort(paths.begin() + first, paths.end());
  }
  return paths;
}

absl::StatusOr<Recording> ReadRecordingInput(const std::string& path, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxRecordingBytes));
  absl::StatusOr<Recording> recording = ReadRecordingText(text, native);
  if (!recording.ok()) return Annotate(recording.status(), EscapeForTerminal(InputName(path)));
  return recording;
}

absl::StatusOr<size_t> AddRecordings(const std::vector<std::string>& inputs, RecordingMerger& merger, Abi native) {
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(inputs));
  size_t count = 0;
  const auto add = [&](const std::string& path) -> absl::Status {
    ++count;
    SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(path, native));
    absl::Status added = merger.Add(recording);
    if (added.ok()) return added;
    return Annotate(added, EscapeForTerminal(InputName(path)));
  };
  for (const std::string& input : inputs) {
    SYSCARVE_RETURN_IF_ERROR(IsFolder(input) ? ForEachIn(input, add) : add(input));
  }
  return count;
}

}  // namespace syscarve
