// SPDX-License-Identifier: Apache-2.0
// The files of this folder, as they were when this binary was built. No file is looked for at run time.
#pragma once

#include <span>
#include <string_view>

namespace syscarve {

// The content of e.g. "rules/closure.json"; empty for a name that was not embedded (profiles/CMakeLists.txt lists them).
std::string_view EmbeddedFile(std::string_view name);

// The names of all that were embedded, "runtime/runc-1.1.5-x86_64.json" among them.
std::span<const std::string_view> EmbeddedFiles();

}  // namespace syscarve
