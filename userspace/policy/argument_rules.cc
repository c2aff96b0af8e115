// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/argument_rules.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/narrowing.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/program.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/drivers.h"
#include "userspace/shipped/recorded_arguments.h"
#include "userspace/shipped/risk.h"

namespace syscarve {
namespace {

using Tuple = std::vector<uint64_t>;
using Bits = std::vector<uint64_t>;  // Per argument, the bits that the kernel reads.

// The bits that a filter compares: dirty upper halves are neither let through nor refused. Where the kernel reads 64
// bits, it rejects all values of the calls in question with any of the upper ones set (mprotect, ptrace, unshare).
constexpr uint64_t kLowHalf = 0xffffffff;

// The required value of some bits of an argument. A mask of 0: any value.
struct MaskedValue {
  uint64_t mask = 0;
  uint64_t value = 0;
  auto operator<=>(const MaskedValue&) const = default;
};
using Wanted = std::vector<MaskedValue>;  // One for each field that compares values.

// Merges the two if that is exact: they differ in one bit of one argument only.
std::optional<Wanted> Merged(const Wanted& one, const Wanted& other) {
  std::optional<Wanted> merged;
  for (size_t i = 0; i < one.size(); ++i) {
    if (one[i] == other[i]) continue;
    const uint64_t bit = one[i].value ^ other[i].value;
    if (merged.has_value() || one[i].mask != other[i].mask || !std::has_single_bit(bit)) return std::nullopt;
    merged = one;
    (*merged)[i].mask &= ~bit;
    (*merged)[i].value &= ~bit;
  }
  return merged;
}

// As few as are found by merging pairs; exactly the same arguments.
void Merge(std::set<Wanted>& all) {
  for (auto one = all.begin(); one != all.end();) {
    bool changed = false;
    for (auto other = std::next(one); other != all.end(); ++other) {
      const std::optional<Wanted> merged = Merged(*one, *other);
      if (!merged.has_value()) continue;
      all.erase(other);
      all.erase(one);
      all.insert(*merged);
      changed = true;
      break;
    }
    one = changed ? all.begin() : std::next(one);
  }
}

// Narrows one call.
class CallNarrower {
 public:
  // `id` is of the ABI whose names of values are used.
  CallNarrower(const ArgumentTable& table, const RecordedCall& call, const Bits& bits, SyscallId id)
      : table_(table), call_(call), bits_(bits), id_(id) {
    for (const ArgumentField& field : call.fields) {
      (field.refused_bits != 0 ? flags_ : compared_).push_back(&field);
    }
  }

  // Adds allowed arguments, `seen` or not. False if the call cannot be narrowed with them.
  bool Add(const Tuple& values, bool seen) {
    std::vector<std::vector<MaskedValue>> choices;
    for (const ArgumentField* const field : compared_) {
      const uint64_t mask = field->mask & bits_[field->place];
      const uint64_t value = values[field->place] & mask;
      if (!Counts(*field, values.front())) {
        choices.push_back({MaskedValue()});
        continue;
      }
      if ((value & ~kLowHalf) != 0 || (seen && !field->any_number && !IsNamed(*field, value))) return false;
      choices.push_back(Choices(*field, {mask & kLowHalf, value}));
    }
    for (const ArgumentField* const field : flags_) {
      if (seen && Counts(*field, values.front())) seen_bits_[field->place] |= values[field->place];
    }
    AddProduct(choices, {});
    return wanted_.size() <= kMaxValues;
  }

