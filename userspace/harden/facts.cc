// SPDX-License-Identifier: Apache-2.0
#include "userspace/harden/facts.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/evidence.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

constexpr uint64_t kSocketTypeMask = 0xf;

std::string_view SentenceFor(std::string_view word) {
  constexpr std::pair<std::string_view, std::string_view> kSentences[] = {
      {kMissingFiles, "files were not looked for"},
      {kMissingSomeFiles, "there were more files, or longer paths, than were kept"},
      {kMissingIoUring, "what is done by io_uring was not seen"},
      {kMissingEarlier, "what was done before the recording began was not seen"},
      {kMissingIds, "user ids were not looked for"},
      {kMissingEndpoints, "addresses were not looked for"},
      {kMissingMessages, "addresses given to sendmsg, sendmmsg and socketcall were not looked for"},
      {kMissingPeaks, "memory, processes and processor time were not measured"},
      {kMissingResults, "failed uses are not distinguished from successful ones, and count as uses"},
      {kMissingRecordings, "one of the recordings has no such evidence"},
  };
  const auto* const found = std::ranges::find(kSentences, word, [](const auto& entry) { return entry.first; });
  return found == std::end(kSentences) ? "a part of the evidence is missing" : found->second;
}

constexpr std::string_view kNoEvidence = "the recordings have no evidence of files, ids, addresses and peaks";

std::string PathOf(const Program& program) {
  return program.path.empty() ? std::string("a program whose path is not known") : program.path;
}

void AddSubject(const Subject& subject, HardeningFacts& facts) {
  ++facts.subjects;
  if (subject.hardening.has_value()) {
    if (!facts.evidence.has_value()) facts.evidence.emplace();
    JoinHardening(*subject.hardening, *facts.evidence);
  }
  if (subject.kind != SubjectKind::kContainer) return;
  ++facts.containers_in_all;
  const Container told = subject.container.value_or(Container());
  if (subject.start.has_value() ? subject.start->no_new_privs : told.no_new_privs.value_or(false)) {
    ++facts.with_no_new_privs;
  }
  if (subject.start.has_value() ? !subject.start->filtered : told.seccomp == "unconfined") ++facts.unfiltered;
  if (told.privileged.has_value()) facts.containers.push_back(told);
}

void AddSockets(const ArgumentEvidence& arguments, const std::vector<Program>& programs, HardeningFacts& facts) {
  const std::optional<SeenArguments>& seen = arguments.seen;
  const bool known = seen.has_value() && !seen->open && seen->indexes.size() >= 2 && seen->indexes[0] == 0;
  if (!known) facts.sockets.reset();
  if (!facts.sockets.has_value()) return;
  for (const auto& [values, makers] : seen->values) {
    std::set<std::string>& paths = (*facts.sockets)[{values[0], values[1] & kSocketTypeMask}];
    for (const ProgramId program : makers) paths.insert(PathOf(programs[program]));
  }
}

}  // namespace

std::string SomeOf(const std::set<std::string>& words, size_t most) {
  std::string text;
  size_t shown = 0;
  for (const std::string& word : words) {
    if (shown == most) break;
    const bool last = shown + 1 == words.size();
    text += Concat(shown == 0 ? "" : last ? " and " : ", ", word);
    ++shown;
  }
  return shown == words.size() ? text : Concat(text, " and ", words.size() - shown, " more");
}

EvidenceGap HardeningFacts::Missing(std::initializer_list<std::string_view> words) const {
  if (!evidence.has_value()) return {.sentence = Concat(kNoEvidence, ".")};
  EvidenceGap gap{.only_io_uring = true};
  const auto add = [&](std::string_view word) {
    if (!evidence->missing.contains(std::string(word))) return;
    gap.sentence += Concat(gap.empty() ? "" : "; ", SentenceFor(word));
    gap.only_io_uring = gap.only_io_uring && word == kMissingIoUring;
  };
  for (const std::string_view word : words) add(word);
  add(kMissingRecordings);
  if (gap.empty()) return {};
  gap.sentence += '.';
  return gap;
}

std::string HardeningFacts::ProgramWords(ProgramId program) const {
  return program < programs.size() ? PathOf(programs[program]) : PathOf({});
}

std::string HardeningFacts::ProgramWords(const std::set<ProgramId>& of_programs) const {
  std::set<std::string> paths;
  for (const ProgramId program : of_programs) paths.insert(ProgramWords(program));
  return SomeOf(paths);
}

absl::StatusOr<HardeningFacts> GatherFacts(std::span<const Recording> recordings) {
  RecordingMerger merger;
  for (const Recording& recording : recordings) SYSCARVE_RETURN_IF_ERROR(merger.Add(recording));
  SYSCARVE_ASSIGN_OR_RETURN(const Recording merged, merger.Result());
  SYSCARVE_ASSIGN_OR_RETURN(const Evidence calls, GatherEvidence(recordings));

  HardeningFacts facts;
  facts.programs = merged.programs;
  facts.sockets.emplace();
  size_t with_evidence = 0;
  for (const Subject& subject : merged.subjects) {
    AddSubject(subject, facts);
    if (subject.hardening.has_value()) ++with_evidence;
  }
  if (facts.evidence.has_value() && with_evidence < merged.subjects.size()) {
    facts.evidence->missing.insert(std::string(kMissingRecordings));
  }
  for (const auto& [name, sightings] : calls.calls) facts.calls.insert(name);
  for (const auto& [id, arguments] : calls.arguments) {
    const std::string name = DisplayName(id);
    // Sockets created by other means are unknown.
    if (name == "socket") AddSockets(arguments, calls.programs, facts);
    if (name == "socketcall") facts.sockets.reset();
  }
  if (facts.calls.contains("io_uring_setup")) facts.sockets.reset();
  return facts;
}

std::vector<std::string> MissingSentences(const HardeningFacts& facts) {
  std::vector<std::string> sentences;
  if (!facts.evidence.has_value()) return {Concat(kNoEvidence, ".")};
  for (const std::string& word : facts.evidence->missing) sentences.push_back(Concat(SentenceFor(word), "."));
  return sentences;
}

}  // namespace syscarve
