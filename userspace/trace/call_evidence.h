// SPDX-License-Identifier: Apache-2.0
// The hardening evidence that a pending call would leave if it succeeded, from its arguments, the task's memory, and
// the present state of the files. A call that cannot succeed in that state (a file that is absent, or exists already)
// leaves none. The kernel is accessed only through the two views.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/hardening.h"
#include "userspace/process/task_files.h"
#include "userspace/trace/evidence_calls.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {

struct EvidenceOfCall {
  struct File {
    UsedPath path;
    UsedFile file;  // Without uses.
    FileUses uses;
    uint64_t mount = 0;  // As in TaskFile; 0: unknown, or only named.
    auto operator<=>(const File&) const = default;
  };
  std::vector<File> files;
  std::vector<Endpoint> endpoints;
  uint64_t files_unread = 0;
  uint64_t addresses_unread = 0;
  // From now on accesses to files, or to memory, may block on the recorded processes, which wait for this one.
  bool serves_files = false;
  bool serves_memory = false;
  std::optional<mode_t> executable;  // Mode of what was executed.
  // The call uses files in a way that is not evaluated.
  bool unseen = false;
};

class CallEvidenceReader {
 public:
  using Registers = std::span<const uint64_t, 6>;

  // Without `look_up_files`, every named file counts as used.
  CallEvidenceReader(const WaitingMemory& memory, const TaskFileView& files, bool look_up_files)
      : memory_(memory), files_(files), look_up_files_(look_up_files) {}

  // The evidence of one call. A reader is for one notification.
  EvidenceOfCall Of(const EvidenceCall& call, Abi abi, Registers registers);
  // The file named in execve(2) or execveat(2).
  EvidenceOfCall OfExecution(int directory, uint64_t path);
  // The file that the task executes now.
  EvidenceOfCall OfExecutable();

 private:
  // A name in the task's memory and the directory that it starts from.
  struct Named {
    int directory;
    std::string name;
  };

  std::optional<std::string> NameAt(uint64_t address);
  FoundFile Find(const Named& named, bool follow) const;
  std::optional<std::string> Lexical(const Named& named) const;
  bool HasFolder(const Named& named) const;
  void AddFile(const TaskFile& file, FileUses uses);
  void AddNamed(const Named& named, const FoundFile& found, uint32_t bits);
  void Open(const EvidenceCall& call, Registers registers);
  void OpenNamed(const Named& named, uint64_t flags, int links_left);
  void Make(const Named& named, FileUses uses);
  void Paths(const EvidenceCall& call, Registers registers);
  void Descriptor(int descriptor, FileUses uses);
  void Map(Registers registers, bool by_address);
  int TypeOf(int socket);
  void Address(int socket, uint64_t address, uint64_t length, bool connects);
  void Message(int socket, uint64_t address, bool narrow);
  void Messages(int socket, uint64_t address, uint64_t count, bool narrow);
  void Socketcall(uint64_t which, uint64_t address);

  const WaitingMemory& memory_;
  const TaskFileView& files_;
  bool look_up_files_;
  EvidenceOfCall result_;
  std::optional<int> socket_type_;  // Of the call's socket.
};

// The endpoint of a struct sockaddr as a program passes it, of at least two bytes; nullopt for an address without a
// family, or a socket with a path.
std::optional<Endpoint> EndpointOfAddress(std::string_view bytes, EndpointUse use, int socket_type);

}  // namespace syscarve