  // Narrows `call` to everything that was added. False if that is every argument, or needs too many rules.
  bool Narrow(NarrowedCall& call) const {
    std::set<Wanted> wanted = wanted_;
    Merge(wanted);
    if (wanted.size() > kMaxRules) return false;
    for (const Wanted& values : wanted) {
      ArgumentRule rule{{}, kAllowAction};
      std::vector<std::string> words;
      for (size_t i = 0; i < compared_.size(); ++i) {
        if (values[i].mask == 0) continue;
        rule.conditions.push_back({static_cast<unsigned>(call_.indexes[compared_[i]->place]), CompareOp::kMaskedEqual,
                                   values[i].mask, values[i].value});
        words.push_back(ValuesCovered(i, values));
      }
      for (const ArgumentField* const field : flags_) {
        const uint64_t refused = RefusedBits(*field);
        if (refused == 0) continue;
        rule.conditions.push_back(
            {static_cast<unsigned>(call_.indexes[field->place]), CompareOp::kMaskedEqual, refused, 0});
        words.push_back(FlagWords(*field, refused));
      }
      if (rule.conditions.empty()) return false;
      std::ranges::sort(rule.conditions, {}, &ArgumentCondition::index);
      call.rules.push_back(std::move(rule));
      call.words.push_back(absl::StrJoin(words, "; "));
    }
    return true;
  }

  // Whether `flags` has bits of the first argument that the rules refuse.
  bool Refuses(uint64_t flags) const {
    return std::ranges::any_of(
        flags_, [&](const ArgumentField* field) { return field->place == 0 && (flags & RefusedBits(*field)) != 0; });
  }

 private:
  // More values are not readable.
  static constexpr size_t kMaxValues = 256;
  static constexpr size_t kMaxRules = 64;

  static bool Counts(const ArgumentField& field, uint64_t first) {
    return (field.of.empty() || field.of.contains(first)) && !field.not_of.contains(first);
  }

  uint64_t RefusedBits(const ArgumentField& field) const {
    const auto seen = seen_bits_.find(field.place);
    return field.refused_bits & bits_[field.place] & ~(seen == seen_bits_.end() ? 0 : seen->second);
  }

  static std::vector<MaskedValue> Choices(const ArgumentField& field, MaskedValue seen) {
    std::set<MaskedValue> all = {seen};
    for (const std::set<uint64_t>& together : field.together) {
      if (!together.contains(seen.value)) continue;
      for (const uint64_t value : together) all.insert({seen.mask, value});
    }
    return {all.begin(), all.end()};
  }

  const ArgumentValues* ValuesOf(const ArgumentField& field) const {
    const CallSignature* const signature = table_.Find(id_.abi, call_.name);
    const auto index = static_cast<size_t>(call_.indexes[field.place]);
    if (signature == nullptr || index >= signature->parameters.size()) return nullptr;
    return table_.ValuesOf(signature->parameters[index]);
  }

  // Whether the kernel's headers have a name for the value, or the value is always allowed.
  bool IsNamed(const ArgumentField& field, uint64_t value) const {
    const auto allowed = [&](const Tuple& always) { return (always[field.place] & field.mask) == value; };
    if (std::ranges::any_of(call_.always, allowed)) return true;
    const ArgumentValues* const values = ValuesOf(field);
    if (values == nullptr) return true;
    uint64_t left = value;
    for (const ValuePart& part : values->parts) {
      if (!part.IsOn(id_.abi)) continue;
      if (part.flags) {
        for (const auto& [name, bits] : part.names) left &= ~bits;
        continue;
      }
      const uint64_t option = (value & part.mask) >> part.shift;
      const bool known = std::ranges::any_of(part.names, [&](const auto& name) { return name.second == option; });
      if (known) left &= ~part.mask;
    }
    return left == 0;
  }

  // The values of field `i` that the merged `values` stand for.
  std::string ValuesCovered(size_t i, const Wanted& values) const {
    std::map<uint64_t, uint64_t> covered;  // Value -> the value of the first field with it.
    for (const Wanted& one : wanted_) {
      bool inside = true;
      for (size_t j = 0; j < one.size(); ++j) inside &= (one[j].value & values[j].mask) == values[j].value;
      if (inside) covered.try_emplace(one[i].value, one.front().value);
    }
    const size_t place = compared_[i]->place;
    const bool first_is_known = compared_.front()->place == 0;
    std::vector<std::string> words;
    for (const auto& [value, first] : covered) {
      words.push_back(RecordedValueText(table_, call_, id_, place, first_is_known ? first : 0, value));
    }
    return absl::StrJoin(words, ", ");
  }

