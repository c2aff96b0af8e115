// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/symbolic.h"

#include <linux/bpf_common.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

constexpr size_t kMaxPaths = 4096;
constexpr size_t kMaxSteps = size_t{1} << 22;

// The symbolic value of a register: a number, a part of an argument, or unknown.
struct Value {
  enum class Kind { kConstant, kArgument, kUnknown };
  Kind kind = Kind::kConstant;
  uint32_t constant = 0;
  bool is_number = false;  // The loaded number of the call.
  // ((half & mask) >> shift); `mask` has no bit that `shift` would lose.
  unsigned index = 0;
  bool high = false;
  uint32_t mask = 0xffffffff;
  unsigned shift = 0;
};

Value Constant(uint32_t constant) {
  return {.constant = constant};
}

constexpr Value kUnknown{.kind = Value::Kind::kUnknown};

struct State {
  size_t filter = 0;
  size_t pc = 0;
  Value a;
  Value x;
  std::array<Value, BPF_MEMWORDS> scratch{};
  uint32_t result = SECCOMP_RET_ALLOW;  // The result of the previous filters.
  std::vector<WordTest> tests;
  Set taken = ArgumentSets::kAll;
};

// The kernel's order of precedence among filters: the action as a signed number, without the data.
int32_t ActionOnly(uint32_t result) {
  return static_cast<int32_t>(result & SECCOMP_RET_ACTION_FULL);
}

Value Load(uint32_t offset, SyscallId id) {
  if (offset == offsetof(seccomp_data, nr)) return {.constant = SeccompDataNumber(id), .is_number = true};
  if (offset == offsetof(seccomp_data, arch)) return Constant(AuditArch(id.abi));
  constexpr size_t kArguments = offsetof(seccomp_data, args);
  if (offset < kArguments) return kUnknown;  // The instruction pointer.
  const auto word = static_cast<unsigned>((offset - kArguments) / 4);
  return {.kind = Value::Kind::kArgument, .index = word / 2, .high = (word % 2 != 0) != IsBigEndian(id.abi)};
}

// Computes as Evaluate does. nullopt for a division by zero, which ends the program.
std::optional<uint32_t> Compute(uint16_t operation, uint32_t a, uint32_t operand) {
  switch (operation) {
    case BPF_ADD:
      return a + operand;
    case BPF_SUB:
      return a - operand;
    case BPF_MUL:
      return a * operand;
    case BPF_DIV:
      return operand == 0 ? std::nullopt : std::optional(a / operand);
    case BPF_AND:
      return a & operand;
    case BPF_OR:
      return a | operand;
    case BPF_XOR:
      return a ^ operand;
    case BPF_LSH:
      return a << (operand & 31);
    case BPF_RSH:
      return a >> (operand & 31);
    default:  // BPF_NEG
      return -a;
  }
}

// REQUIRES: `a` and `operand` are not both constant, and `operation` is no division by something open.
Value ComputeOpen(uint16_t operation, Value a, Value operand) {
  if (operation == BPF_AND && a.kind == Value::Kind::kConstant) std::swap(a, operand);
  if (a.kind != Value::Kind::kArgument || operand.kind != Value::Kind::kConstant) return kUnknown;
  switch (operation) {
    case BPF_AND:
      a.mask &= operand.constant << a.shift;
      break;
    case BPF_RSH: {
      const unsigned shift = a.shift + (operand.constant & 31);
      if (shift > 31) return Constant(0);
      a.shift = shift;
      a.mask &= ~uint32_t{0} << shift;
      break;
    }
    case BPF_OR:
    case BPF_XOR:
    case BPF_ADD:
    case BPF_SUB:
    case BPF_LSH:
      if (operand.constant == 0) return a;
      return kUnknown;
    default:
      return kUnknown;
  }
  return a.mask == 0 ? Constant(0) : a;
}

// The test of an argument that `a` JUMP `constant` makes, or its result if that is the same for every argument.
struct Question {
  WordTest test;
  std::optional<bool> answer;
};

