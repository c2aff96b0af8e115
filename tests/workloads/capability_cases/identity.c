// SPDX-License-Identifier: Apache-2.0
// Who one is.
#include "cases.h"

CASE(setuid_same) {
  told("setuid", setuid(0));
  say_ids();
}
CASE(setuid_other) {
  told("setuid", setuid(OTHER));
  say_ids();
}
CASE(setreuid_same) {
  told("setreuid", setreuid(0, 0));
  say_ids();
}
CASE(setreuid_other) {
  told("setreuid", setreuid(OTHER, 0));
  say_ids();
}
CASE(setresuid_same) {
  told("setresuid", setresuid(0, 0, 0));
  say_ids();
}
CASE(setresuid_other) {
  told("setresuid", setresuid(OTHER, OTHER, OTHER));
  say_ids();
}
CASE(seteuid_and_back) {
  told("seteuid", seteuid(OTHER));
  told("seteuid", seteuid(0));
  say_ids();
}
CASE(setfsuid_other) {
  setfsuid(OTHER);
  say("fsuid=%d ", setfsuid(-1));
}
CASE(setgid_same) {
  told("setgid", setgid(0));
  say_ids();
}
CASE(setgid_other) {
  told("setgid", setgid(OTHER));
  say_ids();
}
CASE(setregid_same) {
  told("setregid", setregid(0, 0));
  say_ids();
}
CASE(setresgid_same) {
  told("setresgid", setresgid(0, 0, 0));
  say_ids();
}
CASE(setresgid_other) {
  told("setresgid", setresgid(OTHER, OTHER, OTHER));
  say_ids();
}
CASE(setfsgid_other) {
  setfsgid(OTHER);
  say("fsgid=%d ", setfsgid(-1));
}
CASE(setgroups_none) {
  told("setgroups", setgroups(0, NULL));
}
CASE(setgroups_some) {
  const gid_t group = OTHER;
  told("setgroups", setgroups(1, &group));
  say_ids();
}
CASE(become_user) {
  told("setgroups", setgroups(0, NULL));
  told("setgid", setgid(OTHER));
  told("setuid", setuid(OTHER));
  say_ids();
}
CASE(become_user_and_try_back) {
  told("setresgid", setresgid(OTHER, OTHER, OTHER));
  told("setresuid", setresuid(OTHER, OTHER, OTHER));
  told("setuid", setuid(0));
  say_ids();
}

struct __user_cap_header_struct self = {_LINUX_CAPABILITY_VERSION_3, 0};

CASE(capset_unchanged) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_drop) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].effective &= ~(1u << CAP_SYS_TIME);
  sets[0].permitted &= ~(1u << CAP_SYS_TIME);
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_drop_all) {
  struct __user_cap_data_struct sets[2] = {{0}};
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(capset_inherit_permitted) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].inheritable = sets[0].permitted;
  told("capset", syscall(SYS_capset, &self, sets));
}
static const char* only_recorded(void) {
  return "needs what it raises in the bounding set, too, which the kernel asks nobody about: it is only recorded";
}
CASE_WHERE(capset_inherit_beyond, only_recorded) {
  struct __user_cap_data_struct sets[2];
  told("capget", syscall(SYS_capget, &self, sets));
  sets[0].effective &= ~(1u << CAP_SYS_TIME);
  sets[0].permitted &= ~(1u << CAP_SYS_TIME);
  told("capset", syscall(SYS_capset, &self, sets));
  sets[0].inheritable |= 1u << CAP_SYS_TIME;
  told("capset", syscall(SYS_capset, &self, sets));
}
CASE(drop_from_bounding) {
  told("prctl", prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
}
CASE(read_bounding) {
  told("prctl", prctl(PR_CAPBSET_READ, CAP_CHOWN) >= 0 ? 0 : -1);
}
CASE(secure_bits) {
  told("prctl", prctl(PR_SET_SECUREBITS, SECBIT_NOROOT));
}
CASE(keep_capabilities) {
  told("prctl", prctl(PR_SET_KEEPCAPS, 1));
}
static void send_credentials(struct ucred ids) {
  int pair[2];
  socketpair(AF_UNIX, SOCK_DGRAM, 0, pair);
  char room[CMSG_SPACE(sizeof ids)] = {0};
  struct msghdr message = {.msg_control = room, .msg_controllen = sizeof room};
  *CMSG_FIRSTHDR(&message) = (struct cmsghdr){CMSG_LEN(sizeof ids), SOL_SOCKET, SCM_CREDENTIALS};
  memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &ids, sizeof ids);
  told("sendmsg", sendmsg(pair[0], &message, 0));
}
CASE(credentials_own) {
  send_credentials((struct ucred){getpid(), 0, 0});
}
CASE(credentials_of_other_user) {
  send_credentials((struct ucred){getpid(), OTHER, 0});
}
CASE(credentials_of_other_group) {
  send_credentials((struct ucred){getpid(), 0, OTHER});
}
CASE(credentials_of_other_process) {
  send_credentials((struct ucred){1, 0, 0});
}
