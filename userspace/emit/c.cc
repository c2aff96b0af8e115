// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/identifier.h"
#include "userspace/emit/losses.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {
namespace {

std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

}  // namespace

absl::StatusOr<Emitted> EmitC(const Profile& profile, const EmitOptions& options) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  Losses losses;
  NoteLeftOut(profile, losses);
  const std::string name = IdentifierOf(options.name, "_filter");
  const std::string guard = Concat("SYSCARVE_", UpperCase(name), "_H");
  std::vector<std::string> abis;
  for (const Abi abi : profile.abis) abis.emplace_back(AbiName(abi));

  std::string text = Concat("/* A seccomp filter for ", absl::StrJoin(abis, ", "), ", made by syscarve.\n",
                            " *\n"
                            " * struct sock_fprog program = {.len = ",
                            name, "_length, .filter = (struct sock_filter *)", name,
                            "};\n"
                            " * prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);\n"
                            " * syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);\n"
                            " */\n"
                            "#ifndef ",
                            guard, "\n#define ", guard,
                            "\n\n"
                            "#include <linux/filter.h>\n\n"
                            "static const struct sock_filter ",
                            name, "[] = {\n");
  for (const sock_filter& instruction : program) {
    text += absl::StrFormat("    {0x%02x, %d, %d, 0x%08x},\n", instruction.code, instruction.jt, instruction.jf,
                            instruction.k);
  }
  text += Concat("};\n\nenum { ", name, "_length = ", program.size(), " };\n\n#endif /* ", guard, " */\n");
  return Emitted{.text = std::move(text), .warnings = losses.warnings()};
}

}  // namespace syscarve