Question Ask(uint16_t jump, const Value& a, uint32_t constant) {
  Question question{.test = {.index = a.index, .high = a.high, .mask = a.mask}};
  // A comparison after a right shift is one before it with a constant whose shifted-out bits are zero.
  const uint64_t shifted = uint64_t{constant} << a.shift;
  question.test.constant = static_cast<uint32_t>(shifted);
  const bool beyond = shifted > 0xffffffff;
  switch (jump) {
    case BPF_JEQ:
      question.test.op = WordTestOp::kEqual;
      if (beyond) question.answer = false;
      break;
    case BPF_JGT:
      question.test.op = WordTestOp::kGreater;
      if (beyond) question.answer = false;
      break;
    case BPF_JGE:
      question.test.op = WordTestOp::kGreaterOrEqual;
      if (beyond) question.answer = false;
      break;
    default:  // BPF_JSET
      question.test.op = WordTestOp::kSet;
      question.test.constant &= a.mask;
      question.test.mask = 0xffffffff;
  }
  return question;
}

// constant JUMP x, for an open x: tests whether x is less, or not greater.
Question AskReversed(uint16_t jump, const Value& x, uint32_t constant) {
  if (jump == BPF_JEQ || jump == BPF_JSET) return Ask(jump, x, constant);
  Question question = Ask(jump == BPF_JGT ? BPF_JGE : BPF_JGT, x, constant);
  question.test.op = jump == BPF_JGT ? WordTestOp::kLess : WordTestOp::kLessOrEqual;
  if (question.answer.has_value()) question.answer = !*question.answer;
  return question;
}

WordTestOp Opposite(WordTestOp op) {
  switch (op) {
    case WordTestOp::kEqual:
      return WordTestOp::kNotEqual;
    case WordTestOp::kNotEqual:
      return WordTestOp::kEqual;
    case WordTestOp::kGreater:
      return WordTestOp::kLessOrEqual;
    case WordTestOp::kLessOrEqual:
      return WordTestOp::kGreater;
    case WordTestOp::kGreaterOrEqual:
      return WordTestOp::kLess;
    case WordTestOp::kLess:
      return WordTestOp::kGreaterOrEqual;
    case WordTestOp::kSet:
      return WordTestOp::kClear;
    case WordTestOp::kClear:
      return WordTestOp::kSet;
  }
  return op;
}

class Explorer {
 public:
  Explorer(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets)
      : stack_(stack), id_(id), sets_(sets), number_(SeccompDataNumber(id)) {}

  // Calls `found(tests, taken, result)` for every path, until an error.
  template <typename Found>
  absl::Status Run(const Found& found) {
    waiting_.push_back({});
    size_t paths = 0;
    while (!waiting_.empty()) {
      State state = std::move(waiting_.back());
      waiting_.pop_back();
      SYSCARVE_RETURN_IF_ERROR(Follow(state));
      if (!sets_.status().ok() || ++paths > kMaxPaths) return TooLarge();
      found(state.tests, state.taken, state.result);
    }
    return absl::OkStatus();
  }

  // After Run: the paths are the same for the numbers from the call's own to this one, in seccomp_data's form.
  uint32_t last_alike() const { return last_alike_; }

 private:
  absl::Status TooLarge() const {
    return absl::ResourceExhaustedError(
        Concat("what the filters decide for ", DisplayName(id_), " is too complex to be analysed"));
  }

  absl::Status Inexpressible(const State& state, std::string_view what) const {
    return absl::UnimplementedError(Concat("instruction ", state.pc, " of filter ", state.filter, " decides about ",
                                           DisplayName(id_), " by ", what,
                                           ", which conditions on arguments cannot express"));
  }

