// SPDX-License-Identifier: Apache-2.0
// The options of `generate` and `explain` that decide which calls of the container runtime a profile gets.
#pragma once

#include "userspace/app/baseline_sources.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// `request` must outlive `verb`.
void AddBaselineOptions(CLI::App& verb, BaselineRequest& request);

}  // namespace syscarve::cli
