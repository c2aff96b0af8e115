// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/evidence_keeper.h"

#include <algorithm>
#include <map>
#include <set>

#include "bpf/recorder.h"
#include "userspace/trace/kernel_evidence.h"

namespace syscarve {
namespace {

// Inserts a pair if it is new and there is room: at most `most` distinct pairs, counted in `count`; `full` counts those
// dropped.
template <typename Key, typename Value>
void Insert(std::map<Key, std::set<Value>>& all, const Key& key, const Value& value, size_t most, size_t& count,
            uint64_t& full) {
  const auto known = all.find(key);
  if (known != all.end() && known->second.contains(value)) return;
  if (count >= most) {
    ++full;
    return;
  }
  ++count;
  all[key].insert(value);
}

}  // namespace

bool EvidenceKeeper::IsKnown(const UsedPath& path, ProgramId program) const {
  const auto known = evidence_.files.find(path);
  return known != evidence_.files.end() && known->second.uses.contains(program);
}

void EvidenceKeeper::AddFile(const EvidenceOfCall::File& file, ProgramId program) {
  if (file.path.path.size() > kMostPathBytes) {
    ++losses_.files_unread;
    return;
  }
  UsedPath path = file.path;
  UsedFile used = file.file;
  if (!IsKnown(path, program) && !path.others && path.path != "/") {
    std::string folder = path.path.substr(0, std::max<size_t>(path.path.rfind('/'), 1));
    const auto count = folders_.find({program, folder});
    if (count != folders_.end() && count->second >= RECORDER_DIRECTORY_FILES) {
      path = {.path = std::move(folder), .others = true};
      used.kind = FileKind::kUnknown;
      used.device_major = used.device_minor = 0;
    } else if (files_ < kMostFiles) {
      ++folders_[{program, std::move(folder)}];
    }
  }
  if (!IsKnown(path, program)) {
    if (files_ >= kMostFiles) {
      ++losses_.files_full;
      return;
    }
    ++files_;
  }
  UsedFile& known = evidence_.files[path];
  JoinFile(used, known);
  known.uses[program] |= file.uses;
}

void EvidenceKeeper::AddEndpoint(const Endpoint& endpoint, ProgramId program) {
  Insert(evidence_.endpoints, endpoint, program, kMostEndpoints, endpoints_, losses_.endpoints_full);
}

void EvidenceKeeper::AddIds(const ProcessIds& ids, ProgramId program) {
  Insert(evidence_.identities, program, ids, kMostIds, ids_, losses_.ids_full);
}

void EvidenceKeeper::AddPrivileges(const ProgramPrivileges& privileges, ProgramId program) {
  if (privileges != ProgramPrivileges()) evidence_.privileges[program] |= privileges;
}

void EvidenceKeeper::AddUnread(uint64_t files, uint64_t addresses) {
  losses_.files_unread += files;
  losses_.addresses_unread += addresses;
}

HardeningEvidence EvidenceKeeper::Evidence() const {
  HardeningEvidence evidence = evidence_;
  if (losses_.files_full + losses_.files_unread != 0) evidence.missing.emplace(kMissingSomeFiles);
  if (losses_.endpoints_full + losses_.addresses_unread != 0) evidence.missing.emplace(kMissingEndpoints);
  if (losses_.ids_full != 0) evidence.missing.emplace(kMissingIds);
  FindMounts(evidence);
  return evidence;
}

}  // namespace syscarve
