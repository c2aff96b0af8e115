// SPDX-License-Identifier: Apache-2.0
// The lines of AppArmor and SELinux in the kernel's audit: requests for files, sockets and capabilities. Refused
// requests count like allowed ones: both show what a program needs, and a policy made from such a log is meant to allow
// it. docs/formats.md lists the fields used.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/hardening.h"
#include "userspace/read/logged_arguments.h"
#include "userspace/read/recording_builder.h"

namespace syscarve {

// The offset in `line` at which such a record begins, or npos.
size_t PlaceOfLsmRecord(std::string_view line);

class LsmLines {
 public:
  explicit LsmLines(Abi native) : native_(native) {}

  // Reads the record in `line` at PlaceOfLsmRecord. `exe` is the program from another record of the event, or "". Calls
  // that the record proves, capabilities and losses are added to `builder`, arguments to `arguments`.
  void Take(std::string_view line, std::string_view exe, RecordingBuilder& builder, ArgumentsOfLog& arguments);

  // The number of records with a request, and the name of the first that made one.
  size_t records() const { return records_; }
  const std::string& subject() const { return subject_; }
  // nullopt if there is none.
  std::optional<HardeningEvidence> evidence() &&;

 private:
  struct Places {
    RecordingBuilder& builder;
    ArgumentsOfLog& arguments;
    ProgramId program = 0;
  };

  void TakeApparmor(std::string_view line, const Places& places);
  void TakeApparmorFile(std::string_view line, std::string_view operation, const std::string& name,
                        const Places& places);
  void TakeAccessVector(std::string_view line, const Places& places);
  void AddFile(const std::string& path, FileKind kind, FileUses uses, const Places& places);
  void AddCapability(int capability, const Places& places);
  void AddSocket(int family, int type, int protocol, const Places& places);
  void AddCall(std::string_view name, const Places& places);

  const Abi native_;
  HardeningEvidence evidence_;
  std::string subject_;
  size_t records_ = 0;
};

}  // namespace syscarve
