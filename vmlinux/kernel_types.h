// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The kernel types that our BPF programs touch, with only the fields they read. Offsets here mean nothing: every access is
 * relocated against the running kernel's BTF when the program is loaded (CO-RE). README.md says why this is not a dump.
 */
#pragma once

#include <linux/types.h>

typedef _Bool bool;
enum { false = 0, true = 1 };
typedef __u8 u8;
typedef __s32 s32;
typedef __u32 u32;
typedef __u64 u64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)

struct thread_info {
	u32 status; /* TS_COMPAT while a 32-bit call is in progress */
};

struct pt_regs {
	/* The arguments of a call: di, si, dx, r10, r8 and r9; of a 32-bit one bx, cx, dx, si, di and bp. */
	unsigned long r10;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r9;
	unsigned long r8;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax; /* the call's number; an error code after an exception */
	unsigned long ip;
	unsigned long flags;
};

#elif defined(__TARGET_ARCH_arm64)

struct thread_info {
	unsigned long flags; /* TIF_32BIT marks a compat task */
	u64 preempt_count;
};

struct pt_regs {
	u64 regs[31]; /* a call's number is in 8, of a 32-bit program in 7; its arguments in 0 to 5 */
	u64 orig_x0; /* the first argument, whatever has become of regs[0] */
	int syscallno; /* -1 outside a call, and of one that a filter killed the program for */
};

#else
#error "add this architecture's thread_info and pt_regs"
#endif

typedef struct {
	int counter;
} atomic_t;

struct qstr {
	u64 hash_len;
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace;

struct mount {
	struct mnt_namespace *mnt_ns; /* NULL or an error: it is nowhere a program could name it */
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file_system_type {
	const char *name;
};

struct super_block {
	u32 s_dev;
	struct file_system_type *s_type;
};

struct inode {
	unsigned short i_mode;
	u32 i_rdev;
	struct super_block *i_sb;
	unsigned long i_ino;
	u32 i_nlink;
	void *i_private; /* of a cgroup's directory: its kernfs_node */
	u32 i_generation;
	long long i_ctime_sec; /* since 6.11 */
	u32 i_ctime_nsec;
};

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};

struct inode___6_6 { /* to 6.10 */
	struct timespec64 __i_ctime;
};

struct inode___5_15 { /* to 6.5 */
	struct timespec64 i_ctime;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	u32 f_mode;
	const void *f_op;
	void *private_data; /* of a socket: its struct socket */
};

struct sock_common {
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
};

struct socket {
	short type;
	struct sock *sk;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct mm_struct {
	struct file *exe_file;
	unsigned long saved_auxv[44]; /* as the program finds it (getauxval(3)); there may be more */
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct kernfs_node {
	const char *name;
	void *priv; /* of a cgroup's directory: the cgroup */
	u64 id;
};

struct cgroup_root {
	int hierarchy_id; /* 0 is the default (v2) hierarchy */
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
	int level; /* 0 is the root of the hierarchy */
	struct cgroup *ancestors[]; /* by level, itself included; since Linux 6.1 (7f203bc89eb6), and before that: */
};

struct cgroup___5_15 {
	int level;
	u64 ancestor_ids[];
};

enum cgroup_subsys_id { /* which there are, and their values, are the kernel's configuration's affair */
	memory_cgrp_id,
	pids_cgrp_id,
};

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* by cgroup_subsys_id, as many as there are */
	struct cgroup *dfl_cgrp;
};

struct page_counter {
	unsigned long watermark; /* pages */
};

struct mem_cgroup {
	struct page_counter memory;
};

typedef struct {
	long long counter;
} atomic64_t;

struct pids_cgroup {
	atomic64_t counter;
};

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

struct uid_gid_extent {
	u32 first; /* in the namespace */
	u32 lower_first; /* in the initial one */
	u32 count;
};

struct uid_gid_map {
	struct uid_gid_extent extent[5];
	u32 nr_extents;
};

struct user_namespace {
	struct uid_gid_map uid_map;
	struct uid_gid_map gid_map;
};

typedef struct {
	u64 val; /* until 6.2 two words, the lower first */
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	struct user_namespace *user_ns;
};

struct seccomp_filter;

struct seccomp {
	int mode; /* 2 is SECCOMP_MODE_FILTER */
	struct seccomp_filter *filter; /* the newest of the stack */
};

struct list_head {
	struct list_head *next, *prev;
};

struct signal_struct {
	atomic_t live;
	struct list_head thread_head;
	unsigned int flags; /* SIGNAL_GROUP_EXIT */
	int group_exit_code;
};

typedef struct {
	unsigned long sig[1]; /* a bit for each signal, of 1 the lowest */
} sigset_t;

struct sigpending {
	sigset_t signal;
};

typedef struct kernel_siginfo {
	int si_code;
} kernel_siginfo_t;

struct sigaction {
	void *sa_handler; /* SIG_DFL is NULL */
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level; /* of the innermost pid namespace; 0 is the initial one */
	struct upid numbers[]; /* by level */
};

struct linux_binprm {
	const char *filename; /* as it was given to execve(2) */
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	struct task_struct *real_parent; /* who forked it, or had it forked in its name (CLONE_PARENT), or was left it */
	u64 self_exec_id; /* how many programs were executed on the way here: a copy of the parent's, and one more at each exec */
	int exit_code;
	unsigned long atomic_flags; /* bit 0 is PFA_NO_NEW_PRIVS */
	char comm[16];
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct fs_struct *fs;
	struct files_struct *files;
	struct mm_struct *mm;
	struct css_set *cgroups;
	const struct cred *real_cred;
	const struct cred *cred;
	struct seccomp seccomp;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t blocked;
	struct sigpending pending; /* of this thread alone */
	struct list_head thread_node;
};

/* The records of tracepoint events; a __data_loc field holds length << 16 | offset of a string. */

struct trace_entry {
	int pid;
};

struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
};

struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
};

struct trace_event_raw_sched_process_exec {
	struct trace_entry ent;
	u32 __data_loc_filename;
	int pid;
	int old_pid;
};

struct trace_event_raw_sched_process_fork {
	struct trace_entry ent;
	int parent_pid;
	int child_pid;
};

struct trace_event_raw_cgroup {
	struct trace_entry ent;
	int root; /* id of the hierarchy */
	u64 id;
	u32 __data_loc_path;
};

struct trace_event_raw_cgroup_migrate {
	struct trace_entry ent;
	int dst_root;
	u64 dst_id;
	int pid;
	u32 __data_loc_dst_path;
};

struct trace_event_raw_signal_generate {
	struct trace_entry ent;
	int sig;
	int code;
	int pid; /* of the receiver */
	int result;
};

struct trace_event_raw_cap_capable {
	struct trace_entry ent;
	const struct cred *cred;
	struct user_namespace *target_ns;
	int cap;
	int ret;
};

struct bpf_iter_css {
	u64 __opaque[3];
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop
