// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/command.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "userspace/base/sudo_caller.h"

namespace syscarve {
namespace {

constexpr char kShell[] = "/bin/sh";
// The search path of execvp without PATH (confstr's _CS_PATH).
constexpr char kDefaultPath[] = "/bin:/usr/bin";

struct PasswdEntry {
  uid_t uid;
  gid_t gid;
  std::string name;
  std::string home;
  std::string shell;
};

// Calls one of the getpw*_r / getgr*_r functions with a buffer that is large enough. nullopt if there is no such entry.
template <typename Record, typename Lookup, typename Convert>
auto LookUp(Lookup lookup, Convert convert) -> std::optional<decltype(convert(std::declval<const Record&>()))> {
  std::vector<char> buffer(4096);
  constexpr size_t kLargest = size_t{1} << 20;
  while (true) {
    Record record;
    Record* found = nullptr;
    const int error = lookup(&record, buffer.data(), buffer.size(), &found);
    if (error == ERANGE && buffer.size() < kLargest) {
      buffer.resize(buffer.size() * 2);
      continue;
    }
    if (found == nullptr) return std::nullopt;
    return convert(*found);
  }
}

PasswdEntry ConvertPasswd(const passwd& entry) {
  return {entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir, entry.pw_shell};
}

std::optional<PasswdEntry> FindUser(const std::string& name) {
  return LookUp<passwd>([&](auto... args) { return getpwnam_r(name.c_str(), args...); }, ConvertPasswd);
}

std::optional<PasswdEntry> FindUser(uid_t uid) {
  return LookUp<passwd>([&](auto... args) { return getpwuid_r(uid, args...); }, ConvertPasswd);
}

std::optional<gid_t> FindGroup(const std::string& name) {
  return LookUp<group>([&](auto... args) { return getgrnam_r(name.c_str(), args...); },
                       [](const group& entry) { return entry.gr_gid; });
}

std::vector<gid_t> GroupsOf(const std::string& name, gid_t gid) {
  int count = 64;
  while (true) {
    std::vector<gid_t> groups(static_cast<size_t>(count));
    if (getgrouplist(name.c_str(), gid, groups.data(), &count) >= 0) {
      groups.resize(static_cast<size_t>(count));
      return groups;
    }
  }
}

Identity MakeIdentity(uid_t uid, std::optional<gid_t> gid, bool with_groups_of_user) {
  Identity identity{.uid = uid};
  if (const std::optional<PasswdEntry> entry = FindUser(uid); entry.has_value()) {
    identity.gid = gid.value_or(entry->gid);
    identity.name = entry->name;
    identity.home = entry->home;
    identity.shell = entry->shell;
    identity.groups = with_groups_of_user ? GroupsOf(entry->name, identity.gid) : std::vector<gid_t>{identity.gid};
  } else {
    // A number without an account, as in `docker run --user 12345`: the group is root's, and home is "/".
    identity.gid = gid.value_or(0);
    identity.home.push_back('/');
    identity.groups = {identity.gid};
  }
  return identity;
}

absl::StatusOr<Identity> ParseUser(const std::string& user) {
  const size_t colon = user.find(':');
  const std::string user_part = user.substr(0, colon);
  std::optional<uid_t> uid = ParseUserId(user_part);
  if (!uid.has_value()) {
    const std::optional<PasswdEntry> entry = user_part.empty() ? std::nullopt : FindUser(user_part);
    if (!entry.has_value()) return absl::InvalidArgumentError("user \"" + user_part + "\": no such user");
    uid = entry->uid;
  }
  if (colon == std::string::npos) return MakeIdentity(*uid, std::nullopt, /*with_groups_of_user=*/true);

  const std::string group_part = user.substr(colon + 1);
  std::optional<gid_t> gid = ParseUserId(group_part);
  if (!gid.has_value() && !group_part.empty()) gid = FindGroup(group_part);
  if (!gid.has_value()) return absl::InvalidArgumentError("group \"" + group_part + "\": no such group");
  // An explicit group means that group only, as with `docker run --user uid:gid`.
  return MakeIdentity(*uid, gid, /*with_groups_of_user=*/false);
}

absl::StatusOr<std::optional<Identity>> CallerOfSudo() {
  const auto caller = FindSudoCaller();
  if (!caller.ok()) return WithHint(caller.status(), "Say whom the command runs as with --user.");
  if (!caller->has_value()) return std::nullopt;
  return MakeIdentity((*caller)->uid, (*caller)->gid, /*with_groups_of_user=*/true);
}

void SetVariable(std::vector<std::string>& environment, std::string_view name, const std::string& value) {
  const std::string prefix = std::string(name) + "=";
  std::erase_if(environment, [&](const std::string& entry) { return entry.compare(0, prefix.size(), prefix) == 0; });
  if (!value.empty()) environment.push_back(prefix + value);
}

std::vector<std::string> EnvironmentFor(const std::optional<Identity>& identity) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  if (!identity.has_value()) return environment;
  SetVariable(environment, "HOME", identity->home);
  SetVariable(environment, "USER", identity->name);
  SetVariable(environment, "LOGNAME", identity->name);
  SetVariable(environment, "SHELL", identity->shell);
  // The command does not run through sudo any more, so sudo's variables are removed: a program that reads SUDO_UID
  // would take a path that it does not take in production.
  for (const char* name : {"SUDO_COMMAND", "SUDO_USER", "SUDO_UID", "SUDO_GID"}) SetVariable(environment, name, "");
  return environment;
}

// 0 if `path` is a regular file that may be executed, otherwise an errno value.
int ExecutableError(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

absl::Status CannotRun(const std::string& name, int error) {
  if (error == ENOENT || error == ENOTDIR) return absl::NotFoundError(name + ": command not found");
  return absl::PermissionDeniedError("cannot execute " + name + ": " + strerror(error));
}

// The file that execvp would execute for `name`.
absl::StatusOr<std::string> FindExecutable(const std::string& name) {
  if (name.empty()) return CannotRun("\"\"", ENOENT);
  if (name.find('/') != std::string::npos) {
    if (const int error = ExecutableError(name); error != 0) return CannotRun(name, error);
    return name;
  }
  const char* path = std::getenv("PATH");
  // A file that may not be executed does not end the search, but is reported if no better one is found.
  int error_to_report = ENOENT;
  std::string_view rest = path == nullptr ? kDefaultPath : path;
  while (true) {
    const size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    const int error = ExecutableError(candidate);
    if (error == 0) return candidate;
    if (error == EACCES) error_to_report = EACCES;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return CannotRun(name, error_to_report);
}

std::vector<char*> PointersTo(const std::vector<std::string>& strings, size_t from) {
  std::vector<char*> pointers;
  for (size_t i = from; i < strings.size(); ++i) pointers.push_back(const_cast<char*>(strings[i].c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::StatusOr<std::optional<Identity>> ResolveIdentity(const std::optional<std::string>& user) {
  if (!user.has_value()) return CallerOfSudo();
  SYSCARVE_ASSIGN_OR_RETURN(Identity identity, ParseUser(*user));
  if (identity.uid == geteuid() && identity.gid == getegid()) return std::nullopt;
  if (geteuid() != 0) {
    return absl::PermissionDeniedError("run the command as user \"" + *user +
                                       "\": only root may change the user. Hint: Use sudo.");
  }
  return identity;
}

absl::StatusOr<Command> ResolveCommand(std::vector<std::string> argv, std::optional<Identity> identity) {
  if (argv.empty()) return absl::InvalidArgumentError("no command given");
  SYSCARVE_ASSIGN_OR_RETURN(std::string path, FindExecutable(argv.front()));
  std::vector<std::string> environment = EnvironmentFor(identity);
  return Command{.path = std::move(path),
                 .argv = std::move(argv),
                 .environment = std::move(environment),
                 .identity = std::move(identity),
                 .dropped_capabilities = {}};
}

int ExitCodeForCommandError(const absl::Status& status) {
  return absl::IsNotFound(status) ? kExitNotFound : kExitCannotExecute;
}

ExecImage::ExecImage(const Command& command)
    : command_(command), argv_(PointersTo(command.argv, 0)), environment_(PointersTo(command.environment, 0)) {
  shell_argv_ = {const_cast<char*>(kShell), const_cast<char*>(command_.path.c_str())};
  const std::vector<char*> rest = PointersTo(command_.argv, 1);
  shell_argv_.insert(shell_argv_.end(), rest.begin(), rest.end());
}

void ExecImage::ResetSignals() {
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction current;
    if (sigaction(signal, nullptr, &current) != 0) continue;
    // Signals that the caller ignored stay ignored, as across any exec: nohup and a shell's background jobs depend on
    // it. SIGPIPE and SIGXFSZ are ignored by syscarve itself. A signal with a handler would be reset by exec, but its
    // handler must not run in this child.
    if (current.sa_handler == SIG_IGN && signal != SIGPIPE && signal != SIGXFSZ) continue;
    sigaction(signal, &standard, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// A capability outside the bounding set is granted by no execve (capabilities(7)).
int ExecImage::DropFromBounding() const {
  for (const int capability : command_.dropped_capabilities) {
    // EINVAL: this kernel does not have the capability.
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL) return errno;
  }
  return 0;
}

int DropFromOwnSets(std::span<const int> capabilities) {
  if (capabilities.empty()) return 0;
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0) return errno;
  for (const int capability : capabilities) {
    if (capability >= 32 * _LINUX_CAPABILITY_U32S_3) continue;
    __user_cap_data_struct& half = sets[CAP_TO_INDEX(capability)];
    const uint32_t others = ~CAP_TO_MASK(capability);
    half.effective &= others;
    half.permitted &= others;
    half.inheritable &= others;
  }
  // Removal from the permitted or inheritable set removes it from the ambient set, too.
  return syscall(SYS_capset, &header, sets) == 0 ? 0 : errno;
}

int ExecImage::AssumeIdentity() const {
  // The first step needs CAP_SETPCAP, and later steps may need what the last one drops.
  if (const int error = DropFromBounding(); error != 0) return error;
  if (!command_.identity.has_value()) return DropFromOwnSets(command_.dropped_capabilities);
  const Identity& identity = *command_.identity;
  // Not glibc's wrappers: they apply the change to all threads recorded in this process's memory, which are the
  // parent's. Groups first and the user last, because each step needs the right that the last one drops.
  if (syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) != 0) return errno;
  if (syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0) return errno;
  if (syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0) return errno;
  return DropFromOwnSets(command_.dropped_capabilities);
}

int ExecImage::Exec() const {
  execve(command_.path.c_str(), argv_.data(), environment_.data());
  if (errno == ENOEXEC) execve(kShell, shell_argv_.data(), environment_.data());
  return errno;
}

int ShellStatus(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace syscarve
