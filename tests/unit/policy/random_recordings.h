// SPDX-License-Identifier: Apache-2.0
// Random recordings for the properties of merge: from few programs, subjects, runs and calls, so that they often have
// parts in common and now and then disagree on them.
#pragma once

#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/recording.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {

class RandomRecordings {
 public:
  explicit RandomRecordings(unsigned seed) : random_(seed) {}

  Recording Next() {
    Recording recording;
    recording.host = {.kernel = Pick({"5.15.0", "6.2.1", "6.18.0"}), .libseccomp = Pick({"2.5.4", "2.6.0"})};
    recording.method = {.backend = Pick({"bpf", "notify"}),
                        .events = Pick({"first", "all"}),
                        .capabilities = Pick({"none", "fexit", "tracepoint", "kprobe"}),
                        .denials = Pick({"none", "sys_exit"})};
    for (unsigned n = 1 + Below(3); n > 0; --n) {
      recording.programs.push_back({.path = Pick({"/bin/a", "/bin/b", "/bin/\xff"}), .device = 1, .inode = Below(2)});
    }
    for (unsigned n = 1 + Below(3); n > 0; --n) {
      recording.subjects.push_back(NextSubject());
      if (Below(2) == 0) recording.subjects.back().life = NextLife(recording.programs.size());
      if (Below(2) == 0) recording.subjects.back().hardening = NextHardening(recording.programs.size());
    }
    for (unsigned id = 0; id < 3; ++id) {
      if (Below(2) == 0) continue;
      Run run = {.id = std::string(32, static_cast<char>('a' + id)), .name = Pick({"", "unit", "e2e"})};
      run.start = Below(5);
      run.end = run.start + Below(5);
      if (Below(2) == 0) run.command = CommandEnd{.status = static_cast<int>(Below(2)), .ended_by_recorder = Below(2)};
      for (SubjectId subject = 0; subject < recording.subjects.size(); ++subject) {
        if (Below(3) != 0) run.subjects[subject] = NextTrace(recording.programs.size());
      }
      recording.runs.push_back(std::move(run));
    }
    for (unsigned n = Below(3); n > 0; --n) {
      const uint64_t count = 1 + Below(2);
      recording.losses.push_back({.what = Pick({"ring_full", "slots_full"}),
                                  .count = count,
                                  .missed_calls = Below(4) == 0,
                                  .detail = Concat("It happened ", count, " times.")});
    }
    return recording;
  }

  unsigned Below(unsigned end) { return random_() % end; }

 private:
  std::string Pick(std::vector<std::string> words) { return words[Below(static_cast<unsigned>(words.size()))]; }

  HardeningEvidence NextHardening(size_t programs) {
    HardeningEvidence evidence;
    for (const char* const word : {"io_uring", "some_files"}) {
      if (Below(3) == 0) evidence.missing.insert(word);
    }
    for (ProgramId program = 0; program < programs; ++program) {
      UsedFile& file = evidence.files[{.path = Pick({"/a", "/b"}), .others = Below(3) == 0}];
      file.kind = Below(2) == 0 ? FileKind::kUnknown : FileKind::kRegular;
      file.mount = Pick({"", "/", "/a"});
      file.uses[program] |= Below(2) == 0 ? FileUse::kRead : FileUse::kCreated;
      evidence.identities[program].insert({.user = Below(2)});
      if (Below(2) == 0) evidence.privileges[program] = {.set_user = Below(2) == 0, .gained = Below(2) == 0};
      evidence.endpoints[{.port = static_cast<int>(Below(3))}].insert(program);
    }
    if (Below(2) == 0) evidence.peaks = {.memory_bytes = Below(4), .memory_sampled = Below(2) == 0};
    return evidence;
  }

  Subject NextSubject() {
    Subject subject = {.kind = SubjectKind::kCommand, .name = Pick({"web", "db"}), .cgroup = Pick({"/x/1", "/x/2"})};
    if (Below(2) == 0) return subject;
    subject.kind = SubjectKind::kContainer;
    subject.container = Container{.id = Pick({"1", "2"}), .runtime = {.name = "runc", .version = "1.1.5"}};
    if (Below(2) == 0) subject.start = ContainerStart{.filtered = Below(2) == 0, .no_new_privs = Below(2) == 0};
    return subject;
  }

