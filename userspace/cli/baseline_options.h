// SPDX-License-Identifier: Apache-2.0
// The options of `generate` and `explain` that select the baseline of a profile.
#pragma once

#include "userspace/app/baseline_sources.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// `request` must outlive `verb`.
void AddBaselineOptions(CLI::App& verb, BaselineRequest& request);

}  // namespace syscarve::cli
