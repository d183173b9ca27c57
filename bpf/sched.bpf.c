// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Who ran, for how long, who waited for it and where: switches, wake-ups and migrations. */
#include "ring.bpf.h"

RECORD(sched_event);

/*
 * When each waiting task became runnable; 0 once it runs. Not task storage: these hooks hold the run-queue lock,
 * where before Linux 6.4 task storage allocated with GFP_ATOMIC, which may wake kswapd and so want the same
 * lock. A preallocated LRU hash never allocates, and forgets the tasks that are gone.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} runnable_since SEC(".maps");

/* When the task that now runs on this CPU got on it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} on_cpu_since SEC(".maps");

static __always_inline bool is_watched(struct task_struct *task)
{
	return task->pid && task->tgid != config.own_tgid;
}

static __always_inline void start_wait(struct task_struct *task, __u64 now)
{
	__u32 tid = task->pid;
	__u64 *since = bpf_map_lookup_elem(&runnable_since, &tid);

	if (since)
		*since = now;
	else
		bpf_map_update_elem(&runnable_since, &tid, &now, BPF_ANY);
}

static __always_inline __u64 end_wait(struct task_struct *task, __u64 now)
{
	__u32 tid = task->pid;
	__u64 *since = bpf_map_lookup_elem(&runnable_since, &tid);
	__u64 wait_ns;

	if (!since || !*since)
		return 0;
	wait_ns = now > *since ? now - *since : 1;
	*since = 0;
	return wait_ns;
}

static __always_inline __u64 end_run(__u64 now)
{
	__u32 zero = 0;
	__u64 *since = bpf_map_lookup_elem(&on_cpu_since, &zero);
	__u64 run_ns;

	if (!since)
		return 0;
	run_ns = *since ? now - *since : 0;
	*since = now;
	return run_ns;
}

static __always_inline struct sched_event *reserve_event(__u8 type, __u64 now)
{
	struct sched_event *event = reserve(sizeof(*event));

	if (!event)
		return NULL;
	__builtin_memset(event, 0, sizeof(*event));
	event->ts_ns = now;
	event->weight = 1;
	event->cpu = bpf_get_smp_processor_id();
	event->type = type;
	return event;
}

static __always_inline void fill_prev(struct sched_event *event, struct task_struct *task)
{
	event->prev_tgid = task->tgid;
	event->prev_tid = task->pid;
	event->prev_cgroup_id = task->cgroups->dfl_cgrp->kn->id;
}

static __always_inline void fill_next(struct sched_event *event, struct task_struct *task)
{
	event->next_tgid = task->tgid;
	event->next_tid = task->pid;
	event->next_cgroup_id = task->cgroups->dfl_cgrp->kn->id;
}

/*
 * "current" is still prev here. prev_state is 0 for a task that stays runnable; it has been the last argument
 * since commit 9c2136be0878 (Linux 5.19). What preempts and what blocks is told as __schedule() tells it.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	bool stays_runnable = preempt || !prev_state;
	bool prev_watched = is_watched(prev), next_watched = is_watched(next);
	__u64 now = bpf_ktime_get_ns();
	__u64 run_ns = end_run(now), wait_ns = 0;
	struct sched_event *event;

	if (prev_watched && stays_runnable)
		start_wait(prev, now);
	if (next_watched)
		wait_ns = end_wait(next, now);
	if (!prev_watched && !next_watched)
		return 0;
	event = reserve_event(SCHED_SWITCH, now);
	if (!event)
		return 0;
	if (prev_watched) {
		fill_prev(event, prev);
		event->prev_run_ns = run_ns;
		event->prev_state = stays_runnable ? LEAVE_PREEMPTED : LEAVE_VOLUNTARY;
	}
	if (next_watched) {
		fill_next(event, next);
		event->next_wait_ns = wait_ns;
	}
	submit(event);
	return 0;
}

static __always_inline int record_wakeup(struct task_struct *task, __u8 type)
{
	__u64 now = bpf_ktime_get_ns();
	struct sched_event *event;

	if (!is_watched(task))
		return 0;
	start_wait(task, now);
	event = reserve_event(type, now);
	if (!event)
		return 0;
	fill_next(event, task);
	submit(event);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_sched_wakeup, struct task_struct *task)
{
	return record_wakeup(task, SCHED_WAKEUP);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_sched_wakeup_new, struct task_struct *task)
{
	return record_wakeup(task, SCHED_WAKEUP_NEW);
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_sched_migrate_task, struct task_struct *task, int dest_cpu)
{
	struct sched_event *event;

	if (!is_watched(task))
		return 0;
	event = reserve_event(SCHED_MIGRATE, bpf_ktime_get_ns());
	if (!event)
		return 0;
	fill_next(event, task);
	event->orig_cpu = task->thread_info.cpu;
	event->dest_cpu = dest_cpu;
	submit(event);
	return 0;
}
