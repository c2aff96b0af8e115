// SPDX-License-Identifier: Apache-2.0
// A Recording that uses every part of the format at least once, for the tests of its codec.
#pragma once

#include <cstdint>

#include "userspace/model/recording.h"

namespace syscarve {

inline Recording FullRecording() {
  constexpr SyscallId kRead = {Abi::kX86_64, 0};
  constexpr SyscallId kOpenat = {Abi::kX86_64, 257};
  constexpr SyscallId kUnknown = {Abi::kX86_64, 999};
  constexpr SyscallId kGetpidOfI386 = {Abi::kI386, 20};
  constexpr SyscallId kLargestOfI386 = {Abi::kI386, INT32_MAX};
  constexpr SyscallId kUnshare = {Abi::kX86_64, 272};
  constexpr SyscallId kSocket = {Abi::kX86_64, 41};
  constexpr SyscallId kClone3 = {Abi::kX86_64, 435};
  constexpr UnixNanos kStart = 1790000000000000000;

  SubjectTrace web;
  web.calls[kRead] = {.count = UINT64_MAX, .first_seen = kStart + 1, .programs = {{0, UINT64_MAX - 7}, {1, 7}}};
  web.calls[kOpenat] = {.count = 23, .first_seen = kStart + 2, .programs = {{0, 23}}};
  web.calls[kUnknown] = {.count = 1, .programs = {{1, 1}}};
  web.calls[kGetpidOfI386] = {.count = 2, .first_seen = UINT64_MAX, .programs = {{1, 2}}};
  web.calls[kLargestOfI386] = {.count = 1, .programs = {{1, 1}}};
  web.calls[kSocket] = {.count = 3,
                        .first_seen = kStart + 3,
                        .programs = {{0, 3}},
                        .arguments = SeenArguments{.indexes = {0, 1},
                                                   .values = {{{1, 524289}, {0, 1}}, {{2, UINT64_MAX}, {0}}},
                                                   .files = {{{1, 524289}, {"socket AF_INET", "tty"}}},
                                                   .open = true,
                                                   .dirty = true}};
  web.calls[kClone3] = {.count = 2,
                        .programs = {{0, 2}},
                        .arguments = SeenArguments{.indexes = {0}, .pointed_to = true, .values = {{{4001536}, {0}}}}};
  web.runtime_calls[kOpenat] = {.count = 4, .first_seen = kStart, .programs = {{2, 4}}};
  web.baseline_calls[kOpenat] = {.count = 5, .first_seen = kStart + 1, .programs = {{2, 5}}};
  web.denials[kUnshare] = {{.errno_value = 0, .count = 1, .programs = {{1, 1}}},
                           {.errno_value = 1, .count = 5, .programs = {{0, 2}, {1, 3}}}};
  CapabilityUse& bind = web.capabilities[10];
  bind.during[std::nullopt] = {.granted = 0, .denied = 1};
  bind.during[SyscallId{Abi::kX86_64, 49}] = {.granted = 2, .denied = 0};
  bind.foreign = {.granted = 3, .denied = 4};
  web.capabilities[63].during[kUnknown] = {.granted = 1, .denied = 0};
  web.timeline = Timeline{.start = kStart, .bucket_nanos = 1000000, .counts = {12, 0, UINT64_MAX}};

  Recording recording;
  recording.host = {.kernel = "6.18.44", .native_abi = Abi::kX86_64, .libseccomp = "2.5.4"};
  recording.method = {.backend = "bpf", .events = "all", .capabilities = "tracepoint", .denials = "sys_exit"};
  recording.programs = {{.path = "/usr/sbin/nginx", .device = 46, .inode = 9007199254740993},
                        {.path = "/tmp/100% \x1b[2J\xff\n\"\\é"},
                        {.path = "", .device = UINT64_MAX, .inode = UINT64_MAX}};
  const Container container = {.id = std::string(64, 'a'),
                               .name = "shop-web-1",
                               .image = "nginx:1.25",
                               .image_digest = "sha256:" + std::string(64, 'b'),
                               .runtime = {.name = "runc", .version = "1.1.5"},
                               .labels = {{"", ""},
                                          {std::string(kComposeProjectLabel), "shop"},
                                          {std::string(kComposeServiceLabel), "web"},
                                          {"100% \x1b[2J\xff", "\xfe\n\"\\é%"}},
                               .privileged = false,
                               .no_new_privs = true,
                               .read_only_root = true,
                               .user = "101:101",
                               .seccomp = "default",
                               .cap_add = {"CAP_NET_BIND_SERVICE", "CAP_SYS_PTRACE"},
                               .cap_drop = {"CAP_ALL"},
                               .stop_signal = "SIGQUIT",
                               .health_check = true,
                               .shares = std::set<std::string>{"engine-socket", "pid"},
                               .publishes = std::set<std::string>{"0.0.0.0:80"},
                               .limits = ContainerLimits{.memory_bytes = 67108864, .pids = 100}};
  const Life life = {.start_seen = true,
                     .started = kStart + 1,
                     .ended = kStart + 4,
                     .ends = {{.kind = EndKind::kExited, .status = 3, .taken = 3},
                              {.kind = EndKind::kKilled, .signal = 9},
                              {.kind = EndKind::kRunning}},
                     .watched = true,
                     .signals = {{{1, SignalOutcome::kHandled, SignalOrigin::kOutside}, 2},
                                 {{15, SignalOutcome::kIgnored, SignalOrigin::kInside}, UINT64_MAX},
                                 {{37, SignalOutcome::kWaited, SignalOrigin::kOutside}, 1},
                                 {{17, SignalOutcome::kDefault, SignalOrigin::kKernel}, 1}},
                     .catches = {{0, SignalBit(1) | SignalBit(15)}, {2, SignalBit(64)}},
                     .first_catches = SignalBit(1),
                     .first_blocks = SignalBit(37),
                     .died_of = SignalBit(9) | SignalBit(11),
                     .joined = 2,
                     .restarts = 1};
  HardeningEvidence hardening;
  hardening.missing = {"io_uring", "some_files"};
  hardening.files[{.path = "/etc/a\nb"}] = {.kind = FileKind::kRegular,
                                            .mount = "/",
                                            .filesystem = "overlay",
                                            .uses = {{0, FileUse::kRead}, {2, FileUse::kRead | FileUse::kWritten}}};
  hardening.files[{.path = "/tmp", .others = true}] = {.uses = {{1, FileUse::kCreated | FileUse::kRemoved}}};
  hardening.files[{.path = "/dev/null"}] = {.kind = FileKind::kCharacterDevice,
                                            .device_major = 1,
                                            .device_minor = 3,
                                            .mount = "/dev",
                                            .filesystem = "tmpfs",
                                            .uses = {{0, FileUse::kWritten}}};
  hardening.identities = {{0, {{0, 0, 0, 0}, {33, 33, 33, 33}}}, {2, {{UINT32_MAX, 0, 1, 2}}}};
  hardening.privileges = {{2, {.set_user = true, .gained = true}}};
  hardening.endpoints[{.use = EndpointUse::kBound, .scope = AddressScope::kAny, .socket_type = 1, .port = 80}] = {0};
  hardening.endpoints[{.use = EndpointUse::kConnected, .family = AddressFamily::kNetlink}] = {0, 2};
  hardening.peaks = {
      .memory_bytes = UINT64_MAX, .anonymous_bytes = 4096, .cpu_milli = 0, .processors = 64, .memory_sampled = true};
  recording.subjects = {
      {.kind = SubjectKind::kContainer,
       .name = "web",
       .cgroup = "/docker/0123456789ab",
       .container = container,
       .start = ContainerStart{.filtered = true, .no_new_privs = true},
       .life = life,
       .hardening = hardening},
      {.kind = SubjectKind::kCommand, .name = std::string("a\0b", 3)},
      {.kind = SubjectKind::kCgroup, .name = "x", .cgroup = "/system.slice/x.service"},
      {.kind = SubjectKind::kProcess, .name = "4711", .life = Life{.ends = {{.kind = EndKind::kExited}}}},
      {.kind = SubjectKind::kContainer, .name = "web", .container = Container(), .start = ContainerStart()},
      {.kind = SubjectKind::kContainer, .name = "web"}};
  recording.runs = {{.id = "00112233445566778899aabbccddeeff",
                     .name = "smoke test",
                     .start = kStart,
                     .end = kStart + 5000000000,
                     .command = CommandEnd{.status = 143, .ended_by_recorder = 2},
                     .subjects = {{0, web}, {1, {}}}},
                    {.id = "ffeeddccbbaa99887766554433221100", .start = kStart, .end = kStart}};
  recording.losses = {
      {.what = "ring_full", .count = 12, .missed_calls = false, .detail = "12 first sightings have no time."},
      {.what = "slots_full", .count = 1, .missed_calls = true, .detail = "1 program had no row of counters."}};
  return recording;
}

// The same without what the fifth schema brought.
inline Recording RecordingOfFourthSchema() {
  Recording recording = FullRecording();
  recording.runs.Update(0, [](auto& run) {
    auto& calls = run.subjects[0].calls;
    calls.erase({Abi::kX86_64, 435});
    for (auto& [id, seen] : calls) seen.arguments.reset();
  });
  for (Subject& subject : recording.subjects) {
    subject.hardening.reset();
    if (!subject.container.has_value()) continue;
    subject.container->shares.reset();
    subject.container->publishes.reset();
    subject.container->limits.reset();
  }
  return recording;
}

// And without what the fourth brought.
inline Recording RecordingOfThirdSchema() {
  Recording recording = RecordingOfFourthSchema();
  for (Subject& subject : recording.subjects) {
    subject.life.reset();
    if (!subject.container.has_value()) continue;
    subject.container->stop_signal.clear();
    subject.container->health_check.reset();
  }
  return recording;
}

}  // namespace syscarve
