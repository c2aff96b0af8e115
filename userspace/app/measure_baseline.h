// SPDX-License-Identifier: Apache-2.0
// Measuring which calls an OCI runtime itself makes under a container's filter.
#pragma once

#include <set>
#include <string>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"

namespace syscarve {

struct MeasureBaselineRequest {
  std::string runtime = "runc";  // A name, or a path.
  std::string output;            // A file, "-", or a folder for one file per no_new_privs; "": kBaselineFolder.
  unsigned runs = 10;            // Starts of each kind.
  std::set<bool> no_new_privs = {false, true};
  bool unified = false;  // The runtime is shown a host with cgroup v2 alone.
};

// Starts containers that end at once, as root and as another user, records each start, and writes what the runtime did
// after it had loaded the filter. Needs root.
absl::Status MeasureBaseline(const MeasureBaselineRequest& request, Notes& notes);

}  // namespace syscarve
