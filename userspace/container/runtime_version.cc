// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/runtime_version.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "absl/cleanup/cleanup.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/container/engine_json.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeLimit{5};
constexpr size_t kMaxOutput = 4096;

// The name and version are used in file names and JSON; a longer or unusual text is not a runtime's.
bool IsPlainWord(std::string_view word) {
  constexpr size_t kMaxWord = 64;
  return !word.empty() && word.size() <= kMaxWord && word.front() != '.' && word.front() != '-' &&
         std::ranges::all_of(word, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

absl::StatusOr<std::string> Capture(const std::string& path) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string program = path;
  std::string option = "--version";
  char* argv[] = {program.data(), option.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t pid = 0;
  const int error = posix_spawn(&pid, path.c_str(), &actions, &attributes, argv, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return PosixError(Concat("execute ", EscapeForTerminal(path)), error);
  write_end.reset();
  const absl::Cleanup end_child = [pid] {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  };

  std::string output;
  const auto deadline = Clock::now() + kTimeLimit;
  while (output.size() < kMaxOutput) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting = {.fd = read_end.get(), .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, static_cast<int>(std::max<int64_t>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) {
      return absl::DeadlineExceededError(Concat(EscapeForTerminal(path), " --version does not come to an end"));
    }
    char buffer[1024];
    const ssize_t got = read(read_end.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    output.append(buffer, static_cast<size_t>(got));
  }
  return output;
}

}  // namespace

std::optional<ContainerRuntime> ParseRuntimeVersion(std::string_view text) {
  const std::vector<std::string_view> words = SplitNonEmpty(text.substr(0, text.find('\n')), ' ');
  if (words.size() < 3 || words[1] != "version") return std::nullopt;
  const std::string version = PlainRuntimeVersion(words[2]);
  if (!IsPlainWord(words[0]) || !IsPlainWord(version)) return std::nullopt;
  return ContainerRuntime{.name = std::string(words[0]), .version = version};
}

absl::StatusOr<ContainerRuntime> AskRuntimeVersion(const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, Capture(path));
  if (std::optional<ContainerRuntime> runtime = ParseRuntimeVersion(text)) return *std::move(runtime);
  return absl::FailedPreconditionError(
      Concat(EscapeForTerminal(path), " --version prints no version of an OCI runtime: \"",
             EscapeForTerminal(std::string_view(text).substr(0, text.find('\n'))), "\""));
}

}  // namespace syscarve
