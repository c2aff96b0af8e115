// SPDX-License-Identifier: Apache-2.0
// What AppArmor and SELinux write to the kernel's audit, line by line: which files, sockets and capabilities were asked
// for. What they refused counts as what they allowed: both is what a program wanted, and whoever gives such a log wants
// a policy that lets it. docs/formats.md lists what is taken.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/hardening.h"
#include "userspace/read/logged_arguments.h"
#include "userspace/read/recording_builder.h"

namespace syscarve {

// Where in `line` such a record begins, or npos.
size_t PlaceOfLsmRecord(std::string_view line);

class LsmLines {
 public:
  explicit LsmLines(Abi native) : native_(native) {}

  // Takes the record in `line` at PlaceOfLsmRecord. `exe` is the program where another record of the event has it, or
  // "". Calls that the record is proof of, capabilities and what was lost go to `builder`, arguments to `arguments`.
  void Take(std::string_view line, std::string_view exe, RecordingBuilder& builder, ArgumentsOfLog& arguments);

  // How many records there were, of those with a request; and the name of the first that made one.
  size_t records() const { return records_; }
  const std::string& subject() const { return subject_; }
  // nullopt: there was none.
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
