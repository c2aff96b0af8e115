// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/capability_sites.h"

#include <gtest/gtest.h>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

std::vector<std::string> Asking(std::vector<std::string_view> frames) {
  return AskingFunctions(frames);
}

TEST(AskingFunctionsTest, AreThoseBetweenTheCheckAndTheCall) {
  const std::vector<std::string> wanted = {"capable_wrt_inode_uidgid", "chown_ok", "notify_change", "sys_fchownat"};
  EXPECT_EQ(
      Asking({"bpf_prog_0123456789abcdef_on_capable", "bpf_trampoline_6442", "security_capable",
              "capable_wrt_inode_uidgid", "chown_ok.isra.0", "notify_change", "__x64_sys_fchownat", "do_syscall_64"}),
      wanted);
  EXPECT_EQ(Asking({"bpf_prog_0123456789abcdef_on_capable", "bpf_trace_run5", "__bpf_trace_cap_capable", "cap_capable",
                    "security_capable", "capable_wrt_inode_uidgid", "chown_ok", "notify_change", "__arm64_sys_fchownat",
                    "invoke_syscall.constprop.0"}),
            wanted);
}

TEST(AskingFunctionsTest, KeepWhatBeginsLikeTheCheckFurtherOut) {
  EXPECT_EQ(Asking({"bpf_prog_0123456789abcdef_x", "cap_capable", "security_capable", "bpf_token_capable",
                    "bpf_prog_load", "__sys_bpf", "__x64_sys_bpf"}),
            (std::vector<std::string>{"bpf_token_capable", "bpf_prog_load", "__sys_bpf", "sys_bpf"}));
}

TEST(AskingFunctionsTest, OutsideACallEndAtTheEntry) {
  EXPECT_EQ(Asking({"bpf_prog_0123456789abcdef_x", "cap_capable", "cap_vm_enough_memory", "ext4_work [ext4]",
                    "asm_exc_page_fault", "x"}),
            (std::vector<std::string>{"cap_vm_enough_memory", "ext4_work"}));
}

TEST(AskingFunctionsTest, AreNoneWithoutNames) {
  EXPECT_TRUE(Asking({}).empty());
  EXPECT_TRUE(Asking({"bpf_prog_0123456789abcdef_x", "cap_capable", "0xffffffff81000000"}).empty());
}

TEST(CapabilityConditionsTest, AreThereForEachAbiThatHasTheCall) {
  int setuid32 = 0;
  int capset = 0;
  for (const auto& [key, condition] : CapabilityConditions(Abi::kX86_64)) {
    setuid32 += key.nr == static_cast<uint32_t>(FindSyscall(Abi::kI386, "setuid32")->nr) &&
                condition.kind == RECORDER_CONDITION_SAME_USER && key.abi == RECORDER_ABI_COMPAT;
    capset += condition.kind == RECORDER_CONDITION_INHERITS_OWN;
  }
  EXPECT_EQ(setuid32, 1);
  EXPECT_EQ(capset, 3);
}

}  // namespace
}  // namespace syscarve
