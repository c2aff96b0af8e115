// SPDX-License-Identifier: Apache-2.0
// The machine, with arguments that are refused whoever asks.
#include "cases.h"

#if !defined(__x86_64__)
static const char* no_ports(void) {
  return "only on x86";
}
#endif

CASE(time_zone_that_is_none) {
  const struct { int minutes_west, daylight; } zone = {100000, 0};
  told("settimeofday", syscall(SYS_settimeofday, NULL, &zone));
}
CASE(look_at_clock) {
  struct timex time = {0};
  told("adjtimex", adjtimex(&time));
}
CASE(tick_that_is_none) {
  struct timex time = {.modes = ADJ_TICK, .tick = 1};
  told("adjtimex", adjtimex(&time));
}
CASE(reboot_without_magic) {
  told("reboot", syscall(SYS_reboot, 1, 2, 0, NULL));
}
CASE_WHERE(load_what_is_no_module, no_modules) {
  told("init_module", syscall(SYS_init_module, "x", 1, ""));
}
CASE_WHERE(unload_what_is_no_module, no_modules) {
  told("delete_module", syscall(SYS_delete_module, "syscarve_no_such_module", O_NONBLOCK));
}
CASE_WHERE(kexec_what_is_no_kernel, no_kexec) {
  told("kexec_load", syscall(SYS_kexec_load, 0, 17, NULL, 0xffff0000));
}
#if defined(__x86_64__)
CASE(port_level) {
  told("iopl", syscall(SYS_iopl, 3));
}
CASE(port_permission) {
  told("ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
}
#else
CASE_WHERE(port_level, no_ports) {}
CASE_WHERE(port_permission, no_ports) {}
#endif
CASE_WHERE(kernel_log, no_dmesg_restriction) {
  told("syslog", klogctl(10, NULL, 0));
}
CASE_WHERE(kernel_log_device, no_restricted_dmesg_device) {
  told("open", open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
}
CASE_WHERE(kernel_symbols, no_kallsyms) {
  read_some("/proc/kallsyms");
}
CASE_WHERE(kernel_memory, no_kcore) {
  told("open", open("/proc/kcore", O_RDONLY));
}
CASE(hang_up) {
  setsid();
  told("vhangup", vhangup());
}
CASE(type_for_terminal) {
  const int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);
  told("TIOCSTI", ioctl(terminal, TIOCSTI, "x"));
}
CASE(add_key) {
  told("add_key", syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
CASE(key_to_other) {
  const long key = syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING);
  told("KEYCTL_CHOWN", syscall(SYS_keyctl, KEYCTL_CHOWN, key, OTHER, -1));
}
CASE(key_to_oneself) {
  const long key = syscall(SYS_add_key, "user", "syscarve-case", "x", 1, KEY_SPEC_PROCESS_KEYRING);
  told("KEYCTL_CHOWN", syscall(SYS_keyctl, KEYCTL_CHOWN, key, 0, -1));
}
CASE_WHERE(page_faults, no_userfaultfd) {
  told("userfaultfd", syscall(SYS_userfaultfd, 0));
}
CASE_WHERE(page_faults_of_user_mode, no_userfaultfd) {
  told("userfaultfd", syscall(SYS_userfaultfd, UFFD_USER_MODE_ONLY));
}
CASE_WHERE(perf_of_user_mode, no_kernel_perf) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_PAGE_FAULTS, .exclude_kernel = 1};
  told("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}
CASE_WHERE(perf_of_kernel, no_kernel_perf) {
  struct perf_event_attr attributes = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof attributes, .config = PERF_COUNT_SW_PAGE_FAULTS};
  told("perf_event_open", syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
}

static void load_program(enum bpf_prog_type type) {
  const struct bpf_insn instructions[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 2},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attributes = {.prog_type = type};
  attributes.insns = (uintptr_t)instructions;
  attributes.insn_cnt = 2;
  attributes.license = (uintptr_t) "GPL";
  told("BPF_PROG_LOAD", syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}
CASE(bpf_map) {
  union bpf_attr attributes = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};
  told("BPF_MAP_CREATE", syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}
CASE(bpf_socket_filter) {
  load_program(BPF_PROG_TYPE_SOCKET_FILTER);
}
CASE(bpf_for_network) {
  load_program(BPF_PROG_TYPE_XDP);
}
CASE(bpf_for_tracing) {
  load_program(BPF_PROG_TYPE_TRACEPOINT);
}
