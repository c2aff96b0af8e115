// SPDX-License-Identifier: Apache-2.0
// Whatever is read as a profile must come back the same from FormatProfile.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "userspace/model/profile_json.h"
#include "userspace/read/profile_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text = "// " + std::string(reinterpret_cast<const char*>(data), size);
  const auto reading = syscarve::ReadProfileText(text, {});
  if (!reading.ok()) return 0;
  const auto again = syscarve::ReadProfileText(syscarve::FormatProfile(reading->source.profile), {});
  if (!again.ok() || again->source.profile != reading->source.profile) std::abort();
  return 0;
}
