// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Detail of page faults at the exception's entry, as in faults.bpf.c. */

/* The x86 page-fault error code: only x86 has these tracepoints. */
#define PF_WRITE 0x02
#define PF_INSTR 0x10

static __always_inline void on_fault(u64 address, u64 ip, u64 error_code, u16 flags)
{
	struct ring_count *count = see();
	u32 weight = count ? sample(count) : 0;
	u64 ids = bpf_get_current_pid_tgid();
	struct fault_event *event;

	if (!weight || !is_watched(ids, ids >> 32))
		return;
	event = reserve(count, sizeof(*event));
	if (!event)
		return;
	event->ts_ns = bpf_ktime_get_ns();
	event->cgroup_id = bpf_get_current_cgroup_id();
	event->workload = workload_of(ids >> 32, event->cgroup_id);
	event->address = address;
	event->ip = ip;
	event->serial = count->seen;
	event->tgid = ids >> 32;
	event->tid = ids;
	event->weight = weight;
	event->cpu = bpf_get_smp_processor_id();
	event->flags = flags | (error_code & PF_WRITE ? FAULT_WRITE : 0) | (error_code & PF_INSTR ? FAULT_EXEC : 0);
	submit(event);
}

int on_page_fault_user(struct tracepoint__exceptions__page_fault_user *args)
{
	on_fault(args->address, args->ip, args->error_code, FAULT_USER);
	return 0;
}

int on_page_fault_kernel(struct tracepoint__exceptions__page_fault_kernel *args)
{
	on_fault(args->address, args->ip, args->error_code, FAULT_KERNEL);
	return 0;
}
