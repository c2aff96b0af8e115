#include "userspace/container/process_facts.h"

#include <string_view>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"

namespace syscarve {
namespace {

// A line per hierarchy, each with a path of at most PATH_MAX bytes.
constexpr size_t kMaxCgroupFile = size_t{1} << 20;
constexpr size_t kMaxStatusFile = size_t{64} << 10;

// The path in a line "hierarchy:controllers:path" of /proc/PID/cgroup (cgroups(7)).
std::optional<std::string_view> PathOfLine(std::string_view line) {
  const size_t first = line.find(':');
  const size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  std::string_view path = line.substr(second + 1);
  // The kernel's mark for a cgroup that has been removed under a zombie.
  ConsumeSuffix(path, " (deleted)");
  return path;
}

void ReadCgroups(std::string_view text, ProcessFacts& facts) {
  std::optional<ContainerCgroup> elsewhere;
  for (const std::string_view line : SplitNonEmpty(text, '\n')) {
    const std::optional<std::string_view> path = PathOfLine(line);
    if (!path.has_value()) continue;
    std::optional<ContainerCgroup> container = ParseContainerCgroup(*path);
    if (line.starts_with("0::")) {
      facts.cgroup = *path;
      facts.container = std::move(container);
    } else if (!elsewhere.has_value()) {
      elsewhere = std::move(container);
    }
  }
  // A host without cgroup2, or one that an engine uses only in part: the id is the same in every hierarchy.
  if (!facts.container.has_value()) facts.container = std::move(elsewhere);
}

// The number behind "Name:\t" in /proc/PID/status.
std::optional<int> StatusNumber(std::string_view status, std::string_view name) {
  for (std::string_view line : SplitNonEmpty(status, '\n')) {
    if (!line.starts_with(name)) continue;
    line.remove_prefix(name.size());
    if (!line.starts_with(":\t")) continue;
    return ParseNumber<int>(line.substr(2));
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ProcessFacts> ReadProcessFacts(pid_t pid, const std::string& proc) {
  ProcessFacts facts;
  const std::string folder = Concat(proc, "/", pid);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string cgroups, ReadFile(folder + "/cgroup", kMaxCgroupFile));
  ReadCgroups(cgroups, facts);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string status, ReadFile(folder + "/status", kMaxStatusFile));
  if (const std::optional<int> flag = StatusNumber(status, "NoNewPrivs")) facts.no_new_privs = *flag != 0;
  facts.seccomp_mode = StatusNumber(status, "Seccomp");
  return facts;
}

std::optional<Container> ContainerOfProcess(const ProcessFacts& facts) {
  if (!facts.container.has_value()) return std::nullopt;
  Container container = {.id = facts.container->id};
  container.no_new_privs = facts.no_new_privs;
  if (facts.seccomp_mode == 0) container.seccomp = "unconfined";
  return container;
}

}  // namespace syscarve
