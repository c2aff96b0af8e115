#include "userspace/emit/emit.h"

namespace syscarve {

std::optional<OutputFormat> OutputFormatFromName(std::string_view name) {
  if (name == "docker") return OutputFormat::kDocker;
  if (name == "oci") return OutputFormat::kOci;
  if (name == "names") return OutputFormat::kNames;
  return std::nullopt;
}

std::string Emit(OutputFormat format, const Profile& profile) {
  switch (format) {
    case OutputFormat::kDocker:
      return EmitDocker(profile);
    case OutputFormat::kOci:
      return EmitOci(profile);
    case OutputFormat::kNames:
      return EmitNames(profile);
  }
  return "";
}

}  // namespace syscarve
