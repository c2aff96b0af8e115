// SPDX-License-Identifier: Apache-2.0
// Whatever is read as an audit log is a recording that its file can hold, and the same log is the same recording.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "userspace/model/recording_json.h"
#include "userspace/read/audit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)syscarve::LooksLikeAudit(text);
  for (const syscarve::Abi native : {syscarve::Abi::kX86_64, syscarve::Abi::kAarch64}) {
    const auto recording = syscarve::ReadAudit(text, native);
    if (!recording.ok()) continue;
    const auto again = syscarve::ParseRecording(syscarve::FormatRecording(*recording));
    if (!again.ok() || *again != *recording) std::abort();
    if (syscarve::ReadAudit(text, native).value() != *recording) std::abort();
  }
  return 0;
}
