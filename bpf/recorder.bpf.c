// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The kernel side of `syscarve record`. For each system call of a followed task: find the task's slot, add one to a
// per-CPU counter, and submit an event if the counter was zero. Counters only ever grow and are the truth; the ring has
// the events.
//
// The rest keeps the mapping from tasks to slots right. It is derived from the task itself, its cgroup and its
// executable, at the first call after anything changed, and cached in `task_slots` until exec, exit or a cgroup move.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/arguments.bpf.h"
#include "bpf/calls.bpf.h"
#include "bpf/capabilities.bpf.h"
#include "bpf/denials.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/members.bpf.h"
#include "bpf/events.bpf.h"
#include "bpf/evidence.bpf.h"
#include "bpf/life.bpf.h"
#include "bpf/peaks.bpf.h"
#include "bpf/phases.bpf.h"
#include "bpf/queries.bpf.h"
#include "bpf/recorder.h"
#include "bpf/results.bpf.h"
#include "bpf/slots.bpf.h"
#include "bpf/subjects.bpf.h"

// `task`, the current one, enters the call `id`.
static __always_inline int enter_call(struct task_struct *task, long id)
{
	__u32 slot = slot_of(task, id);

	if (!slot)
		return 0;
	if (track_denials)
		begin_call(task->pid);
	if ((__u32)id >= RECORDER_PLANE_SIZE) {
		__u32 abi = current_abi(task, id);
		__u32 nr = number_of(abi, id);

		if (abi == RECORDER_ABI_X32 && nr < RECORDER_PLANE_SIZE)
			note_arguments(slot, abi, nr, nr);
		return count_other(slot, abi, nr);
	}
	__u32 abi = current_abi(task, 0);
	__u32 counter = abi * RECORDER_PLANE_SIZE + (__u32)id;

	note_arguments(slot, abi, (__u32)id, counter);
	struct recorder_counters *count = bpf_map_lookup_elem(&counters, &slot);

	// A sparse slot.
	if (!count)
		return count_other(slot, counter >= RECORDER_PLANE_SIZE, (__u32)id);
	// Not atomic: the kernel runs this program at most once at a time per CPU (user space reads its count of runs
	// skipped for that reason at the end), and nothing else writes here.
	__u64 before = count->calls[counter & (RECORDER_COUNTERS - 1)];

	count->calls[counter & (RECORDER_COUNTERS - 1)] = before + 1;
	if (before == 0)
		first_on_this_cpu(slot, counter);
	if (every_call)
		stream_call(slot, counter);
	return 0;
}

// `task`, the current one, returns from a call. Seccomp runs before sys_enter: a call that a filter decides itself has
// a sys_exit without a sys_enter.
static __always_inline int leave_call(struct task_struct *task, struct pt_regs *regs, long ret)
{
	__u32 state = end_call(task->pid);
	bool refused = state == BETWEEN_CALLS;
	__u16 outcome, error;

	if (state == IN_CHECKED_CALL)
		keep_results(task->pid, task->tgid, ret);
	if (keep_evidence && state >= IN_CALL)
		note_evidence(task, regs, ret);
	// In a call: it had its sys_enter. Unknown: it may have been in a call when the programs were attached, unless
	// a filter kills it.
	if (task->seccomp.mode < (refused ? SECCOMP_FILTER_MODE : SECCOMP_DEAD_MODE))
		return 0;
	if (!outcome_of(task, ret, &outcome, &error))
		return 0;
	__u32 slot = slot_of(task, -1);

	if (!slot)
		return 0;
#if defined(__TARGET_ARCH_x86)
	long id = (int)regs->orig_ax;
#else
	long id = regs->syscallno;

	// After a filter's kill the number is gone, but the register that it was passed in still has it. A number that
	// a tracer removed stays removed, as on other architectures.
	if (id < 0 && outcome == RECORDER_DENIAL_KILLED)
		id = (int)regs->regs[current_abi(task, 0) == RECORDER_ABI_COMPAT ? 7 : 8];
#endif
	if (id < 0) {
		__sync_fetch_and_add(&losses.denials_unnumbered, 1);
		return 0;
	}
	__u32 abi = current_abi(task, id);

	count_denial(slot, abi, number_of(abi, id), outcome, error);
	return 0;
}

// `task`, a runtime until now, has started a program of the subject.
static __always_inline void note_start(__u32 subject, const struct recorder_runtime *runtime, struct task_struct *task)
{
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described || note_program(described, task))
		return;
	// At a restart of a container, the flags of its first start stay.
	if (described->flags & RECORDER_SUBJECT_STARTED)
		return;
	__u32 flags = RECORDER_SUBJECT_STARTED;

	if (phase_in(runtime, task) == RECORDER_PHASE_BASELINE)
		flags |= RECORDER_SUBJECT_FILTERED;
	if (task->atomic_flags & (1 << PFA_NO_NEW_PRIVS))
		flags |= RECORDER_SUBJECT_NO_NEW_PRIVS;
	__sync_fetch_and_or(&described->flags, flags);
}

