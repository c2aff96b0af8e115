// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The contract between the kernel side (recorder.bpf.c) and the user side (userspace/trace): the layout of every map
 * value and ring record, and nothing else. Fixed-width fields, explicit padding; both sides assert the sizes below.
 *
 * A slot is one (subject, phase, program). Slot numbers start at 1; 0 means "not followed". Only programs of phase main
 * have a row of counters. The others are sparse: their number is made from subject and phase, nothing is reserved for
 * them, and their calls are counted in sparse_calls. A runtime's phase is short, and a subject then costs next to
 * nothing before its program starts.
 */
#pragma once

#include <linux/types.h>

enum {
	/* Numbers below this, native and compat, have a counter of their own. Linux 6.18's highest is 469. Others, x32's
	 * included, are counted in the sparse_calls hash. */
	RECORDER_PLANE_SIZE = 512,
	RECORDER_COUNTERS = 2 * RECORDER_PLANE_SIZE,
	RECORDER_PATH_BYTES = 1024,
	RECORDER_CGROUP_BYTES = 512,
	RECORDER_CONTAINER_ID_DIGITS = 64,
	RECORDER_BATCH_CALLS = 64,
	RECORDER_SPARSE = 1 << 19, /* bit of a sparse slot's number, above subject << 2 | phase */
	RECORDER_MAX_SUBJECTS = 1 << 16,
	RECORDER_SUBJECT_LEVELS = 32, /* distinct depths of the cgroups that are subjects */
	RECORDER_ARGUMENTS = 3, /* arguments of a call that are kept together */
	RECORDER_ARGUMENT_VALUES = 64, /* distinct values kept for a call in a slot */
	RECORDER_ARGUMENT_CALLS = 128, /* in .rodata, the unused 0 included */
	RECORDER_FILE_PATH_BYTES = 512,
	RECORDER_NAME_BYTES = 256, /* of a path that a program passed, NUL included */
	RECORDER_FILESYSTEM_BYTES = 16,
	RECORDER_DIRECTORY_FILES = 128, /* files of one directory, in a slot, that have an entry of their own */
	RECORDER_EVIDENCE_CALLS = 128, /* in .rodata, the unused 0 included */
	RECORDER_MESSAGES = 1024, /* most messages of one sendmmsg(2): UIO_MAXIOV (include/uapi/linux/uio.h) */
	RECORDER_ARGUMENT_FILES = 128, /* distinct pairs of value and kind of file kept for a call in a slot */
	RECORDER_FILE_NAME_BYTES = 24,
};

/* Which table a number belongs to, relative to the running kernel. */
enum recorder_abi {
	RECORDER_ABI_NATIVE = 0, /* x86_64, aarch64 */
	RECORDER_ABI_COMPAT = 1, /* i386, arm */
	RECORDER_ABI_X32 = 2,
};

enum recorder_phase {
	RECORDER_PHASE_MAIN = 0,
	/* The process was moved into the subject, or forked by one that was, and has not exec'd the subject's
	 * program since: it is a runtime at work. */
	RECORDER_PHASE_RUNTIME = 1,
	/* As RECORDER_PHASE_RUNTIME, under a filter that was installed after the move: the subject's own is in force
	 * already. */
	RECORDER_PHASE_BASELINE = 2,
};

enum recorder_subject_flags {
	/* A container: a re-exec of its runtime does not start the subject's program (is_reexec in phases.bpf.h). */
	RECORDER_SUBJECT_CONTAINER = 1,
	RECORDER_SUBJECT_STARTED = 2, /* its program was exec'd, and then: */
	RECORDER_SUBJECT_FILTERED = 4,
	RECORDER_SUBJECT_NO_NEW_PRIVS = 8,
	RECORDER_SUBJECT_ENROLLED = 16, /* the kernel side has followed it since its cgroup was made */
};

enum {
	RECORDER_SUBJECT_ENDS = 8,
	RECORDER_NO_PROCESS = 0xffffffff, /* of recorder_subject.first: it has ended, or cannot be determined */
};

