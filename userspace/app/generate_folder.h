// SPDX-License-Identifier: Apache-2.0
// Folders of recordings: one profile per service, a summary of them, and an override file for Compose.
#pragma once

#include <string>
#include <vector>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/emit_request.h"
#include "userspace/app/engine_default.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/policy/generate.h"

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

}  // namespace syscarve
