/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For `llamas-bpf bench`: what most tracers do. Every event leaves a record; SUBMIT_FLAGS say whom that wakes. In
 * their favour: they look nothing up, and leave their reader out.
 */
#ifndef LLAMAS_BPF_EACH_EVENT_BPF_H
#define LLAMAS_BPF_EACH_EVENT_BPF_H

#include "../ring.bpf.h"

RECORD(sched_event);
RECORD(fault_event);

static __always_inline int record_task(struct task_struct *task)
{
	struct ring_count *seen = is_watched(task) ? see() : NULL;
	struct sched_event *event = seen ? reserve(seen, sizeof(*event)) : NULL;

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->ts_ns = bpf_ktime_get_ns();
	event->tgid = task->tgid;
	event->tid = task->pid;
	event->weight = 1;
	event->cpu = bpf_get_smp_processor_id();
	bpf_ringbuf_submit(event, SUBMIT_FLAGS);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return record_task(prev);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_sched_wakeup, struct task_struct *task)
{
	return record_task(task);
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault_user, unsigned long address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct ring_count *seen = is_watched(task) ? see() : NULL;
	struct fault_event *event = seen ? reserve(seen, sizeof(*event)) : NULL;

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->ts_ns = bpf_ktime_get_ns();
	event->address = address;
	event->tgid = task->tgid;
	event->tid = task->pid;
	event->weight = 1;
	event->cpu = bpf_get_smp_processor_id();
	event->flags = FAULT_USER;
	bpf_ringbuf_submit(event, SUBMIT_FLAGS);
	return 0;
}

#endif
