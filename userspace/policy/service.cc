// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/service.h"

namespace syscarve {

ServiceFacts DescribeService(std::span<const Recording> recordings) {
  ServiceFacts facts;
  size_t with_no_new_privs = 0;
  for (const Recording& recording : recordings) {
    for (size_t i = 0; i < recording.runs.size(); ++i) {
      const std::string& name = recording.runs.head(i).name;
      if (!name.empty()) facts.runs.insert(name);
    }
    for (const Subject& subject : recording.subjects) {
      if (!subject.name.empty()) facts.names.insert(subject.name);
      if (subject.kind != SubjectKind::kContainer) {
        ++facts.others;
        continue;
      }
      ++facts.containers;
      const Container container = subject.container.value_or(Container());
      if (!container.name.empty()) facts.container_names.insert(container.name);
      if (!container.image.empty()) facts.images.insert(container.image);
      const auto label = container.labels.find(std::string(kComposeServiceLabel));
      if (label != container.labels.end()) facts.compose_services.insert(label->second);
      if (container.privileged.value_or(false)) ++facts.privileged;
      if (subject.start.has_value() && !subject.start->filtered) ++facts.unconfined;
      const bool holds =
          subject.start.has_value() ? subject.start->no_new_privs : container.no_new_privs.value_or(false);
      if (holds) ++with_no_new_privs;
    }
  }
  facts.no_new_privs = facts.containers > 0 && facts.others == 0 && with_no_new_privs == facts.containers;
  return facts;
}

std::vector<std::string> ServiceWarnings(const ServiceFacts& facts, bool has_ceiling) {
  std::vector<std::string> warnings;
  if (facts.containers == 0) {
    warnings.emplace_back(
        "recorded without a container: the calls of a container runtime under the filter are in the profile only if "
        "--baseline names them");
  }
  if (facts.privileged > 0) {
    warnings.emplace_back(
        "a container was privileged while recording: it may have done what it cannot do under these options");
  }
  if (facts.unconfined > 0 && !has_ceiling) {
    warnings.emplace_back(
        "a container had no filter while recording: the profile may allow calls that the engine's default would "
        "refuse (--ceiling engine-default cuts these)");
  }
  return warnings;
}

}  // namespace syscarve