/* How a subject's first process ended. */
struct recorder_end {
	__u32 status; /* wait(2) status */
	__u32 signal; /* the last one that it handled or had blocked, other than OWN_WORK of life.bpf.h; 0: none */
};

/* Map subjects, by subject number; numbers start at 1. Sets of signals: signal n is bit n - 1. */
struct recorder_subject {
	__u64 cgroup; /* id */
	__u32 flags;
	__u32 first; /* its first process, in the initial namespace; 0: none yet; or RECORDER_NO_PROCESS */
	__u64 caught;        /* signals with a handler in a process, when examined; only of programs without a row */
	__u64 first_caught;  /* signals with a handler in its first process */
	__u64 first_blocked; /* signals blocked in its first process (signalfd, sigwait), when examined or at its end */
	__u64 died_of;       /* signals that ended processes */
	__u64 started_ns;    /* first start, CLOCK_MONOTONIC; 0: not seen */
	__u64 ended_ns;      /* last end of a first process */
	__u32 joined;        /* programs executed by processes from outside, after its own program */
	__u32 restarts;
	__u32 taken;         /* as recorder_end.signal, of the current first process */
	__u32 end_count;     /* distinct entries of ends */
	__u64 most_pages;    /* its cgroup's peak memory (memory.watermark), read when a process ends */
	__u64 most_tasks;    /* most tasks in its cgroup, read at each fork */
	struct recorder_end ends[RECORDER_SUBJECT_ENDS];
	char path[RECORDER_CGROUP_BYTES]; /* below the cgroup v2 mount; "" if user space has it already */
};

/* Map container_subjects: key -> subject number. The key is the container's id, as its engine names it. */
struct recorder_container_id {
	char digits[RECORDER_CONTAINER_ID_DIGITS];
};

/* Map runtimes, by pid in the initial namespace: a process in the runtime phase has an entry, and so does each of
 * its threads that made a call. In an enrolled container every process has one, whether or not it is a runtime. User
 * space inserts an entry of zeros for a runtime that is already at work. */
struct recorder_runtime {
	__u64 root;             /* the mover's root directory: address of a dentry */
	__u64 filter;           /* the newest filter at the time of the move: an address */
	__u64 executable;       /* executable at its latest call: address of an inode */
	__u64 mover_executable; /* the mover's executable, likewise */
	__u32 learned;          /* 1: the fields above are set */
	__u32 last_abi;         /* of the thread's latest call */
	__s32 last_nr;          /* -1: none */
	__u32 started;          /* 1: the process is the container's own, and the other fields are unused */
};

/* Map slot_ids: key -> number of a slot with a row. */
struct recorder_slot_key {
	__u32 subject;
	__u32 generation; /* distinguishes the file from an earlier one with the same inode number */
	__u64 device;
	__u64 inode;
};

/* Map slots, by slot number. */
struct recorder_slot {
	struct recorder_slot_key key;
	__u64 seen[RECORDER_COUNTERS / 64]; /* one bit per counter: its first sighting has been submitted */
	__u64 caught;                       /* set of signals with a handler in one of its processes, when examined */
	__u32 pid;                          /* the process that first ran the program, in the initial namespace */
	__u32 path_length;                  /* bytes used in path */
	__u32 path_truncated;
	__u32 privileges; /* recorder_privileges of its executions */
	__u32 descriptors; /* highest descriptor seen in its processes, plus one */
	__u32 reserved;
	char comm[16];
	/* The components of the path, the file's own name first, each ended by NUL: the kernel walks from the leaf up. */
	char path[RECORDER_PATH_BYTES];
};

/* Map counters, by slot number, per CPU: native plane, then compat plane. */
struct recorder_counters {
	__u64 calls[RECORDER_COUNTERS];
};

/* Map sparse_calls: key -> count. */
struct recorder_call_key {
	__u32 slot;
	__u32 abi;
	__u32 nr; /* without x32's bit */
	__u32 reserved;
};

