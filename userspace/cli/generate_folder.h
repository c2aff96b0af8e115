// `generate DIR… -o OUTDIR`: one profile per service, a summary of them, and an override file for Compose.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/ceiling_options.h"
#include "userspace/cli/emit_options.h"
#include "userspace/policy/generate.h"

namespace syscarve::cli {

struct FolderRequest {
  std::vector<std::string> folders;  // Their *.recording.json; those of one name in several folders make one profile.
  std::string output;                // A folder; made when it is not there.
  std::string compose;               // The project's Compose file, or "".
  EmitArguments emit;
  GenerateOptions options;  // Without baselines and ceiling: these are chosen for each service.
  BaselineArguments baseline;
  CeilingArguments ceiling;
  Abi native = NativeAbi();  // Of logs, which do not say it.
  bool quiet = false;
};

// Everything is read, made and proven before the first file is written: one bad recording, and nothing is.
absl::Status GenerateFolder(const FolderRequest& request);

}  // namespace syscarve::cli
