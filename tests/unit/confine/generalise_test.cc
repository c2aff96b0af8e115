// SPDX-License-Identifier: Apache-2.0
// What each rule of profiles/rules/paths.json makes of a path, and what it passes over.
#include "userspace/confine/generalise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {
namespace {

constexpr FileUses kRead = FileUse::kRead;
constexpr FileUses kMade = FileUse::kCreated | FileUse::kWritten;

struct Case {
  std::string_view rule;  // "": none fits.
  std::string_view path;
  FileUses uses;
  std::string_view pattern;  // As people read it.
};

const Case kCases[] = {
    {"own-descriptors", "/proc/12/fd/7", kRead, "/proc/<pid>/fd/<number>"},
    {"own-descriptors", "/proc/12/fdinfo/7", kRead, "/proc/<pid>/fdinfo/<number>"},
    {"own-descriptors", "/proc/12/task/13/fd/7", kRead, "/proc/<pid>/task/<pid>/fd/<number>"},
    {"own-process", "/proc/12/task/13/comm", FileUse::kWritten, "/proc/<pid>/task/<pid>/comm"},
    {"own-process", "/proc/12/task/13", kRead, "/proc/<pid>/task/<pid>"},
    {"own-process", "/proc/1/oom_score_adj", FileUse::kWritten, "/proc/<pid>/oom_score_adj"},
    {"own-process", "/proc/4194304", kRead, "/proc/<pid>"},
    {"", "/proc/0/status", kRead, ""},
    {"", "/proc/9999999/status", kRead, ""},
    {"", "/proc/sys/kernel/pid_max", kRead, ""},
    {"terminal", "/dev/pts/3", kRead | FileUse::kWritten, "/dev/pts/<number>"},
    {"", "/dev/pts/ptmx", kRead, ""},
    {"cpu-facts", "/sys/devices/system/cpu/cpu0/topology/core_id", kRead, "/sys/devices/system/cpu/**"},
    {"", "/sys/devices/system/cpu/cpu1/online", FileUse::kWritten, ""},
    {"node-facts", "/sys/devices/system/node/node0/meminfo", kRead, "/sys/devices/system/node/**"},
    {"own-cgroup", "/sys/fs/cgroup/memory.max", kRead, "/sys/fs/cgroup/**"},
    {"", "/sys/fs/cgroup/init/cgroup.procs", FileUse::kWritten, ""},
    {"block-sizes", "/sys/dev/block/254:1/queue/logical_block_size", kRead,
     "/sys/dev/block/<number>:<number>/queue/logical_block_size"},
    {"zoneinfo", "/usr/share/zoneinfo/Europe/Berlin", kRead, "/usr/share/zoneinfo/**"},
    {"", "/usr/share/zoneinfo", kRead, ""},
    {"locale", "/usr/share/locale/de/LC_MESSAGES/libc.mo", kRead, "/usr/share/locale/**"},
    {"locale", "/usr/share/locale-langpack/de/LC_MESSAGES/libc.mo", kRead, "/usr/share/locale-langpack/**"},
    {"locale", "/usr/lib/locale/C.utf8/LC_CTYPE", kRead, "/usr/lib/locale/**"},
    {"locale", "/usr/share/i18n/charmaps/UTF-8.gz", kRead, "/usr/share/i18n/**"},
    {"terminfo", "/usr/share/terminfo/x/xterm", kRead, "/usr/share/terminfo/**"},
    {"terminfo", "/lib/terminfo/x/xterm", kRead, "/lib/terminfo/**"},
    {"terminfo", "/usr/lib/terminfo/x/xterm", kRead, "/usr/lib/terminfo/**"},
    {"certificates", "/etc/ssl/certs/ca-certificates.crt", kRead, "/etc/ssl/certs/**"},
    {"certificates", "/usr/share/ca-certificates/mozilla/A.crt", kRead, "/usr/share/ca-certificates/**"},
    {"", "/etc/ssl/private/key.pem", kRead, ""},
    {"processor-libraries", "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libz.so.1", kRead | FileUse::kMapped,
     "/lib/x86_64-linux-gnu/glibc-hwcaps/**"},
    {"shared-library", "/usr/lib/libz.so.1.2.13", kRead | FileUse::kMapped, "/usr/lib/libz.so*"},
    {"shared-library", "/usr/lib/ld-linux-x86-64.so.2", kRead | FileUse::kExecuted, "/usr/lib/ld-linux-x86-64.so*"},
    {"", "/usr/lib/libz.so.1.2.13-old", kRead, ""},
    {"", "/usr/lib/libz.so.1", FileUse::kWritten, ""},
    {"temporary-file", "/tmp/sessionAb3dE9", kMade, "/tmp/session<word:6>"},
    {"temporary-file", "/tmp/tmpx3_kq9ab", kMade, "/tmp/tmp<word:8>"},
    {"temporary-file", "/var/tmp/etilqs_1a2B3c", kMade, "/var/tmp/etilqs_<word:6>"},
    {"temporary-file", "/var/tmp/tmpx3_kq9ab", kMade, "/var/tmp/tmp<word:8>"},
    {"temporary-file", "/dev/shm/sem.Qa1zX0", kMade, "/dev/shm/sem.<word:6>"},
    {"temporary-file", "/srv/state.json.k2J9aa", kMade | FileUse::kRemoved, "/srv/state.json.<word:6>"},
    {"", "/tmp/sessionAb3dE9", kRead, ""},
    {"", "/tmp/backup", kMade, ""},
    {"", "/srv/state.json.kxJyaa", kMade, ""},
    {"cached-by-hash", "/var/cache/nginx/c/29/b7f54b2df7773722d382f4809d65029c", kRead,
     "/var/cache/nginx/<hex:1>/<hex:2>/<hex:32>"},
    {"cached-by-hash",
     "/srv/git/objects/1a/"
     "0123456789abcdef0123456789abcdef012345",
     kRead, "/srv/git/objects/<hex:2>/<hex:38>"},
    {"hash", "/srv/b7f54b2df7773722d382f4809d65029c.bin", kMade, "/srv/<hex:32>.bin"},
    {"hash", "/srv/x-0123456789abcdef0123456789abcdef01234567", kMade, "/srv/x-<hex:40>"},
    {"hash", "/srv/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", kMade, "/srv/<hex:64>"},
    {"hash",
     "/srv/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"
     "cdef0123456789abcdef",
     kMade, "/srv/<hex:128>"},
    {"", "/srv/b7f54b2df7773722d382f4809d65029c.bin", kRead, ""},
    {"uuid", "/srv/f81d4fae-7dec-11d0-a765-00a0c91e6bf6.part", kMade,
     "/srv/<hex:8>-<hex:4>-<hex:4>-<hex:4>-<hex:12>.part"},
    {"log-segment", "/pg/pg_wal/000000010000000000000001", kRead, "/pg/pg_wal/<hex:24>"},
    {"numbered-files", "/pg/base/16384/2601_fsm", kRead | FileUse::kWritten, "/pg/base/<number>/<number>_fsm"},
    {"numbered-temporary", "/data/temp-123.rdb", FileUse::kCreated | FileUse::kRemoved, "/data/temp-<number>.rdb"},
    {"numbered-files", "/srv/access.12.log", kMade, "/srv/access.<number>.log"},
    {"", "/pg/base/16384/2601", kRead, ""},
    {"", "/etc/passwd", kRead, ""},
    {"", "/usr/bin/python3.11", FileUse::kExecuted, ""},
};

TEST(Generalise, EveryRuleDoesWhatItSays) {
  const absl::StatusOr<const PathRules*> rules = ShippedPathRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  std::set<const PathRule*> tried;
  for (const Case& each : kCases) {
    const std::vector<GeneralisedPath> made = Generalise(**rules, each.path, each.uses);
    if (each.rule.empty()) {
      EXPECT_TRUE(made.empty()) << each.path << " by " << made.front().rule->id;
      continue;
    }
    ASSERT_FALSE(made.empty()) << each.path;
    EXPECT_EQ(made.front().rule->id, each.rule) << each.path;
    EXPECT_EQ(made.front().pattern.text(), each.pattern);
    for (const GeneralisedPath& candidate : made) {
      EXPECT_TRUE(candidate.pattern.Matches(each.path)) << candidate.pattern.text();
      EXPECT_FALSE(candidate.pattern.IsPath());
    }
    tried.insert(made.front().rule);
  }
  for (const PathRule& rule : (*rules)->rules) EXPECT_TRUE(tried.contains(&rule)) << rule.id << " is not tried";
}

TEST(Generalise, RefusesRulesThatMeanNothing) {
  const auto parsed = [](std::string_view rule) {
    return ParsePathRules(std::string(R"({"schema": "syscarve.paths/1", "source": "x", "rules": [)") +
                          std::string(rule) + R"(], "always": [], "guarded": []})");
  };
  EXPECT_TRUE(parsed(R"({"id": "a", "path": "/a/<number>", "why": "Because."})").ok());
  for (const std::string_view rule :
       {R"({"id": "", "path": "/a", "why": "Because."})", R"({"id": "a", "path": "a", "why": "Because."})",
        R"({"id": "a", "path": "/<digits>", "why": "Because."})",
        R"({"id": "a", "path": "/<hex:0>", "why": "Because."})",
        R"({"id": "a", "path": "/<hex:1000>", "why": "Because."})",
        R"({"id": "a", "path": "/<number", "why": "Because."})",
        R"({"id": "a", "path": "/<tree>/x", "why": "Because."})", R"({"id": "a", "path": "/a", "why": "no sentence"})",
        R"({"id": "a", "path": "/a", "only": [], "why": "Because."})",
        R"({"id": "a", "path": "/a", "with": ["opened"], "why": "Because."})",
        R"({"id": "a", "path": "/a", "siblings": 1, "why": "Because."})",
        R"({"id": "a", "path": "/a", "more": 1, "why": "Because."})"}) {
    EXPECT_FALSE(parsed(rule).ok()) << rule;
  }
}

TEST(Generalise, TakesNoTimeForHostilePaths) {
  const PathRules& rules = **ShippedPathRules();
  std::string path;
  while (path.size() < 4000) path += "/0a1";
  for (int i = 0; i < 50; ++i) {
    for (const GeneralisedPath& made : Generalise(rules, path, kMade | FileUse::kRemoved)) {
      EXPECT_TRUE(made.pattern.Matches(path));
    }
  }
}

}  // namespace
}  // namespace syscarve
