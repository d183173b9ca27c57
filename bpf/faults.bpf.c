// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Detail of page faults, at the exception's entry: what the CPU knew, before the kernel looked. How many there
 * were is counted by sched.bpf.c, at no cost here: this hook sits in a path of 1.4 us.
 */
#include "ring.bpf.h"

RECORD(fault_event);

struct pt_regs {
	unsigned long ip;	/* x86's name: only x86 has the page_fault_* tracepoints */
} __attribute__((preserve_access_index));

/* The x86 page-fault error code (Intel SDM vol. 3, 4.7; arch/x86/include/asm/trap_pf.h). */
#define PF_WRITE 0x02
#define PF_INSTR 0x10

static __always_inline int on_fault(unsigned long address, struct pt_regs *regs, unsigned long error_code,
				    __u16 flags)
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
	event->address = address;
	event->ip = regs->ip;
	event->cgroup_id = cgroup_id_of(task);
	event->serial = count->seen;
	event->tgid = task->tgid;
	event->tid = task->pid;
	event->weight = weight;
	event->cpu = bpf_get_smp_processor_id();
	event->flags = flags | (error_code & PF_WRITE ? FAULT_WRITE : 0) | (error_code & PF_INSTR ? FAULT_EXEC : 0);
	submit(event);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return on_fault(address, regs, error_code, FAULT_USER);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(on_page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return on_fault(address, regs, error_code, FAULT_KERNEL);
}