  // "without PROT_EXEC"; if nearly all bits are refused, the allowed ones: "only PROT_READ, PROT_WRITE".
  std::string FlagWords(const ArgumentField& field, uint64_t refused) const {
    const bool few_left = std::popcount(refused) > 16;
    std::vector<std::string> names;
    if (const ArgumentValues* const values = ValuesOf(field)) {
      for (const ValuePart& part : values->parts) {
        if (!part.flags || !part.IsOn(id_.abi)) continue;
        for (const auto& [name, bits] : part.names) {
          if (few_left ? (bits & refused) == 0 : (bits & ~refused) == 0) names.push_back(name);
        }
      }
    }
    if (few_left) return names.empty() ? "no flags" : Concat("only ", absl::StrJoin(names, ", "));
    return Concat("without ", names.empty() ? absl::StrFormat("the bits 0x%x", refused) : absl::StrJoin(names, ", "));
  }

  void AddProduct(const std::vector<std::vector<MaskedValue>>& choices, const Wanted& chosen) {
    if (wanted_.size() > kMaxValues) return;
    if (chosen.size() == choices.size()) {
      wanted_.insert(chosen);
      return;
    }
    for (const MaskedValue& choice : choices[chosen.size()]) {
      Wanted more = chosen;
      more.push_back(choice);
      AddProduct(choices, more);
    }
  }

  const ArgumentTable& table_;
  const RecordedCall& call_;
  const Bits& bits_;
  SyscallId id_;
  std::vector<const ArgumentField*> compared_;
  std::vector<const ArgumentField*> flags_;
  std::map<size_t, uint64_t> seen_bits_;  // By place.
  std::set<Wanted> wanted_;
};

bool IsNotNeeded(const ProfileDraft& draft, const std::string& name, const Tuple& values) {
  return draft.not_needed_arguments.contains({.call = name, .values = values});
}

// Whether one of the rules allows a call with these values of the arguments `indexes`, and 0 in the others. REQUIRES:
// the rules are CallNarrower's.
bool AnyHolds(const ArgumentRules& rules, const std::vector<int>& indexes, const Tuple& values) {
  uint64_t arguments[6] = {};
  for (size_t i = 0; i < indexes.size(); ++i) arguments[indexes[i]] = values[i];
  return std::ranges::any_of(rules, [&](const ArgumentRule& rule) {
    return std::ranges::all_of(rule.conditions, [&](const ArgumentCondition& condition) {
      return (arguments[condition.index] & condition.value) == condition.value_two;
    });
  });
}

// The seen arguments of a call on all ABIs; nullopt if it was not seen.
struct SeenOfCall {
  std::optional<SeenArguments> all;
  bool made = false;
  bool known() const { return made && all.has_value() && !all->open; }
};

SeenOfCall SeenOf(const Evidence& evidence, const std::vector<Abi>& abis, const RecordedCall& call) {
  SeenOfCall seen;
  for (const Abi abi : abis) {
    const std::optional<SyscallId> id = FindSyscall(abi, call.name);
    const auto found = id.has_value() ? evidence.arguments.find(*id) : evidence.arguments.end();
    if (found == evidence.arguments.end()) continue;
    JoinArguments(found->second.seen, !seen.made, seen.all);
    seen.made = true;
  }
  // A recording of another version, or one edited by hand, may have other arguments, which are no evidence for these.
  if (seen.all.has_value() && (seen.all->indexes != call.indexes || seen.all->pointed_to != call.pointed_to)) {
    seen.all->open = true;
  }
  return seen;
}

// `call` as narrowed by `--args all`: every argument counts, and nothing beyond the seen arguments is allowed.
RecordedCall Exactly(const RecordedCall& call, const ArgumentTable& table, Abi abi) {
  RecordedCall exact = call;
  exact.fields.clear();
  exact.always.clear();
  exact.beside.clear();
  const CallSignature* const signature = table.Find(abi, call.name);
  for (size_t place = 0; place < call.indexes.size(); ++place) {
    ArgumentField field{.place = place, .any_number = true};
    const Parameter& parameter = signature->parameters[static_cast<size_t>(call.indexes[place])];
    const ArgumentValues* const values = table.ValuesOf(parameter);
    const bool options =
        values == nullptr || std::ranges::any_of(values->parts, [](const ValuePart& part) {
          return !part.flags && std::ranges::any_of(part.names, [](const auto& name) { return name.second != 0; });
        });
    if (parameter.kind == ArgumentKind::kFlags && !options && !call.whole.contains(call.indexes[place]))
      field.refused_bits = kLowHalf;
    if (place > 0 && place + 1 == call.indexes.size() && call.options.has_value()) field.of = *call.options;
    exact.fields.push_back(std::move(field));
  }
  return exact;
}

class Narrower {
 public:
  struct Data {
    const RecordedCalls& recorded;
    const ArgumentTable& table;
    const Drivers& drivers;
    const Risks& risks;
  };

