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
  std::vector<std::string> folders;  // Their *.recording.json; those of one name in several folders make one profile.
  std::string output;                // A folder; made when it is not there.
  std::string compose;               // The project's Compose file, or "".
  EmitRequest emit;
  GenerateOptions options;  // Without baselines and ceiling: these are chosen for each service.
  BaselineRequest baseline;
  CeilingRequest ceiling;
  Abi native = NativeAbi();  // Of logs, which do not say it.
};

// Everything is read, made and proven before the first file is written: one bad recording, and nothing is. Returns a
// summary for people.
absl::StatusOr<std::string> GenerateFolder(const FolderRequest& request, Notes& notes);

// The steps of it, for others that make more of the same.

struct ServiceRecordings {
  std::vector<std::string> paths;
  std::vector<Recording> recordings;
};
// By title: what a profile's file is called, without its suffix.
using RecordedServices = std::map<std::string, ServiceRecordings>;

// The recordings of the folders, those of one name in several folders together. An error names the file.
absl::StatusOr<RecordedServices> ReadServiceFolders(const std::vector<std::string>& folders, Abi native);

struct MadeService {
  ServiceSummary summary;
  std::string text;          // Of the profile's file.
  std::string access_words;  // Of a policy of AppArmor or SELinux: what is said of it.
};
// In the order of the titles. `request.folders` is not looked at.
absl::StatusOr<std::vector<MadeService>> MakeServices(const RecordedServices& recorded, const FolderRequest& request,
                                                      Notes& notes);

// The path of a service's profile as Compose takes it: from the folder of the project's file `compose`, or, where that
// is "", from the current one.
absl::StatusOr<std::string> PathForCompose(const ServiceSummary& service, const std::string& compose);

// kInvalidArgument, or as the folder's file system says, when profiles cannot be written to `output`.
absl::Status CheckProfileFolder(const std::string& output);

// Refuses to replace a file of this name that does not have `words` near its beginning.
absl::Status CheckOurs(const std::string& path, std::string_view words);

// Writes the profiles, SUMMARY.md, capabilities.yaml and, when there is one, the override for Compose.
absl::Status WriteServices(const FolderRequest& request, const std::vector<MadeService>& services,
                           const std::optional<ComposeOverride>& override_file);

}  // namespace syscarve
