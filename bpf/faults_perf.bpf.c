// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The same detail where the kernel has no page_fault_* tracepoints (they are x86's): perf's software event for
 * page faults, at the end of each. It does not tell what kind of access it was.
 */
#include <linux/bpf_perf_event.h>

#include "ring.bpf.h"

RECORD(fault_event);

SEC("perf_event")
int on_page_fault(struct bpf_perf_event_data *ctx)
{
	struct ring_count *count = see();
	__u32 weight = count ? sample(count) : 0;
	struct fault_event *event;
	struct task_struct *task;

	if (!weight)
		return 0;
	task = bpf_get_current_task_btf();
	if (!is_watched(task))
		return 0;
	event = reserve(count, sizeof(*event));
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->workload = workload_of(task);
	event->address = ctx->addr;
	event->ip = PT_REGS_IP(&ctx->regs);
	event->cgroup_id = cgroup_id_of(task);
	event->serial = count->seen;
	event->tgid = task->tgid;
	event->tid = task->pid;
	event->weight = weight;
	event->cpu = bpf_get_smp_processor_id();
	event->flags = 0;
	submit(event);
	return 0;
}
