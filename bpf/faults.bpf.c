// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One record for each page-fault exception, at its entry: what the CPU knew, before the kernel looked. */
#include "ring.bpf.h"

RECORD(fault_event);

/* The x86 page-fault error code (Intel SDM vol. 3, 4.7; arch/x86/include/asm/trap_pf.h). */
#define PF_WRITE 0x02
#define PF_INSTR 0x10

static __always_inline int record_fault(unsigned long address, struct pt_regs *regs, unsigned long error_code,
					__u16 flags)
{
	__u64 ids = bpf_get_current_pid_tgid();
	struct fault_event *event;

	if (ids >> 32 == config.own_tgid)
		return 0;
	event = reserve(sizeof(*event));
	if (!event)
		return 0;
	event->ts_ns = bpf_ktime_get_ns();
	event->address = address;
	event->ip = regs->ip;
	event->cgroup_id = bpf_get_current_cgroup_id();
	event->tgid = ids >> 32;
	event->tid = (__u32)ids;
	event->weight = 1;
	event->cpu = bpf_get_smp_processor_id();
	event->flags = flags | (error_code & PF_WRITE ? FAULT_WRITE : 0) | (error_code & PF_INSTR ? FAULT_EXEC : 0);
	submit(event);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(on_page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return record_fault(address, regs, error_code, FAULT_USER);
}

SEC("tp_btf/page_fault_kernel")
int BPF_PROG(on_page_fault_kernel, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	return record_fault(address, regs, error_code, FAULT_KERNEL);
}
