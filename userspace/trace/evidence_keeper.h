// SPDX-License-Identifier: Apache-2.0
// Hardening evidence collected call by call, within bounds like those of the kernel side: a recorded program decides
// how much it leaves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "userspace/model/hardening.h"
#include "userspace/trace/call_evidence.h"

namespace syscarve {

class EvidenceKeeper {
 public:
  struct Losses {
    uint64_t files_full = 0;
    uint64_t endpoints_full = 0;
    uint64_t ids_full = 0;
    uint64_t files_unread = 0;  // Name too long, or not in memory.
    uint64_t addresses_unread = 0;
  };

  void AddFile(const EvidenceOfCall::File& file, ProgramId program);
  void AddEndpoint(const Endpoint& endpoint, ProgramId program);
  void AddIds(const ProcessIds& ids, ProgramId program);
  void AddPrivileges(const ProgramPrivileges& privileges, ProgramId program);
  void AddUnread(uint64_t files, uint64_t addresses);
  void AddMissing(std::string_view word) { evidence_.missing.emplace(word); }

  const Losses& losses() const { return losses_; }
  // Includes in `missing` what the losses affect.
  HardeningEvidence Evidence() const;

  // Distinct pairs of file and program: as many as the kernel side has entries.
  static constexpr size_t kMostFiles = 8192;
  static constexpr size_t kMostEndpoints = 1024;
  static constexpr size_t kMostIds = 1024;
  static constexpr size_t kMostPathBytes = 1024;

 private:
  bool IsKnown(const UsedPath& path, ProgramId program) const;

  HardeningEvidence evidence_;
  // Number of files used, by program and folder.
  std::map<std::pair<ProgramId, std::string>, unsigned> folders_;
  size_t files_ = 0;
  size_t endpoints_ = 0;
  size_t ids_ = 0;
  Losses losses_;
};

}  // namespace syscarve
