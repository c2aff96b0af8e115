// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Constants, counters and maps shared by the programs. recorder.h has the layouts that user space reads, too.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/recorder.h"

#define TASK_CACHE_SIZE 65536

// Set before load; the verifier removes the code that they switch off.
const volatile bool every_call = false;      // stream every call, not only first sightings
const volatile bool track_denials = false;   // count calls that a filter refused
const volatile bool enrol_containers = false;  // a container's cgroup becomes a subject when it is made
const volatile __u32 slot_limit = 0;         // entries of `slots` and `counters`, the unused 0 included
const volatile __u32 subject_limit = 0;      // entries of `subjects`, the unused 0 included
const volatile __u64 wakeup_bytes = 0;       // every_call: wake the reader when this many bytes are in the ring
const volatile bool keep_arguments = false;  // of the calls in argument_call_of
// By counter: the call's index in argument_calls, or 0. x32's calls share the entries of the native table.
const volatile __u8 argument_call_of[RECORDER_COUNTERS] = {};
const volatile struct recorder_argument_call argument_calls[RECORDER_ARGUMENT_CALLS] = {};
const volatile bool keep_evidence = false;  // of files, addresses and ids; only with track_denials
const volatile __u8 evidence_call_of[RECORDER_COUNTERS] = {};  // as argument_call_of, in evidence_calls
const volatile struct recorder_evidence_call evidence_calls[RECORDER_EVIDENCE_CALLS] = {};

// Caches a task's slot, by its pid in the initial namespace: generation << 32 | pid's upper bits << 20 | slot.
// One word, so that two tasks whose pids share an entry can never mix their halves. Slot 0: the task is not followed.
__u64 task_slots[TASK_CACHE_SIZE];

// With track_denials, the known state of a followed task, by its pid: pid << TASK_CALL_BITS | a state of denials.bpf.h.
// Two tasks whose pids share an entry overwrite each other's; for a task that finds the other's pid, the state is
// unknown.
__u32 task_calls[TASK_CACHE_SIZE];

// Moving a task to another cgroup invalidates every cached slot at once: the move can concern many threads.
// Starts at 1 so that a zeroed entry is never valid.
__u32 generation = 1;
__u32 next_slot = 1;
__u32 next_subject = 1;
__u32 next_site = 1;
struct recorder_losses losses;
// The process (tgid in the initial namespace) whose children are runtimes before they are moved into a subject, or 0.
__u32 recorder_process;
// Levels of the cgroups that are subjects, each plus one; ended by the first zero.
__u32 subject_levels[RECORDER_SUBJECT_LEVELS];
// Processes of subjects that did not fit into process_subjects.
__u64 unknown_processes;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); // set before load, with cgroup_subjects
	__type(key, __u32);
	__type(value, struct recorder_subject);
} subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64); // cgroup id
	__type(value, __u32); // subject
} cgroup_subjects SEC(".maps");

// With enrol_containers: cgroups whose children are all containers, regardless of name.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64); // cgroup id
	__type(value, __u8);
} container_parents SEC(".maps");

// Subjects that are containers with an id.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2); // set before load
	__type(key, struct recorder_container_id);
	__type(value, __u32); // subject
} container_subjects SEC(".maps");

// Every process that belongs to a subject, from its move into the subject's cgroup, or its fork by such a process, to
// its end.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768); // set before load for containers
	__type(key, __u32); // process (tgid in the initial namespace)
	__type(value, __u32); // subject
} process_subjects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); // set before load, with slots and counters
	__type(key, struct recorder_slot_key);
	__type(value, __u32);
} slot_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recorder_slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recorder_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct recorder_call_key);
	__type(value, __u64);
} sparse_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct recorder_argument_key);
	__type(value, __u64);
} argument_values SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct recorder_argument_set_key);
	__type(value, struct recorder_argument_set);
} argument_sets SEC(".maps");

// Evidence only: for pairs that do not fit, it is unknown on which files a value was seen.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct recorder_argument_file_key);
	__type(value, struct recorder_argument_file);
} argument_files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, struct recorder_denial_key);
	__type(value, __u64);
} denials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct recorder_capability_key);
	__type(value, struct recorder_capability_count);
} capability_checks SEC(".maps");

// With track_denials, the results of calls in which capabilities were checked. Results that do not fit are dropped.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384); // set before load, with the next two
	__type(key, struct recorder_result_key);
	__type(value, struct recorder_result_count);
} capability_results SEC(".maps");

// The checks of calls in progress: the task's state in task_calls is IN_CHECKED_CALL if it has an entry.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32); // pid
	__type(value, struct recorder_open_checks);
} open_checks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32); // process (tgid in the initial namespace)
	__type(value, struct recorder_open_checks);
} latest_refusals SEC(".maps");

// Places in the kernel where capabilities were checked. Checks at places that do not fit have no site.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, RECORDER_MAX_SITES);
	__type(key, struct recorder_site_key);
	__type(value, struct recorder_site);
} capability_sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, struct recorder_condition_key);
	__type(value, struct recorder_condition);
} capability_conditions SEC(".maps");

// Too large for the stack of a program.
struct site_scratch {
	struct recorder_site_key key;
	struct recorder_site site;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct site_scratch);
} site_scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct recorder_signal_key);
	__type(value, __u64);
} signals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); // set before load with keep_evidence, as the following ones
	__type(key, struct recorder_used_file_key);
	__type(value, struct recorder_used_file);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct recorder_name_key);
	__type(value, struct recorder_named_file);
} named_files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct recorder_directory_key);
	__type(value, __u32);
} directories SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct recorder_endpoint_key);
	__type(value, __u8);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct recorder_ids_key);
	__type(value, __u8);
} process_ids SEC(".maps");

// Too large for the stack of a program.
struct evidence_scratch {
	struct recorder_used_file file;
	struct recorder_name_key name;
	struct recorder_named_file named;
	__u32 last; // of name: where its last component begins; the verifier would follow every value of a variable
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct evidence_scratch);
} evidence_scratch SEC(".maps");

// Not task storage: creating an entry there fails now and then, while a task that was preempted inside that operation
// waits for its CPU, and the entry is visible before it is written.
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32); // pid
	__type(value, struct recorder_runtime);
} runtimes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024); // grown before load for every_call
} events SEC(".maps");

// With every_call, the batch that each CPU is filling. User space reads the unsent rest at the end.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct recorder_stream);
} streams SEC(".maps");