  Narrower(const Data& data, const Evidence& evidence, const GenerateOptions& options, ProfileDraft& draft)
      : recorded_(data.recorded),
        table_(data.table),
        drivers_(data.drivers),
        risks_(data.risks),
        evidence_(evidence),
        options_(options),
        draft_(draft) {}

  void Narrow() {
    for (const auto& [name, call] : recorded_) {
      const auto allowed = draft_.calls.find(name);
      if (allowed == draft_.calls.end() || allowed->second.requested || call.pointed_to) continue;
      Narrow(call, allowed->second);
    }
  }

 private:
  // The bits of the call's arguments, if they are the same on all ABIs.
  std::optional<Bits> BitsOf(const RecordedCall& call) const {
    std::optional<Bits> all;
    for (const Abi abi : draft_.abis) {
      if (!FindSyscall(abi, call.name).has_value()) continue;
      const std::optional<Bits> bits = ArgumentMasks(table_, call, abi);
      if (!bits.has_value()) return std::nullopt;
      if (!all.has_value()) all = bits;
      for (size_t i = 0; i < all->size(); ++i) (*all)[i] &= (*bits)[i];
    }
    return all;
  }

  // From the first ABI that has the call.
  std::optional<SyscallId> IdOf(const RecordedCall& call) const {
    for (const Abi abi : draft_.abis) {
      if (const std::optional<SyscallId> id = FindSyscall(abi, call.name)) return id;
    }
    return std::nullopt;
  }

  void Narrow(const RecordedCall& call, const AllowedCall& allowed) {
    const SeenOfCall seen = SeenOf(evidence_, draft_.abis, call);
    if (seen.made && !seen.known()) return;
    const std::optional<Bits> bits = BitsOf(call);
    const std::optional<SyscallId> id = IdOf(call);
    if (!bits.has_value() || !id.has_value()) return;
    // Callers other than the program use arguments that were not recorded.
    const bool by_others = !seen.made || !allowed.baseline.empty() || !allowed.companion.empty();
    const bool exactly = options_.arguments == ArgumentMode::kAll && !by_others;
    if (!exactly && call.fields.empty()) return;
    const RecordedCall as = exactly ? Exactly(call, table_, id->abi) : call;
    CallNarrower narrower(table_, as, *bits, *id);
    if (!AddAll(as, seen, narrower)) return;
    NarrowedCall narrowed{.name = call.name, .rules = {}, .closure = "", .by_arguments = true};
    if (!narrower.Narrow(narrowed) || !WithoutMemory(call, narrower)) return;
    Keep(call, seen, std::move(narrowed));
  }

