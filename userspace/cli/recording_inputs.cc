#include "userspace/cli/recording_inputs.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/model/recording_json.h"
#include "userspace/read/recording_reader.h"

namespace syscarve::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecordingSuffix = ".recording.json";

absl::StatusOr<std::vector<std::string>> PathsIn(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(kRecordingSuffix)) paths.push_back(entry->path().string());
  }
  if (error) return PosixError(Concat("list ", EscapeForTerminal(folder)), error.value());
  if (paths.empty()) {
    return absl::NotFoundError(Concat(EscapeForTerminal(folder), ": no *", kRecordingSuffix, " in it"));
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> RecordingPaths(const std::vector<std::string>& inputs) {
  if (std::ranges::count(inputs, "-") > 1) {
    return absl::InvalidArgumentError("standard input can be read only once");
  }
  std::vector<std::string> paths;
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::is_directory(input, error)) {
      paths.push_back(input);
      continue;
    }
    SYSCARVE_ASSIGN_OR_RETURN(std::vector<std::string> found, PathsIn(input));
    std::ranges::move(found, std::back_inserter(paths));
  }
  return paths;
}

absl::StatusOr<Recording> ReadRecordingInput(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxRecordingBytes));
  absl::StatusOr<Recording> recording = ReadRecordingText(text, NativeAbi());
  if (!recording.ok()) return Annotate(recording.status(), path == "-" ? "standard input" : EscapeForTerminal(path));
  return recording;
}

absl::Status AddRecordings(const std::vector<std::string>& paths, RecordingMerger& merger) {
  for (const std::string& path : paths) {
    SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingInput(path));
    if (const absl::Status added = merger.Add(recording); !added.ok()) {
      return Annotate(added, path == "-" ? "standard input" : EscapeForTerminal(path));
    }
  }
  return absl::OkStatus();
}

}  // namespace syscarve::cli
