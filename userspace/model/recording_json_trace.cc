// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_json_trace.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording_words.h"

namespace syscarve::recording_json {
namespace {

constexpr uint64_t kMaxCapability = 63;  // The kernel keeps capability sets in 64 bits.

void ReadCounts(const JsonReader& entry, size_t program_count, uint64_t& count,
                std::map<ProgramId, uint64_t>& programs) {
  count = entry.Required("count").Uint(1);
  const JsonReader by_program = entry.Required("programs");
  uint64_t sum = 0;
  bool overflow = false;
  by_program.ForEachMember(kMaxElements, [&](std::string_view key, const JsonReader& value) {
    const std::optional<uint64_t> program = NumberFromKey(key);
    if (!program.has_value() || *program >= program_count) return value.Fail("no program has this id");
    const uint64_t of_program = value.Uint(1);
    overflow |= __builtin_add_overflow(sum, of_program, &sum);
    programs[static_cast<ProgramId>(*program)] = of_program;
  });
  if (overflow || sum != count) by_program.Fail("the counts do not add up to \"count\"");
}

std::map<ProgramId, uint64_t> ReadPrograms(const JsonReader& reader, size_t program_count) {
  std::map<ProgramId, uint64_t> programs;
  reader.ForEach(kMaxElements, [&](const JsonReader& element) {
    const uint64_t program = element.Uint();
    if (program >= program_count) return element.Fail("no program has this id");
    AddUnique(element, programs, static_cast<ProgramId>(program));
  });
  return programs;
}

std::vector<int> ReadIndexes(const JsonReader& reader) {
  std::vector<int> indexes;
  reader.ForEach(kMaxElements, [&indexes](const JsonReader& element) {
    const int index = static_cast<int>(element.Uint(0, kLastArgument));
    if (!indexes.empty() && index <= indexes.back()) element.Fail("the indexes are not ascending");
    indexes.push_back(index);
  });
  if (indexes.empty()) reader.Fail("expected at least one argument");
  return indexes;
}

std::set<ProgramId> ReadProgramSet(const JsonReader& reader, size_t program_count) {
  std::set<ProgramId> programs;
  for (const auto& [program, nothing] : ReadPrograms(reader, program_count)) programs.insert(program);
  if (programs.empty()) reader.Fail("no program makes a call");
  return programs;
}

FileKinds ReadFileKinds(const JsonReader& reader) {
  FileKinds kinds;
  reader.ForEach(kMaxElements, [&](const JsonReader& element) {
    std::string kind = element.Text(kMaxTextBytes);
    if (!IsFileKind(kind)) return element.Fail("expected a word of at most 64 printable characters");
    if (!kinds.insert(std::move(kind)).second) element.Fail("the kind is there twice");
  });
  if (kinds.empty() || (kinds.size() == 1 && *kinds.begin() == kUnknownFile)) reader.Fail("no kind is known");
  return kinds;
}

// Before the fifth schema this field was about each argument separately; no recorder has written it. Read as unknown.
std::optional<SeenArguments> ReadArguments(const JsonReader& reader, Schema schema, size_t program_count) {
  if (!reader.exists() || schema < Schema::kFifth) return std::nullopt;
  reader.AllowOnly({"indexes", "pointed_to", "open", "dirty", "values"});
  SeenArguments seen = {.indexes = ReadIndexes(reader.Required("indexes"))};
  if (const JsonReader pointed_to = reader.Optional("pointed_to"); pointed_to.exists()) {
    seen.pointed_to = pointed_to.Bool();
    if (!seen.pointed_to || seen.indexes.size() != 1) pointed_to.Fail("it is true, of one argument, or not there");
  }
  seen.open = reader.Required("open").Bool();
  if (const JsonReader dirty = reader.Optional("dirty"); dirty.exists()) {
    seen.dirty = dirty.Bool();
    if (!seen.dirty) dirty.Fail("it is true, or not there");
  }
  reader.Required("values").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"are", "programs", "on"});
    const JsonReader are = entry.Required("are");
    std::vector<uint64_t> values;
    are.ForEach(kMaxElements, [&values](const JsonReader& value) { values.push_back(value.Uint()); });
    if (values.size() != seen.indexes.size()) return are.Fail("not as many values as indexes");
    if (!seen.values.empty() && values <= seen.values.rbegin()->first) return are.Fail("the values are not ascending");
    if (const JsonReader on = entry.Optional("on"); on.exists()) seen.files[values] = ReadFileKinds(on);
    seen.values.emplace_hint(seen.values.end(), std::move(values),
                             ReadProgramSet(entry.Required("programs"), program_count));
  });
  return seen;
}

