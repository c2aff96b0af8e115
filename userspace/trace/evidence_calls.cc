// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/evidence_calls.h"

namespace syscarve {
namespace {

constexpr __u8 kHere = RECORDER_WORKING_DIRECTORY;

constexpr recorder_evidence_call Of(recorder_evidence_kind kind) {
  return {.kind = static_cast<__u8>(kind), .count = 0, .reserved = {}, .paths = {}};
}

constexpr recorder_evidence_call Path(__u8 directory, __u8 path, __u16 uses) {
  return {.kind = RECORDER_EVIDENCE_PATHS, .count = 1, .reserved = {}, .paths = {{directory, path, uses}, {}}};
}

constexpr recorder_evidence_call Rename(recorder_evidence_path from, recorder_evidence_path to) {
  from.uses = RECORDER_FILE_REMOVED;
  to.uses = RECORDER_FILE_CREATED;
  return {.kind = RECORDER_EVIDENCE_PATHS, .count = 2, .reserved = {}, .paths = {from, to}};
}

constexpr recorder_evidence_call Descriptor(__u8 argument, __u16 uses) {
  return {.kind = RECORDER_EVIDENCE_DESCRIPTOR, .count = 0, .reserved = {}, .paths = {{0, argument, uses}, {}}};
}

constexpr recorder_evidence_call Address(__u8 argument, __u16 uses) {
  return {.kind = RECORDER_EVIDENCE_ADDRESS, .count = 0, .reserved = {}, .paths = {{0, argument, uses}, {}}};
}

constexpr recorder_evidence_call Messages(bool several) {
  return {.kind = RECORDER_EVIDENCE_MESSAGES, .count = several, .reserved = {}, .paths = {}};
}

}  // namespace

const std::vector<EvidenceCall>& EvidenceCalls() {
  constexpr __u16 kCreated = RECORDER_FILE_CREATED;
  constexpr __u16 kDirectory = RECORDER_FILE_CREATED | RECORDER_FILE_DIRECTORY;
  constexpr __u16 kLink = RECORDER_FILE_CREATED | RECORDER_FILE_LINK;
  constexpr __u16 kRemoved = RECORDER_FILE_REMOVED;
  constexpr __u16 kChanged = RECORDER_FILE_CHANGED;
  constexpr __u16 kMounted = RECORDER_FILE_MOUNTED;
  static const std::vector<EvidenceCall>* const kCalls = new std::vector<EvidenceCall>{
      {"open", Of(RECORDER_EVIDENCE_OPEN)},
      {"openat", Of(RECORDER_EVIDENCE_OPEN)},
      {"openat2", Of(RECORDER_EVIDENCE_OPEN)},
      {"creat", Of(RECORDER_EVIDENCE_OPEN)},
      {"open_by_handle_at", Of(RECORDER_EVIDENCE_OPEN)},
      {"mmap", Of(RECORDER_EVIDENCE_MAP)},
      {"mmap2", Of(RECORDER_EVIDENCE_MAP)},
      {"mkdir", Path(kHere, 0, kDirectory)},
      {"mkdirat", Path(0, 1, kDirectory)},
      {"mknod", Path(kHere, 0, kCreated)},
      {"mknodat", Path(0, 1, kCreated)},
      {"link", Path(kHere, 1, kCreated)},
      {"linkat", Path(2, 3, kCreated)},
      {"symlink", Path(kHere, 1, kLink)},
      {"symlinkat", Path(1, 2, kLink)},
      {"unlink", Path(kHere, 0, kRemoved)},
      {"unlinkat", Path(0, 1, kRemoved)},
      {"rmdir", Path(kHere, 0, kRemoved)},
      {"rename", Rename({kHere, 0, 0}, {kHere, 1, 0})},
      {"renameat", Rename({0, 1, 0}, {2, 3, 0})},
      {"renameat2", Rename({0, 1, 0}, {2, 3, 0})},
      {"chmod", Path(kHere, 0, kChanged)},
      {"fchmodat", Path(0, 1, kChanged)},
      {"fchmodat2", Path(0, 1, kChanged)},
      {"chown", Path(kHere, 0, kChanged)},
      {"chown32", Path(kHere, 0, kChanged)},
      {"lchown", Path(kHere, 0, kChanged)},
      {"lchown32", Path(kHere, 0, kChanged)},
      {"fchownat", Path(0, 1, kChanged)},
      {"utime", Path(kHere, 0, kChanged)},
      {"utimes", Path(kHere, 0, kChanged)},
      {"futimesat", Path(0, 1, kChanged)},
      {"utimensat", Path(0, 1, kChanged)},
      {"utimensat_time64", Path(0, 1, kChanged)},
      {"truncate", Path(kHere, 0, kChanged)},
      {"truncate64", Path(kHere, 0, kChanged)},
      {"setxattr", Path(kHere, 0, kChanged)},
      {"lsetxattr", Path(kHere, 0, kChanged)},
      {"setxattrat", Path(0, 1, kChanged)},
      {"removexattr", Path(kHere, 0, kChanged)},
      {"lremovexattr", Path(kHere, 0, kChanged)},
      {"removexattrat", Path(0, 1, kChanged)},
      {"fchmod", Descriptor(0, kChanged)},
      {"fchown", Descriptor(0, kChanged)},
      {"fchown32", Descriptor(0, kChanged)},
      {"fsetxattr", Descriptor(0, kChanged)},
      {"fremovexattr", Descriptor(0, kChanged)},
      {"mount", Path(kHere, 1, kMounted)},
      {"move_mount", Path(2, 3, kMounted)},
      {"umount", Path(kHere, 0, kMounted)},
      {"umount2", Path(kHere, 0, kMounted)},
      {"bind", Address(1, 0)},
      {"connect", Address(1, RECORDER_FILE_CONNECTED)},
      {"sendto", Address(4, RECORDER_FILE_CONNECTED)},
      {"sendmsg", Messages(false)},
      {"sendmmsg", Messages(true)},
      {"socketcall", Of(RECORDER_EVIDENCE_SOCKETCALL)},
      {"setuid", Of(RECORDER_EVIDENCE_IDS)},
      {"setuid32", Of(RECORDER_EVIDENCE_IDS)},
      {"setgid", Of(RECORDER_EVIDENCE_IDS)},
      {"setgid32", Of(RECORDER_EVIDENCE_IDS)},
      {"setreuid", Of(RECORDER_EVIDENCE_IDS)},
      {"setreuid32", Of(RECORDER_EVIDENCE_IDS)},
      {"setregid", Of(RECORDER_EVIDENCE_IDS)},
      {"setregid32", Of(RECORDER_EVIDENCE_IDS)},
      {"setresuid", Of(RECORDER_EVIDENCE_IDS)},
      {"setresuid32", Of(RECORDER_EVIDENCE_IDS)},
      {"setresgid", Of(RECORDER_EVIDENCE_IDS)},
      {"setresgid32", Of(RECORDER_EVIDENCE_IDS)},
      {"accept", Of(RECORDER_EVIDENCE_RESULT)},
      {"accept4", Of(RECORDER_EVIDENCE_RESULT)},
      {"socket", Of(RECORDER_EVIDENCE_RESULT)},
      {"dup", Of(RECORDER_EVIDENCE_RESULT)},
      {"dup2", Of(RECORDER_EVIDENCE_RESULT)},
      {"dup3", Of(RECORDER_EVIDENCE_RESULT)},
  };
  return *kCalls;
}

}  // namespace syscarve
