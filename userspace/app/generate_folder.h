// SPDX-License-Identifier: Apache-2.0
// Folders of recordings: one profile per service, a summary of them, and an override file for Compose.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/emit_request.h"
#include "userspace/app/engine_default.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/emit/compose_override.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"
#include "userspace/report/summary_markdown.h"

namespace syscarve {

struct FolderRequest {
  std::vector<std::string> folders;  // Their *.recording.json; files of one name in several folders make one profile.
  std::string output;                // A folder; created if missing.
  std::string compose;               // The project's Compose file, or "".
  EmitRequest emit;
  GenerateOptions options;  // Without baselines and ceiling, which are chosen per service.
  BaselineRequest baseline;
  CeilingRequest ceiling;
  Abi native = NativeAbi();  // For logs, which do not contain it.
};

// Generates and writes all profiles of the folders; returns a summary for people. Everything is read, made and proven
// before the first file is written, so a bad recording leaves nothing written.
absl::StatusOr<std::string> GenerateFolder(const FolderRequest& request, Notes& notes);

// The steps of GenerateFolder, for other jobs on the same folders.

struct ServiceRecordings {
  std::vector<std::string> paths;
  std::vector<Recording> recordings;
};
// By title: the name of the profile's file without its suffix.
using RecordedServices = std::map<std::string, ServiceRecordings>;

// The recordings of the folders; those of one name in several folders are one service's. Errors name the file.
absl::StatusOr<RecordedServices> ReadServiceFolders(const std::vector<std::string>& folders, Abi native);

struct MadeService {
  ServiceSummary summary;
  std::string text;          // Of the profile's file.
  std::string access_words;  // The summary of an AppArmor or SELinux policy.
};
// In the order of the titles. `request.folders` is ignored.
absl::StatusOr<std::vector<MadeService>> MakeServices(const RecordedServices& recorded, const FolderRequest& request,
                                                      Notes& notes);

// The path of a service's profile for a Compose file: relative to the folder of the project's file `compose`, or to the
// current folder if that is "".
absl::StatusOr<std::string> PathForCompose(const ServiceSummary& service, const std::string& compose);

// Fails if profiles cannot be written to `output`: with kInvalidArgument, or with the file system's error.
absl::Status CheckProfileFolder(const std::string& output);

// Fails if `path` is an existing file without `words` near its beginning, because syscarve did not write it.
absl::Status CheckOurs(const std::string& path, std::string_view words);

// Writes the profiles, SUMMARY.md, capabilities.yaml and, if given, the override for Compose.
absl::Status WriteServices(const FolderRequest& request, const std::vector<MadeService>& services,
                           const std::optional<ComposeOverride>& override_file);

}  // namespace syscarve
