// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How long the kernel took to resolve page faults. */
#include "counts.bpf.h"

COUNTS(fault_times_count);

/* A fault may sleep and go on elsewhere, so its start is kept by thread and not by CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

SEC("fentry/handle_mm_fault")
int BPF_PROG(on_fault_begin)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = task->pid;

	if (is_watched(task))
		bpf_map_update_elem(&started, &tid, &now, BPF_ANY);
	return 0;
}

SEC("fexit/handle_mm_fault")
int BPF_PROG(on_fault_end)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fault_times_count *mine;
	struct ring_count *seen;
	__u32 tid = task->pid;
	__u64 *since;

	since = bpf_map_lookup_elem(&started, &tid);
	if (!since || !*since || !(seen = see()))
		return 0;
	mine = counts_of(workload_of(task), seen);
	if (mine)
		mine->stall_ns += bpf_ktime_get_ns() - *since;
	*since = 0;
	return 0;
}
