// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/program_forms.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bpf/recorder.h"
#include "recorder.skel.h"
#include "userspace/base/unique_fd.h"
#include "userspace/trace/syscall_handlers.h"
#include "userspace/trace/tracepoint_events.h"

namespace syscarve {
namespace {

// Whether an empty program can be loaded and attached to the BTF type `btf_id` of the kernel.
bool CanAttach(int btf_id, bpf_attach_type type) {
  if (btf_id <= 0) return false;
  const bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
      {.code = BPF_JMP | BPF_EXIT},
  };
  LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type, .attach_btf_id = static_cast<__u32>(btf_id));
  UniqueFd program(bpf_prog_load(BPF_PROG_TYPE_TRACING, "syscarve_probe", "GPL", instructions, 2, &options));
  if (!program.valid()) return false;
  UniqueFd link(bpf_raw_tracepoint_open(nullptr, program.get()));
  return link.valid();
}

// A program in both forms, and the event that the second form is attached to.
struct ProgramForms {
  bpf_program* raw;
  bpf_program* perf;
  bpf_link** perf_link;
  const char* event;
};

std::vector<ProgramForms> AllForms(recorder& skeleton) {
  auto& programs = skeleton.progs;
  auto& links = skeleton.links;
  return {
      {programs.on_sys_enter, programs.on_perf_sys_enter, &links.on_perf_sys_enter, "raw_syscalls/sys_enter"},
      {programs.on_sys_exit, programs.on_perf_sys_exit, &links.on_perf_sys_exit, "raw_syscalls/sys_exit"},
      {programs.on_exec, programs.on_perf_exec, &links.on_perf_exec, "sched/sched_process_exec"},
      {programs.on_fork, programs.on_perf_fork, &links.on_perf_fork, "sched/sched_process_fork"},
      {programs.on_exit, programs.on_perf_exit, &links.on_perf_exit, "sched/sched_process_exit"},
      {programs.on_signal, programs.on_perf_signal, &links.on_perf_signal, "signal/signal_generate"},
      {programs.on_cgroup_mkdir, programs.on_perf_cgroup_mkdir, &links.on_perf_cgroup_mkdir, "cgroup/cgroup_mkdir"},
      {programs.on_cgroup_attach, programs.on_perf_cgroup_attach, &links.on_perf_cgroup_attach,
       "cgroup/cgroup_attach_task"},
      {programs.on_capable, programs.on_perf_capable, &links.on_perf_capable, "capability/cap_capable"},
  };
}

absl::Status AttachToEvents(recorder& skeleton) {
  SYSCARVE_ASSIGN_OR_RETURN(const TracepointEvents events, TracepointEvents::Find());
  for (const ProgramForms& program : AllForms(skeleton)) {
    if (!bpf_program__autoload(program.perf)) continue;
    SYSCARVE_ASSIGN_OR_RETURN(UniqueFd event, events.Open(program.event));
    *program.perf_link = bpf_program__attach_perf_event(program.perf, event.get());
    if (*program.perf_link == nullptr) return PosixError(absl::StrCat("attach to the event ", program.event), errno);
    event.release();  // Owned by the link.
  }
  return absl::OkStatus();
}

absl::Status AttachToHandlers(recorder& skeleton) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<uint64_t> handlers, SyscallHandlers());
  LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .addrs = reinterpret_cast<const unsigned long*>(handlers.data()),
              .cnt = handlers.size());
  // All or none: calls of a function that cannot be attached to would be missed.
  skeleton.links.on_handler = bpf_program__attach_kprobe_multi_opts(skeleton.progs.on_handler, nullptr, &options);
  if (skeleton.links.on_handler == nullptr) return PosixError("attach to the functions of system calls", errno);
  return absl::OkStatus();
}

}  // namespace

std::string_view AttachFormName(AttachForm form) {
  switch (form) {
    case AttachForm::kTpBtf:
      return "tp_btf";
    case AttachForm::kTracepoint:
      return "tracepoint";
    case AttachForm::kHandlers:
      break;
  }
  return "kprobe.multi";
}

absl::StatusOr<std::optional<AttachForm>> FormFromEnvironment() {
  const char* const name = std::getenv("SYSCARVE_ATTACH");
  if (name == nullptr || *name == '\0') return std::nullopt;
  for (const AttachForm form : {AttachForm::kTpBtf, AttachForm::kTracepoint, AttachForm::kHandlers}) {
    if (AttachFormName(form) == name) return form;
  }
  return absl::InvalidArgumentError("SYSCARVE_ATTACH must be tp_btf, tracepoint or kprobe.multi");
}

CapabilitySource BestCapabilitySource(AttachForm form) {
  btf* kernel = btf__load_vmlinux_btf();
  if (kernel == nullptr) return CapabilitySource::kNone;
  const int function = btf__find_by_name_kind(kernel, "cap_capable", BTF_KIND_FUNC);
  const int tracepoint = btf__find_by_name_kind(kernel, "btf_trace_cap_capable", BTF_KIND_TYPEDEF);
  btf__free(kernel);
  if (form != AttachForm::kTpBtf) return tracepoint > 0 ? CapabilitySource::kTracepoint : CapabilitySource::kNone;
  if (CanAttach(function, BPF_TRACE_FEXIT)) return CapabilitySource::kFexit;
  if (CanAttach(tracepoint, BPF_TRACE_RAW_TP)) return CapabilitySource::kTracepoint;
  return CapabilitySource::kNone;
}

void ChoosePrograms(const WantedPrograms& wanted, recorder& skeleton) {
  auto& programs = skeleton.progs;
  for (const ProgramForms& program : AllForms(skeleton)) {
    bpf_program__set_autoload(program.raw, wanted.form == AttachForm::kTpBtf);
    bpf_program__set_autoload(program.perf, wanted.form != AttachForm::kTpBtf);
    // libbpf searches for the events only where tracefs is usually mounted.
    bpf_program__set_autoattach(program.perf, false);
  }
  const auto leave_out = [](auto... unwanted) { (bpf_program__set_autoload(unwanted, false), ...); };
  if (!wanted.exits) leave_out(programs.on_sys_exit, programs.on_perf_sys_exit);
  if (!wanted.cgroups) leave_out(programs.on_cgroup_mkdir, programs.on_perf_cgroup_mkdir);
  if (wanted.capabilities != CapabilitySource::kTracepoint) leave_out(programs.on_capable, programs.on_perf_capable);
  if (wanted.capabilities != CapabilitySource::kFexit) leave_out(programs.on_capable_fexit);
  leave_out(wanted.form == AttachForm::kHandlers ? programs.on_perf_sys_enter : programs.on_handler);
  bpf_program__set_autoattach(programs.on_handler, false);
}

absl::Status AttachChosenPrograms(AttachForm form, recorder& skeleton) {
  if (form == AttachForm::kTpBtf) return absl::OkStatus();
  SYSCARVE_RETURN_IF_ERROR(AttachToEvents(skeleton));
  return form == AttachForm::kHandlers ? AttachToHandlers(skeleton) : absl::OkStatus();
}

}  // namespace syscarve
