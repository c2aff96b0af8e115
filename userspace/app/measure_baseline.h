// SPDX-License-Identifier: Apache-2.0
// Measures the baseline of an OCI runtime: which calls it makes itself under a container's filter.
#pragma once

#include <set>
#include <string>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"

namespace syscarve {

struct MeasureBaselineRequest {
  std::string runtime = "runc";  // A name, or a path.
  std::string output;            // A file, "-", or a folder for one file per no_new_privs; "": kBaselineFolder.
  unsigned runs = 10;            // Starts per setting.
  std::set<bool> no_new_privs = {false, true};
  bool unified = false;  // The runtime sees a host with only cgroup v2.
};

// Starts containers that end at once, as root and as another user, records each start, and writes the calls that the
// runtime made after it loaded the filter. Requires root.
absl::Status MeasureBaseline(const MeasureBaselineRequest& request, Notes& notes);

}  // namespace syscarve