std::map<SyscallId, Observation> ReadCalls(const JsonReader& reader, Schema schema, size_t program_count) {
  std::map<SyscallId, Observation> calls;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"abi", "nr", "name", "count", "first_seen", "programs", "arguments"});
    Observation& seen = AddUnique(entry, calls, ReadSyscall(entry));
    ReadCounts(entry, program_count, seen.count, seen.programs);
    if (const JsonReader first_seen = entry.Optional("first_seen"); first_seen.exists()) {
      seen.first_seen = first_seen.Uint();
    }
    seen.arguments = ReadArguments(entry.Optional("arguments"), schema, program_count);
  });
  return calls;
}

int ReadErrno(const JsonReader& entry) {
  const int errno_value = static_cast<int>(entry.Required("errno").Uint(0, kMaxErrno));
  const JsonReader outcome = entry.Optional("outcome");
  if (!outcome.exists()) return errno_value;
  const std::string word = outcome.Text(kMaxWordBytes);
  if (errno_value != 0 || (word != kTrapped && word != kAnswered)) {
    outcome.Fail("only an errno of 0 has one, \"trapped\" or \"answered\"");
  }
  return word == kTrapped ? kDenialTrapped : kDenialAnswered;
}

CapabilityChecks ReadChecks(const JsonReader& reader) {
  return {.granted = reader.Required("granted").Uint(), .denied = reader.Required("denied").Uint()};
}

// For checks during a call; with Numbers::kInside their numbers are already read.
void ReadResults(const JsonReader& reader, Numbers numbers, CapabilityChecks& checks) {
  if (!reader.exists()) return;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    if (numbers == Numbers::kInside) {
      entry.AllowOnly({"check", "errno", "count", "ended"});
    } else {
      entry.AllowOnly({"check", "errno"});
    }
    const JsonReader check = entry.Required("check");
    const std::string word = check.Text(kMaxWordBytes);
    if (word != kGranted && word != kDenied) check.Fail("it is \"granted\" or \"denied\"");
    const CallResult result = {.granted = word == kGranted,
                               .errno_value = static_cast<int>(entry.Required("errno").Uint(0, kMaxErrno))};
    if (numbers == Numbers::kApart && !checks.results.empty() && result <= checks.results.rbegin()->first) {
      entry.Fail("the results are not ascending");
    }
    ResultCount& kept = AddUnique(entry, checks.results, result);
    if (numbers == Numbers::kApart) return;
    kept.count = entry.Required("count").Uint(1);
    if (kept.count > (result.granted ? checks.granted : checks.denied)) entry.Fail("there are not as many checks");
    if (const JsonReader ended = entry.Optional("ended"); ended.exists()) {
      kept.ended = ended.Uint(1);
      if (result.granted || kept.ended > kept.count) ended.Fail("it is at most the count of what was denied");
    }
  });
  if (checks.results.empty()) reader.Fail("expected at least one result");
}

// More than the recorder stores of a place in the kernel.
constexpr size_t kMaxFunctions = 64;

// For checks that are part of `whole`, which with Numbers::kInside has at least as many.
void ReadSites(const JsonReader& reader, Numbers numbers, const CapabilityChecks& whole, ChecksBySite& sites) {
  CapabilityChecks rest = whole;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    CapabilitySite site;
    if (numbers == Numbers::kInside) {
      entry.AllowOnly({"functions", "in_vain", "granted", "denied", "results"});
    } else {
      entry.AllowOnly({"functions", "in_vain", "results"});
    }
    entry.Required("functions").ForEach(kMaxFunctions, [&](const JsonReader& function) {
      site.functions.push_back(function.Text(kMaxWordBytes));
    });
    if (const JsonReader in_vain = entry.Optional("in_vain"); in_vain.exists()) {
      site.in_vain = in_vain.Bool();
      if (!site.in_vain) in_vain.Fail("only true is said");
    }
    CapabilityChecks& kept = AddUnique(entry, sites, site);
    if (numbers == Numbers::kInside) kept = ReadChecks(entry);
    ReadResults(entry.Optional("results"), numbers, kept);
    if (numbers == Numbers::kApart) return;
    if (kept.granted > rest.granted || kept.denied > rest.denied) {
      entry.Fail("the sites have more checks than the call");
      return;
    }
    rest.granted -= kept.granted;
    rest.denied -= kept.denied;
  });
}

}  // namespace

Row ReadRow(const JsonReader& entry, Schema schema, size_t program_count) {
  entry.AllowOnly({"abi", "nr", "name", "first_seen", "programs", "arguments"});
  Row row = {ReadSyscall(entry), {}};
  if (entry.Required("first_seen").Bool()) row.second.first_seen = 0;
  const JsonReader programs = entry.Required("programs");
  row.second.programs = ReadPrograms(programs, program_count);
  if (row.second.programs.empty()) programs.Fail("no program makes a call");
  row.second.arguments = ReadArguments(entry.Optional("arguments"), schema, program_count);
  return row;
}