/* Which arguments of a call are kept. */
struct recorder_argument_call {
	__u8 count; /* 1 to RECORDER_ARGUMENTS */
	__u8 index[RECORDER_ARGUMENTS];
	__u8 pointed_to; /* 1: the only argument is an address, and the 64-bit word at it is kept */
	__u8 conditional; /* 1: the last argument is kept if the first is a number in `options`; otherwise 0 is kept */
	/* Not 0: argument `descriptor` - 1 is a descriptor, and its kind of file is kept beside the first value. */
	__u8 descriptor;
	__u8 reserved;
	__u64 mask[RECORDER_ARGUMENTS]; /* bits that the kernel uses */
	__u64 options[2]; /* set of numbers from 0 to 127 */
};

/* Map argument_values: key -> count. */
struct recorder_argument_key {
	__u32 slot;
	__u16 nr;
	__u8 abi;
	__u8 reserved;
	__u64 values[RECORDER_ARGUMENTS]; /* 0 beyond `count` */
};

/* Map argument_sets: key -> recorder_argument_set. */
struct recorder_argument_set_key {
	__u32 slot;
	__u16 nr;
	__u8 abi;
	__u8 reserved;
};

struct recorder_argument_set {
	__u32 used; /* distinct values */
	__u16 open;  /* 1: further values occurred and were not kept */
	__u16 dirty; /* 1: an argument had bits outside its mask that were no sign extension */
	__u32 files; /* distinct pairs of value and kind of file */
	__u32 files_open; /* 1: further pairs occurred */
};

enum { RECORDER_NO_FILE = 1 /* recorder_file.type of a descriptor that is not open */ };

/* The kind of the file behind a descriptor. A field is 0 if it is unknown or does not apply. */
struct recorder_file {
	__u16 type; /* S_IFMT of the inode's mode */
	__u16 family; /* of a socket */
	/* Of a device, in the kernel's form: major << 20 | minor. The minor is 0 for block devices and
	 * pseudo-terminals. */
	__u32 device;
	__u64 operations; /* of other files except pipes: address of their file_operations; one kind may have several */
};

/* Map argument_files: key -> recorder_argument_file. */
struct recorder_argument_file_key {
	struct recorder_argument_set_key call;
	__u64 value; /* of the first kept argument */
	struct recorder_file file;
};

struct recorder_argument_file {
	__u64 count;
	/* Of a file with `operations`: the name of its file system type, truncated, NUL-terminated; for
	 * "anon_inodefs", which all files without a path share, the file's own name instead, and `anonymous` is 1. */
	char name[RECORDER_FILE_NAME_BYTES];
	__u32 anonymous;
	__u32 reserved;
};

/* Result of a call that a filter did not let through. */
enum recorder_denial_outcome {
	RECORDER_DENIAL_ERROR = 0,
	RECORDER_DENIAL_KILLED = 1,
	RECORDER_DENIAL_TRAPPED = 2,  /* SIGSYS goes to the process's handler */
	RECORDER_DENIAL_ANSWERED = 3, /* success: an errno of 0, or the result that a supervisor or tracer returned */
};

/* Map denials: key -> count. */
struct recorder_denial_key {
	__u32 slot;
	__u32 abi;
	__u32 nr;
	__u16 outcome; /* recorder_denial_outcome */
	__u16 error;   /* of RECORDER_DENIAL_ERROR; else 0 */
};

enum recorder_capability_flags {
	RECORDER_CAPABILITY_FOREIGN = 1, /* overridden credentials, or another user namespace */
	RECORDER_CAPABILITY_IN_VAIN = 2, /* a condition holds under which the call's result does not depend on it */
};

enum {
	RECORDER_SITE_FRAMES = 16,
	RECORDER_FUNCTION_BYTES = 48,
	RECORDER_MAX_SITES = 1024,
};

/* Key of capability_sites: kernel return addresses at the check, the BPF program's first, zero after the last. */
struct recorder_site_key {
	__u64 addresses[RECORDER_SITE_FRAMES];
};

/* Map capability_sites. */
struct recorder_site {
	__u32 number; /* from 1 */
	__u32 frames; /* used in functions */
	/* Names as printed by the kernel's %ps, truncated, NUL-terminated. */
	char functions[RECORDER_SITE_FRAMES][RECORDER_FUNCTION_BYTES];
};

