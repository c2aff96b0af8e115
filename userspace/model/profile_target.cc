// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_target.h"

#include <algorithm>
#include <string>

#include "userspace/base/text.h"

namespace syscarve {

std::optional<KernelVersion> KernelVersionFromText(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::optional<unsigned> major = ParseNumber<unsigned>(text.substr(0, dot));
  const std::optional<unsigned> minor = ParseNumber<unsigned>(text.substr(dot + 1));
  if (!major.has_value() || !minor.has_value()) return std::nullopt;
  return KernelVersion{.major = *major, .minor = *minor};
}

std::optional<KernelVersion> KernelVersionFromRelease(std::string_view release) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const size_t dot = release.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto* end = std::find_if_not(release.begin() + dot + 1, release.end(), is_digit);
  return KernelVersionFromText(release.substr(0, static_cast<size_t>(end - release.begin())));
}

bool FiltersUretprobe(KernelVersion kernel) {
  return kernel >= KernelVersion{.major = 6, .minor = 11} && kernel < KernelVersion{.major = 6, .minor = 14};
}

std::string_view EngineArchName(Abi abi) {
  switch (abi) {
    case Abi::kX86_64:
      return "amd64";
    case Abi::kI386:
      return "x86";
    case Abi::kAarch64:
      return "arm64";
    default:
      return AbiName(abi);
  }
}

std::optional<Abi> AbiFromEngineArchName(std::string_view name) {
  for (const Abi abi : kAllAbis) {
    if (EngineArchName(abi) == name) return abi;
  }
  return std::nullopt;
}

const std::set<int>& DefaultEngineCapabilities() {
  static const std::set<int> capabilities = [] {
    std::set<int> numbers;
    for (const std::string_view name :
         {"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
          "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"}) {
      numbers.insert(CapabilityFromName(name).value());
    }
    return numbers;
  }();
  return capabilities;
}

}  // namespace syscarve
