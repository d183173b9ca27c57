// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How long tasks are held up because they must free memory themselves: for the machine or for a cgroup. */
#include "counts.bpf.h"

COUNTS(reclaim_count);

/* Which thread is in there, since when. Reclaim sleeps, and goes on where the scheduler likes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

static __always_inline int begin(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = task->pid;

	if (is_watched(task))
		bpf_map_update_elem(&started, &tid, &now, BPF_ANY);
	return 0;
}

static __always_inline int end(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct reclaim_count *mine;
	struct ring_count *seen;
	__u32 tid = task->pid;
	__u64 *since;

	since = bpf_map_lookup_elem(&started, &tid);
	if (!since || !(seen = see()))
		return 0;
	mine = counts_of(workload_of(task), seen);
	if (mine) {
		mine->stalls++;
		mine->stall_ns += bpf_ktime_get_ns() - *since;
	}
	bpf_map_delete_elem(&started, &tid);
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(on_direct_reclaim_begin)
{
	return begin();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(on_direct_reclaim_end)
{
	return end();
}

/* A cgroup at memory.high or memory.max, or a write to memory.reclaim. */
SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(on_memcg_reclaim_begin)
{
	return begin();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(on_memcg_reclaim_end)
{
	return end();
}