  bool AddAll(const RecordedCall& call, const SeenOfCall& seen, CallNarrower& narrower) const {
    bool any = false;
    const auto add = [&](const Tuple& values, bool was_seen) {
      any = true;
      return narrower.Add(values, was_seen);
    };
    for (const Tuple& values : call.always) {
      if (!add(values, false)) return false;
    }
    if (seen.known()) {
      for (const auto& [values, programs] : seen.all->values) {
        if (IsNotNeeded(draft_, call.name, values)) continue;
        if (!add(values, true)) return false;
        for (const ArgumentsBeside& beside : call.beside) {
          if (!beside.when.contains(values.front())) continue;
          for (const Tuple& more : beside.add) {
            if (!add(more, false)) return false;
          }
        }
      }
    }
    // For a call that was not seen and has no arguments that are always allowed, bits can be refused, but values are
    // unknown.
    const bool bits_only =
        std::ranges::all_of(call.fields, [](const ArgumentField& field) { return field.refused_bits != 0; });
    if (!any && bits_only) return narrower.Add(Tuple(call.indexes.size()), false);
    return any;
  }

  // Removes the call that does the same with arguments in memory; false if it is needed.
  bool WithoutMemory(const RecordedCall& call, const CallNarrower& narrower) {
    const auto in_memory = draft_.calls.find(call.in_memory);
    if (call.in_memory.empty() || in_memory == draft_.calls.end()) return true;
    if (in_memory->second.requested) return false;
    const auto recorded = recorded_.find(call.in_memory);
    if (recorded == recorded_.end()) return false;
    const SeenOfCall seen = SeenOf(evidence_, draft_.abis, recorded->second);
    if (seen.made) {
      if (!seen.known()) return false;
      for (const auto& [values, programs] : seen.all->values) {
        if (narrower.Refuses(values.front())) return false;
      }
    }
    draft_.replaced.emplace(call.in_memory, call.name);
    draft_.calls.erase(in_memory);
    std::erase_if(draft_.narrowed, [&](const NarrowedCall& narrowed) { return narrowed.name == call.in_memory; });
    return true;
  }

  void Keep(const RecordedCall& call, const SeenOfCall& seen, NarrowedCall narrowed) {
    if (seen.known()) {
      for (const auto& [values, programs] : seen.all->values) {
        ArgumentSighting sighting = SightingOf(call, values);
        sighting.left_out = IsNotNeeded(draft_, call.name, values) && !AnyHolds(narrowed.rules, call.indexes, values);
        narrowed.seen.push_back(std::move(sighting));
      }
    }
    const auto known = std::ranges::find(draft_.narrowed, narrowed.name, &NarrowedCall::name);
    if (known == draft_.narrowed.end()) {
      draft_.narrowed.push_back(std::move(narrowed));
      return;
    }
    // Rules of a ceiling or of closure. If both cannot be combined, theirs stay.
    std::optional<ArgumentRules> both = Intersect(narrowed.rules, known->rules);
    if (!both.has_value() || both->empty()) return;
    narrowed.rules = *std::move(both);
    narrowed.words.clear();
    narrowed.closure = known->closure;
    *known = std::move(narrowed);
  }

