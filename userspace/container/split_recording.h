// SPDX-License-Identifier: Apache-2.0
// Splits one recording of all containers of a host into one for each service: subjects are grouped by name after the
// recording.
#pragma once

#include <map>
#include <string>

#include "userspace/model/recording.h"

namespace syscarve {

// The subjects of `all` that are keys of `chosen`, in one recording for each `name` there; replicas of one name are
// several subjects. Every recording has all runs, including those in which its subjects made no call, and all losses:
// the recorder cannot attribute them. Only programs that made calls there are included.
struct ChosenSubject {
  std::string name;
  Container container;
};
std::map<std::string, Recording> SplitByName(const Recording& all, const std::map<SubjectId, ChosenSubject>& chosen);

// Such a recording without a subject, for a service whose containers were all lost.
Recording WithoutSubjects(const Recording& all);

}  // namespace syscarve
