// SPDX-License-Identifier: Apache-2.0
// Whatever is read as an audit log is a recording that its file can hold, and the same log is the same recording. The
// files in it make a policy that allows all of them and that can be written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "userspace/confine/access_policy.h"
#include "userspace/emit/emit.h"
#include "userspace/model/recording_json.h"
#include "userspace/read/audit.h"

namespace {

void CheckPolicy(const syscarve::Recording& recording) {
  if (!recording.subjects[0].hardening.has_value()) return;
  const std::vector<syscarve::Recording> recordings = {recording};
  const auto policy = syscarve::MakeAccessPolicy(recordings, syscarve::AccessOptions{});
  if (!policy.ok()) std::abort();
  for (const auto& [path, file] : recording.subjects[0].hardening->files) {
    for (const auto& [program, uses] : file.uses) {
      for (int use = 0; use < syscarve::kFileUseCount; ++use) {
        const auto each = static_cast<syscarve::FileUse>(use);
        if (uses.has(each) && !policy->Allows(path.path, each)) std::abort();
      }
    }
  }
  for (const syscarve::OutputFormat format : syscarve::kAccessFormats) {
    if (!syscarve::EmitAccess(format, *policy, {}).ok()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)syscarve::LooksLikeAudit(text);
  for (const syscarve::Abi native : {syscarve::Abi::kX86_64, syscarve::Abi::kAarch64}) {
    const auto recording = syscarve::ReadAudit(text, native);
    if (!recording.ok()) continue;
    const auto again = syscarve::ParseRecording(syscarve::FormatRecording(*recording));
    if (!again.ok() || *again != *recording) std::abort();
    if (syscarve::ReadAudit(text, native).value() != *recording) std::abort();
    CheckPolicy(*recording);
  }
  return 0;
}
