// SPDX-License-Identifier: Apache-2.0
// Recordings of a container with hardening evidence of files, for the tests of what is made of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "userspace/model/recording.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

inline Recording WithFiles(const std::map<UsedPath, UsedFile>& files) {
  Recording recording;
  recording.programs = {{.path = "/usr/bin/web"}, {.path = "/bin/sh"}};
  HardeningEvidence hardening;
  hardening.files = files;
  recording.subjects = {{.kind = SubjectKind::kContainer, .name = "web", .hardening = hardening}};
  return recording;
}

inline UsedFile File(FileUses uses, FileKind kind = FileKind::kRegular, ProgramId program = 0) {
  return {.kind = kind, .mount = "/", .filesystem = "overlay", .uses = {{program, uses}}};
}

inline void AddCall(Recording& recording, std::string_view name, std::optional<SeenArguments> arguments = {}) {
  Run run = recording.runs.empty() ? Run{.id = std::string(32, '0'), .subjects = {{0, {}}}} : recording.runs.at(0);
  run.subjects[0].calls[*FindSyscall(Abi::kX86_64, name)] = {
      .count = 1, .programs = {{0, 1}}, .arguments = std::move(arguments)};
  recording.runs = {};
  recording.runs.push_back(std::move(run));
}

}  // namespace syscarve
