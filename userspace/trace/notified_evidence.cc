// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/notified_evidence.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "userspace/model/syscall_table.h"
#include "userspace/trace/aggregator.h"

namespace syscarve {
namespace {

// Tasks that are killed during an exec leave an entry behind.
constexpr size_t kMostChanged = 4096;
constexpr size_t kMostPlaces = 4096;

// The memory of a program that serves its own page faults: a read could block on that program, which waits for this
// process.
class ClosedMemory : public WaitingMemory {
 public:
  std::optional<TaskString> StringAt(uint64_t) const override { return std::nullopt; }
  std::optional<uint64_t> WordAt(uint64_t) const override { return std::nullopt; }
  std::optional<std::string> BytesAt(uint64_t, size_t) const override { return std::nullopt; }
  std::optional<OpenFile> FileOf(unsigned) const override { return std::nullopt; }
};

void AddLossIf(Aggregator& aggregator, const char* what, uint64_t count, const char* detail) {
  if (count != 0) aggregator.AddLoss({.what = what, .count = count, .missed_calls = false, .detail = detail});
}

}  // namespace

NotifiedEvidence::NotifiedEvidence(bool proc_is_ours, OpenFiles open_files)
    : proc_is_ours_(proc_is_ours), open_files_(std::move(open_files)) {
  for (const Abi abi : AbisServedBeside(NativeAbi())) {
    const auto known = [&](std::string_view name) -> Known* {
      const std::optional<SyscallId> id = FindSyscall(abi, name);
      return id.has_value() ? &calls_[*id] : nullptr;
    };
    for (const EvidenceCall& call : EvidenceCalls()) {
      if (Known* const entry = known(call.name)) entry->call = &call;
    }
    for (const char* const name : {"execve", "execveat"}) {
      if (Known* const entry = known(name)) {
        entry->executes = true;
        entry->by_directory = std::string_view(name) == "execveat";
      }
    }
    for (const char* const name : {"mount", "umount", "umount2", "move_mount", "pivot_root"}) {
      if (Known* const entry = known(name)) entry->moves_mounts = true;
    }
    if (Known* const entry = known("io_uring_setup")) entry->by_ring = true;
    if (Known* const entry = known("userfaultfd")) entry->serves_memory = true;
  }
  keeper_.AddMissing(kMissingResults);
  keeper_.AddMissing(kMissingPeaks);
  if (proc_is_ours) return;
  for (const std::string_view word : {kMissingFiles, kMissingIds, kMissingEndpoints, kMissingMessages}) {
    keeper_.AddMissing(word);
  }
}

void NotifiedEvidence::Look(const Notification& notification) {
  seen_ = {};
  if (!proc_is_ours_ || notification.memory == nullptr) return;
  const Known* const known = KnownCall(notification);
  const auto changed = notification.starts_command ? changed_.end() : changed_.find(notification.task);
  if (known == nullptr && changed == changed_.end()) return;

  const std::unique_ptr<TaskFileView> files = open_files_(notification.task);
  const ClosedMemory closed;
  const WaitingMemory& memory = read_memory_ ? *notification.memory : closed;
  CallEvidenceReader reader(memory, *files, look_up_files_);
  if (changed != changed_.end()) LookAtChange(changed->second, *files, reader);
  if (known == nullptr) return;
  std::array<uint64_t, 6> arguments;
  std::ranges::copy(notification.data.args, arguments.begin());
  if (known->executes) {
    const int directory = known->by_directory ? static_cast<int>(static_cast<uint32_t>(arguments[0])) : AT_FDCWD;
    seen_.call = reader.OfExecution(directory, arguments[known->by_directory ? 1 : 0]);
    seen_.process = files->Process();
  } else if (known->call != nullptr) {
    seen_.call = reader.Of(*known->call, notification.id->abi, arguments);
  }
  FindPlaces(seen_.call, *files);
}

void NotifiedEvidence::Keep(const Notification& notification, ProgramId program) {
  Seen seen = std::exchange(seen_, {});
  const Known* const known = proc_is_ours_ ? KnownCall(notification) : nullptr;
  if (seen.took_change) {
    changed_.erase(notification.task);
    Add(seen.executable, program);
    if (seen.executable.executable.has_value()) {
      const mode_t mode = *seen.executable.executable;
      keeper_.AddPrivileges({.set_user = (mode & S_ISUID) != 0,
                             .set_group = (mode & S_ISGID) != 0 && (mode & S_IXGRP) != 0,
                             .gained = false},
                            program);
    }
    if (seen.ids.has_value()) {
      keeper_.AddIds(*seen.ids, program);
    } else {
      keeper_.AddMissing(kMissingIds);
    }
  }
  if (known == nullptr) return;
  if (known->executes) {
    // An exec in a process with several threads leaves only the first one's number.
    AddChanged(seen.process > 0 ? seen.process : notification.task, std::move(seen.call));
    return;
  }
  Add(seen.call, program);
  if (known->call != nullptr && known->call->evidence.kind == RECORDER_EVIDENCE_IDS) {
    AddChanged(notification.task, std::nullopt);
  }
  if (known->moves_mounts) places_.clear();
  if (known->by_ring) keeper_.AddMissing(kMissingIoUring);
  if (known->serves_memory) read_memory_ = false;
}

void NotifiedEvidence::AddLosses(Aggregator& aggregator) const {
  const EvidenceKeeper::Losses& losses = keeper_.losses();
  AddLossIf(aggregator, "file_table_full", losses.files_full, "uses of files beyond the table for them");
  AddLossIf(aggregator, "file_name_unread", losses.files_unread,
            "uses of files whose name was too long or could not be read");
  AddLossIf(aggregator, "address_unread", losses.addresses_unread, "uses of addresses that could not be read");
  AddLossIf(aggregator, "endpoint_table_full", losses.endpoints_full, "uses of addresses beyond the table for them");
  AddLossIf(aggregator, "id_table_full", losses.ids_full, "ids of processes beyond the table for them");
}

const NotifiedEvidence::Known* NotifiedEvidence::KnownCall(const Notification& notification) const {
  const auto known = notification.id.has_value() ? calls_.find(*notification.id) : calls_.end();
  return known == calls_.end() ? nullptr : &known->second;
}

void NotifiedEvidence::LookAtChange(const Changed& changed, const TaskFileView& files, CallEvidenceReader& reader) {
  seen_.took_change = true;
  seen_.ids = files.Ids();
  if (!changed.executed) return;
  seen_.executable = reader.OfExecutable();
  FindPlaces(seen_.executable, files);
  const auto& named = changed.named;
  seen_.executable.files.insert(seen_.executable.files.end(), named.files.begin(), named.files.end());
  seen_.executable.files_unread += named.files_unread;
}

void NotifiedEvidence::FindPlaces(EvidenceOfCall& evidence, const TaskFileView& files) {
  for (EvidenceOfCall::File& file : evidence.files) {
    if (file.mount == 0) continue;
    auto place = places_.find(file.mount);
    if (place == places_.end()) {
      std::optional<MountPlace> found = files.PlaceOf(file.mount);
      if (!found.has_value()) continue;
      if (places_.size() >= kMostPlaces) places_.clear();
      place = places_.emplace(file.mount, *std::move(found)).first;
    }
    file.file.mount = place->second.path;
    file.file.filesystem = place->second.filesystem;
  }
}

void NotifiedEvidence::Add(const EvidenceOfCall& evidence, ProgramId program) {
  for (const EvidenceOfCall::File& file : evidence.files) keeper_.AddFile(file, program);
  for (const Endpoint& endpoint : evidence.endpoints) keeper_.AddEndpoint(endpoint, program);
  keeper_.AddUnread(evidence.files_unread, evidence.addresses_unread);
  if (evidence.serves_files) look_up_files_ = false;
  if (evidence.serves_memory) read_memory_ = false;
  if (evidence.unseen || evidence.serves_files) keeper_.AddMissing(kMissingSomeFiles);
}

void NotifiedEvidence::AddChanged(pid_t task, std::optional<EvidenceOfCall> named) {
  if (changed_.size() >= kMostChanged) {
    changed_.clear();
    keeper_.AddMissing(kMissingIds);
    keeper_.AddMissing(kMissingSomeFiles);
  }
  Changed& changed = changed_[task];
  if (!named.has_value()) return;
  changed.executed = true;
  changed.named = *std::move(named);
}

}  // namespace syscarve