/* When the result of a call does not depend on a capability that the kernel checks first. */
enum recorder_condition_kind {
	RECORDER_CONDITION_ARGUMENT = 1, /* the argument has no bit of `none`, and one of `some` unless that is 0 */
	RECORDER_CONDITION_SAME_USER = 2, /* argument 0 is the real and the saved user */
	RECORDER_CONDITION_SAME_GROUP = 3,
	RECORDER_CONDITION_OWN_USERS = 4, /* each of three arguments is -1 or the real, effective or saved user */
	RECORDER_CONDITION_OWN_GROUPS = 5,
	RECORDER_CONDITION_INHERITS_OWN = 6, /* of capset: all that becomes inheritable is so or permitted already */
	/* The result always depends on it, but it is checked at one place only, and often: after RECORDER_LOOKS
	 * checks the place is no longer looked up. */
	RECORDER_CONDITION_ONE_PLACE = 7,
};

enum { RECORDER_LOOKS = 64 };

/* Map capability_conditions: key -> recorder_condition. Filled by user space before the programs are attached. */
struct recorder_condition_key {
	__u16 capability;
	__u16 abi;
	__u32 nr; /* (__u32)-1: outside any call */
};

struct recorder_condition {
	__u32 kind;
	__u32 argument; /* of ARGUMENT: 0 to 3 */
	__u64 none;
	__u64 some;
	__u64 looks; /* of ONE_PLACE, so far */
};

/* Map capability_checks: key -> recorder_capability_count. */
struct recorder_capability_key {
	__u32 slot;
	__u16 capability;
	__u8 abi;
	__u8 flags;
	__s32 nr; /* the call in progress, or -1 */
	__u32 site; /* place in the kernel; 0: unknown */
};

struct recorder_capability_count {
	__u64 granted;
	__u64 denied;
};

/* Map capability_results: key -> recorder_result_count. Results of the calls in which checks were made. */
struct recorder_result_key {
	struct recorder_capability_key check;
	__u16 denied;
	__u16 error; /* 0: the call succeeded */
};

struct recorder_result_count {
	__u64 count; /* checks */
	__u64 ended; /* processes that ended with an error soon after (SOON_NS in results.bpf.h) */
};

enum { RECORDER_CALL_CHECKS = 4 /* distinct checks of one call whose results are kept */ };

struct recorder_open_check {
	struct recorder_capability_key check;
	__u32 denied;
	__u32 count;
};

/* Maps open_checks, by pid: the checks of the call that a task is in; and latest_refusals, by process: those of its
 * last call that failed with EPERM or EACCES after a capability was denied. */
struct recorder_open_checks {
	__u64 time_ns; /* of a refusal */
	__u32 error;   /* of a refusal */
	__u32 used;
	struct recorder_open_check checks[RECORDER_CALL_CHECKS];
};

/* Effect of a signal, as far as it is determined when the signal is sent. */
enum recorder_signal_outcome {
	RECORDER_SIGNAL_HANDLED = 0, /* there is a handler */
	RECORDER_SIGNAL_WAITED = 1,  /* no handler, and blocked: read by signalfd or sigwait, or unblocked later */
	RECORDER_SIGNAL_DEFAULT = 2,
	RECORDER_SIGNAL_IGNORED = 3,
};

enum recorder_signal_origin {
	RECORDER_SIGNAL_KERNEL = 0, /* faults, timers, terminals, children */
	RECORDER_SIGNAL_INSIDE = 1, /* a process of the same subject */
	RECORDER_SIGNAL_OUTSIDE = 2,
};

/* Map signals: key -> count. */
struct recorder_signal_key {
	__u32 slot; /* of the receiver */
	__u8 signal;
	__u8 outcome;
	__u8 origin;
	__u8 reserved;
};

/* Privileges of an executed file. */
enum recorder_privileges {
	RECORDER_SET_USER = 1,
	RECORDER_SET_GROUP = 2,
	RECORDER_GAINED = 4, /* the program began with more privileges than the task that executed it (AT_SECURE) */
};

