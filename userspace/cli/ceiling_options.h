// SPDX-License-Identifier: Apache-2.0
// The options of `generate` for a profile's ceiling.
#pragma once

#include "userspace/app/engine_default.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// `request` must outlive `verb`.
void AddCeilingOptions(CLI::App& verb, CeilingRequest& request);

}  // namespace syscarve::cli
