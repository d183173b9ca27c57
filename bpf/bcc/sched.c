// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Stays on a CPU, as in sched.bpf.c, from tracepoints alone. A wait begins where the task is woken or preempted,
 * told by a stamp under its tid, and goes on when it is moved to another CPU's queue. Page faults come from the
 * software events that mm_account_fault() counts beside min_flt and maj_flt.
 */

/* include/trace/events/sched.h adds this to prev_state for a task that was preempted in whatever state it was. */
#define TASK_REPORT_MAX 0x100

BPF_F_TABLE("percpu_hash", u64, struct sched_count, counts, MOST_WORKLOADS, BPF_F_NO_PREALLOC);
BPF_PERCPU_ARRAY(no_counts, struct sched_count, 1);	/* zeros: too many of them for the stack */
BPF_PERCPU_ARRAY(stays, struct cpu_stay, 1);
/* LRU: a stamp whose end was missed must not keep its place for ever. */
BPF_TABLE("lru_hash", u32, u64, runnable_since, 65536);

static __always_inline struct sched_count *counts_of(u64 workload, struct ring_count *seen)
{
	struct sched_count *mine = counts.lookup(&workload), *none;
	u32 zero = 0;

	if (!mine) {
		none = no_counts.lookup(&zero);
		if (none)
			counts.insert(&workload, none);
		mine = counts.lookup(&workload);
	}
	if (!mine)
		seen->unattributed++;
	return mine;
}

static __always_inline u64 run_of(struct cpu_stay *stay, u64 now)
{
	return stay->since && now > stay->since ? now - stay->since : 0;
}

static __always_inline void begin_stay(struct cpu_stay *stay, u32 tid, u64 now)
{
	u64 *since = runnable_since.lookup(&tid);

	stay->since = now;
	stay->waited = !!since;
	stay->wait_ns = since && now > *since ? now - *since : 0;
	stay->tid = tid;
	if (since)
		runnable_since.delete(&tid);
}

static __always_inline void count_stay(struct sched_count *mine, struct cpu_stay *stay, u64 now)
{
	mine->run_ns += run_of(stay, now);
	if (stay->waited) {
		mine->wait_ns += stay->wait_ns;
		mine->waits[bucket_of(stay->wait_ns) & 31]++;
	}
}

static __always_inline void record_stay(struct ring_count *seen, struct cpu_stay *stay, u64 workload,
					u64 cgroup_id, u32 next, u64 now, u8 left)
{
	u64 ids = bpf_get_current_pid_tgid();
	u32 weight = sample(seen);
	struct sched_event *event;

	if (!weight)
		return;
	event = reserve(seen, sizeof(*event));
	if (!event)
		return;
	event->ts_ns = now;
	event->workload = workload;
	event->cgroup_id = cgroup_id;
	event->wait_ns = stay->wait_ns;
	event->run_ns = run_of(stay, now);
	event->tgid = ids >> 32;
	event->tid = ids;
	event->next_tid = next;
	event->weight = weight;
	event->cpu = bpf_get_smp_processor_id();
	event->left = left;
	event->reserved1 = 0;
	event->reserved4 = 0;
	submit(event);
}

/* "current" is still prev here. */
int on_sched_switch(struct tracepoint__sched__sched_switch *args)
{
	u8 left = args->prev_state & (TASK_REPORT_MAX - 1) ? LEAVE_VOLUNTARY : LEAVE_PREEMPTED;
	u64 now = bpf_ktime_get_ns(), cgroup_id = bpf_get_current_cgroup_id(), workload;
	u32 tgid = bpf_get_current_pid_tgid() >> 32, prev = args->prev_pid, next = args->next_pid, zero = 0;
	struct cpu_stay *stay = stays.lookup(&zero);
	struct ring_count *seen;
	struct sched_count *mine;

	if (!stay)
		return 0;
	/* Whoever was here before was not told to leave (see sched.bpf.c): what it ran cannot be told from prev's. */
	if (stay->tid != prev)
		stay->waited = stay->wait_ns = 0;
	if (is_watched(prev, tgid) && (seen = see())) {
		workload = workload_of(tgid, cgroup_id);
		mine = counts_of(workload, seen);
		if (mine) {
			count_stay(mine, stay, now);
			if (left == LEAVE_VOLUNTARY)
				mine->voluntary++;
			else
				mine->preempted++;
		}
		record_stay(seen, stay, workload, cgroup_id, next, now, left);
	}
	if (prev && left == LEAVE_PREEMPTED)
		runnable_since.update(&prev, &now);
	begin_stay(stay, next, now);
	return 0;
}

int on_sched_wakeup(struct tracepoint__sched__sched_wakeup *args)
{
	u32 tid = args->pid;
	u64 now = bpf_ktime_get_ns();

	runnable_since.update(&tid, &now);
	return 0;
}

int on_sched_wakeup_new(struct tracepoint__sched__sched_wakeup_new *args)
{
	u32 tid = args->pid;
	u64 now = bpf_ktime_get_ns();

	runnable_since.update(&tid, &now);
	return 0;
}

static __always_inline struct sched_count *counts_of_current(void)
{
	struct ring_count *seen = this_ring_count();
	u64 current_ids = bpf_get_current_pid_tgid();

	if (!seen || !is_watched(current_ids, current_ids >> 32))
		return 0;
	return counts_of(workload_of(current_ids >> 32, bpf_get_current_cgroup_id()), seen);
}

int on_minor_fault(void *event)
{
	struct sched_count *mine = counts_of_current();

	if (mine)
		mine->minor_faults++;
	return 0;
}

int on_major_fault(void *event)
{
	struct sched_count *mine = counts_of_current();

	if (mine)
		mine->major_faults++;
	return 0;
}

/* Not attached: run on a CPU at a window's end, between two switches, and splits the stay there in two. */
int on_window_end(void *unused)
{
	struct sched_count *mine = counts_of_current();
	u64 now = bpf_ktime_get_ns();
	u32 zero = 0, tid = bpf_get_current_pid_tgid();
	struct cpu_stay *stay = stays.lookup(&zero);

	if (!stay)
		return 0;
	if (stay->tid != tid)
		stay->waited = 0;
	if (mine)
		count_stay(mine, stay, now);
	stay->since = now;
	stay->waited = 0;
	stay->wait_ns = 0;
	stay->tid = tid;
	return 0;
}
