// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The contract between the kernel side (recorder.bpf.c) and the user side (userspace/trace): the layout of every map value and
 * ring record, and nothing else. Fixed-width fields, explicit padding; both sides assert the sizes below.
 *
 * A slot is one (subject, phase, program). Slot numbers start at 1; 0 means "not ours". Only programs of phase main have a row of
 * counters. The others are sparse: their number is made from subject and phase, nothing is reserved for them, and their calls are
 * counted in sparse_calls. A runtime's phase is short, and a subject then costs next to nothing before its program starts.
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
	RECORDER_SUBJECT_LEVELS = 32, /* different depths at which subjects' cgroups can be */
	RECORDER_ARGUMENTS = 3, /* of a call, kept together */
	RECORDER_ARGUMENT_VALUES = 64, /* kept of a call in a slot: different ones */
	RECORDER_ARGUMENT_CALLS = 128, /* in .rodata, the unused 0 included */
	RECORDER_FILE_PATH_BYTES = 512,
	RECORDER_NAME_BYTES = 256, /* of a path that a program has given, with its end */
	RECORDER_FILESYSTEM_BYTES = 16,
	RECORDER_DIRECTORY_FILES = 128, /* different ones of a directory that are told one by one of a slot */
	RECORDER_EVIDENCE_CALLS = 128, /* in .rodata, the unused 0 included */
	RECORDER_MESSAGES = 1024, /* that one sendmmsg(2) sends at most: UIO_MAXIOV (include/uapi/linux/uio.h) */
	RECORDER_ARGUMENT_FILES = 128, /* kept of a call in a slot: different pairs of value and kind of file */
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
	/* The process was moved into the subject, or forked by one that was, and has not exec'd the subject's program since: a
	 * runtime at work. */
	RECORDER_PHASE_RUNTIME = 1,
	/* The same, under a filter that it did not have when it was moved: the subject's own is in force already. */
	RECORDER_PHASE_BASELINE = 2,
};

enum recorder_subject_flags {
	/* Its program is what is exec'd under another root directory than the runtime's: runtimes exec themselves anew before that. */
	RECORDER_SUBJECT_CONTAINER = 1,
	RECORDER_SUBJECT_STARTED = 2, /* its program was exec'd, and then: */
	RECORDER_SUBJECT_FILTERED = 4,
	RECORDER_SUBJECT_NO_NEW_PRIVS = 8,
	RECORDER_SUBJECT_ENROLLED = 16, /* the kernel side has watched it since its cgroup was made */
};

enum {
	RECORDER_SUBJECT_ENDS = 8,
	RECORDER_NO_PROCESS = 0xffffffff, /* of recorder_subject.first: it has ended, or cannot be known */
};

/* How a subject's first process ended. */
struct recorder_end {
	__u32 status; /* as wait(2) gives it */
	__u32 signal; /* the latest that it took and that asks for something; 0: none */
};

/* Map subjects, by subject number; numbers start at 1. What is told of signals is sets: signal n is bit n - 1. */
struct recorder_subject {
	__u64 cgroup; /* id */
	__u32 flags;
	__u32 first; /* the process that executes its program first, in the initial namespace; 0: not yet, or RECORDER_NO_PROCESS */
	__u64 caught;        /* a process of it had a handler for when it was looked at, of programs without a row */
	__u64 first_caught;  /* its first process has a handler for */
	__u64 first_blocked; /* its first process blocked, for signalfd or sigwait, at its end or when last looked at */
	__u64 died_of;       /* processes ended by */
	__u64 started_ns;    /* CLOCK_MONOTONIC, the first time; 0: not seen */
	__u64 ended_ns;      /* the last time */
	__u32 joined;        /* programs executed by processes from outside, after its own */
	__u32 restarts;
	__u32 taken;         /* as recorder_end.signal, of now */
	__u32 end_count;     /* different ones in ends */
	__u64 most_pages;    /* of memory, by its cgroup's own account, at the end of processes */
	__u64 most_tasks;    /* in its cgroup, when one was added */
	struct recorder_end ends[RECORDER_SUBJECT_ENDS];
	char path[RECORDER_CGROUP_BYTES]; /* below the cgroup v2 mount; "" when user space knows it */
};

