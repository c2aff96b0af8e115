// SPDX-License-Identifier: Apache-2.0
// A host for recorders that needs no root: the kernel side is played by a script, cgroups are plain folders. Signals,
// child processes and the mark socket are real.
//
//   FakeHost host;
//   host.steps = {[&] { host.counters.calls = {{1, kGetpid, 3}}; }, [&] { raise(SIGTERM); }};
//   options.host = host.Host();
//
// A step is taken each time the recorder looks at the ring, which it finds readable always: no test waits for a time.
// A recorder that still looks behind the last step gets an error, so that no test hangs.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/syscall_table.h"
#include "userspace/trace/kernel_source.h"
#include "userspace/trace/recorder_host.h"

namespace syscarve {

// The call that most scripts make.
inline constexpr SyscallId kGetpid{Abi::kX86_64, 39};

class FakeHost {
 public:
  FakeHost() {
    std::string pattern = testing::TempDir() + "syscarve-fake-host-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) abort();
    mount = pattern;
  }
  ~FakeHost() { std::filesystem::remove_all(mount); }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  RecorderHost Host() {
    return {.arm = [this](const BpfOptions& options) -> absl::StatusOr<std::unique_ptr<KernelSource>> {
              armed_with = options;
              on_arm();
              SYSCARVE_RETURN_IF_ERROR(Fault("arm"));
              counters.subjects.clear();
              return std::make_unique<Source>(*this);
            },
            .cgroup_mount = [this] { return absl::StatusOr<std::string>(mount); },
            .make_leaf =
                [this] {
                  MakeCgroup("/leaf");
                  return CgroupLeaf::At(mount + "/leaf", "/leaf");
                },
            .cgroup_set_apart = [this](pid_t) -> absl::StatusOr<std::string> {
              SYSCARVE_RETURN_IF_ERROR(Fault("set apart"));
              return "/docker/abc";
            }};
  }

  // A cgroup of these processes, with the files that a recorder uses.
  void MakeCgroup(const std::string& path, const std::vector<pid_t>& processes = {}) {
    std::filesystem::create_directories(mount + path);
    std::string text;
    for (const pid_t process : processes) text += Concat(process, "\n");
    Write(path + "/cgroup.procs", text);
    Write(path + "/cgroup.kill", "");
    SetPopulated(path, !processes.empty());
    if (processes.empty()) return;
    // So are those above it.
    for (size_t end = path.rfind('/'); end > 0; end = path.rfind('/', end - 1)) SetPopulated(path.substr(0, end), true);
  }
  void SetPopulated(const std::string& path, bool populated) {
    Write(path + "/cgroup.events", Concat("populated ", populated ? 1 : 0, "\nfrozen 0\n"));
  }
  std::string Read(const std::string& path) const {
    std::ifstream file(mount + path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void Write(const std::string& path, const std::string& text) const { std::ofstream(mount + path) << text; }

  // What the recorder reads from the ring next.
  template <typename Record>
  void Tell(const Record& record) {
    const auto bytes = std::as_bytes(std::span(&record, 1));
    ring.emplace_back(bytes.begin(), bytes.end());
  }

  // Whether the recorder has done this.
  bool Did(const std::string& what) const { return Times(what) != 0; }
  size_t Times(const std::string& what) const {
    size_t times = 0;
    for (const std::string& done : log) times += done == what ? 1 : 0;
    return times;
  }

  std::string mount;  // A folder.
  std::deque<std::function<void()>> steps;
  // For a recorder that waits for another thread, which takes as many looks as it takes.
  std::function<void()> behind_the_last_step;
  std::map<std::string, absl::Status> faults;  // What fails from now on: "arm", "drain", "read", "finish", "list", …
  KernelSnapshot counters;
  std::vector<pid_t> followed;  // Processes of subjects.
  std::function<void()> on_arm = [] {};
  std::function<void()> on_list = [] {};  // After each look at `followed`.
  std::vector<std::string> log;
  BpfOptions armed_with;
  std::deque<std::vector<std::byte>> ring;

 private:
  class Source final : public KernelSource {
   public:
    explicit Source(FakeHost& host) : host_(host), ready_(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    ~Source() override { host_.log.emplace_back("detached"); }

    absl::StatusOr<SubjectId> FollowCgroup(const std::string& directory, CgroupKind kind) override {
      const std::string path = directory.substr(host_.mount.size());
      host_.log.push_back("follow " + path);
      SYSCARVE_RETURN_IF_ERROR(host_.Fault("follow " + path));
      return Add(kind == CgroupKind::kContainer || kind == CgroupKind::kRunningContainer);
    }
    absl::StatusOr<SubjectId> FollowNoCgroup(pid_t) override { return Add(false); }
    absl::Status EnrolChildrenOf(const std::string& directory) override {
      host_.log.push_back("enrol " + directory.substr(host_.mount.size()));
      return host_.Fault("enrol");
    }
    absl::Status FollowProcess(pid_t process, SubjectId) override {
      host_.log.push_back(Concat("follow ", process));
      return host_.Fault("follow process");
    }
    absl::Status MarkRuntime(pid_t process) override {
      host_.log.push_back(Concat("runtime ", process));
      return host_.Fault("runtime");
    }
    absl::Status MarkChildren() override { return host_.Fault("mark children"); }
    absl::StatusOr<std::vector<pid_t>> FollowedProcesses() override {
      SYSCARVE_RETURN_IF_ERROR(host_.Fault("list"));
      std::vector<pid_t> processes = host_.followed;
      host_.on_list();
      return processes;
    }
    AttachForm attach_form() const override { return AttachForm::kTpBtf; }
    const std::string& capability_source() const override { return capability_source_; }
    void AvoidPreemption() override { host_.log.emplace_back("unpreempted"); }
    int events_fd() const override { return ready_.get(); }

    absl::Status Drain(EventReader& events) override {
      SYSCARVE_RETURN_IF_ERROR(host_.Fault("drain"));
      if (!in_step_) {
        if (host_.steps.empty() && !host_.behind_the_last_step) return absl::InternalError("the script is over");
        in_step_ = true;
        std::function<void()> step = host_.behind_the_last_step;
        if (!host_.steps.empty()) {
          step = std::move(host_.steps.front());
          host_.steps.pop_front();
        }
        step();
        in_step_ = false;
      }
      return ReadRing(events);
    }
    absl::StatusOr<KernelSnapshot> Read() const override {
      SYSCARVE_RETURN_IF_ERROR(host_.Fault("read"));
      return host_.counters;
    }
    absl::Status ReadEvidence(KernelSnapshot&) const override { return absl::OkStatus(); }
    absl::StatusOr<KernelSnapshot> Finish(EventReader& events) override {
      SYSCARVE_RETURN_IF_ERROR(host_.Fault("finish"));
      SYSCARVE_RETURN_IF_ERROR(ReadRing(events));
      return host_.counters;
    }

   private:
    SubjectId Add(bool container) {
      host_.counters.subjects.push_back({.container = container});
      return static_cast<SubjectId>(host_.counters.subjects.size() - 1);
    }
    absl::Status ReadRing(EventReader& events) {
      for (; !host_.ring.empty(); host_.ring.pop_front()) events.Read(host_.ring.front());
      return absl::OkStatus();
    }

    FakeHost& host_;
    UniqueFd ready_;
    bool in_step_ = false;
    const std::string capability_source_ = "fexit";
  };

  absl::Status Fault(const std::string& at) const {
    const auto fault = faults.find(at);
    return fault == faults.end() ? absl::OkStatus() : fault->second;
  }
};

}  // namespace syscarve
