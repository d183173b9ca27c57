// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Births, new programs and deaths of processes: who is who, without a look at /proc. */
#include "ring.bpf.h"

RECORD(lifecycle_event);

static __always_inline int record_lifecycle(struct task_struct *task, struct task_struct *parent, __u8 type)
{
	struct lifecycle_event *event;
	struct ring_count *count;

	if (!is_watched(task) || !(count = see()))
		return 0;
	event = reserve(count, sizeof(*event));
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->workload = workload_of(task);
	event->cgroup_id = cgroup_id_of(task);
	event->start_ns = task->group_leader->start_boottime;
	event->tgid = task->tgid;
	event->parent_tgid = parent->tgid;
	event->type = type;
	event->reserved1 = 0;
	event->reserved2 = 0;
	event->reserved4 = 0;
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), task->group_leader->comm);
	submit(event);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	return child->pid == child->tgid ? record_lifecycle(child, parent, LIFECYCLE_FORK) : 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_sched_process_exec, struct task_struct *task)
{
	return record_lifecycle(task, task->real_parent, LIFECYCLE_EXEC);
}

/* do_exit() counts the thread out before it tells; the last one leaves none. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_sched_process_exit, struct task_struct *task)
{
	return task->signal->live.counter ? 0 : record_lifecycle(task, task->real_parent, LIFECYCLE_EXIT);
}
