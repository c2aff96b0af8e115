// SPDX-License-Identifier: Apache-2.0
// /etc/syscarve/hook.json: where the OCI hook may write profiles and read those to start from. The annotation with the
// files' names is chosen by anyone who may start a container, this file by the administrator.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

inline constexpr char kHookConfigPath[] = "/etc/syscarve/hook.json";
inline constexpr char kHookDefaultDirectory[] = "/var/lib/syscarve/profiles";
inline constexpr size_t kMaxHookConfigBytes = size_t{64} << 10;

struct HookConfig {
  // Absolute, without a slash at the end.
  std::vector<std::string> output_directories = {kHookDefaultDirectory};
  std::vector<std::string> input_directories = {kHookDefaultDirectory};
  bool operator==(const HookConfig&) const = default;
};

// Strict: kInvalidArgument, with the place, for anything that is not a syscarve.hook/1 document. input_directories
// default to output_directories.
absl::StatusOr<HookConfig> ParseHookConfig(std::string_view text);

// A file below one of the allowed directories.
struct AllowedFile {
  std::string directory;  // The allowed directory; the deepest that contains the file.
  std::string below;      // The rest of the path, without a leading slash.
  bool operator==(const AllowedFile&) const = default;
};

// Splits `path`, a result of ParseHookAnnotation, at the allowed directory that it is below; kPermissionDenied if there
// is none. By spelling only: the code that opens the file must ensure that no link leads out (base/confined_file.h).
// `what` is the purpose of the path, `member` the member of the configuration that would allow it, such as
// "output_directories"; both are for the message.
absl::StatusOr<AllowedFile> FindAllowed(const std::vector<std::string>& directories, std::string_view path,
                                        std::string_view what, std::string_view member);

}  // namespace syscarve