  ArgumentSighting SightingOf(const RecordedCall& call, const Tuple& values) const {
    ArgumentSighting sighting;
    sighting.values = values;
    for (const Abi abi : draft_.abis) {
      const std::optional<SyscallId> id = FindSyscall(abi, call.name);
      const auto found = id.has_value() ? evidence_.arguments.find(*id) : evidence_.arguments.end();
      if (found == evidence_.arguments.end() || !found->second.seen.has_value()) continue;
      const auto programs = found->second.seen->values.find(values);
      if (programs == found->second.seen->values.end()) continue;
      const auto files = found->second.seen->files.find(values);
      if (files != found->second.seen->files.end()) sighting.files.insert(files->second.begin(), files->second.end());
      sighting.id = *id;
      for (const ProgramId program : programs->second) {
        if (program < evidence_.programs.size()) sighting.programs.insert(evidence_.programs[program]);
      }
      const auto runs = found->second.runs.find(values);
      if (runs != found->second.runs.end()) sighting.runs = std::max(sighting.runs, runs->second);
    }
    sighting.call = RecordedCallText(table_, call, sighting.id, values);
    sighting.on = OnFilesText(table_, drivers_, call, sighting.id, values, sighting.files);
    sighting.high_risk = RiskUnder(RiskOf(risks_, call.name), {ConditionsOf(call, values)}).level == RiskLevel::kHigh;
    return sighting;
  }

  static std::vector<ArgumentCondition> ConditionsOf(const RecordedCall& call, const Tuple& values) {
    std::vector<ArgumentCondition> conditions;
    for (size_t place = 0; place < values.size() && !call.pointed_to; ++place) {
      conditions.push_back({static_cast<unsigned>(call.indexes[place]), CompareOp::kEqual, values[place], 0});
    }
    return conditions;
  }

  const RecordedCalls& recorded_;
  const ArgumentTable& table_;
  const Drivers& drivers_;
  const Risks& risks_;
  const Evidence& evidence_;
  const GenerateOptions& options_;
  ProfileDraft& draft_;
};

Action AnswerTo(const FilterProgram& filter, SyscallId id, const uint64_t (&arguments)[6]) {
  seccomp_data data = {.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
  std::ranges::copy(arguments, data.args);
  return ActionFromReturn(Evaluate(filter, data));
}

}  // namespace

absl::Status NarrowByArguments(const Evidence& evidence, const GenerateOptions& options, ProfileDraft& draft) {
  if (options.arguments == ArgumentMode::kOff || !options.conditions) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  SYSCARVE_ASSIGN_OR_RETURN(const Drivers* const drivers, ShippedDrivers());
  SYSCARVE_ASSIGN_OR_RETURN(const Risks* const risks, ShippedRisks());
  Narrower({*recorded, *table, *drivers, *risks}, evidence, options, draft).Narrow();
  std::ranges::sort(draft.narrowed, {}, &NarrowedCall::name);
  return absl::OkStatus();
}

absl::Status VerifySeenArguments(const Profile& profile, const Evidence& evidence, const ProfileDraft& draft) {
  SYSCARVE_ASSIGN_OR_RETURN(const RecordedCalls* const recorded, ShippedRecordedCalls());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  std::optional<FilterProgram> filter;
  for (const NarrowedCall& narrowed : draft.narrowed) {
    if (!narrowed.by_arguments) continue;
    for (const auto& [id, seen] : evidence.arguments) {
      if (SyscallName(id) != narrowed.name || !seen.seen.has_value() || seen.seen->open) continue;
      if (!filter.has_value()) {
        SYSCARVE_ASSIGN_OR_RETURN(filter, Compile(profile));
      }
      for (const auto& [values, programs] : seen.seen->values) {
        if (IsNotNeeded(draft, narrowed.name, values)) continue;
        for (const uint64_t dirt : {uint64_t{0}, ~uint64_t{0}}) {
          uint64_t arguments[6] = {dirt, dirt, dirt, dirt, dirt, dirt};
          for (size_t i = 0; i < values.size(); ++i) {
            const uint64_t told = DeterminedBits(*table, *recorded, id, seen.seen->indexes, values, i);
            arguments[seen.seen->indexes[i]] = (values[i] & told) | (dirt & ~told);
          }
          if (LetsThrough(AnswerTo(*filter, id, arguments))) continue;
          return absl::InternalError(
              Concat("the profile refuses ", narrowed.name, " with arguments that were recorded"));
        }
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace syscarve
