// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/fallback_folder.h"
#include "userspace/base/file.h"
#include "userspace/base/quote.h"
#include "userspace/base/strict_json.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/host.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/leftovers.h"
#include "userspace/trace/supervisor.h"

namespace syscarve::cli {
namespace {

constexpr char kDoctorHelp[] =
    "Check what this host can do; for what is missing, print the command that fixes it.\n\n"
    "What recorders that were killed have left is listed, with the command that removes it.\n\n"
    "Exit code 0: recording with BPF works here. 3: it does not (run and --backend notify may).";

struct HostFinding {
  enum class Verdict { kOk, kNote, kMissing } verdict;
  std::string need;
  std::string found;
  std::string remedy;
};

using enum HostFinding::Verdict;

HostFinding Kernel() {
  utsname name = {};
  uname(&name);
  int major = 0;
  int minor = 0;
  std::sscanf(name.release, "%d.%d", &major, &minor);
  const bool enough = major > 5 || (major == 5 && minor >= 15);
  return {enough ? kOk : kMissing, "kernel", absl::StrCat("Linux ", name.release, " ", name.machine),
          enough ? "" : "Linux 5.15 or newer is needed for recording with BPF"};
}

HostFinding Btf() {
  const bool present = HasTypeInformation();
  return {present ? kOk : kMissing, "kernel type information (BTF)",
          present ? "/sys/kernel/btf/vmlinux" : "/sys/kernel/btf/vmlinux does not have it",
          present ? "" : "boot a kernel built with CONFIG_DEBUG_INFO_BTF=y (Debian's and Ubuntu's own are)"};
}

HostFinding Privileges() {
  __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  syscall(SYS_capget, &header, data);
  const uint64_t effective = data[0].effective | static_cast<uint64_t>(data[1].effective) << 32;
  std::vector<int> needed = {CAP_SYS_ADMIN, CAP_BPF, CAP_PERFMON};
  std::string missing;
  for (const int capability : needed) {
    if (!(effective >> capability & 1))
      absl::StrAppend(&missing, missing.empty() ? "" : " ", CapabilityName(capability));
  }
  if (missing.empty()) return {kOk, "privileges", "CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN are held", ""};
  return {kMissing, "privileges", absl::StrCat("not held: ", missing), "run syscarve with sudo"};
}

HostFinding Cgroup() {
  const auto mount = FindCgroup2Mount();
  if (mount.ok()) return {kOk, "cgroup v2", absl::StrCat("mounted at ", *mount), ""};
  return {kMissing, "cgroup v2", "not mounted",
          "sudo mkdir -p /sys/fs/cgroup/unified && sudo mount -t cgroup2 none /sys/fs/cgroup/unified"};
}

// If the kernel is too old, `kernel` reports that, and this finding is only a note.
HostFinding Programs(const absl::StatusOr<AttachFacts>& probe, const HostFinding& kernel) {
  if (probe.ok()) {
    const std::string found =
        Concat("the recorder loads and attaches (", AttachFormName(probe->form), ", ring buffer)");
    if (!probe->preemptible) return {kOk, "BPF programs", found, ""};
    return {kNote, "BPF programs", found + "; under load this kernel skips some of what they should count",
            "recordings are then marked incomplete (program_skipped); tracepoint events (tracefs, perf) would "
            "lose nothing"};
  }
  if (kernel.verdict == kMissing) return {kNote, "BPF programs", "not to be had with this kernel", ""};
  std::string remedy = "SYSCARVE_DEBUG=libbpf syscarve doctor prints the verifier's log";
  if (absl::IsPermissionDenied(probe.status())) {
    remedy = "run syscarve with sudo, outside a container that forbids bpf(2)";
  } else if (IsLockedDown()) {
    remedy = "boot with lockdown=integrity, or without lockdown; --backend notify works without";
  }
  return {kMissing, "BPF programs", WithoutHint(probe.status()), remedy};
}

HostFinding Capabilities(const absl::StatusOr<AttachFacts>& probe) {
  if (!probe.ok()) return {kNote, "capability checks", "cannot be tried before BPF programs can be loaded", ""};
  const std::string& source = probe->capability_source;
  if (source != "none") return {kOk, "capability checks", absl::StrCat("seen by ", source), ""};
  return {kNote, "capability checks", "cannot be seen: neither fexit nor the tracepoint of Linux 6.14 can be used",
          "recordings work, without capability evidence"};
}

HostFinding LastReading(const absl::StatusOr<AttachFacts>& probe) {
  if (!probe.ok()) return {kNote, "last reading", "cannot be tried before BPF programs can be loaded", ""};
  const std::string_view way = ProbeLastReading();
  if (way != "none") return {kOk, "last reading", Concat("the last calls are waited for by ", way), ""};
  return {kNote, "last reading", "neither membarrier nor a BPF map of maps can be used to wait for the last calls",
          "every recording waits 100 ms instead and is marked incomplete (last_reading_early)"};
}

HostFinding Notification() {
  const absl::Status probe = ProbeUserNotification();
  if (probe.ok()) return {kOk, "user notification", "`run` and `record --backend notify` work, without root", ""};
  return {kNote, "user notification", std::string(probe.message()),
          "Linux 5.5 or newer; not under a filter that forbids it"};
}

HostFinding Libseccomp() {
  const std::string version = LibseccompVersion();
  int unknown = 0;
  std::string first;
  for (const SyscallEntry& entry : SyscallTable(NativeAbi())) {
    if (IsExemptFromSeccomp({NativeAbi(), entry.nr}) || LibseccompKnows(NativeAbi(), entry.name)) continue;
    if (unknown++ == 0) first = entry.name;
  }
  if (unknown == 0) return {kOk, "libseccomp", absl::StrCat(version, ", has every call of syscarve's tables"), ""};
  return {kNote, "libseccomp", absl::StrCat(version, ", lacks ", unknown, " newer calls (", first, " …)"),
          "runtimes on this host ignore those names in a profile; a newer libseccomp2 package has them"};
}

// A cgroup or file left by a killed recorder, and the command that removes it.
HostFinding Left(const Leftover& leftover) {
  const std::string path = QuoteForShell(leftover.path);
  switch (leftover.kind) {
    case Leftover::Kind::kCgroup:
      return {kNote, "left by a killed recorder",
              absl::StrCat(leftover.path, ", with ", leftover.processes, " process(es)"),
              absl::StrCat(leftover.processes == 0 ? "" : absl::StrCat("echo 1 > ", path, "/cgroup.kill; sleep 1; "),
                           "find ", path, " -depth -type d -exec rmdir {} +")};
    case Leftover::Kind::kMarkFolder:
      return {kNote, "left by a killed recorder", leftover.path, absl::StrCat("rm -r ", path)};
    case Leftover::Kind::kCheckpoint:
      break;
  }
  return {kNote, "left by a killed recorder",
          absl::StrCat(leftover.path, ", what it had recorded; every verb reads it"),
          absl::StrCat("rm ", path, " ", QuoteForShell(leftover.mark))};
}

constexpr size_t kJsonWidth = 120;

std::string VerdictWord(HostFinding::Verdict verdict) {
  return verdict == kOk ? "ok" : verdict == kNote ? "note" : "missing";
}

void Print(const HostFinding& finding) {
  const bool color = UseColor(STDOUT_FILENO);
  const std::string word = finding.verdict == kMissing ? "MISSING" : VerdictWord(finding.verdict);
  const char* code = finding.verdict == kOk ? "\x1b[32m" : finding.verdict == kNote ? "\x1b[33m" : "\x1b[31m";
  absl::PrintF("%s%-8s%s%-30s %s\n", color ? code : "", word, color ? "\x1b[0m" : "", finding.need,
               EscapeForTerminal(finding.found));
  if (!finding.remedy.empty()) absl::PrintF("%-38s -> %s\n", "", finding.remedy);
}

JsonValue Json(const HostFinding& finding) {
  return JsonValue::Object{{"verdict", VerdictWord(finding.verdict)},
                           {"need", finding.need},
                           {"found", finding.found},
                           {"fix", finding.remedy}};
}

int Doctor(const std::string& format) {
  const absl::StatusOr<AttachFacts> probe = ProbeBpfRecording();
  const HostFinding kernel = Kernel();
  std::vector<HostFinding> findings = {
      kernel,         Privileges(), Btf(), Cgroup(), Programs(probe, kernel), Capabilities(probe), LastReading(probe),
      Notification(), Libseccomp()};
  for (const Leftover& leftover : FindLeftovers(RuntimeFolders().front())) findings.push_back(Left(leftover));
  const bool missing = std::any_of(findings.begin(), findings.end(),
                                   [](const HostFinding& finding) { return finding.verdict == kMissing; });
  if (format == "json") {
    JsonValue::Array array;
    for (const HostFinding& finding : findings) array.push_back(Json(finding));
    const absl::Status written = WriteFileAtomically("-", PrintJson(std::move(array), kJsonWidth));
    if (!written.ok()) return Fail(written);
  } else {
    for (const HostFinding& finding : findings) Print(finding);
  }
  return missing ? 3 : 0;
}

}  // namespace

void AddDoctor(CLI::App& app, int& exit_code) {
  auto format = std::make_shared<std::string>("text");
  CLI::App* verb = AddVerb(app, "doctor", kDoctorHelp);
  verb->add_option("--format", *format, "text or json")->check(CLI::IsMember({"text", "json"}))->capture_default_str();
  verb->callback([format, &exit_code] { exit_code = Doctor(*format); });
}

}  // namespace syscarve::cli