  Life NextLife(size_t programs) {
    Life life = {.start_seen = Below(2) == 0, .watched = Below(2) == 0};
    if (Below(2) == 0) life.started = Below(5);
    if (Below(2) == 0) life.ended = Below(5);
    for (unsigned n = Below(3); n > 0; --n) {
      life.ends.insert(
          {.kind = EndKind::kExited, .status = static_cast<int>(Below(2)), .taken = Below(2) == 0 ? 15 : 0});
    }
    if (!life.watched) return life;
    for (unsigned n = Below(3); n > 0; --n) {
      life.signals[{.signal = static_cast<int>(1 + Below(2)), .outcome = SignalOutcome::kHandled}] = 1 + Below(3);
    }
    for (ProgramId program = 0; program < programs; ++program) {
      if (Below(2) == 0) life.catches[program] = 1 + Below(3);
    }
    life.first_catches = Below(4);
    life.died_of = Below(4);
    life.joined = Below(3);
    life.restarts = Below(3);
    return life;
  }

  uint64_t Counts(size_t programs, std::map<ProgramId, uint64_t>& counts) {
    uint64_t sum = 0;
    for (ProgramId program = 0; program < programs; ++program) {
      if (Below(2) == 0 && program > 0) continue;
      sum += counts[program] = 1 + Below(9);
    }
    return sum;
  }

  SyscallId NextCall() {
    static constexpr SyscallId kCalls[] = {{Abi::kX86_64, 0}, {Abi::kX86_64, 41}, {Abi::kX86_64, 165},
                                           {Abi::kI386, 20},  {Abi::kX32, 1},     {Abi::kX86_64, 999}};
    return kCalls[Below(std::size(kCalls))];
  }

  std::map<SyscallId, Observation> NextCalls(size_t programs) {
    std::map<SyscallId, Observation> calls;
    for (unsigned n = Below(4); n > 0; --n) {
      Observation& seen = calls[NextCall()];
      seen = {};
      seen.count = Counts(programs, seen.programs);
      if (Below(3) != 0) seen.first_seen = Below(9);
      if (Below(3) == 0 && !seen.programs.empty()) {
        seen.arguments = SeenArguments{.indexes = {static_cast<int>(Below(2))}, .open = Below(4) == 0};
        for (unsigned m = Below(3); m > 0; --m) seen.arguments->values[{Below(4)}] = {seen.programs.begin()->first};
      }
    }
    return calls;
  }

  SubjectTrace NextTrace(size_t programs) {
    SubjectTrace trace;
    trace.calls = NextCalls(programs);
    trace.runtime_calls = NextCalls(programs);
    trace.baseline_calls = NextCalls(programs);
    for (const int errno_value : {0, 1, 38}) {
      if (Below(3) != 0) continue;
      Denial denial = {.errno_value = errno_value};
      denial.count = Counts(programs, denial.programs);
      trace.denials[{Abi::kX86_64, 272}].push_back(std::move(denial));
    }
    if (Below(2) == 0) {
      CapabilityUse& use = trace.capabilities[static_cast<int>(Below(2)) * 21];
      CapabilityChecks& checks = use.during[NextCall()];
      checks = {.granted = Below(3), .denied = Below(3)};
      if (checks.granted > 0) checks.results[{.granted = true}] = {.count = checks.granted};
      if (checks.denied > 0) checks.results[{.errno_value = 1}] = {.count = 1, .ended = checks.granted % 2};
      use.foreign = {.granted = Below(3), .denied = 0};
    }
    if (Below(3) == 0) trace.timeline = Timeline{.start = Below(2), .bucket_nanos = 1, .counts = {Below(3), Below(3)}};
    return trace;
  }

  std::mt19937 random_;
};

}  // namespace syscarve
