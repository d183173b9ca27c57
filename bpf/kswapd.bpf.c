// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How often and for how long the kernel frees memory in the background. The key is not a workload but a node. */
#include "counts.bpf.h"

COUNTS(kswapd_count);

/* Since when each node's kswapd is awake. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);	/* MAX_NUMNODES of a kernel with CONFIG_NODES_SHIFT=10 */
	__type(key, __u32);
	__type(value, __u64);
} awake_since SEC(".maps");

/* Also told when more work is asked of one that is awake. */
SEC("tp_btf/mm_vmscan_kswapd_wake")
int BPF_PROG(on_kswapd_wake, int nid)
{
	__u64 *since = bpf_map_lookup_elem(&awake_since, &nid);
	struct kswapd_count *node;
	struct ring_count *seen = see();

	if (!since || !seen)
		return 0;
	node = counts_of(nid, seen);
	if (node)
		node->wakes++;
	if (!*since)
		*since = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/mm_vmscan_kswapd_sleep")
int BPF_PROG(on_kswapd_sleep, int nid)
{
	__u64 *since = bpf_map_lookup_elem(&awake_since, &nid);
	struct kswapd_count *node;
	struct ring_count *seen = see();

	if (!since || !*since || !seen)
		return 0;
	node = counts_of(nid, seen);
	if (node)
		node->awake_ns += bpf_ktime_get_ns() - *since;
	*since = 0;
	return 0;
}
