// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/baseline_options.h"

#include <CLI/CLI.hpp>

namespace syscarve::cli {

void AddBaselineOptions(CLI::App& verb, BaselineRequest& request) {
  verb.add_option("--baseline", request.baseline,
                  "The container runtime's own calls under the filter. auto: for containers, what was observed, else "
                  "measured on this host, else shipped; none; or a file")
      ->capture_default_str();
  verb.add_option("--baseline-dir", request.folder, "Where the baselines measured on this host are")
      ->capture_default_str();
  verb.add_option("--no-new-privs", request.no_new_privs,
                  "any: the runtime's calls with and without no-new-privileges, so that it can be switched; recorded: "
                  "only as recorded")
      ->check(CLI::IsMember({"any", "recorded"}))
      ->capture_default_str();
}

}  // namespace syscarve::cli
