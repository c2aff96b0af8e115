// SPDX-License-Identifier: Apache-2.0
// Whatever ParseProfile takes, for several containers, must come back the same from FormatProfile, byte for byte from
// the second time on. What one container is told must not depend on what the file does not depend on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "userspace/model/profile_json.h"

namespace {

void Check(std::string_view input, const syscarve::ProfileTarget& target) {
  syscarve::ProfileDependencies used;
  const auto profile = syscarve::ParseProfile(input, target, &used);
  if (!profile.ok()) return;
  const std::string text = syscarve::FormatProfile(*profile);
  const auto again = syscarve::ParseProfile(text);
  if (!again.ok() || *again != *profile || syscarve::FormatProfile(*again) != text) std::abort();
  if (used.capabilities || used.kernel) return;
  const auto untold = syscarve::ParseProfile(input, {.native = target.native});
  if (!untold.ok() || *untold != *profile) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input, {});
  Check(input, {.capabilities = std::set<int>(), .kernel = syscarve::KernelVersion{.major = 4, .minor = 7}});
  Check(input, {.native = syscarve::Abi::kAarch64,
                .capabilities = syscarve::DefaultEngineCapabilities(),
                .kernel = syscarve::KernelVersion{.major = 6, .minor = 1}});
  return 0;
}