// `task`, the current one, has executed another program. A thread other than the first gets the pid of the first one by
// exec; `before` is its pid until then.
static __always_inline int replace_program(struct task_struct *task, __u32 before)
{
	__u32 pid = task->pid;

	forget(pid);
	forget(before);
	if (track_denials) {
		forget_refusal(task->tgid);
		if (before != pid)
			forget_checks(before);
	}
	if (before != pid)
		move_call(before, pid);
	struct recorder_runtime *process = runtime_of(pid);

	if (!process || process->started)
		return 0;
	struct recorder_runtime *thread = runtime_of(before);
	struct recorder_runtime runtime = thread ? *thread : *process;
	__u32 subject = subject_of(task);

	if (before != pid)
		forget_runtime(before);
	if (subject && has_flag(subject, RECORDER_SUBJECT_CONTAINER) && is_reexec(&runtime, task))
		return 0;
	if (subject)
		note_start(subject, &runtime, task);
	end_runtime(pid, subject && has_flag(subject, RECORDER_SUBJECT_ENROLLED));
	// The exec that starts the subject's program is its first call: whatever enforces a profile must let it through.
	return subject ? count_other(slot_of_program(subject), runtime.last_abi, runtime.last_nr) : 0;
}

// As replace_program, with evidence of the executed file `filename`.
static __always_inline int change_program(struct task_struct *task, __u32 before, const char *filename)
{
	replace_program(task, before);
	if (keep_evidence)
		note_execution(filename);
	return 0;
}

static __always_inline int begin_task(struct task_struct *parent, struct task_struct *child)
{
	if (track_denials)
		inherit_call(parent->pid, child->pid);
	if (keep_evidence)
		note_tasks(parent);
	// A new thread is in its process's phase, and of its subject.
	if (child->pid != child->tgid)
		return 0;
	begin_process(parent, child);
	if ((__u32)parent->tgid == recorder_process)
		begin_runtime(child, parent);
	return 0;
}

// A cgroup v2 was made. A container's is made before its first task is moved there, and the time in between is too
// short for a look-up by user space.
static __always_inline int begin_cgroup(struct cgroup *cgroup, const char *path)
{
	__u32 level = BPF_CORE_READ(cgroup, level);
	__u64 parent_id = level ? ancestor_id(cgroup, ancestors_offset(), level - 1) : 0;

	struct recorder_container_id container = {};
	bool has_id = is_container_name(cgroup, &container);

	if (!has_id && !bpf_map_lookup_elem(&container_parents, &parent_id))
		return 0;
	// Cgroups below a container's belong to it, even if it runs an engine itself.
	if (subject_of_cgroup(address_of(cgroup)))
		return 0;
	if (has_id && restarted_subject(cgroup, &container))
		return 0;
	__u64 now = bpf_ktime_get_ns();
	__u32 subject = add_subject(cgroup, path);

	if (!subject)
		__sync_fetch_and_add(&losses.subjects_full, 1);
	else if (has_id)
		bpf_map_update_elem(&container_subjects, &container, &subject, BPF_ANY);
	submit_subject(cgroup, subject, now, path);
	return 0;
}

// `task` is in the cgroup v2 `destination` from now on, or since a moment ago; with all threads of its process if
// `whole`.
static __always_inline int change_cgroup(struct task_struct *task, struct cgroup *destination, const char *path, bool whole)
{
	move_process(task, subject_of_cgroup(address_of(destination)), path, whole);
	__sync_fetch_and_add(&generation, 1);
	return 0;
}

static __always_inline int end_task(struct task_struct *task)
{
	// A filter that kills one thread of several ends it here, without a sys_exit. Other tasks that die of SIGSYS,
	// and those that die with them, do so as a group.
	if (track_denials && (task->exit_code & 0x7f) == SIGSYS_NUMBER && task->seccomp.mode >= SECCOMP_FILTER_MODE &&
	    !dies_with_its_group(task)) {
		long id = call_in_progress(task);

		if (id >= 0) {
			__u32 abi = current_abi(task, id);
			__u32 nr = number_of(abi, id);
			__u32 slot = slot_of(task, -1);

			if (slot)
				count_denial(slot, abi, nr, RECORDER_DENIAL_KILLED, 0);
		}
	}
	// The first thread may end before the others.
	bool ended = has_ended(task);

	if (ended)
		note_end(task);
	if (keep_evidence && ended)
		note_memory(task);
	if (track_denials) {
		forget_checks(task->pid);
		if (ended)
			note_end_after_refusal(task->tgid, status_of(task));
	}
	// Its pid will be reused.
	forget(task->pid);
	forget_call(task->pid);
	if (task->pid != task->tgid)
		forget_runtime(task->pid);
	if (ended) {
		forget_runtime(task->tgid);
		forget_process(task->tgid);
	}
	return 0;
}

#include "bpf/raw_programs.bpf.h"
#include "bpf/perf_programs.bpf.h"

char LICENSE[] SEC("license") = "GPL";
