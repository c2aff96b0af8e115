// The state that an OCI runtime gives its hooks on standard input (runtime-spec, runtime.md, "State").
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// Annotations come from whoever may start a container, and so may `bundle` in part.
struct OciState {
  std::string oci_version;
  std::string id;      // Unique on the host among one runtime's containers; any text without '/' or NUL.
  std::string status;  // "creating", "created", "running", "stopped", or a runtime's own word.
  pid_t pid = 0;       // The container's first process in the runtime's pid namespace; 0 when there is none.
  std::string bundle;  // Absolute path.
  std::map<std::string, std::string> annotations;
  bool operator==(const OciState&) const = default;
};

// Nothing real is larger.
inline constexpr size_t kMaxOciStateBytes = size_t{4} << 20;

// Fields that are not above are skipped. kInvalidArgument, with the place of the first one, for text that is not JSON,
// a field that is missing, of the wrong type or beyond any real size, a key that is there twice, a bundle that is not
// absolute, and a "created" or "running" container without a pid.
absl::StatusOr<OciState> ParseOciState(std::string_view text);

}  // namespace syscarve
