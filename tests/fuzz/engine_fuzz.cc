// SPDX-License-Identifier: Apache-2.0
// Every answer of a container engine, and what is made of its names: no input crashes, and whatever is kept of a
// container can be written to a recording and read again. The first byte chooses the answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "userspace/container/cgroup_name.h"
#include "userspace/container/engine_json.h"
#include "userspace/container/naming.h"
#include "userspace/model/recording_json.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckName(std::string_view name) {
  std::set<std::string> taken;
  const std::string stem = syscarve::FileStem(name, taken);
  Require(!stem.empty() && stem.size() <= 100 && stem.front() != '.' && stem.front() != '-');
  Require(stem.find_first_of(std::string_view("/\0\n\x1b", 4)) == std::string_view::npos);
  Require(syscarve::FileStem(name, taken) != stem);
}

void CheckContainer(const syscarve::Container& container) {
  Require(syscarve::IsContainerId(container.id));
  for (const syscarve::By by : {syscarve::By::kService, syscarve::By::kContainer, syscarve::By::kImage}) {
    const std::string name = SubjectName(container, by);
    Require(!name.empty());
    CheckName(name);
  }
  syscarve::Recording recording;
  recording.subjects = {{.kind = syscarve::SubjectKind::kContainer, .name = container.name, .container = container}};
  const auto again = syscarve::ParseRecording(syscarve::FormatRecording(recording));
  Require(again.ok() && again->subjects[0].container == container);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'i': {
      const auto details = syscarve::ParseInspection(text, {.name = "docker", .default_runtime = "runc"});
      if (details.ok()) CheckContainer(details->container);
      break;
    }
    case 'e': {
      const auto event = syscarve::ParseEngineEvent(text);
      if (event.ok() && event->has_value()) {
        CheckContainer(
            {.id = (*event)->id, .name = (*event)->name, .image = (*event)->image, .labels = (*event)->labels});
      }
      break;
    }
    case 'l': {
      const auto list = syscarve::ParseContainerList(text);
      if (!list.ok()) break;
      for (const std::string& id : *list) Require(syscarve::IsContainerId(id));
      break;
    }
    case 'v':
      syscarve::ParseEngineInfo("{}", text).status().IgnoreError();
      syscarve::ParseEngineInfo(text, "{}").status().IgnoreError();
      break;
    case 'm': {
      syscarve::ParseImported(text).status().IgnoreError();
      syscarve::ParseCreated(text).status().IgnoreError();
      const std::string message = syscarve::ParseEngineError(text);
      Require(message.find_first_of("\n\x1b") == std::string_view::npos);
      break;
    }
    case 'c': {
      const auto cgroup = syscarve::ParseContainerCgroup(text);
      if (!cgroup.has_value()) break;
      Require(syscarve::IsContainerId(cgroup->id) && text.starts_with(cgroup->cgroup));
      Require(syscarve::ParseContainerCgroup(cgroup->cgroup) == cgroup);
      break;
    }
    default:
      CheckName(text);
  }
  return 0;
}