std::map<SyscallId, std::vector<Denial>> ReadDenials(const JsonReader& reader, Numbers numbers, size_t program_count) {
  std::map<SyscallId, std::map<int, Denial>> sorted;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    if (numbers == Numbers::kInside) {
      entry.AllowOnly({"abi", "nr", "name", "errno", "outcome", "count", "programs"});
    } else {
      entry.AllowOnly({"abi", "nr", "name", "errno", "outcome", "programs"});
    }
    const SyscallId id = ReadSyscall(entry);
    const int errno_value = ReadErrno(entry);
    Denial& denial = AddUnique(entry, sorted[id], errno_value);
    denial.errno_value = errno_value;
    if (numbers == Numbers::kInside) {
      ReadCounts(entry, program_count, denial.count, denial.programs);
      return;
    }
    const JsonReader programs = entry.Required("programs");
    denial.programs = ReadPrograms(programs, program_count);
    if (denial.programs.empty()) programs.Fail("no program makes a call");
  });
  std::map<SyscallId, std::vector<Denial>> denials;
  for (auto& [id, by_errno] : sorted) {
    for (auto& [errno_value, denial] : by_errno) denials[id].push_back(std::move(denial));
  }
  return denials;
}

std::map<int, CapabilityUse> ReadCapabilities(const JsonReader& reader, Numbers numbers) {
  std::map<int, CapabilityUse> capabilities;
  const bool inside = numbers == Numbers::kInside;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    if (inside) {
      entry.AllowOnly({"capability", "name", "during", "foreign"});
    } else {
      entry.AllowOnly({"capability", "name", "during"});
    }
    const int capability = static_cast<int>(entry.Required("capability").Uint(0, kMaxCapability));
    if (const JsonReader name = entry.Optional("name"); name.exists()) {
      const std::string text = name.Text(kMaxWordBytes);
      const std::optional<int> named = CapabilityFromName(text);
      if (named.value_or(capability) != capability || (capability < kCapabilityCount && !named.has_value())) {
        name.Fail(Concat("capability ", capability, " is ", CapabilityName(capability), ", not \"",
                         EscapeForTerminal(text), "\""));
      }
    }
    CapabilityUse& use = AddUnique(entry, capabilities, capability);
    entry.Required("during").ForEach(kMaxElements, [&use, inside, numbers](const JsonReader& checks) {
      if (inside) {
        checks.AllowOnly({"abi", "nr", "name", "granted", "denied", "results", "sites"});
      } else {
        checks.AllowOnly({"abi", "nr", "name", "results", "sites"});
      }
      // Without a call: a check outside any call.
      const bool in_call =
          checks.Optional("abi").exists() || checks.Optional("nr").exists() || checks.Optional("name").exists();
      const auto id = in_call ? std::optional(ReadSyscall(checks)) : std::nullopt;
      CapabilityChecks& kept = AddUnique(checks, use.during, id);
      if (inside) kept = ReadChecks(checks);
      const JsonReader results = checks.Optional("results");
      if (results.exists() && !in_call) results.Fail("outside a call there is no result");
      ReadResults(results, numbers, kept);
      if (const JsonReader sites = checks.Optional("sites"); sites.exists()) {
        ReadSites(sites, numbers, kept, use.sites[id]);
      }
    });
    if (!inside) return;
    const JsonReader foreign = entry.Required("foreign");
    foreign.AllowOnly({"granted", "denied"});
    use.foreign = ReadChecks(foreign);
  });
  return capabilities;
}

Timeline ReadTimeline(const JsonReader& reader) {
  reader.AllowOnly({"start", "bucket_nanos", "counts"});
  Timeline timeline;
  timeline.start = reader.Required("start").Uint();
  timeline.bucket_nanos = reader.Required("bucket_nanos").Uint(1);
  reader.Required("counts").ForEach(kMaxElements,
                                    [&timeline](const JsonReader& count) { timeline.counts.push_back(count.Uint()); });
  return timeline;
}

SubjectTrace ReadTrace(const JsonReader& entry, Schema schema, size_t program_count) {
  SubjectTrace trace;
  trace.calls = ReadCalls(entry.Required("calls"), schema, program_count);
  trace.runtime_calls = ReadCalls(entry.Required("runtime_calls"), schema, program_count);
  if (schema != Schema::kFirst)
    trace.baseline_calls = ReadCalls(entry.Required("baseline_calls"), schema, program_count);
  trace.denials = ReadDenials(entry.Required("denials"), Numbers::kInside, program_count);
  trace.capabilities = ReadCapabilities(entry.Required("capabilities"), Numbers::kInside);
  if (const JsonReader timeline = entry.Optional("timeline"); timeline.exists())
    trace.timeline = ReadTimeline(timeline);
  return trace;
}

}  // namespace syscarve::recording_json
