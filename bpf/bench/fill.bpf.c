// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* For `llamas-bpf bench`: fills a ring on request (BPF_PROG_TEST_RUN), so that every drain finds the same in it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../events.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The size is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct fill_order {
	__u32 records;	/* wanted */
	__u32 made;	/* found room */
};

static long make_one(__u32 index, __u32 *made)
{
	struct fault_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event)
		return 1;
	__builtin_memset(event, 0, sizeof(*event));
	event->ts_ns = index;
	event->address = (__u64)index << 12;
	event->workload = event->tgid = event->tid = 1 + (index & 63);
	event->weight = 1;
	event->flags = FAULT_USER;
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
	++*made;
	return 0;
}

SEC("syscall")
int fill(struct fill_order *order)
{
	__u32 made = 0;

	bpf_loop(order->records, make_one, &made, 0);
	order->made = made;
	return 0;
}