/* Map container_subjects: key -> subject number. What the container's engine calls it. */
struct recorder_container_id {
	char digits[RECORDER_CONTAINER_ID_DIGITS];
};

/* Map runtimes, by pid in the initial namespace: a process in the runtime phase has an entry, and so has each of its threads that
 * made a call. In an enrolled container every process has one, also when it is none or no longer. User space makes one, all zero,
 * for a runtime that is already at work. */
struct recorder_runtime {
	__u64 root;             /* the root directory of who moved the process: a dentry's address */
	__u64 filter;           /* the newest filter when it was moved: an address */
	__u64 executable;       /* what it executed at its latest call: an inode's address */
	__u64 mover_executable; /* what its mover executes */
	__u32 learned;          /* these are set */
	__u32 last_abi;         /* the latest call of the thread */
	__s32 last_nr;          /* -1: none */
	__u32 started;          /* the process is the container's own; the other fields mean nothing */
};

/* Map slot_ids: key -> number of a slot with a row. */
struct recorder_slot_key {
	__u32 subject;
	__u32 generation; /* of the file: tells it from another that had its inode number before */
	__u64 device;
	__u64 inode;
};

/* Map slots, by slot number. */
struct recorder_slot {
	struct recorder_slot_key key;
	__u64 seen[RECORDER_COUNTERS / 64]; /* one bit per counter: its first sighting has been told */
	__u64 caught;                       /* signals that a process of it had a handler for when it was looked at; a set */
	__u32 pid;                          /* the process that first ran the program, in the initial namespace */
	__u32 path_length;                  /* bytes used in path */
	__u32 path_truncated;
	__u32 privileges; /* recorder_privileges of its executions */
	__u32 descriptors; /* the highest descriptor that a process of it had, plus one, as far as it was seen */
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
	__u8 pointed_to; /* what is kept is the 64-bit word whose address the only argument is */
	__u8 conditional; /* the last is kept when the first is a number in `options`, and is 0 otherwise */
	__u8 descriptor; /* not 0: the argument before this one is a descriptor, and beside the first value kept is what file it is */
	__u8 reserved;
	__u64 mask[RECORDER_ARGUMENTS]; /* bits that the kernel looks at */
	__u64 options[2]; /* of 0 to 127 */
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
	__u32 used; /* different values */
	__u16 open;  /* there have been others, which are not kept */
	__u16 dirty; /* bits outside a mask were neither 0 nor copies of the sign */
	__u32 files; /* different pairs of value and kind of file */
	__u32 files_open; /* there have been others */
};

enum { RECORDER_NO_FILE = 1 /* recorder_file.type where the descriptor stands for none */ };

/* What kind of file a descriptor stands for. 0 is what is not known, or is not so of this kind. */
struct recorder_file {
	__u16 type; /* S_IFMT of the inode's mode */
	__u16 family; /* of a socket */
	__u32 device; /* of a device: as in the kernel, major << 20 | minor; the minor is 0 of a block device and of a pseudo-terminal */
	__u64 operations; /* of others but pipes: what serves them, an address. Those of one kind may have several */
};

/* Map argument_files: key -> recorder_argument_file. */
struct recorder_argument_file_key {
	struct recorder_argument_set_key call;
	__u64 value; /* of the first argument that is kept */
	struct recorder_file file;
};

struct recorder_argument_file {
	__u64 count;
	/* Of a file with `operations`: its file system's type, cut and ended by NUL; or, where that is "anon_inodefs", which all files
	 * without a path share, the file's own name: */
	char name[RECORDER_FILE_NAME_BYTES];
	__u32 anonymous;
	__u32 reserved;
};

/* What came of a call that a filter did not let through. */
enum recorder_denial_outcome {
	RECORDER_DENIAL_ERROR = 0,
	RECORDER_DENIAL_KILLED = 1,
	RECORDER_DENIAL_TRAPPED = 2,  /* SIGSYS goes to the process's handler */
	RECORDER_DENIAL_ANSWERED = 3, /* with success: an errno of 0, or what a supervisor or tracer gave */
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
	RECORDER_CAPABILITY_IN_VAIN = 2, /* by a condition, the call comes out the same without it */
};

enum {
	RECORDER_SITE_FRAMES = 16,
	RECORDER_FUNCTION_BYTES = 48,
	RECORDER_MAX_SITES = 1024,
};

