// SPDX-License-Identifier: Apache-2.0
// Writes a recording of N runs of M calls each, no two of which have the same counts and times, reads it, merges it
// with another that has half of its runs, and generates a profile from it, as the verbs do. Prints time and peak memory
// of each, in a process of its own: a peak cannot be taken back.
//
//   many_runs                         100,000 runs of 250 calls, in a file of the folder for temporary files
//   many_runs --runs 6000 --calls 100
//   many_runs --varied                every run also lacks some of the calls, so that few have the same list
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "userspace/base/file.h"
#include "userspace/base/split_mix.h"
#include "userspace/base/status.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

struct Size {
  unsigned runs = 100'000;
  unsigned calls = 250;
  bool varied = false;
};

Recording Made(const Size& size) {
  constexpr UnixNanos kStart = 1'790'000'000'000'000'000;
  constexpr uint64_t kRunNanos = 2'000'000'000;
  Recording recording;
  recording.host = {.kernel = "6.18.0", .libseccomp = "2.5.4"};
  recording.method = {.backend = "bpf", .events = "first", .capabilities = "fexit", .denials = "none"};
  recording.programs = {{.path = "/usr/bin/python3", .device = 1, .inode = 1},
                        {.path = "/bin/sh", .device = 1, .inode = 2}};
  recording.subjects = {{.kind = SubjectKind::kCommand, .name = "tests", .cgroup = "/syscarve/1"}};
  SplitMix64 numbers(0);
  for (unsigned n = 0; n < size.runs; ++n) {
    Run run = {.id = absl::StrFormat("%032x", n), .name = absl::StrFormat("test_%u", n)};
    run.start = kStart + n * kRunNanos;
    run.end = run.start + kRunNanos;
    for (int nr = 0; nr < static_cast<int>(size.calls); ++nr) {
      if (size.varied && numbers.Next() % 20 == 0) continue;
      Observation& seen = run.subjects[0].calls[{Abi::kX86_64, nr}];
      const uint64_t most = numbers.Next() % 8 == 0 ? 100'000 : 100;
      seen.programs[nr % 16 == 0 ? 1 : 0] = seen.count = 1 + numbers.Next() % most;
      seen.first_seen = run.start + numbers.Next() % kRunNanos;
    }
    recording.runs.push_back(run);
  }
  return recording;
}

absl::Status Write(const Size& size, const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, FormatWholeRecording(Made(size)));
  return WriteFileAtomically(path, text);
}

absl::Status Read(const Size& size, const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, LoadRecording(path));
  return recording.runs.size() == size.runs ? absl::OkStatus() : absl::InternalError("runs are missing");
}

absl::Status MergeFiles(const Size& size, const std::string& path) {
  RecordingMerger merger;
  {
    SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, LoadRecording(path));
    SYSCARVE_RETURN_IF_ERROR(merger.Add(recording));
  }
  // What it has already.
  Size half = size;
  half.runs /= 2;
  SYSCARVE_RETURN_IF_ERROR(merger.Add(Made(half)));
  SYSCARVE_ASSIGN_OR_RETURN(const Recording merged, merger.Result());
  if (merged.runs.size() != size.runs) return absl::InternalError("runs are missing");
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, FormatWholeRecording(merged));
  return WriteFileAtomically(path + ".merged", text);
}

absl::Status GenerateFrom(const Size& size, const std::string& path) {
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, LoadRecording(path));
  SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate({&recording, 1}, {}));
  return made.calls.size() >= size.calls / 2 ? absl::OkStatus() : absl::InternalError("calls are missing");
}

int Measure(std::string_view what, const std::string& path, const std::function<absl::Status()>& step) {
  const auto start = std::chrono::steady_clock::now();
  if (const absl::Status done = step(); !done.ok()) {
    std::fprintf(stderr, "many_runs: %s\n", std::string(done.message()).c_str());
    return 1;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  std::error_code error;
  const double file = static_cast<double>(std::filesystem::file_size(path, error));
  const double peak = static_cast<double>(usage.ru_maxrss) * 1024;
  absl::PrintF("%-8s  %8.2f s  peak %8.1f MB, %4.1f of the file's %.1f MB\n", what, seconds.count(), peak / 1e6,
               peak / file, file / 1e6);
  std::fflush(stdout);
  return 0;
}

int MeasureApart(std::string_view what, const std::string& path, const std::function<absl::Status()>& step) {
  const pid_t child = fork();
  if (child == 0) _exit(Measure(what, path, step));
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int MeasureAll(const Size& size, const std::string& path) {
  using Step = absl::Status (*)(const Size&, const std::string&);
  for (const auto& [what, step] : std::initializer_list<std::pair<std::string_view, Step>>{
           {"write", Write}, {"read", Read}, {"merge", MergeFiles}, {"generate", GenerateFrom}}) {
    const int failed = MeasureApart(what, path, [&, run = step] { return run(size, path); });
    if (failed != 0) return failed;
  }
  return 0;
}

int Main(const std::vector<std::string_view>& words) {
  Size size;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--varied") {
      size.varied = true;
    } else if ((words[i] == "--runs" || words[i] == "--calls") && i + 1 < words.size()) {
      unsigned& number = words[i] == "--runs" ? size.runs : size.calls;
      number = static_cast<unsigned>(std::strtoul(std::string(words[++i]).c_str(), nullptr, 10));
    } else {
      std::fprintf(stderr, "usage: many_runs [--runs N] [--calls N] [--varied]\n");
      return 2;
    }
  }
  std::string folder = std::filesystem::temp_directory_path() / "many_runs.XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return 1;
  absl::PrintF("%u runs of %u calls%s\n", size.runs, size.calls, size.varied ? ", varied" : "");
  std::fflush(stdout);
  const int result = MeasureAll(size, folder + "/all.recording.json");
  std::filesystem::remove_all(folder);
  return result;
}

}  // namespace
}  // namespace syscarve

int main(int argc, char** argv) {
  return syscarve::Main({argv + 1, argv + argc});
}
