// SPDX-License-Identifier: Apache-2.0
// Whatever ParseRecording takes must come back the same from FormatRecording, byte for byte from the second time on.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "userspace/model/recording_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto recording = syscarve::ParseRecording({reinterpret_cast<const char*>(data), size});
  if (!recording.ok()) return 0;
  const std::string text = syscarve::FormatRecording(*recording);
  const auto again = syscarve::ParseRecording(text);
  if (!again.ok() || *again != *recording || syscarve::FormatRecording(*again) != text) std::abort();
  return 0;
}
