// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recording_output.h"

#include <linux/capability.h>

#include <set>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/privileges.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

// The name of a recording that is kept in another folder.
std::string NameElsewhere(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.empty() || name == "-" || path.starts_with("/dev/") || path.starts_with("/proc/") ? "recording.json"
                                                                                                : name;
}

}  // namespace

std::optional<UserIds> OwnerOfResults() {
  return FindSudoCaller().value_or(std::nullopt);
}

absl::Status GiveUpPrivileges() {
  LiftFileSizeLimit();
  return KeepOnlyCapabilities({CAP_BPF, CAP_KILL, CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER});
}

absl::Status GiveUpSupervisorPrivileges() {
  LiftFileSizeLimit();
  return KeepOnlyCapabilities({CAP_SYS_PTRACE, CAP_KILL, CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER});
}

RecordedTotals TotalsOf(const Recording& recording) {
  RecordedTotals totals;
  std::set<SyscallId> kinds;
  std::set<ProgramId> programs;
  for (const Run& run : recording.runs) {
    for (const auto& [subject, trace] : run.subjects) {
      for (const auto& [id, observation] : trace.calls) {
        kinds.insert(id);
        totals.calls += observation.count;
        for (const auto& [program, count] : observation.programs) programs.insert(program);
      }
      for (const auto& [id, denials] : trace.denials) {
        for (const Denial& denial : denials) totals.refused += denial.count;
      }
    }
  }
  totals.kinds = kinds.size();
  totals.programs = programs.size();
  return totals;
}

RecorderSafety SafetyWith(CheckpointFiles& files, const std::string& path) {
  return {.give_up_privileges = GiveUpPrivileges,
          .checkpoint = [&files, path](const Recording& recording) { files.Write(path, recording); },
          .checkpoint_path = path};
}

void EndCheckpoints(CheckpointFiles& files, bool lost, Notes& notes) {
  if (!lost) return files.Remove();
  for (const std::string& path : files.Paths()) {
    notes.Warn(Concat("what was recorded until shortly before is in ", path));
  }
}

StopSignal StopAtSignal(SignalForwarder& signals) {
  return {.fd = signals.fd(), .asked = [&signals] { return signals.HandlePending().asked_to_end; }};
}

RecordingOutput::RecordingOutput(SignalForwarder& signals)
    : options_{.mode = kRecordingMode, .owner = OwnerOfResults(), .stop = StopAtSignal(signals)},
      fallback_(options_.owner) {}

absl::Status RecordingOutput::Write(const OutputFile& file, const Recording& recording) {
  const std::string text = FormatRecording(recording);
  const absl::Status written = file.Write(text, options_);
  return written.ok() ? written : KeepElsewhere(written, file.path(), text);
}

absl::Status RecordingOutput::Write(const std::string& path, const Recording& recording) {
  const std::string text = FormatRecording(recording);
  const absl::Status written = WriteOutput(path, text, options_);
  return written.ok() ? written : KeepElsewhere(written, path, text);
}

absl::Status RecordingOutput::KeepElsewhere(const absl::Status& problem, const std::string& path,
                                            const std::string& text) {
  const auto kept = fallback_.Keep(NameElsewhere(path), text);
  if (kept.ok()) {
    return absl::DataLossError(Concat(WithoutHint(problem), "; the recording is kept in ", EscapeForTerminal(*kept)));
  }
  lost_any_ = true;
  return WithHint(absl::DataLossError(Concat(WithoutHint(problem),
                                             "; and it could not be kept elsewhere: ", WithoutHint(kept.status()))),
                  "The recording is lost: free some space, and record again.");
}

}  // namespace syscarve