/* Key of capability_sites: return addresses in the kernel when it asked, our own program's first, zero behind the last. */
struct recorder_site_key {
	__u64 addresses[RECORDER_SITE_FRAMES];
};

/* Map capability_sites. */
struct recorder_site {
	__u32 number; /* from 1 */
	__u32 frames; /* used in functions */
	/* Names as the kernel's %ps gives them, cut where they are too long; ended by NUL. */
	char functions[RECORDER_SITE_FRAMES][RECORDER_FUNCTION_BYTES];
};

/* When a call comes out the same without a capability that the kernel asks for first. */
enum recorder_condition_kind {
	RECORDER_CONDITION_ARGUMENT = 1, /* the argument has no bit of `none`, and one of `some` unless that is 0 */
	RECORDER_CONDITION_SAME_USER = 2, /* argument 0 is the real and the saved user */
	RECORDER_CONDITION_SAME_GROUP = 3,
	RECORDER_CONDITION_OWN_USERS = 4, /* each of three arguments is -1 or the real, effective or saved user */
	RECORDER_CONDITION_OWN_GROUPS = 5,
	RECORDER_CONDITION_INHERITS_OWN = 6, /* of capset: inherits nothing but what it does already or is permitted */
	/* Never in vain, but asked at one place only, and often: after RECORDER_LOOKS times that place is not looked at any more. */
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
	__u32 site; /* where in the kernel, or 0: not known */
};

struct recorder_capability_count {
	__u64 granted;
	__u64 denied;
};

/* Map capability_results: key -> recorder_result_count. What came of the calls in which checks were made. */
struct recorder_result_key {
	struct recorder_capability_key check;
	__u16 denied;
	__u16 error; /* 0: the call succeeded */
};

struct recorder_result_count {
	__u64 count; /* checks */
	__u64 ended; /* processes that ended with an error soon after */
};

enum { RECORDER_CALL_CHECKS = 4 /* different ones of one call whose result is told */ };

struct recorder_open_check {
	struct recorder_capability_key check;
	__u32 denied;
	__u32 count;
};

/* Maps open_checks, by pid: of the call that a task is in; and latest_refusals, by process: of the last call that failed with EPERM or
 * EACCES after a capability was denied. */
struct recorder_open_checks {
	__u64 time_ns; /* of a refusal */
	__u32 error;   /* of a refusal */
	__u32 used;
	struct recorder_open_check checks[RECORDER_CALL_CHECKS];
};

