/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What every program for BCC has. BCC turns MAP.lookup() and its like into calls of helpers, but only in its main
 * text, not in what that includes: so the loader puts events.h, figures.h and this file in front of each program.
 *
 * Nothing of the kernel's own structures is touched, only the arguments of tracepoints (BCC writes their structs
 * from tracefs) and helpers: no kernel headers are needed, and what is here is right for whatever kernel runs.
 *
 * Given by the loader: OWN_TGID, BY_CGROUP, MOST_WORKLOADS, PAGE_SIZE, RING_PAGES.
 */

BPF_RINGBUF_OUTPUT(ring, RING_PAGES);
BPF_PERCPU_ARRAY(ring_counts, struct ring_count, 1);
BPF_ARRAY(sampling, struct probe_sampling, 1);

static __always_inline struct ring_count *this_ring_count(void)
{
	u32 zero = 0;

	return ring_counts.lookup(&zero);
}

static __always_inline struct ring_count *see(void)
{
	struct ring_count *count = this_ring_count();

	if (count)
		count->seen++;
	return count;
}

static __always_inline u32 sample(struct ring_count *count)
{
	u32 zero = 0;
	struct probe_sampling *now = sampling.lookup(&zero);

	return now ? weight_of(count->seen, now->period) : 0;
}

static __always_inline void *reserve(struct ring_count *count, u64 size)
{
	void *record = ring.ringbuf_reserve(size);

	count->produced++;
	if (!record)
		count->lost++;
	return record;
}

/* As in ring.bpf.h: nobody is woken for a record. */
static __always_inline void submit(void *record)
{
	ring.ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static __always_inline bool is_watched(u32 tid, u32 tgid)
{
	return tid && tgid != OWN_TGID;
}

/* When a process started is in no argument of a tracepoint: that part of its key is 0. */
static __always_inline u64 workload_of(u32 tgid, u64 cgroup_id)
{
	return BY_CGROUP ? cgroup_id : (u64)tgid << 32;
}