/* What was done with a file; bits. */
enum recorder_file_use {
	RECORDER_FILE_READ = 1,
	RECORDER_FILE_WRITTEN = 2,
	RECORDER_FILE_CREATED = 4,
	RECORDER_FILE_REMOVED = 8,
	RECORDER_FILE_CHANGED = 16,
	RECORDER_FILE_EXECUTED = 32,
	RECORDER_FILE_MAPPED = 64,
	RECORDER_FILE_MOUNTED = 128,
	RECORDER_FILE_CONNECTED = 256,
	/* Not uses: the kind of file that was created. */
	RECORDER_FILE_LINK = 1 << 13,
	RECORDER_FILE_DIRECTORY = 1 << 14,
	RECORDER_FILE_SOCKET = 1 << 15,
};

/* Where to find the evidence of what a successful call has done. */
enum recorder_evidence_kind {
	RECORDER_EVIDENCE_OPEN = 1, /* its result is the descriptor of a file that was opened */
	RECORDER_EVIDENCE_PATHS = 2,
	RECORDER_EVIDENCE_DESCRIPTOR = 3, /* argument `path` of paths[0] is a descriptor */
	RECORDER_EVIDENCE_MAP = 4, /* mmap(2) */
	/* Argument 0 is a socket, argument `path` of paths[0] an address, and the next argument its length. */
	RECORDER_EVIDENCE_ADDRESS = 5,
	RECORDER_EVIDENCE_IDS = 6,
	RECORDER_EVIDENCE_RESULT = 7, /* its result is a descriptor, but not of an opened file */
	/* Argument 0 is a socket, argument 1 a struct msghdr; if `count` is not 0, the first of an array of struct
	 * mmsghdr, of which the result is the number sent. */
	RECORDER_EVIDENCE_MESSAGES = 8,
	RECORDER_EVIDENCE_SOCKETCALL = 9, /* argument 0 selects the operation, argument 1 points to its arguments */
};

enum { RECORDER_WORKING_DIRECTORY = 0xff };

struct recorder_evidence_path {
	__u8 directory; /* descriptor argument that a relative path starts from; or RECORDER_WORKING_DIRECTORY */
	__u8 path;
	__u16 uses; /* recorder_file_use; 0 for ADDRESS: it is the socket's own address */
};

struct recorder_evidence_call {
	__u8 kind;
	__u8 count; /* of PATHS: number of paths; of MESSAGES: not 0 for an array */
	__u8 reserved[2];
	struct recorder_evidence_path paths[2];
};

/* The components of a path, the last one first, each ended by NUL. */
struct recorder_path {
	__u32 length; /* bytes used */
	__u32 truncated;
	__u32 in_mount; /* bytes below the root of the innermost mount */
	__u32 reserved;
	char bytes[RECORDER_FILE_PATH_BYTES];
};

/* Map files: key -> recorder_used_file. The addresses are the kernel's and can be reused: `name` distinguishes a
 * file from an earlier one at the same address. */
struct recorder_used_file_key {
	__u64 dentry; /* 0: all other files of the directory `parent` */
	__u64 parent;
	__u64 mount;
	__u64 name; /* d_name.hash_len of the dentry: hash and length */
	__u32 slot;
	__u32 reserved;
};

struct recorder_used_file {
	__u32 uses;
	__u32 mode;   /* as in stat(2); 0 for "all other files" */
	__u32 device; /* of a device: major << 20 | minor */
	__u32 reserved;
	char filesystem[RECORDER_FILESYSTEM_BYTES];
	struct recorder_path path;
};

/* Map named_files: key -> recorder_named_file. Files that calls only named, without a descriptor. */
struct recorder_name_key {
	__u64 dentry; /* the directory that the name starts from */
	__u64 mount;
	__u32 slot;
	__u16 uses;
	__u16 others; /* 1: all other files of the directory `name` */
	char name[RECORDER_NAME_BYTES]; /* as the program passed it, zero-padded */
};

struct recorder_named_file {
	char filesystem[RECORDER_FILESYSTEM_BYTES]; /* of the directory that the name starts from */
	struct recorder_path path; /* likewise */
};