/* What becomes of a signal, as far as the moment tells in which it is sent. */
enum recorder_signal_outcome {
	RECORDER_SIGNAL_HANDLED = 0, /* there is a handler */
	RECORDER_SIGNAL_WAITED = 1,  /* no handler, and blocked: somebody reads it by signalfd or sigwait, or will unblock it */
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

/* Of an executed file. */
enum recorder_privileges {
	RECORDER_SET_USER = 1,
	RECORDER_SET_GROUP = 2,
	RECORDER_GAINED = 4, /* the program began with more than who executed it had */
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
	/* Not uses: what was created is one. */
	RECORDER_FILE_LINK = 1 << 13,
	RECORDER_FILE_DIRECTORY = 1 << 14,
	RECORDER_FILE_SOCKET = 1 << 15,
};

/* Where the evidence is of what a call has done, when it succeeds. */
enum recorder_evidence_kind {
	RECORDER_EVIDENCE_OPEN = 1, /* its result is the descriptor of a file that was opened */
	RECORDER_EVIDENCE_PATHS = 2,
	RECORDER_EVIDENCE_DESCRIPTOR = 3, /* argument `path` of the first is a descriptor */
	RECORDER_EVIDENCE_MAP = 4, /* mmap(2) */
	RECORDER_EVIDENCE_ADDRESS = 5, /* argument 0 is a socket, argument `path` of the first an address, and the next one its length */
	RECORDER_EVIDENCE_IDS = 6,
	RECORDER_EVIDENCE_RESULT = 7, /* its result is a descriptor of something else */
	/* Argument 0 is a socket, argument 1 a struct msghdr; with `count` the first of an array of struct mmsghdr, of which the result
	 * says how many were sent. */
	RECORDER_EVIDENCE_MESSAGES = 8,
	RECORDER_EVIDENCE_SOCKETCALL = 9, /* argument 0 says which of the calls of sockets it is, argument 1 is where its arguments are */
};

enum { RECORDER_WORKING_DIRECTORY = 0xff };

struct recorder_evidence_path {
	__u8 directory; /* the argument that is the descriptor of where a relative path begins, or RECORDER_WORKING_DIRECTORY */
	__u8 path;
	__u16 uses; /* recorder_file_use; of ADDRESS 0: the address is the socket's own */
};

struct recorder_evidence_call {
	__u8 kind;
	__u8 count; /* of PATHS; of MESSAGES not 0 where there are several */
	__u8 reserved[2];
	struct recorder_evidence_path paths[2];
};

/* The components of a path, the last one first, each ended by NUL. */
struct recorder_path {
	__u32 length; /* bytes used */
	__u32 truncated;
	__u32 in_mount; /* bytes that are below the root of the innermost mount */
	__u32 reserved;
	char bytes[RECORDER_FILE_PATH_BYTES];
};

/* Map files: key -> recorder_used_file. Addresses of the kernel's: a file that has gone and one that has its place are told apart by name. */
struct recorder_used_file_key {
	__u64 dentry; /* 0: all other files of the directory `parent` */
	__u64 parent;
	__u64 mount;
	__u64 name; /* hash and length */
	__u32 slot;
	__u32 reserved;
};

struct recorder_used_file {
	__u32 uses;
	__u32 mode;   /* as stat(2) has it; 0 of others */
	__u32 device; /* of a device: major << 20 | minor */
	__u32 reserved;
	char filesystem[RECORDER_FILESYSTEM_BYTES];
	struct recorder_path path;
};

/* Map named_files: key -> recorder_named_file. What was only named, without a descriptor. */
struct recorder_name_key {
	__u64 dentry; /* where the name begins */
	__u64 mount;
	__u32 slot;
	__u16 uses;
	__u16 others; /* all other files of the directory `name` */
	char name[RECORDER_NAME_BYTES]; /* as the program gave it, zero behind its end */
};

struct recorder_named_file {
	char filesystem[RECORDER_FILESYSTEM_BYTES]; /* of where it begins */
	struct recorder_path path; /* likewise */
};

/* Map directories: key -> how many files of it have a place of their own. */
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
	__u8 connected; /* another's address */
	__u16 type;     /* SOCK_… */
};

/* Map process_ids: key -> 1. As they are in the process's user namespace. */
struct recorder_ids_key {
	__u32 slot;
	__u32 user;
	__u32 effective_user;
	__u32 group;
	__u32 effective_group;
};

/* What could not be kept, by reason. In .bss, only ever growing. */
struct recorder_losses {
	__u64 event_ring_full;       /* first sightings whose time is unknown */
	__u64 stream_ring_full;     /* calls missing from the stream of every call, though counted */
	__u64 slots_full;           /* look-ups of programs that are counted without a name */
	__u64 subjects_full;        /* containers that could not be followed */
	__u64 sparse_calls_full;     /* calls of sparse slots or with unusual numbers counted nowhere */
	__u64 denials_full;
	__u64 capabilities_full;
	__u64 enrolment_failed;     /* a process of the subject could not be followed */
	__u64 denials_unnumbered;   /* refused calls whose number is not known: a tracer put -1 in its place */
	__u64 signals_full;
	__u64 arguments_full;       /* calls for whose arguments there was no room */
	__u64 files_full;           /* uses of files for which there was no room */
	__u64 files_unread;         /* uses of files whose names were not in memory any more, or too long */
	__u64 addresses_unread;     /* uses of addresses that were not in memory any more */
	__u64 endpoints_full;
	__u64 ids_full;
	__u64 left_unseen;          /* processes that moved elsewhere and may have been a subject's: their table is full */
	char left_to[RECORDER_CGROUP_BYTES]; /* where the first of these went, below the cgroup v2 mount */
};

/* What the program level_of_cgroup is asked: the cgroup whose directory is open as `descriptor`. */
struct recorder_cgroup_query {
	__u32 descriptor;
	__u32 level; /* answer */
	__u64 id;    /* answer; 0 when it is no cgroup */
};

/* What the iterator list_processes writes: a process that belongs to a subject and has not ended. */
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
