// SPDX-License-Identifier: Apache-2.0
// From one recording of all containers of a host to one for each service: what belongs together is decided by name,
// after everything was seen.
#pragma once

#include <map>
#include <string>

#include "userspace/model/recording.h"

namespace syscarve {

// The subjects of `all` that are keys of `chosen`, in one recording for each `name` there; replicas of one name are
// several subjects. Every recording has all runs, also those in which its subjects were silent, and all losses: what
// the recorder lost it cannot attribute. Programs are only those that made calls there.
struct ChosenSubject {
  std::string name;
  Container container;
};
std::map<std::string, Recording> SplitByName(const Recording& all, const std::map<SubjectId, ChosenSubject>& chosen);

// A recording like those, of no subject: what is left to say of a service whose every container was lost.
Recording WithoutSubjects(const Recording& all);

}  // namespace syscarve
