// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/program.h"

#include <linux/bpf_common.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string>

#include "userspace/base/concat.h"
#include "userspace/model/action_spelling.h"

namespace syscarve {

FilterProgram InBytesOf(Abi abi, FilterProgram program) {
  if (IsBigEndian(abi) == (std::endian::native == std::endian::big)) return program;
  for (sock_filter& instruction : program) {
    instruction.code = __builtin_bswap16(instruction.code);
    instruction.k = __builtin_bswap32(instruction.k);
  }
  return program;
}

absl::Status ValidateFilter(std::span<const sock_filter> program) {
  const size_t size = program.size();
  if (size == 0 || size > BPF_MAXINSNS) {
    return absl::InvalidArgumentError(Concat("a filter has 1 to ", BPF_MAXINSNS, " instructions, not ", size));
  }
  const auto error = [](size_t at, std::string_view what) {
    return absl::InvalidArgumentError(Concat("instruction ", at, ": ", what));
  };
  // Which scratch words are written on every path that reaches an instruction (the kernel's check_load_and_stores).
  // Jumps only go forward, so one pass in order sees all of an instruction's predecessors first.
  std::vector<uint16_t> written_before(size, 0xffff);
  uint16_t written = 0;
  for (size_t pc = 0; pc < size; ++pc) {
    const sock_filter& insn = program[pc];
    written &= written_before[pc];
    bool falls_through = true;
    switch (insn.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (insn.k >= sizeof(seccomp_data) || insn.k % 4 != 0) return error(pc, "load outside seccomp_data");
        break;
      case BPF_LD | BPF_W | BPF_LEN:
      case BPF_LDX | BPF_W | BPF_LEN:
      case BPF_LD | BPF_IMM:
      case BPF_LDX | BPF_IMM:
      case BPF_MISC | BPF_TAX:
      case BPF_MISC | BPF_TXA:
      case BPF_ALU | BPF_NEG:
      case BPF_ALU | BPF_ADD | BPF_K:
      case BPF_ALU | BPF_ADD | BPF_X:
      case BPF_ALU | BPF_SUB | BPF_K:
      case BPF_ALU | BPF_SUB | BPF_X:
      case BPF_ALU | BPF_MUL | BPF_K:
      case BPF_ALU | BPF_MUL | BPF_X:
      case BPF_ALU | BPF_AND | BPF_K:
      case BPF_ALU | BPF_AND | BPF_X:
      case BPF_ALU | BPF_OR | BPF_K:
      case BPF_ALU | BPF_OR | BPF_X:
      case BPF_ALU | BPF_XOR | BPF_K:
      case BPF_ALU | BPF_XOR | BPF_X:
      case BPF_ALU | BPF_DIV | BPF_X:
      case BPF_ALU | BPF_LSH | BPF_X:
      case BPF_ALU | BPF_RSH | BPF_X:
        break;
      case BPF_ALU | BPF_DIV | BPF_K:
        if (insn.k == 0) return error(pc, "division by zero");
        break;
      case BPF_ALU | BPF_LSH | BPF_K:
      case BPF_ALU | BPF_RSH | BPF_K:
        if (insn.k >= 32) return error(pc, "shift by 32 or more");
        break;
      case BPF_ST:
      case BPF_STX:
        if (insn.k >= BPF_MEMWORDS) return error(pc, "no such scratch word");
        written |= static_cast<uint16_t>(1U << insn.k);
        break;
      case BPF_LD | BPF_MEM:
      case BPF_LDX | BPF_MEM:
        if (insn.k >= BPF_MEMWORDS) return error(pc, "no such scratch word");
        if ((written & (1U << insn.k)) == 0) return error(pc, "scratch word read before it is written");
        break;
      case BPF_JMP | BPF_JA:
        if (insn.k >= size - pc - 1) return error(pc, "jump out of the program");
        written_before[pc + 1 + insn.k] &= written;
        falls_through = false;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JEQ | BPF_X:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_X:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_X:
      case BPF_JMP | BPF_JSET | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_X:
        if (pc + 1 + insn.jt >= size || pc + 1 + insn.jf >= size) return error(pc, "jump out of the program");
        written_before[pc + 1 + insn.jt] &= written;
        written_before[pc + 1 + insn.jf] &= written;
        falls_through = false;
        break;
      case BPF_RET | BPF_K:
      case BPF_RET | BPF_A:
        falls_through = false;
        break;
      default:
        return error(pc, Concat("opcode ", insn.code, " is not allowed in a seccomp filter"));
    }
    if (!falls_through) written = 0xffff;  // The next instruction is reached by jumps only.
  }
  const uint16_t last = program.back().code;
  if (last != (BPF_RET | BPF_K) && last != (BPF_RET | BPF_A))
    return error(size - 1, "the program does not end in a return");
  return absl::OkStatus();
}

namespace {

// The offset on this machine of the word at `offset` on a machine of `audit_arch`: the halves of 64-bit members may be
// swapped.
uint32_t HostOffset(uint32_t offset, uint32_t audit_arch) {
  const bool swapped = IsBigEndian(audit_arch) != (std::endian::native == std::endian::big);
  return swapped && offset >= offsetof(seccomp_data, instruction_pointer) ? offset ^ 4 : offset;
}

}  // namespace

uint32_t Evaluate(std::span<const sock_filter> program, const seccomp_data& data) {
  uint32_t a = 0;
  uint32_t x = 0;
  std::array<uint32_t, BPF_MEMWORDS> scratch{};
  for (size_t pc = 0; pc < program.size(); ++pc) {
    const sock_filter& insn = program[pc];
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
      case BPF_LDX: {
        uint32_t value = 0;
        switch (BPF_MODE(insn.code)) {
          case BPF_ABS:
            std::memcpy(&value, reinterpret_cast<const char*>(&data) + HostOffset(insn.k, data.arch), sizeof(value));
            break;
          case BPF_LEN:
            value = sizeof(seccomp_data);
            break;
          case BPF_MEM:
            value = scratch[insn.k];
            break;
          default:
            value = insn.k;
        }
        (BPF_CLASS(insn.code) == BPF_LD ? a : x) = value;
        break;
      }
      case BPF_ST:
        scratch[insn.k] = a;
        break;
      case BPF_STX:
        scratch[insn.k] = x;
        break;
      case BPF_ALU: {
        const uint32_t operand = BPF_SRC(insn.code) == BPF_X ? x : insn.k;
        switch (BPF_OP(insn.code)) {
          case BPF_ADD:
            a += operand;
            break;
          case BPF_SUB:
            a -= operand;
            break;
          case BPF_MUL:
            a *= operand;
            break;
          case BPF_DIV:
            // The kernel's translation of classic BPF ends the program with 0, which is SECCOMP_RET_KILL_THREAD.
            if (operand == 0) return 0;
            a /= operand;
            break;
          case BPF_AND:
            a &= operand;
            break;
          case BPF_OR:
            a |= operand;
            break;
          case BPF_XOR:
            a ^= operand;
            break;
          case BPF_LSH:
            a <<= (operand & 31);
            break;
          case BPF_RSH:
            a >>= (operand & 31);
            break;
          default:  // BPF_NEG
            a = -a;
        }
        break;
      }
      case BPF_JMP: {
        if (BPF_OP(insn.code) == BPF_JA) {
          pc += insn.k;
          break;
        }
        const uint32_t operand = BPF_SRC(insn.code) == BPF_X ? x : insn.k;
        bool taken = false;
        switch (BPF_OP(insn.code)) {
          case BPF_JEQ:
            taken = a == operand;
            break;
          case BPF_JGE:
            taken = a >= operand;
            break;
          case BPF_JGT:
            taken = a > operand;
            break;
          default:  // BPF_JSET
            taken = (a & operand) != 0;
        }
        pc += taken ? insn.jt : insn.jf;
        break;
      }
      case BPF_RET:
        return BPF_RVAL(insn.code) == BPF_A ? a : insn.k;
      default:  // BPF_MISC
        if (BPF_MISCOP(insn.code) == BPF_TAX) {
          x = a;
        } else {
          a = x;
        }
    }
  }
  return SECCOMP_RET_KILL_PROCESS;
}

Action ActionFromReturn(uint32_t seccomp_return) {
  const ActionKind kind = SpellingOfReturn(seccomp_return).kind;
  return {kind, HasValue(kind) ? static_cast<uint16_t>(seccomp_return & SECCOMP_RET_DATA) : uint16_t{0}};
}

uint32_t SeccompReturn(Action action) {
  return SpellingOf(action.kind).seccomp_return | (HasValue(action.kind) ? action.value : 0U);
}

}  // namespace syscarve
