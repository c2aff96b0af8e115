// SPDX-License-Identifier: Apache-2.0
// Where a call can be seen from BPF, what each place costs, and whether a call can get by unseen. For each form that
// this kernel has: getppid calls of one process, timed as in per_call_cost, and then as many calls by sixteen processes
// at once, counted.
//
//   attach_forms [--rounds N] [--calls N]
//
// Exit code 0 when it has measured, whatever it measured; 77 when BPF cannot be used here.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "attach_forms.skel.h"
#include "tests/bench/call_cost.h"
#include "userspace/trace/tracepoint_events.h"

namespace syscarve {
namespace {

constexpr int kProcesses = 16;
#if defined(__x86_64__)
constexpr char kHandler[] = "__x64_sys_getppid";
constexpr char kSpelling[] = "x64";
#else
constexpr char kHandler[] = "__arm64_sys_getppid";
constexpr char kSpelling[] = "arm64";
#endif

struct Form {
  const char* name;
  std::function<bpf_program*(attach_forms&)> program;
  std::function<bpf_link*(bpf_program*)> attach;
  std::vector<double> nanos = {};
  long long lost = 0;
  bool works = true;
};

bpf_link* AttachToEvent(bpf_program* program) {
  const auto events = TracepointEvents::Find();
  if (!events.ok()) return nullptr;
  auto event = events->Open("raw_syscalls/sys_enter");
  if (!event.ok()) return nullptr;
  bpf_link* const link = bpf_program__attach_perf_event(program, event->get());
  if (link != nullptr) event->release();
  return link;
}

bpf_link* AttachToHandler(bpf_program* program) {
  return bpf_program__attach_kprobe(program, false, kHandler);
}

bpf_link* AttachToHandlers(bpf_program* program) {
  LIBBPF_OPTS(bpf_kprobe_multi_opts, options);
  return bpf_program__attach_kprobe_multi_opts(program, kHandler, &options);
}

std::vector<Form> AllForms() {
  return {
      {"tp_btf/sys_enter", [](attach_forms& f) { return f.progs.by_tp_btf; }, bpf_program__attach},
      {"raw_tp/sys_enter", [](attach_forms& f) { return f.progs.by_raw_tp; }, bpf_program__attach},
      {"tracepoint/raw_syscalls/sys_enter", [](attach_forms& f) { return f.progs.by_tracepoint; }, AttachToEvent},
      {"fentry of the handler", [](attach_forms& f) { return f.progs.by_fentry; }, bpf_program__attach},
      {"kprobe of the handler", [](attach_forms& f) { return f.progs.by_kprobe; }, AttachToHandler},
      {"kprobe.multi of the handler", [](attach_forms& f) { return f.progs.by_kprobe_multi; }, AttachToHandlers},
  };
}

// Loads and attaches only this form; null when the kernel refuses.
attach_forms* Attach(const Form& form) {
  attach_forms* const skeleton = attach_forms__open();
  if (skeleton == nullptr) return nullptr;
  skeleton->rodata->counted_call = SYS_getppid;
  bpf_program* other = nullptr;
  bpf_object__for_each_program(other, skeleton->obj) bpf_program__set_autoload(other, false);
  bpf_program* const program = form.program(*skeleton);
  bpf_program__set_autoload(program, true);
  bpf_link* link = nullptr;
  if (program != skeleton->progs.by_fentry || bpf_program__set_attach_target(program, 0, kHandler) == 0) {
    if (attach_forms__load(skeleton) == 0) link = form.attach(program);
  }
  if (link == nullptr) {
    attach_forms__destroy(skeleton);
    return nullptr;
  }
  // Destroyed with the skeleton.
  skeleton->links.by_tp_btf = link;
  return skeleton;
}

uint64_t Counted(const attach_forms& skeleton) {
  std::vector<uint64_t> by_cpu(static_cast<size_t>(libbpf_num_possible_cpus()));
  const uint32_t zero = 0;
  bpf_map_lookup_elem(bpf_map__fd(skeleton.maps.counts), &zero, by_cpu.data());
  uint64_t sum = 0;
  for (const uint64_t count : by_cpu) sum += count;
  return sum;
}

// Calls that sixteen processes made at once and that were not counted; those of the rest of the host, few, make it
// less.
long long LostBySixteen(const attach_forms& skeleton, long calls) {
  const uint64_t before = Counted(skeleton);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      Call(calls / kProcesses);
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  return static_cast<long long>(calls / kProcesses * kProcesses) - static_cast<long long>(Counted(skeleton) - before);
}

int Main(int argc, char** argv) {
  int rounds = 21;
  long calls = 100'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::max(1, std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--calls") == 0) calls = std::max(1L, std::atol(argv[i + 1]));
  }
  libbpf_set_print(nullptr);
  std::vector<Form> forms = AllForms();
  std::vector<double> nothing;
  NanosPerCall(calls);
  for (int round = 0; round < rounds; ++round) {
    nothing.push_back(NanosPerCall(calls));
    for (Form& form : forms) {
      if (!form.works) continue;
      attach_forms* const attached = Attach(form);
      form.works = attached != nullptr;
      if (!form.works) continue;
      form.nanos.push_back(NanosPerCall(calls) - nothing.back());
      form.lost += std::max(0LL, LostBySixteen(*attached, calls));
      attach_forms__destroy(attached);
    }
  }
  if (!forms[0].works) {
    std::fprintf(stderr, "BPF cannot be used here\n");
    return 77;
  }
  const double floor = Median(forms[0].nanos);
  std::printf(
      "%d rounds of %ld getppid calls per form, %.1f ns a call with nothing attached (handlers are __%s_sys_*)\n\n"
      "%-36s %10s %10s %14s\n",
      rounds, calls, Median(nothing), kSpelling, "", "added ns", "/ tp_btf", "lost of 16's");
  for (const Form& form : forms) {
    if (!form.works) {
      std::printf("%-36s not on this kernel\n", form.name);
      continue;
    }
    const double share = 100.0 * static_cast<double>(form.lost) / (static_cast<double>(calls) * rounds);
    std::printf("%-36s %10.1f %10.2f %12.1f %%\n", form.name, Median(form.nanos), Median(form.nanos) / floor, share);
  }
  return 0;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main(argc, argv);
}
