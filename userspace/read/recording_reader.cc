#include "userspace/read/recording_reader.h"

#include "userspace/model/recording_json.h"
#include "userspace/read/audit.h"
#include "userspace/read/strace.h"

namespace syscarve {

absl::StatusOr<Recording> ReadRecordingText(std::string_view text, Abi native) {
  if (LooksLikeStrace(text)) return ReadStrace(text, native);
  if (LooksLikeAudit(text)) return ReadAudit(text, native);
  return ParseRecording(text);
}

}  // namespace syscarve