/* Map directories: key -> number of its files seen; those beyond RECORDER_DIRECTORY_FILES share one entry. */
struct recorder_directory_key {
	__u64 directory;
	__u64 mount;
	__u64 name;
	__u32 slot;
	__u32 reserved;
};

enum recorder_address_scope {
	RECORDER_SCOPE_NONE = 0,
	RECORDER_SCOPE_ANY = 1,
	RECORDER_SCOPE_LOOPBACK = 2,
	RECORDER_SCOPE_PRIVATE = 3,
	RECORDER_SCOPE_LINK_LOCAL = 4,
	RECORDER_SCOPE_MULTICAST = 5,
	RECORDER_SCOPE_PUBLIC = 6,
};

/* Map endpoints: key -> 1. */
struct recorder_endpoint_key {
	__u32 slot;
	__u16 family; /* AF_… */
	__u16 port;   /* in host order; of AF_NETLINK its protocol */
	__u8 scope;
	__u8 connected; /* 1: a peer's address */
	__u16 type;     /* SOCK_… */
};

/* Map process_ids: key -> 1. Ids as seen in the process's user namespace. */
struct recorder_ids_key {
	__u32 slot;
	__u32 user;
	__u32 effective_user;
	__u32 group;
	__u32 effective_group;
};

/* What could not be kept, by reason. In .bss; the counters never decrease. */
struct recorder_losses {
	__u64 event_ring_full;       /* first sightings whose time is unknown */
	__u64 stream_ring_full;     /* calls missing from the stream of every call, though counted */
	__u64 slots_full;           /* look-ups of programs whose calls are counted without a name */
	__u64 subjects_full;        /* containers that could not be followed */
	__u64 sparse_calls_full;     /* calls of sparse slots or with unusual numbers counted nowhere */
	__u64 denials_full;
	__u64 capabilities_full;
	__u64 enrolment_failed;     /* a process of the subject could not be followed */
	__u64 denials_unnumbered;   /* refused calls without a number: a tracer put -1 in its place */
	__u64 signals_full;
	__u64 arguments_full;       /* calls whose arguments did not fit */
	__u64 files_full;           /* uses of files that did not fit */
	__u64 files_unread;         /* uses of files whose names were too long or no longer in memory */
	__u64 addresses_unread;     /* uses of addresses that were no longer in memory */
	__u64 endpoints_full;
	__u64 ids_full;
	__u64 left_unseen;          /* processes that left and may have been members: process_subjects is full */
	char left_to[RECORDER_CGROUP_BYTES]; /* cgroup that the first of these moved to, below the cgroup v2 mount */
};

/* Context of the program level_of_cgroup: the cgroup whose directory is open as `descriptor`. */
struct recorder_cgroup_query {
	__u32 descriptor;
	__u32 level; /* result */
	__u64 id;    /* result; 0 if it is not a cgroup */
};

/* Record written by the iterator list_processes: a process that belongs to a subject and has not ended. */
struct recorder_process {
	__u32 pid; /* in the reader's pid namespace */
	__u32 subject;
};

enum recorder_event_type {
	RECORDER_EVENT_SIGHTING = 1,
	RECORDER_EVENT_CALL = 2,
	RECORDER_EVENT_BATCH = 3,
	RECORDER_EVENT_SUBJECT = 4,
};

/* Ring records start with this. Times are CLOCK_MONOTONIC nanoseconds. */
struct recorder_event_header {
	__u32 type;
	__u32 count; /* calls in the record */
	__u64 time_ns;
};

/* A call's first sighting in a slot; or, with --events all, one call whose number has no counter. */
struct recorder_event_call {
	struct recorder_event_header header;
	__u32 slot;
	__u32 abi;
	__u32 nr;
	__u32 pid;
};

/* A container's cgroup was made. */
struct recorder_event_subject {
	struct recorder_event_header header;
	__u64 cgroup;
	__u32 subject; /* 0: there was no room for it */
	__u32 reserved;
	char path[RECORDER_CGROUP_BYTES];
};

/* Calls of one CPU, oldest first. Each is nanoseconds since header.time_ns << 28 | slot << 10 | counter. */
struct recorder_event_batch {
	struct recorder_event_header header;
	__u64 calls[RECORDER_BATCH_CALLS];
};

