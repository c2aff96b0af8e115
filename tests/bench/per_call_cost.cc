// SPDX-License-Identifier: Apache-2.0
// What recording costs a system call. One child makes getppid calls in a tight loop under each condition in turn, round
// after round, so that a drift of the machine's speed touches all alike; personality calls, which only ask, where it is
// a call whose arguments are kept that counts; ioctl calls on a folder, where it is one for which its file is looked
// up, too; setgid calls, which change nothing, for one in which the kernel asks for a capability; and openat with
// close, for one that leaves hardening evidence. Printed are medians over the rounds, and what each condition adds as a
// multiple of what the floor, an empty program on sys_enter, adds in the same rounds.
//
//   per_call_cost [--rounds N] [--calls N]
//
// The recorder's programs are attached in each of their forms that this kernel has, or in the one that SYSCARVE_ATTACH
// names.
//
// Exit code 0 when it has measured, whatever it measured; 1 when `--events all` lost a call; 77 when BPF cannot be used
// here.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "floor_bpf.skel.h"
#include "tests/bench/call_cost.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/bpf_event_source.h"

namespace syscarve {
namespace {

// The calls that are timed.
struct TimedCall {
  long number;
  long argument;
};
constexpr TimedCall kPlain = {SYS_getppid, 0};
constexpr TimedCall kWithArguments = {SYS_personality, 0xffffffff};
constexpr TimedCall kWithCheck = {SYS_setgid, 0};
constexpr TimedCall kOpen = {SYS_openat,
                             0};  // Of a file that is there, and closed again: the time is that of both calls.
// Of a file whose file system's name is read: nothing takes longer to look up.
constexpr int kFolder = 200;
constexpr TimedCall kWithFile = {SYS_ioctl, kFolder};

// The process whose calls are timed. It sits in a cgroup of its own; the recorder is somebody else, as in real life.
class Caller {
 public:
  explicit Caller(long calls) {
    int ask[2];
    int answer[2];
    if (pipe(ask) != 0 || pipe(answer) != 0) std::exit(1);
    ask_ = ask[1];
    answer_ = answer[0];
    pid_ = fork();
    if (pid_ == 0) {
      close(ask[1]);
      TimedCall call;
      while (read(ask[0], &call, sizeof(call)) == sizeof(call)) {
        const double nanos =
            call.number == kOpen.number ? NanosPerOpen(calls) : NanosPerCall(calls, call.number, call.argument);
        if (write(answer[1], &nanos, sizeof(nanos)) != sizeof(nanos)) break;
      }
      _exit(0);
    }
    close(ask[0]);
    close(answer[1]);
  }
  ~Caller() {
    close(ask_);
    close(answer_);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  // REQUIRES: nothing else reads the answer.
  double Run(const TimedCall& call = kPlain) {
    double nanos = 0;
    if (write(ask_, &call, sizeof(call)) != sizeof(call) || read(answer_, &nanos, sizeof(nanos)) != sizeof(nanos))
      std::exit(1);
    return nanos;
  }

 private:
  pid_t pid_;
  int ask_;
  int answer_;
};

struct Measurement {
  double nanos = 0;
  uint64_t lost = 0;
};

Measurement Recorded(Caller& caller, const TimedCall& call, const CgroupLeaf& cgroup, const BpfOptions& options,
                     long calls) {
  auto source = BpfEventSource::Create(options);
  if (!source.ok() || !(*source)->FollowCgroup(cgroup.directory(), BpfEventSource::CgroupKind::kPlain).ok())
    std::exit(1);
  EventReader events(NativeAbi(), 0);
  std::atomic<bool> done = false;
  // The consumer, on another core if there is one.
  std::thread consumer([&] {
    pollfd ready = {.fd = (*source)->events_fd(), .events = POLLIN};
    while (!done) {
      poll(&ready, 1, 50);
      (void)(*source)->Drain(events);
    }
  });
  Measurement measurement{.nanos = caller.Run(call)};
  done = true;
  consumer.join();
  const auto snapshot = (*source)->Finish(events);
  if (!snapshot.ok()) std::exit(1);
  const SyscallId timed{NativeAbi(), static_cast<int>(call.number)};
  uint64_t counted = 0;
  for (const auto& row : snapshot->calls) {
    if (row.id == timed) counted += row.count;
  }
  uint64_t streamed = 0;
  for (const auto& [key, count] : events.streamed()) {
    if (key.id == timed) streamed += count;
  }
  // A neighbour's cgroup counts nothing.
  if (counted != 0 && counted != static_cast<uint64_t>(calls))
    measurement.lost += static_cast<uint64_t>(calls) - counted;
  if (options.every_call) measurement.lost += counted - streamed;
  return measurement;
}

struct Condition {
  const char* name;
  BpfOptions options;
  bool neighbour = false;
  TimedCall call = kPlain;
  std::vector<double> nanos = {};
  std::vector<double> added = {};
};

struct Form {
  std::string name;
  bool loses = false;
  std::vector<Condition> conditions = {};
};

constexpr char kFormVariable[] = "SYSCARVE_ATTACH";

std::vector<Form> FormsHere() {
  const char* const asked = std::getenv(kFormVariable);
  const std::string only = asked == nullptr ? "" : asked;
  setenv(kFormVariable, "", /*replace=*/1);
  const auto best = ProbeBpfRecording();
  std::vector<Form> forms;
  for (const AttachForm form : {AttachForm::kTpBtf, AttachForm::kTracepoint, AttachForm::kHandlers}) {
    const std::string name(AttachFormName(form));
    if (!only.empty() && only != name) continue;
    setenv(kFormVariable, name.c_str(), /*replace=*/1);
    if (!ProbeBpfRecording().ok()) continue;
    const bool raw = form == AttachForm::kTpBtf;
    forms.push_back({name, raw && best.ok() && (best->preemptible || best->form != AttachForm::kTpBtf)});
    std::vector<Condition>& conditions = forms.back().conditions;
    conditions = {{"recorded", {}},
                  {"recorded, no arguments kept", {.arguments = false}},
                  {"a call with arguments", {}, /*neighbour=*/false, kWithArguments},
                  {"the same, no arguments kept", {.arguments = false}, /*neighbour=*/false, kWithArguments},
                  {"a call with a descriptor", {}, /*neighbour=*/false, kWithFile},
                  {"the same, no arguments kept", {.arguments = false}, /*neighbour=*/false, kWithFile},
                  {"a call with a capability check", {}, /*neighbour=*/false, kWithCheck},
                  {"beside a recording", {}, /*neighbour=*/true}};
    // Denials are seen at the events alone.
    if (form != AttachForm::kHandlers) {
      conditions.push_back({"recorded, with denials", {.track_denials = true}});
      conditions.push_back({"the check, with denials", {.track_denials = true}, /*neighbour=*/false, kWithCheck});
      const BpfOptions hardening = {.track_denials = true, .hardening = true};
      conditions.push_back({"recorded, with hardening", hardening});
      conditions.push_back({"open and close, with denials", {.track_denials = true}, /*neighbour=*/false, kOpen});
      conditions.push_back({"open and close, with hardening", hardening, /*neighbour=*/false, kOpen});
      conditions.push_back({"beside one with denials", {.track_denials = true}, /*neighbour=*/true});
    }
    conditions.push_back({"recorded, --events all", {.every_call = true}});
  }
  return forms;
}

int Main(int argc, char** argv) {
  int rounds = 61;
  long calls = 100'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--rounds") == 0) rounds = std::max(1, std::atoi(argv[i + 1]));
    if (std::strcmp(argv[i], "--calls") == 0) calls = std::max(1L, std::atol(argv[i + 1]));
  }
  if (const absl::Status probe = ProbeBpfRecording().status(); !probe.ok()) {
    std::fprintf(stderr, "BPF cannot be used here: %s\n", std::string(probe.message()).c_str());
    return 77;
  }
  auto mine = CgroupLeaf::Create();
  auto others = CgroupLeaf::Create();
  if (!mine.ok() || !others.ok()) return 1;
  const int folder = open("/", O_RDONLY | O_DIRECTORY);
  if (folder < 0 || dup2(folder, kFolder) != kFolder) return 1;
  Caller caller(calls);
  // In place before anything is attached: a task seen moving in would count as a runtime at work.
  if (!mine->Add(caller.pid()).ok()) return 1;

