// The files of this folder, as they were when this binary was built. No file is looked for at run time.
#pragma once

#include <string_view>

namespace syscarve {

// The content of e.g. "closure.json"; empty for a name that was not embedded (profiles/CMakeLists.txt lists them).
std::string_view EmbeddedFile(std::string_view name);

}  // namespace syscarve