/* Map streams, per CPU: the batch being filled, and the time at the latest tick. */
struct recorder_stream {
	__u64 tick;
	__u64 now;
	struct recorder_event_batch batch;
};

#define RECORDER_BATCH_TIME_SHIFT 28
#define RECORDER_BATCH_SLOT_SHIFT 10
#define RECORDER_BATCH_SLOT_MASK 0x3ffff
#define RECORDER_BATCH_COUNTER_MASK 0x3ff

#ifdef __cplusplus
#define RECORDER_ASSERT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type)
#else
#define RECORDER_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type)
#endif
RECORDER_ASSERT_SIZE(struct recorder_end, 8);
RECORDER_ASSERT_SIZE(struct recorder_subject, 16 + 48 + 16 + 16 + 64 + 512);
RECORDER_ASSERT_SIZE(struct recorder_runtime, 48);
RECORDER_ASSERT_SIZE(struct recorder_slot_key, 24);
RECORDER_ASSERT_SIZE(struct recorder_slot, 24 + 128 + 8 + 24 + 16 + 1024);
RECORDER_ASSERT_SIZE(struct recorder_counters, 8192);
RECORDER_ASSERT_SIZE(struct recorder_call_key, 16);
RECORDER_ASSERT_SIZE(struct recorder_argument_call, 8 + 24 + 16);
RECORDER_ASSERT_SIZE(struct recorder_argument_key, 32);
RECORDER_ASSERT_SIZE(struct recorder_argument_set_key, 8);
RECORDER_ASSERT_SIZE(struct recorder_argument_set, 16);
RECORDER_ASSERT_SIZE(struct recorder_file, 16);
RECORDER_ASSERT_SIZE(struct recorder_argument_file_key, 32);
RECORDER_ASSERT_SIZE(struct recorder_argument_file, 40);
RECORDER_ASSERT_SIZE(struct recorder_denial_key, 16);
RECORDER_ASSERT_SIZE(struct recorder_capability_key, 16);
RECORDER_ASSERT_SIZE(struct recorder_capability_count, 16);
RECORDER_ASSERT_SIZE(struct recorder_result_key, 20);
RECORDER_ASSERT_SIZE(struct recorder_result_count, 16);
RECORDER_ASSERT_SIZE(struct recorder_open_checks, 16 + 4 * 24);
RECORDER_ASSERT_SIZE(struct recorder_site_key, 128);
RECORDER_ASSERT_SIZE(struct recorder_site, 8 + 768);
RECORDER_ASSERT_SIZE(struct recorder_condition_key, 8);
RECORDER_ASSERT_SIZE(struct recorder_condition, 32);
RECORDER_ASSERT_SIZE(struct recorder_signal_key, 8);
RECORDER_ASSERT_SIZE(struct recorder_losses, 136 + 512);
RECORDER_ASSERT_SIZE(struct recorder_evidence_call, 12);
RECORDER_ASSERT_SIZE(struct recorder_path, 16 + 512);
RECORDER_ASSERT_SIZE(struct recorder_used_file_key, 40);
RECORDER_ASSERT_SIZE(struct recorder_used_file, 32 + 528);
RECORDER_ASSERT_SIZE(struct recorder_name_key, 24 + 256);
RECORDER_ASSERT_SIZE(struct recorder_named_file, 16 + 528);
RECORDER_ASSERT_SIZE(struct recorder_directory_key, 32);
RECORDER_ASSERT_SIZE(struct recorder_endpoint_key, 12);
RECORDER_ASSERT_SIZE(struct recorder_ids_key, 20);
RECORDER_ASSERT_SIZE(struct recorder_cgroup_query, 16);
RECORDER_ASSERT_SIZE(struct recorder_process, 8);
RECORDER_ASSERT_SIZE(struct recorder_event_call, 32);
RECORDER_ASSERT_SIZE(struct recorder_event_subject, 16 + 16 + 512);
RECORDER_ASSERT_SIZE(struct recorder_event_batch, 16 + 512);
