// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Births, new programs and deaths of processes. Which thread is a process's last is in no argument (before
 * Linux 6.16), so the threads of those born under our eyes are counted; of an older process the main
 * thread's end is taken for its end.
 */

/* include/uapi/linux/sched.h */
#define CLONE_THREAD 0x00010000
#define CLONE_INTO_CGROUP 0x200000000ULL

BPF_TABLE("lru_hash", u32, s64, threads, 65536);

static __always_inline void record_lifecycle(u32 tgid, u32 parent_tgid, u64 cgroup_id, u8 type)
{
	struct lifecycle_event *event;
	struct ring_count *count;

	if (!is_watched(tgid, tgid) || !(count = see()))
		return;
	event = reserve(count, sizeof(*event));
	if (!event)
		return;
	event->ts_ns = bpf_ktime_get_ns();
	event->workload = workload_of(tgid, cgroup_id);
	event->cgroup_id = cgroup_id;
	event->start_ns = 0;
	event->tgid = tgid;
	event->parent_tgid = parent_tgid;
	event->type = type;
	event->reserved1 = 0;
	event->reserved2 = 0;
	event->reserved4 = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	submit(event);
}

/* "current" is the parent, whose name and cgroup the child has; but not where it was put into another cgroup. */
int on_task_newtask(struct tracepoint__task__task_newtask *args)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32, child = args->pid;
	u64 cgroup_id = args->clone_flags & CLONE_INTO_CGROUP ? 0 : bpf_get_current_cgroup_id();
	s64 one = 1, *live;

	if (args->clone_flags & CLONE_THREAD) {
		live = threads.lookup(&tgid);
		if (live)
			__sync_fetch_and_add(live, 1);
		return 0;
	}
	threads.update(&child, &one);
	record_lifecycle(child, tgid, cgroup_id, LIFECYCLE_FORK);
	return 0;
}

int on_sched_process_exec(struct tracepoint__sched__sched_process_exec *args)
{
	record_lifecycle(bpf_get_current_pid_tgid() >> 32, 0, bpf_get_current_cgroup_id(), LIFECYCLE_EXEC);
	return 0;
}

/* Of two threads that both find none left, only one removes the count. */
int on_sched_process_exit(struct tracepoint__sched__sched_process_exit *args)
{
	u64 ids = bpf_get_current_pid_tgid();
	u32 tgid = ids >> 32;
	s64 *live = threads.lookup(&tgid);

	if (live) {
		__sync_fetch_and_add(live, -1);
		if (*live > 0 || threads.delete(&tgid))
			return 0;
	} else if ((u32)ids != tgid) {
		return 0;
	}
	record_lifecycle(tgid, 0, bpf_get_current_cgroup_id(), LIFECYCLE_EXIT);
	return 0;
}