  // Runs to the end of the last filter. At a fork one side is followed and the other queued.
  absl::Status Follow(State& state) {
    while (state.filter < stack_.size()) {
      if (++steps_ > kMaxSteps) return TooLarge();
      const sock_filter& insn = stack_[state.filter][state.pc];
      switch (BPF_CLASS(insn.code)) {
        case BPF_LD:
        case BPF_LDX:
          (BPF_CLASS(insn.code) == BPF_LD ? state.a : state.x) = Loaded(state, insn);
          break;
        case BPF_ST:
          state.scratch[insn.k] = state.a;
          break;
        case BPF_STX:
          state.scratch[insn.k] = state.x;
          break;
        case BPF_ALU: {
          SYSCARVE_ASSIGN_OR_RETURN(const bool goes_on, Calculate(state, insn));
          if (!goes_on) {
            Return(state, SECCOMP_RET_KILL_THREAD);
            continue;
          }
          break;
        }
        case BPF_JMP:
          if (BPF_OP(insn.code) == BPF_JA) {
            state.pc += insn.k;
          } else {
            SYSCARVE_RETURN_IF_ERROR(Jump(state, insn));
          }
          break;
        case BPF_RET:
          if (BPF_RVAL(insn.code) == BPF_A && state.a.kind != Value::Kind::kConstant) {
            return Inexpressible(state, "returning a part of an argument");
          }
          if (BPF_RVAL(insn.code) == BPF_A && state.a.is_number) OnlyThisNumber();
          Return(state, BPF_RVAL(insn.code) == BPF_A ? state.a.constant : insn.k);
          continue;
        default:  // BPF_MISC
          if (BPF_MISCOP(insn.code) == BPF_TAX) {
            state.x = state.a;
          } else {
            state.a = state.x;
          }
      }
      ++state.pc;
    }
    return absl::OkStatus();
  }

  Value Loaded(const State& state, const sock_filter& insn) const {
    switch (BPF_MODE(insn.code)) {
      case BPF_ABS:
        return Load(insn.k, id_);
      case BPF_LEN:
        return Constant(sizeof(seccomp_data));
      case BPF_MEM:
        return state.scratch[insn.k];
      default:
        return Constant(insn.k);
    }
  }

  // Returns whether the program continues.
  absl::StatusOr<bool> Calculate(State& state, const sock_filter& insn) {
    const uint16_t operation = BPF_OP(insn.code);
    const Value operand = BPF_SRC(insn.code) == BPF_X && operation != BPF_NEG ? state.x : Constant(insn.k);
    if (state.a.is_number || operand.is_number) OnlyThisNumber();
    const bool known_operand = operand.kind == Value::Kind::kConstant;
    if (state.a.kind == Value::Kind::kConstant && known_operand) {
      const std::optional<uint32_t> result = Compute(operation, state.a.constant, operand.constant);
      state.a = Constant(result.value_or(0));
      return result.has_value();
    }
    if (operation == BPF_DIV) {
      if (!known_operand) return Inexpressible(state, "dividing by a part of an argument");
      if (operand.constant == 0) return false;
    }
    state.a = ComputeOpen(operation, state.a, operand);
    return true;
  }

  // Continues with the next filter.
  static void Return(State& state, uint32_t result) {
    if (ActionOnly(result) < ActionOnly(state.result)) state.result = result;
    ++state.filter;
    // The kernel starts each program with empty registers; scratch words are written before they are read.
    state.pc = 0;
    state.a = state.x = Constant(0);
  }

  void OnlyThisNumber() { last_alike_ = number_; }

  // The number was compared with `constant`: limits the range to the numbers with the same result.
  void NoteComparison(uint16_t jump, uint32_t constant) {
    if (jump == BPF_JSET) return OnlyThisNumber();
    if (jump == BPF_JEQ && number_ == constant) return OnlyThisNumber();
    const uint32_t last_below = jump == BPF_JGT ? constant : constant - 1;
    const bool below = jump == BPF_JGT ? number_ <= constant : number_ < constant;
    if (below) last_alike_ = std::min(last_alike_, last_below);
  }

