// SPDX-License-Identifier: Apache-2.0
// What there is to say about an image's configuration: its user, variables, history and names.
#pragma once

#include "userspace/image/scan.h"
#include "userspace/image/secrets.h"

namespace syscarve {

// Adds to the findings of `image`, of whose configuration nothing is said where there is none.
void FindInConfig(const SecretFinder& secrets, ScannedImage& image);

}  // namespace syscarve
