/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every probe has: its configuration, its ring and the counts that show what the ring lost. */
#ifndef LLAMAS_BPF_RING_BPF_H
#define LLAMAS_BPF_RING_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "events.h"
#include "vmlinux_min.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct probe_config config SEC(".rodata.config");

/* The size is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ring_counts);
} counts SEC(".maps");

/* clang drops a type that nothing refers to, and the loader compares it: RECORD(fault_event) keeps it. */
#define RECORD(name) const struct name *__record_##name __attribute__((unused))

/* Plain increments are enough: every hook runs with interrupts off, so nothing else counts on this CPU. */
static __always_inline void *reserve(__u64 size)
{
	__u32 zero = 0;
	struct ring_counts *count = bpf_map_lookup_elem(&counts, &zero);
	void *record;

	if (!count)
		return NULL;
	count->produced++;
	record = bpf_ringbuf_reserve(&ring, size, 0);
	if (!record)
		count->lost++;
	return record;
}

/* With a wake-up per record a switch costs nearly 4 times as much: the reader's own switches feed it. */
static __always_inline void submit(void *record)
{
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

#endif
