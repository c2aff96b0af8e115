// SPDX-License-Identifier: Apache-2.0
// What recording costs a system call. One child makes getppid calls in a tight loop under each condition in turn, round
// after round, so that a drift of the machine's speed touches all alike. Printed are medians over the rounds, and what
// each condition adds as a multiple of what the floor, an empty program on sys_enter, adds in the same rounds.
//
//   per_call_cost [--rounds N] [--calls N]
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
      char byte;
      while (read(ask[0], &byte, 1) == 1) {
        const double nanos = NanosPerCall(calls);
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
  double Run() {
    double nanos = 0;
    if (write(ask_, "g", 1) != 1 || read(answer_, &nanos, sizeof(nanos)) != sizeof(nanos)) std::exit(1);
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

Measurement Recorded(Caller& caller, const CgroupLeaf& cgroup, const BpfOptions& options, long calls) {
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
  Measurement measurement{.nanos = caller.Run()};
  done = true;
  consumer.join();
  const auto snapshot = (*source)->Finish(events);
  if (!snapshot.ok()) std::exit(1);
  const SyscallId getppid_id{NativeAbi(), SYS_getppid};
  uint64_t counted = 0;
  for (const auto& row : snapshot->calls) {
    if (row.id == getppid_id) counted += row.count;
  }
  uint64_t streamed = 0;
  for (const auto& [key, count] : events.streamed()) {
    if (key.id == getppid_id) streamed += count;
  }
  // A neighbour's cgroup counts nothing.
  if (counted != 0 && counted != static_cast<uint64_t>(calls))
    measurement.lost += static_cast<uint64_t>(calls) - counted;
  if (options.every_call) measurement.lost += counted - streamed;
  return measurement;
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
  Caller caller(calls);
  // In place before anything is attached: a task seen moving in would count as a runtime at work.
  if (!mine->Add(caller.pid()).ok()) return 1;

  enum Condition { kNothing, kFloor, kRecorded, kNeighbour, kDenials, kNeighbourOfDenials, kAll, kConditions };
  constexpr const char* kNames[kConditions] = {
      "nothing attached",      "floor: empty tp_btf/sys_enter", "recorded",
      "beside a recording",    "recorded, with denials",        "beside one with denials",
      "recorded, --events all"};
  std::vector<double> nanos[kConditions];
  uint64_t lost = 0;
  caller.Run();
  for (int round = 0; round < rounds; ++round) {
    nanos[kNothing].push_back(caller.Run());
    floor_bpf* floor = floor_bpf__open_and_load();
    if (floor == nullptr || floor_bpf__attach(floor) != 0) return 1;
    nanos[kFloor].push_back(caller.Run());
    floor_bpf__destroy(floor);
    const Measurement recorded = Recorded(caller, *mine, {}, calls);
    nanos[kRecorded].push_back(recorded.nanos);
    nanos[kNeighbour].push_back(Recorded(caller, *others, {}, calls).nanos);
    const BpfOptions denials = {.track_denials = true};
    nanos[kDenials].push_back(Recorded(caller, *mine, denials, calls).nanos);
    nanos[kNeighbourOfDenials].push_back(Recorded(caller, *others, denials, calls).nanos);
    const Measurement all = Recorded(caller, *mine, {.every_call = true}, calls);
    nanos[kAll].push_back(all.nanos);
    lost += recorded.lost + all.lost;
  }

  auto added = [&](Condition condition) {
    std::vector<double> differences;
    for (int round = 0; round < rounds; ++round)
      differences.push_back(nanos[condition][round] - nanos[kNothing][round]);
    return Median(differences);
  };
  std::printf("%d rounds of %ld getppid calls per condition\n\n%-32s %10s %10s %8s\n", rounds, calls, "", "ns/call",
              "added", "/ floor");
  for (int condition = kNothing; condition < kConditions; ++condition) {
    std::printf("%-32s %10.1f %10.1f", kNames[condition], Median(nanos[condition]), added(Condition(condition)));
    if (condition != kNothing) std::printf(" %8.2f", added(Condition(condition)) / added(kFloor));
    std::printf("\n");
  }
  std::printf("\nlost: %llu\n", static_cast<unsigned long long>(lost));
  return lost == 0 ? 0 : 1;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main(argc, argv);
}
