// SPDX-License-Identifier: Apache-2.0
// Findings about an image's configuration: its user, variables, history and names.
#pragma once

#include "userspace/image/scan.h"
#include "userspace/image/secrets.h"

namespace syscarve {

// Adds them to the findings of `image`; none without a configuration.
void FindInConfig(const SecretFinder& secrets, ScannedImage& image);

}  // namespace syscarve
