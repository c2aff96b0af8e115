// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/hook_handshake.h"
#include "userspace/app/hook_recorder.h"
#include "userspace/app/notes.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/container/hook_words.h"

namespace syscarve::cli {
namespace {

constexpr char kHookHelp[] =
    "Record a container from an OCI hook: a drop-in for oci-seccomp-bpf-hook.\n\n"
    "The forms are the original's, and so are their options, with one dash or two:\n\n"
    "  syscarve hook -s < state.json           read the container's state, start recording, return\n"
    "  syscarve hook -r PID -o OUT [-i IN]     record until the container ends, write OUT\n"
    "  syscarve hook -version\n\n"
    "and besides:\n\n"
    "  -config FILE     instead of /etc/syscarve/hook.json\n"
    "  -runtime FILE    with -r: the OCI runtime, whose measured calls complete the profile\n\n"
    "A container requests a profile by the annotation\n"
    "io.containers.trace-syscall=\"of:OUT\" or \"if:IN;of:OUT\". OUT and IN must be below a\n"
    "directory that the configuration allows; without a configuration that is\n"
    "/var/lib/syscarve/profiles. Exit code 0 or 1. A binary of the name\n"
    "oci-seccomp-bpf-hook needs no verb. docs/hook.md has the set-up.";

// Writes messages to the system's log, where administrators look for them, and errors also to standard error, which a
// runtime shows to the user who started the container.
std::string log_name;

void OpenLog() {
  openlog(log_name.c_str(), LOG_PID, LOG_DAEMON);
}

void Log(int priority, std::string_view text) {
  syslog(priority, "%s", EscapeForTerminal(text).c_str());
}

int FailHook(const absl::Status& status) {
  Log(LOG_ERR, std::string(status.message()));
  (void)Fail(status);
  return 1;
}

class LogNotes : public Notes {
 public:
  void Warn(std::string_view message) override { Log(LOG_WARNING, message); }
  void Note(std::string_view message) override { Log(LOG_INFO, message); }
  void Error(const absl::Status& status) override { (void)FailHook(status); }
};

int FailHook(const absl::Status& status, HookCaller& caller) {
  const int code = FailHook(status);
  caller.Failed();
  return code;
}

int Record(const HookJob& job, HookCaller& caller) {
  LogNotes notes;
  const absl::Status recorded = RecordForHook(
      job, [&caller] { caller.Ready(); }, notes);
  if (!recorded.ok()) return FailHook(recorded, caller);
  Log(LOG_INFO, Concat("wrote ", job.output_path));
  return 0;
}

// -r
int RecordProcess(const HookWords& words) {
  HookCaller caller = HookCaller::Parent();
  const absl::StatusOr<HookJob> job = HookJobFromWords(words);
  return job.ok() ? Record(*job, caller) : FailHook(job.status(), caller);
}

// -s. Returns in the hook and in the recorder.
int Start(const HookWords& words) {
  // Descriptors inherited from the runtime: the recorder would keep them open.
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0);
  const absl::StatusOr<HookJob> job = HookJobFromState(words);
  if (!job.ok()) return FailHook(job.status());
  const absl::StatusOr<HookFork> started = HookFork::Start();
  if (!started.ok()) return FailHook(started.status());
  if (started->is_recorder()) {
    OpenLog();
    HookCaller caller(started->hook());
    return Record(*job, caller);
  }
  const absl::Status ready = started->WaitUntilReady();
  if (ready.ok()) {
    Log(LOG_INFO, Concat("recording process ", job->pid, " for ", job->output_path));
    return 0;
  }
  Log(LOG_ERR, std::string(ready.message()));
  const std::string errors = started->ReadErrors();
  if (errors.empty()) {
    (void)Fail(ready);
  } else {
    (void)WriteAll(STDERR_FILENO, errors, "standard error");
  }
  return 1;
}

}  // namespace

int RunHook(const std::vector<std::string>& words, const std::string& program) {
  log_name = program;
  OpenLog();
  const absl::StatusOr<HookWords> parsed = ParseHookWords(words);
  if (!parsed.ok()) {
    (void)FailHook(WithHint(parsed.status(), "`syscarve hook --help` has the forms."));
    return 2;
  }
  if (parsed->help) {
    const absl::Status written = WriteAll(STDERR_FILENO, Concat(kHookHelp, "\n"), "standard error");
    return written.ok() ? 0 : FailHook(written);
  }
  if (parsed->version) {
    const absl::Status written = WriteFileAtomically("-", SYSCARVE_VERSION "\n");
    return written.ok() ? 0 : FailHook(written);
  }
  return parsed->start ? Start(*parsed) : RecordProcess(*parsed);
}

void AddHook(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "hook", kHookHelp);
  // The options of the original program have another style, so they are parsed separately.
  verb->allow_extras();
  verb->callback([verb, &exit_code] { exit_code = RunHook(verb->remaining(), "syscarve"); });
}

}  // namespace syscarve::cli