  std::vector<Form> forms = FormsHere();
  std::vector<double> nothing;
  std::map<long, std::vector<double>> nothing_of;  // By the other calls' numbers.
  std::vector<double> floor_added;
  std::vector<double> floor_nanos;
  uint64_t lost = 0;
  caller.Run();
  for (int round = 0; round < rounds; ++round) {
    nothing.push_back(caller.Run());
    for (const TimedCall call : {kWithArguments, kWithFile, kWithCheck, kOpen})
      nothing_of[call.number].push_back(caller.Run(call));
    floor_bpf* floor = floor_bpf__open_and_load();
    if (floor == nullptr || floor_bpf__attach(floor) != 0) return 1;
    floor_nanos.push_back(caller.Run());
    floor_added.push_back(floor_nanos.back() - nothing.back());
    floor_bpf__destroy(floor);
    for (Form& form : forms) {
      setenv(kFormVariable, form.name.c_str(), /*replace=*/1);
      for (Condition& condition : form.conditions) {
        const bool plain = condition.call.number == kPlain.number;
        const Measurement measured =
            Recorded(caller, condition.call, condition.neighbour ? *others : *mine, condition.options, calls);
        condition.nanos.push_back(measured.nanos);
        condition.added.push_back(measured.nanos - (plain ? nothing : nothing_of[condition.call.number]).back());
        // Where programs are preempted, raw tracepoints lose calls, and that is no fault of ours.
        if (!form.loses) lost += measured.lost;
      }
    }
  }

  std::printf("%d rounds of %ld getppid calls per condition\n\n%-44s %10s %10s %8s\n", rounds, calls, "", "ns/call",
              "added", "/ floor");
  const double floor = Median(floor_added);
  std::printf("%-44s %10.1f\n", "nothing attached", Median(nothing));
  std::printf("%-44s %10.1f\n", "nothing attached, a call with arguments", Median(nothing_of[kWithArguments.number]));
  std::printf("%-44s %10.1f\n", "nothing attached, a call with a check", Median(nothing_of[kWithCheck.number]));
  std::printf("%-44s %10.1f\n", "nothing attached, open and close", Median(nothing_of[kOpen.number]));
  std::printf("%-44s %10.1f %10.1f %8.2f\n", "floor: empty tp_btf/sys_enter", Median(floor_nanos), floor, 1.0);
  for (const Form& form : forms) {
    for (const Condition& condition : form.conditions) {
      std::printf("%-44s %10.1f %10.1f %8.2f\n", (form.name + ": " + condition.name).c_str(), Median(condition.nanos),
                  Median(condition.added), Median(condition.added) / floor);
    }
  }
  std::printf("\nlost: %llu\n", static_cast<unsigned long long>(lost));
  return lost == 0 ? 0 : 1;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main(argc, argv);
}
