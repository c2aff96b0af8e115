// SPDX-License-Identifier: Apache-2.0
// Whatever is read as an strace log, or as its table, is a recording that its file can hold, and the same text is the
// same recording.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "userspace/model/recording_json.h"
#include "userspace/read/strace.h"
#include "userspace/read/strace_summary.h"

namespace {

template <typename Reader>
void Check(const Reader& read, std::string_view text, syscarve::Abi native) {
  const auto recording = read(text, native);
  if (!recording.ok()) return;
  const auto again = syscarve::ParseRecording(syscarve::FormatRecording(*recording));
  if (!again.ok() || *again != *recording) std::abort();
  if (read(text, native).value() != *recording) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)syscarve::LooksLikeStrace(text);
  (void)syscarve::LooksLikeStraceSummary(text);
  for (const syscarve::Abi native : {syscarve::Abi::kX86_64, syscarve::Abi::kAarch64}) {
    Check(syscarve::ReadStrace, text, native);
    Check(syscarve::ReadStraceSummary, text, native);
  }
  return 0;
}
