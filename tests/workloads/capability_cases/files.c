// SPDX-License-Identifier: Apache-2.0
// Files. The folder of a case holds what fill_folder makes.
#include "cases.h"

CASE(chown_to_other) {
  told("chown", chown("own", OTHER, OTHER));
}
CASE(chown_to_oneself) {
  told("chown", chown("own", 0, 0));
}
CASE(chown_group_of_others) {
  told("chown", chown("other", -1, THIRD));
}
CASE(chown_descriptor) {
  const int fd = open("own", O_RDONLY);
  told("fchown", fchown(fd, OTHER, -1));
}
CASE(lchown_link_of_others) {
  told("lchown", lchown("other_link", 0, 0));
}
CASE(chmod_of_others) {
  told("chmod", chmod("other", 0644));
}
CASE(fchmod_of_others) {
  const int fd = open("other_public", O_RDONLY);
  told("fchmod", fchmod(fd, 0644));
}
CASE(chmod_own) {
  told("chmod", chmod("own", 0600));
}
CASE(chmod_setgid_foreign_group) {
  told("chmod", chmod("own_foreign_group", 02755));
  say_mode("own_foreign_group");
}
CASE(chmod_foreign_group) {
  told("chmod", chmod("own_foreign_group", 0755));
  say_mode("own_foreign_group");
}
CASE(create_setgid_in_setgid_folder) {
  told("open", open("setgid_folder/new", O_CREAT | O_WRONLY, 02755));
  say_mode("setgid_folder/new");
}
CASE(create_in_setgid_folder) {
  told("open", open("setgid_folder/new", O_CREAT | O_WRONLY, 0644));
  say_mode("setgid_folder/new");
}
CASE(folder_in_setgid_folder) {
  told("mkdir", mkdir("setgid_folder/new", 0755));
  say_mode("setgid_folder/new");
}
CASE(write_own) {
  const int fd = open("own", O_WRONLY);
  told("write", write(fd, "x", 1));
}
CASE(write_setuid) {
  const int fd = open("setuid", O_WRONLY);
  told("write", write(fd, "x", 1));
  say_mode("setuid");
}
CASE(truncate_setuid) {
  told("truncate", truncate("setuid", 1));
  say_mode("setuid");
}
CASE(write_setgid) {
  const int fd = open("setgid", O_WRONLY);
  told("write", write(fd, "x", 1));
  say_mode("setgid");
}
CASE(times_of_others) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  told("utimensat", utimensat(AT_FDCWD, "other", times, 0));
}
CASE(touch_of_others) {
  told("utimensat", utimensat(AT_FDCWD, "other", NULL, 0));
}
CASE(times_own) {
  const struct timespec times[2] = {{1, 0}, {1, 0}};
  told("utimensat", utimensat(AT_FDCWD, "own", times, 0));
}
CASE(unlink_in_sticky) {
  told("unlink", unlink("sticky/victim"));
}
CASE(rename_in_sticky) {
  told("rename", rename("sticky/victim", "sticky/new"));
}
CASE(unlink_own) {
  told("unlink", unlink("own"));
}
CASE(read_of_others) {
  read_some("other");
}
CASE(read_public_of_others) {
  read_some("other_public");
}
CASE(write_of_others) {
  write_text("other", "x");
}
CASE(write_read_only_own) {
  write_text("own_read_only", "x");
}
CASE(search_folder_of_others) {
  struct stat info;
  told("stat", stat("other_folder/file", &info));
}
CASE(list_folder_of_others) {
  char entries[1024];
  const int fd = (int)told("open", open("other_folder", O_RDONLY | O_DIRECTORY));
  told("getdents64", syscall(SYS_getdents64, fd, entries, sizeof entries));
}
CASE(create_in_folder_of_others) {
  told("open", open("other_folder/new", O_CREAT | O_WRONLY, 0644));
}
CASE(read_and_write_of_others) {
  told("open", open("other", O_RDWR));
  told("open", open("other", O_RDONLY));
}
CASE(access_of_others) {
  told("access", access("other", R_OK));
}
CASE(access_own) {
  told("access", access("own", R_OK | W_OK));
}
CASE(execute_unreadable_of_others) {
  told("access", faccessat(AT_FDCWD, "other_program", X_OK, AT_EACCESS));
}
CASE(no_atime_of_others) {
  told("open", open("other_public", O_RDONLY | O_NOATIME));
}
CASE(no_atime_own) {
  told("open", open("own", O_RDONLY | O_NOATIME));
}
CASE(lease_of_others) {
  const int fd = open("other_public", O_RDONLY);
  told("lease", fcntl(fd, F_SETLEASE, F_RDLCK));
}
CASE(lease_own) {
  const int fd = open("own", O_RDONLY);
  told("lease", fcntl(fd, F_SETLEASE, F_RDLCK));
}
CASE(mknod_device) {
  told("mknod", mknod("device", S_IFCHR | 0600, 1 << 8 | 3));
}
CASE(mknod_fifo) {
  told("mknod", mknod("fifo", S_IFIFO | 0600, 0));
}
CASE(link_by_descriptor) {
  const int fd = open("own", O_RDONLY);
  told("linkat", linkat(fd, "", AT_FDCWD, "linked", AT_EMPTY_PATH));
}
CASE(link_to_file_of_others) {
  told("link", link("other_public", "linked"));
}
CASE(open_by_handle) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } file = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount_id;
  told("name", name_to_handle_at(AT_FDCWD, "own", &file.handle, &mount_id, 0));
  const int mount = open(".", O_RDONLY);
  told("open", open_by_handle_at(mount, &file.handle, O_RDONLY));
}
CASE_WHERE(set_trusted_attribute, no_trusted_xattr) {
  told("setxattr", setxattr("own", "trusted.case", "1", 1, 0));
}
CASE_WHERE(get_trusted_attribute, no_trusted_xattr) {
  char value[8];
  told("getxattr", getxattr("tagged", "trusted.case", value, sizeof value));
}
CASE(list_attributes) {
  char names[256];
  told("listxattr", listxattr("own", names, sizeof names));
}
CASE_WHERE(set_security_attribute, no_trusted_xattr) {
  told("setxattr", setxattr("own", "security.case", "1", 1, 0));
}
CASE_WHERE(set_file_capability, no_trusted_xattr) {
  const struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2};
  told("setxattr", setxattr("own", "security.capability", &data, sizeof data, 0));
}
CASE_WHERE(remove_file_capability, no_trusted_xattr) {
  told("removexattr", removexattr("capable", "security.capability"));
}
CASE(set_user_attribute_of_others) {
  told("setxattr", setxattr("other", "user.case", "1", 1, 0));
}
CASE(set_acl_of_others) {
  // Version 2; the owner, the group and others, as mode 0600 has them.
  const uint32_t acl[] = {2, 0x60001, 0xffffffff, 0x00004, 0xffffffff, 0x00020, 0xffffffff};
  told("setxattr", setxattr("other", "system.posix_acl_access", acl, sizeof acl, 0));
}
CASE_WHERE(append_only, no_file_flags) {
  int flags = 0;
  const int fd = open("own", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  int more = flags | FS_APPEND_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &more));
  told("reset", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE_WHERE(file_flags_of_others, no_file_flags) {
  int flags = 0;
  const int fd = open("other_public", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  flags |= FS_NODUMP_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE_WHERE(file_flags_own, no_file_flags) {
  int flags = 0;
  const int fd = open("own", O_RDONLY);
  ioctl(fd, FS_IOC_GETFLAGS, &flags);
  flags |= FS_NODUMP_FL;
  told("set", ioctl(fd, FS_IOC_SETFLAGS, &flags));
}
CASE(block_of_file) {
  int block = 0;
  const int fd = open("own", O_RDONLY);
  told("FIBMAP", ioctl(fd, FIBMAP, &block));
}
CASE(change_root) {
  told("chroot", chroot("own_folder"));
}
CASE(fill_memory_file) {
  static char block[1 << 16];
  const int fd = memfd_create("case", 0);
  long done = 0;
  for (int i = 0; i < 64; ++i) done += write(fd, block, sizeof block);
  say("filled=%ld ", done);
}
CASE(freeze_what_cannot_be) {
  // No file system in memory can be frozen, but the kernel asks first.
  const int fd = memfd_create("case", 0);
  told("FIFREEZE", ioctl(fd, FIFREEZE, 0));
}
CASE(quota_of_others) {
  struct dqblk quota;
  const int fd = open(".", O_RDONLY);
  told("quotactl", syscall(NR_QUOTACTL_FD, fd, QCMD(Q_GETQUOTA, USRQUOTA), OTHER, &quota));
}
CASE(quota_own) {
  struct dqblk quota;
  const int fd = open(".", O_RDONLY);
  told("quotactl", syscall(NR_QUOTACTL_FD, fd, QCMD(Q_GETQUOTA, USRQUOTA), 0, &quota));
}
CASE(accounting_to_nowhere) {
  told("acct", acct("/nonexistent/file"));
}
CASE(swap_on_nowhere) {
  told("swapon", swapon("/nonexistent/file", 0));
}
CASE(swap_off_nowhere) {
  told("swapoff", swapoff("/nonexistent/file"));
}

// Watching files.

CASE(inotify) {
  const int fd = inotify_init1(0);
  told("inotify_add_watch", inotify_add_watch(fd, "own_folder", IN_CREATE));
}
CASE(fanotify_of_folder) {
  const int fd = (int)told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
  told("fanotify_mark",
       syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD, FAN_MODIFY | FAN_EVENT_ON_CHILD, AT_FDCWD, "own_folder"));
}
CASE(fanotify_of_content) {
  told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_CONTENT, O_RDONLY));
}
CASE(fanotify_of_mount) {
  const int fd = (int)told("fanotify_init", syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY));
  told("fanotify_mark",
       syscall(SYS_fanotify_mark, fd, FAN_MARK_ADD | FAN_MARK_MOUNT, FAN_MODIFY, AT_FDCWD, "own_folder"));
}