  absl::Status Jump(State& state, const sock_filter& insn) {
    const Value operand = BPF_SRC(insn.code) == BPF_X ? state.x : Constant(insn.k);
    const uint16_t jump = BPF_OP(insn.code);
    if (operand.is_number) {
      OnlyThisNumber();
    } else if (state.a.is_number) {
      if (operand.kind == Value::Kind::kConstant) {
        NoteComparison(jump, operand.constant);
      } else {
        OnlyThisNumber();
      }
    }
    const bool known_a = state.a.kind == Value::Kind::kConstant;
    const bool known_operand = operand.kind == Value::Kind::kConstant;
    Question question;
    if (known_a && known_operand) {
      const uint32_t left = state.a.constant;
      const uint32_t right = operand.constant;
      question.answer = jump == BPF_JEQ   ? left == right
                        : jump == BPF_JGT ? left > right
                        : jump == BPF_JGE ? left >= right
                                          : (left & right) != 0;
    } else if (state.a.kind == Value::Kind::kUnknown || operand.kind == Value::Kind::kUnknown) {
      return Inexpressible(state, "arithmetic on an argument, or by the instruction pointer");
    } else if (known_operand) {
      question = Ask(jump, state.a, operand.constant);
    } else if (known_a) {
      question = AskReversed(jump, operand, state.a.constant);
    } else {
      return Inexpressible(state, "comparing two arguments");
    }
    if (!question.answer.has_value()) {
      const Set holds = sets_.And(state.taken, sets_.FromTest(question.test));
      const Set fails = sets_.And(state.taken, sets_.Not(holds));
      if (!sets_.status().ok()) return TooLarge();
      if (fails == ArgumentSets::kNone) {
        question.answer = true;
      } else if (holds == ArgumentSets::kNone) {
        question.answer = false;
      } else {
        if (waiting_.size() >= kMaxPaths) return TooLarge();
        WordTest opposite = question.test;
        opposite.op = Opposite(opposite.op);
        State other = state;
        other.pc += 1 + insn.jf;
        other.tests.push_back(opposite);
        other.taken = fails;
        waiting_.push_back(std::move(other));
        state.tests.push_back(question.test);
        state.taken = holds;
        question.answer = true;
      }
    }
    state.pc += *question.answer ? insn.jt : insn.jf;
    return absl::OkStatus();
  }

  std::span<const FilterProgram> stack_;
  SyscallId id_;
  ArgumentSets& sets_;
  uint32_t number_;
  uint32_t last_alike_ = std::numeric_limits<uint32_t>::max();
  std::vector<State> waiting_;
  size_t steps_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<FilterPath>> FilterPaths(std::span<const FilterProgram> stack, SyscallId id) {
  ArgumentSets sets;
  std::vector<FilterPath> paths;
  SYSCARVE_RETURN_IF_ERROR(Explorer(stack, id, sets).Run([&](std::vector<WordTest>& tests, Set, uint32_t result) {
    paths.push_back({std::move(tests), result});
  }));
  return paths;
}

absl::StatusOr<DecidedNumbers> DecideNumbers(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets) {
  DecidedNumbers decided;
  Explorer explorer(stack, id, sets);
  SYSCARVE_RETURN_IF_ERROR(explorer.Run([&](const std::vector<WordTest>&, Set taken, uint32_t result) {
    Set& all =
        decided.decision.try_emplace(WithCappedErrno(ActionFromReturn(result)), ArgumentSets::kNone).first->second;
    all = sets.Or(all, taken);
  }));
  if (!sets.status().ok()) return Annotate(sets.status(), Concat("what the filters decide for ", DisplayName(id)));
  // The last number that the ABI can have.
  const uint32_t largest = id.abi == Abi::kX32 ? 2 * kX32Bit - 1 : std::numeric_limits<int32_t>::max();
  decided.last = id.nr + static_cast<int>(std::min(explorer.last_alike(), largest) - SeccompDataNumber(id));
  return decided;
}

absl::StatusOr<Decision> DecisionOf(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets) {
  SYSCARVE_ASSIGN_OR_RETURN(DecidedNumbers decided, DecideNumbers(stack, id, sets));
  return std::move(decided.decision);
}

}  // namespace syscarve
