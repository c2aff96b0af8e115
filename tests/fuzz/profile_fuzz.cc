// Whatever ParseProfile takes must come back the same from FormatProfile, byte for byte from the second time on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "userspace/model/profile_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto profile = syscarve::ParseProfile({reinterpret_cast<const char*>(data), size});
  if (!profile.ok()) return 0;
  const std::string text = syscarve::FormatProfile(*profile);
  const auto again = syscarve::ParseProfile(text);
  if (!again.ok() || *again != *profile || syscarve::FormatProfile(*again) != text) std::abort();
  return 0;
}
