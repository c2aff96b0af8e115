// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/engine_default.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <set>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/container/engine.h"
#include "userspace/process/host.h"
#include "userspace/process/live_filter.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/stub/stub.h"

namespace syscarve {
namespace {

constexpr std::string_view kEngineDefault = "engine-default";
constexpr std::string_view kStub = "wait";
constexpr std::chrono::seconds kStartLimit{20};

std::string JsonList(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += Concat(list.size() > 1 ? "," : "", QuoteForJson(text));
  return list + "]";
}

// Waits until the runtime has executed the container's program: earlier, the filter may not be installed yet.
absl::Status WaitForStart(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + kStartLimit;
  const std::string link = Concat("/proc/", pid, "/exe");
  const std::string wanted = Concat("/", kStub);
  while (true) {
    char target[256];
    const ssize_t length = readlink(link.c_str(), target, sizeof(target));
    if (length > 0 && std::string_view(target, static_cast<size_t>(length)) == wanted) return absl::OkStatus();
    if (length < 0 || std::chrono::steady_clock::now() > deadline) {
      return absl::FailedPreconditionError(
          Concat("the container that was to show the engine's default filter did not start (process ", pid, ")"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace

std::string TarOfOneProgram(std::string_view name, std::string_view bytes) {
  constexpr size_t kBlock = 512;
  char header[kBlock] = {};
  std::snprintf(header, 100, "%.*s", static_cast<int>(name.size()), name.data());
  std::snprintf(header + 100, 8, "%07o", 0755);
  std::snprintf(header + 108, 8, "%07o", 0);
  std::snprintf(header + 116, 8, "%07o", 0);
  std::snprintf(header + 124, 12, "%011zo", bytes.size());
  std::snprintf(header + 136, 12, "%011o", 0);
  header[156] = '0';
  std::memcpy(header + 257,
              "ustar\0"
              "00",
              8);
  // The checksum is taken with its own field blank.
  std::memset(header + 148, ' ', 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(header + 148, 8, "%06o", sum);
  std::string tar(header, kBlock);
  tar.append(bytes);
  tar.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  tar.append(2 * kBlock, '\0');
  return tar;
}

absl::StatusOr<CeilingSource> CeilingSource::Load(const CeilingRequest& request, Notes& notes) {
  CeilingSource source;
  source.request_ = request;
  if (request.ceiling != "none" && request.ceiling != kEngineDefault) {
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(request.target));
    SYSCARVE_ASSIGN_OR_RETURN(ProfileInput input, ReadProfileInput(request.ceiling, target, request.engine_socket));
    PassWarningsOn(input, notes);
    source.file_.profile = std::move(input.profile);
  }
  return source;
}

absl::StatusOr<Ceiling> CeilingSource::For(std::span<const Recording> recordings) {
  if (request_.ceiling != kEngineDefault) return file_;
  std::set<Configuration> configurations;
  bool privileged = false;
  for (const Recording& recording : recordings) {
    for (const Subject& subject : recording.subjects) {
      if (!subject.container) continue;
      privileged = privileged || subject.container->privileged.value_or(false);
      configurations.insert({subject.container->cap_add, subject.container->cap_drop});
    }
  }
  if (privileged) {
    return Ceiling{.profile = std::nullopt,
                   .warnings = {"the container is privileged: the engine enforces no filter on it, so there is no "
                                "ceiling"}};
  }
  if (configurations.empty()) configurations.insert(Configuration{});
  const Configuration& first = *configurations.begin();
  if (!known_.contains(first)) {
    SYSCARVE_ASSIGN_OR_RETURN(known_[first], AskEngine(first));
  }
  Ceiling ceiling = known_[first];
  if (configurations.size() > 1) {
    ceiling.warnings.push_back(
        "the containers were configured with different capabilities; the ceiling is that of one of them");
  }
  return ceiling;
}

absl::StatusOr<Ceiling> CeilingSource::AskEngine(const Configuration& configuration) const {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(request_.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string unique, NewRunId());
  const std::string reference = Concat("syscarve-ceiling:", unique);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string image,
                            engine.ImportImage(TarOfOneProgram(kStub, WaitingStubProgram()), reference));
  absl::Cleanup remove_image = [&] { (void)engine.RemoveImage(reference); };
  const auto& [cap_add, cap_drop] = configuration;
  SYSCARVE_ASSIGN_OR_RETURN(
      const std::string id,
      engine.CreateContainer(Concat(R"({"Image":)", QuoteForJson(reference), R"(,"Cmd":["/)", kStub,
                                    R"("],"NetworkDisabled":true,"HostConfig":{"NetworkMode":"none","CapAdd":)",
                                    JsonList(cap_add), R"(,"CapDrop":)", JsonList(cap_drop), "}}"),
                             reference.substr(0, reference.find(':')) + "-" + unique));
  // Runs before the image is removed.
  absl::Cleanup remove_container = [&] { (void)engine.Remove(id); };
  SYSCARVE_RETURN_IF_ERROR(engine.Start(id));
  SYSCARVE_ASSIGN_OR_RETURN(const ContainerDetails details, engine.Inspect(id));
  SYSCARVE_RETURN_IF_ERROR(WaitForStart(details.pid));
  const auto filters = ReadLiveFilters(details.pid);
  if (absl::IsAborted(filters.status())) {
    return Ceiling{.profile = std::nullopt,
                   .warnings = {"the engine enforces no filter by default, so there is no ceiling"}};
  }
  SYSCARVE_RETURN_IF_ERROR(filters.status());
  SYSCARVE_ASSIGN_OR_RETURN(DecompiledProfile decompiled, DecompileFilters(*filters, NativeAbi(), Bound::kAtMost));
  return Ceiling{.profile = std::move(decompiled.profile), .warnings = {}};
}

}  // namespace syscarve
