// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/prelude.h"

#include <linux/bpf_common.h>

#include <algorithm>
#include <cstddef>

namespace syscarve {
namespace {

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;

// Where a comparison continues: at the next instruction, after the condition, or at the rule's next alternative.
enum class Target { kNext, kHolds, kFails };

struct Step {
  uint16_t code;
  uint32_t k;
  Target if_true = Target::kNext;
  Target if_false = Target::kNext;
};

// The comparison of one condition, which jumps once it is decided and falls through if it holds.
class Comparison {
 public:
  Comparison(const ArgumentCondition& condition, Abi abi)
      : condition_(condition), narrow_(ComparesLowHalfOnly(abi)), big_endian_(IsBigEndian(abi)) {}

  std::vector<Step> Steps() {
    switch (condition_.op) {
      case CompareOp::kEqual:
        Equal(condition_.value, Target::kHolds, Target::kFails);
        break;
      case CompareOp::kNotEqual:
        Equal(condition_.value, Target::kFails, Target::kHolds);
        break;
      case CompareOp::kGreater:
        Greater(BPF_JGT, Target::kHolds, Target::kFails);
        break;
      case CompareOp::kGreaterOrEqual:
        Greater(BPF_JGE, Target::kHolds, Target::kFails);
        break;
      case CompareOp::kLessOrEqual:
        Greater(BPF_JGT, Target::kFails, Target::kHolds);
        break;
      case CompareOp::kLess:
        Greater(BPF_JGE, Target::kFails, Target::kHolds);
        break;
      case CompareOp::kMaskedEqual:
        mask_ = condition_.value;
        Equal(condition_.value_two & condition_.value, Target::kHolds, Target::kFails);
        break;
    }
    return steps_;
  }

 private:
  void LoadHalf(bool high) {
    const size_t second = high != big_endian_ ? 4 : 0;
    steps_.push_back({kLoad, static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * condition_.index + second)});
    const auto mask = static_cast<uint32_t>(high ? mask_ >> 32 : mask_);
    if (mask != ~uint32_t{0}) steps_.push_back({BPF_ALU | BPF_AND | BPF_K, mask});
  }

  void Jump(uint16_t how, uint32_t value, Target if_true, Target if_false) {
    steps_.push_back({static_cast<uint16_t>(BPF_JMP | how | BPF_K), value, if_true, if_false});
  }

  void Equal(uint64_t value, Target equal, Target different) {
    if (!narrow_) {
      LoadHalf(true);
      Jump(BPF_JEQ, static_cast<uint32_t>(value >> 32), Target::kNext, different);
    }
    LoadHalf(false);
    Jump(BPF_JEQ, static_cast<uint32_t>(value), equal, different);
  }

  // `how` compares the low halves if the high ones are equal.
  void Greater(uint16_t how, Target greater, Target otherwise) {
    if (!narrow_) {
      const auto high = static_cast<uint32_t>(condition_.value >> 32);
      LoadHalf(true);
      Jump(BPF_JGT, high, greater, Target::kNext);
      Jump(BPF_JEQ, high, Target::kNext, otherwise);
    }
    LoadHalf(false);
    Jump(how, static_cast<uint32_t>(condition_.value), greater, otherwise);
  }

  ArgumentCondition condition_;
  bool narrow_;
  bool big_endian_;
  uint64_t mask_ = ~uint64_t{0};
  std::vector<Step> steps_;
};

// Returns the action of `alternative` if all of its conditions hold, and falls through if one does not. Six conditions
// of at most six instructions each: every jump offset fits.
void AppendAlternative(const RuleEvaluator::Alternative& alternative, Abi abi, FilterProgram& program) {
  std::vector<std::vector<Step>> conditions;
  size_t left = 1;  // The return.
  for (const ArgumentCondition& condition : alternative.conditions) {
    conditions.push_back(Comparison(condition, abi).Steps());
    left += conditions.back().size();
  }
  for (const std::vector<Step>& steps : conditions) {
    for (size_t i = 0; i < steps.size(); ++i) {
      --left;
      const auto offset = [&](Target target) {
        if (target == Target::kNext) return uint8_t{0};
        return static_cast<uint8_t>(target == Target::kHolds ? steps.size() - 1 - i : left);
      };
      const Step& step = steps[i];
      program.push_back(BPF_JUMP(step.code, step.k, offset(step.if_true), offset(step.if_false)));
    }
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SeccompReturn(alternative.action)));
}

FilterProgram ExplainCall(const RuleEvaluator& decider, SyscallId id) {
  FilterProgram answer;
  const RuleEvaluator::Entry& entry = *decider.Find(id);
  std::vector<RuleEvaluator::Alternative> alternatives = entry.alternatives;
  std::ranges::stable_sort(alternatives, {}, &RuleEvaluator::Alternative::action);
  for (const RuleEvaluator::Alternative& alternative : alternatives) AppendAlternative(alternative, id.abi, answer);
  answer.push_back(BPF_STMT(BPF_RET | BPF_K, SeccompReturn(entry.unconditional.value_or(decider.default_action()))));
  return answer;
}

// Skips what follows, `length` instructions, unless the loaded word is `value`.
void SkipUnless(uint32_t value, size_t length, FilterProgram& program) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
  program.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(length)));
}

void Append(const FilterProgram& part, FilterProgram& program) {
  program.insert(program.end(), part.begin(), part.end());
}

}  // namespace

void AppendPrelude(const RuleEvaluator& decider, const std::map<Abi, PreludeOfAbi>& abis, FilterProgram& program) {
  for (const auto& [abi, prelude] : abis) {
    FilterProgram answers;
    for (const SyscallId id : prelude.calls) {
      const FilterProgram answer = ExplainCall(decider, id);
      SkipUnless(SeccompDataNumber(id), answer.size(), answers);
      Append(answer, answers);
    }
    if (prelude.all_else.has_value()) answers.push_back(BPF_STMT(BPF_RET | BPF_K, SeccompReturn(*prelude.all_else)));

    FilterProgram body = {BPF_STMT(kLoad, offsetof(seccomp_data, nr))};
    if (!prelude.all_else.has_value() && !prelude.calls.empty()) {
      // The numbers are mostly high: one comparison passes all older calls.
      const uint32_t first = SeccompDataNumber(prelude.calls.front());
      body.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 1, 0));
      body.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(answers.size())));
    }
    Append(answers, body);
    program.push_back(BPF_STMT(kLoad, offsetof(seccomp_data, arch)));
    SkipUnless(AuditArch(abi), body.size(), program);
    Append(body, program);
  }
}

}  // namespace syscarve
