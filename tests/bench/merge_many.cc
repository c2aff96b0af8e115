// SPDX-License-Identifier: Apache-2.0
// Merges N generated recordings of M calls each, one after the other as `syscarve merge --squash` does, and prints time
// and peak memory. Every recording is another run in another container and brings nothing else that is new, so the
// memory must not grow with N. Each N is measured in a process of its own: a peak cannot be taken back.
//
//   merge_many                        1,000, 10,000 and 100,000 recordings of 100 calls
//   merge_many --recordings 500       one number only
//   merge_many --through-json         also written and parsed, as files are
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

constexpr int kCalls = 100;

Recording Generated(unsigned n) {
  Recording recording;
  recording.host = {.kernel = "6.18.0", .libseccomp = "2.5.4"};
  recording.method = {.backend = "bpf", .events = "first", .capabilities = "fexit", .denials = "none"};
  recording.programs = {{.path = "/usr/sbin/server", .device = 1, .inode = n}};
  recording.subjects = {{.kind = SubjectKind::kContainer, .name = "web", .cgroup = Concat("/docker/", n)}};
  recording.subjects[0].container = Container{.id = absl::StrFormat("%064x", n), .name = Concat("web-", n)};
  Run run = {.id = absl::StrFormat("%032x", n), .start = n, .end = n + 1};
  for (int nr = 0; nr < kCalls; ++nr) {
    run.subjects[0].calls[{Abi::kX86_64, nr}] = {.count = 1 + n % 7, .first_seen = n, .programs = {{0, 1 + n % 7}}};
  }
  recording.runs.push_back(std::move(run));
  return recording;
}

int Measure(unsigned recordings, bool through_json) {
  const auto start = std::chrono::steady_clock::now();
  RecordingMerger merger({.squash = "all"});
  for (unsigned n = 0; n < recordings; ++n) {
    Recording recording = Generated(n);
    if (through_json) recording = ParseRecording(FormatRecording(recording)).value();
    if (const absl::Status added = merger.Add(recording); !added.ok()) {
      std::fprintf(stderr, "merge_many: %s\n", std::string(added.message()).c_str());
      return 1;
    }
  }
  const absl::StatusOr<Recording> merged = merger.Result();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (!merged.ok() || merged->runs.size() != 1 || merged->runs[0].subjects.at(0).calls.size() != kCalls) {
    std::fprintf(stderr, "merge_many: the result is not what was put in\n");
    return 1;
  }
  const size_t bytes = FormatRecording(*merged).size();
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%10u recordings  %9.3f s  peak %8ld KiB  result %zu bytes\n", recordings, seconds.count(),
              usage.ru_maxrss, bytes);
  std::fflush(stdout);
  return 0;
}

int MeasureApart(unsigned recordings, bool through_json) {
  const pid_t child = fork();
  if (child == 0) _exit(Measure(recordings, through_json));
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int Main(const std::vector<std::string_view>& words) {
  std::vector<unsigned> sizes = {1'000, 10'000, 100'000};
  bool through_json = false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--through-json") {
      through_json = true;
    } else if (words[i] == "--recordings" && i + 1 < words.size()) {
      sizes = {static_cast<unsigned>(std::strtoul(std::string(words[++i]).c_str(), nullptr, 10))};
    } else {
      std::fprintf(stderr, "usage: merge_many [--recordings N] [--through-json]\n");
      return 2;
    }
  }
  for (const unsigned size : sizes) {
    if (const int failed = MeasureApart(size, through_json); failed != 0) return failed;
  }
  return 0;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main({argv + 1, argv + argc});
}
