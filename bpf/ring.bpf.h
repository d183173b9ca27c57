/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Sampled detail: one event in so many leaves a record in the ring, and what the ring had no room for is counted. */
#ifndef LLAMAS_BPF_RING_BPF_H
#define LLAMAS_BPF_RING_BPF_H

#include "probe.bpf.h"
#include "figures.h"

/* The size is set by the loader. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

volatile struct probe_sampling sampling SEC(".data.sampling") = { .period = 1 };

/* clang drops a type that nothing refers to, and the loader compares it: RECORD(fault_event) keeps it. */
#define RECORD(name) const struct name *__record_##name __attribute__((unused))

/* For how many events the record of this one stands; 0: it leaves none. */
static __always_inline __u32 sample(struct ring_count *count)
{
	return weight_of(count->seen, sampling.period);
}

/* Plain increments are enough: every hook runs with interrupts off, so nothing else counts on this CPU. */
static __always_inline void *reserve(struct ring_count *count, __u64 size)
{
	void *record = bpf_ringbuf_reserve(&ring, size, 0);

	count->produced++;
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
