// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/emit.h"

#include <algorithm>
#include <iterator>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

struct FormatRow {
  OutputFormat format;
  std::string_view name;
  std::string_view suffix;
};

// In the order of the enumerators, so that an enumerator is its own index.
constexpr FormatRow kFormats[] = {
    {OutputFormat::kDocker, "docker", ".json"},
    {OutputFormat::kOci, "oci", ".json"},
    {OutputFormat::kNames, "names", ".txt"},
    {OutputFormat::kSpo, "spo", ".yaml"},
    {OutputFormat::kSystemd, "systemd", ".conf"},
    {OutputFormat::kMinijail, "minijail", ".policy"},
    {OutputFormat::kMinijailCompiler, "minijail-compiler", ".policy"},
    {OutputFormat::kKafel, "kafel", ".kafel"},
    {OutputFormat::kBpf, "bpf", ".bpf"},
    {OutputFormat::kC, "c", ".h"},
    {OutputFormat::kApparmor, "apparmor", ".apparmor"},
    {OutputFormat::kSelinux, "selinux", ".cil"},
};

const FormatRow& RowOf(OutputFormat format) {
  return kFormats[static_cast<size_t>(format)];
}

}  // namespace

std::string_view OutputFormatName(OutputFormat format) {
  return RowOf(format).name;
}

std::optional<OutputFormat> OutputFormatFromName(std::string_view name) {
  for (const FormatRow& row : kFormats) {
    if (row.name == name) return row.format;
  }
  return std::nullopt;
}

std::string_view OutputFormatSuffix(OutputFormat format) {
  return RowOf(format).suffix;
}

bool IsAccessFormat(OutputFormat format) {
  return std::ranges::find(kAccessFormats, format) != std::end(kAccessFormats);
}

bool HasConditions(OutputFormat format) {
  return format != OutputFormat::kSystemd && format != OutputFormat::kNames;
}

absl::StatusOr<Emitted> Emit(OutputFormat format, const Profile& profile, const EmitOptions& options) {
  switch (format) {
    case OutputFormat::kDocker:
      return EmitDocker(profile);
    case OutputFormat::kOci:
      return EmitOci(profile);
    case OutputFormat::kNames:
      return EmitNames(profile);
    case OutputFormat::kSpo:
      return EmitSpo(profile, options);
    case OutputFormat::kSystemd:
      return EmitSystemd(profile, options);
    case OutputFormat::kMinijail:
      return EmitMinijail(profile, MinijailReader::kAtRunTime, options);
    case OutputFormat::kMinijailCompiler:
      return EmitMinijail(profile, MinijailReader::kCompiler, options);
    case OutputFormat::kKafel:
      return EmitKafel(profile, options);
    case OutputFormat::kBpf:
      return EmitBpf(profile);
    case OutputFormat::kC:
      return EmitC(profile, options);
    case OutputFormat::kApparmor:
    case OutputFormat::kSelinux:
      return WithHint(absl::InvalidArgumentError(Concat("a seccomp profile does not contain files, which ",
                                                        OutputFormatName(format), " needs")),
                      "Use `syscarve generate` on recordings.");
  }
  return absl::InternalError("no such format");
}

absl::StatusOr<Emitted> EmitAccess(OutputFormat format, const AccessPolicy& policy, const EmitOptions& options) {
  absl::StatusOr<Emitted> emitted =
      format == OutputFormat::kSelinux ? EmitSelinux(policy, options) : EmitApparmor(policy, options);
  if (!emitted.ok()) return emitted;
  const std::string how = format == OutputFormat::kSelinux
                              ? Concat("label=type:", SelinuxBlock(options.name), ".process")
                              : Concat("apparmor=", ApparmorName(options.name));
  emitted->summary = Concat(AccessSummary(policy), "container: --security-opt ", how, "\n");
  return emitted;
}

}  // namespace syscarve
