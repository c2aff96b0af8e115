// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/guardian.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/privileges.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve {
namespace {

// How long killed tasks may take to die.
constexpr std::chrono::seconds kKillLimit{10};
constexpr std::chrono::milliseconds kKillInterval{5};

void Report(std::string_view text) {
  (void)WriteAll(STDERR_FILENO, Concat("syscarve: ", EscapeForTerminal(text), "\n"), "standard error");
}

// Closes the recorder's descriptors: they would keep its programs attached and its pipes open.
void CloseAllBut(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned from = 0;
  for (const int fd : keep) {
    if (fd < 0) continue;
    const auto number = static_cast<unsigned>(fd);
    if (number > from) syscall(SYS_close_range, from, number - 1, 0);
    from = number + 1;
  }
  syscall(SYS_close_range, from, ~0U, 0);
}

// Separates the guardian from what may end the recorder: its terminal, its process group, its signals.
void StandApart() {
  setsid();
  (void)!chdir("/");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  prctl(PR_SET_NAME, "syscarve-guard");
}

// Whether the recorder died; false if it dismissed the guardian.
bool RecorderDied(int alive) {
  char byte;
  ssize_t got = 0;
  while ((got = read(alive, &byte, 1)) < 0 && errno == EINTR) {
  }
  return got <= 0;
}

// Returns the number of killed processes; reports those that do not die.
size_t EndLeaf(CgroupLeaf& leaf) {
  const size_t count = leaf.Processes().size();
  (void)leaf.Kill();
  const auto deadline = std::chrono::steady_clock::now() + kKillLimit;
  while (leaf.Populated().value_or(false)) {
    if (std::chrono::steady_clock::now() >= deadline) {
      Report(Concat("processes that do not end are left in ", leaf.directory()));
      break;
    }
    std::this_thread::sleep_for(kKillInterval);
  }
  leaf.Remove();
  return count;
}

void TakeOver(const Guardian::Duties& duties, int command) {
  if (duties.leaf != nullptr) {
    const size_t ended = EndLeaf(*duties.leaf);
    Report(Concat("the recorder was killed; ended what it recorded: ", ended, " process(es)"));
  } else {
    syscall(SYS_pidfd_send_signal, command, SIGTERM, nullptr, 0);
    Report(Concat("the recorder was killed; sent SIGTERM to its command (process ", duties.command, ")"));
  }
  if (!duties.left.empty()) Report(duties.left);
  if (!duties.mark_folder.empty()) RemoveMarkFolder(duties.mark_folder);
  if (duties.checkpoint.empty()) return;
  Report(access(duties.checkpoint.c_str(), F_OK) == 0
             ? Concat("what was recorded until shortly before is in ", duties.checkpoint)
             : "nothing of the recording was kept: it was killed before its first checkpoint");
}

}  // namespace

absl::StatusOr<Guardian> Guardian::Start(const Duties& duties) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  // Refers to this very process, even if its number is reused.
  const UniqueFd command(duties.leaf == nullptr ? static_cast<int>(syscall(SYS_pidfd_open, duties.command, 0)) : -1);
  const pid_t pid = fork();
  if (pid < 0) return PosixError("fork", errno);
  if (pid == 0) {
    StandApart();
    CloseAllBut({STDERR_FILENO, read_end.get(), command.get(), duties.leaf == nullptr ? -1 : duties.leaf->events_fd()});
    (void)KeepOnlyCapabilities({CAP_KILL, CAP_DAC_OVERRIDE});
    if (RecorderDied(read_end.get())) TakeOver(duties, command.get());
    _exit(0);
  }
  return Guardian(pid, std::move(write_end));
}

Guardian::~Guardian() {
  if (pid_ == 0) return;  // Moved from.
  (void)!write(alive_.get(), "d", 1);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace syscarve
