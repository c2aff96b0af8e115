// SPDX-License-Identifier: Apache-2.0
// Namespaces and mounts, all in namespaces of their own.
#include "cases.h"

int enter(int flags) {
  return (int)told("unshare", unshare(flags));
}
static int enter_mounts(void) {
  if (enter(CLONE_NEWNS) != 0) return -1;
  return (int)told("private", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

CASE(unshare_mounts) {
  enter(CLONE_NEWNS);
}
CASE(unshare_uts) {
  enter(CLONE_NEWUTS);
}
CASE(unshare_ipc) {
  enter(CLONE_NEWIPC);
}
CASE(unshare_net) {
  enter(CLONE_NEWNET);
}
CASE(unshare_pid) {
  enter(CLONE_NEWPID);
}
CASE(unshare_cgroup) {
  enter(CLONE_NEWCGROUP);
}
CASE_WHERE(unshare_time, no_timens) {
  enter(TIMER_NAMESPACE);
}
CASE(unshare_user) {
  enter(CLONE_NEWUSER);
}
CASE(unshare_user_and_net) {
  enter(CLONE_NEWUSER | CLONE_NEWNET);
}
CASE(unshare_files) {
  enter(CLONE_FILES | CLONE_FS);
}
CASE(clone_new_mounts) {
  const struct clone_args arguments = {.exit_signal = SIGCHLD, .flags = CLONE_NEWNS};
  const long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  told("clone3", child);
  if (child > 0) waitpid((pid_t)child, NULL, 0);
}
static void join(const char* kind, int flag) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
  const int fd = open(path, O_RDONLY);
  told("setns", setns(fd, flag));
}
CASE(join_uts) {
  join("uts", CLONE_NEWUTS);
}
CASE(join_net) {
  join("net", CLONE_NEWNET);
}
CASE(join_mounts) {
  join("mnt", CLONE_NEWNS);
}
CASE(map_users) {
  int ready[2];
  char byte, path[48];
  if (pipe(ready) != 0) return;
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWUSER) == 0 && write(ready[1], "", 1) == 1) pause();
    _exit(1);
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) == 1) {
    snprintf(path, sizeof path, "/proc/%d/uid_map", child);
    write_text(path, "0 1000 10\n");
  }
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}
CASE(mount_memory) {
  if (enter_mounts() == 0) told("mount", mount("none", "own_folder", "tmpfs", 0, NULL));
}
CASE(mount_again) {
  if (enter_mounts() != 0) return;
  told("bind", mount("own_folder", "own_folder", NULL, MS_BIND, NULL));
  told("remount", mount(NULL, "own_folder", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL));
  told("umount", umount2("own_folder", MNT_DETACH));
}
CASE(change_root_mount) {
  if (enter_mounts() != 0) return;
  told("bind", mount("own_folder", "own_folder", NULL, MS_BIND, NULL));
  told("pivot_root", syscall(SYS_pivot_root, "own_folder", "own_folder"));
}
CASE(mount_by_descriptor) {
  if (enter_mounts() != 0) return;
  const int context = (int)told("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
  told("create", syscall(SYS_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0));
  const int made = (int)told("fsmount", syscall(SYS_fsmount, context, 0, 0));
  told("move_mount", syscall(SYS_move_mount, made, "", AT_FDCWD, "own_folder", 4 /* MOVE_MOUNT_F_EMPTY_PATH */));
}
CASE(unmount_nothing) {
  told("umount", umount2("own_folder", 0));
}
CASE(open_tree_clone) {
  told("open_tree", syscall(SYS_open_tree, AT_FDCWD, "own_folder", 1 /* OPEN_TREE_CLONE */));
}
CASE(host_name) {
  if (enter(CLONE_NEWUTS) == 0) told("sethostname", sethostname("case", 4));
}
CASE(domain_name) {
  if (enter(CLONE_NEWUTS) == 0) told("setdomainname", setdomainname("case", 4));
}
CASE_WHERE(clock_of_namespace, no_timens) {
  if (enter(TIMER_NAMESPACE) == 0) write_text("/proc/self/timens_offsets", "monotonic 1 0\n");
}
