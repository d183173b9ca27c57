// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Stays on a CPU: how long a task waited for it, how long it ran, what it faulted, and whether it left by itself.
 *
 * The kernel counts most of this itself, for each task: when it entered its run queue (sched_info.last_queued, on
 * that queue's clock; kernel/sched/stats.h) and its page faults (min_flt, maj_flt; mm_account_fault()). Reading
 * that where a stay begins and ends needs no hook on wake-ups or faults, and no clock. As in the kernel, a task
 * that is moved while it waits starts its wait anew, and one that an idle CPU takes up at once has waited 0 ns:
 * the queue's clock is not read twice for that (rq_clock_skip_update()).
 */
#include "counts.bpf.h"
#include "ring.bpf.h"

RECORD(sched_event);
COUNTS(sched_count);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_stay);
} stays SEC(".maps");

/* By the lowest bits of their tid; only one CPU at a time writes a task's. */
#define LEAVES 1024

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LEAVES);
	__type(key, __u32);
	__type(value, struct last_leave);
} leaves SEC(".maps");

static __always_inline struct last_leave *leave_of(struct task_struct *task)
{
	__u32 slot = task->pid & (LEAVES - 1);

	return bpf_map_lookup_elem(&leaves, &slot);
}

static __always_inline struct cpu_stay *this_stay(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&stays, &zero);
}

static __always_inline void begin_stay(struct cpu_stay *stay, struct task_struct *task, __u64 now, __u64 queued)
{
	stay->since = now;
	stay->waited = !!queued;
	stay->wait_ns = queued && now > queued ? now - queued : 0;
	stay->minor_faults = task->min_flt;
	stay->major_faults = task->maj_flt;
	stay->tid = task->pid;
}

/* Not if it began before we watched. */
static __always_inline bool is_known(const struct cpu_stay *stay, struct task_struct *task)
{
	return stay->since && stay->tid == task->pid;
}

static __always_inline void note_leave(struct task_struct *task)
{
	struct last_leave *last = leave_of(task);

	if (!last)
		return;
	last->tid = task->pid;
	last->switches = task->nvcsw + task->nivcsw;
	last->minor_faults = task->min_flt;
	last->major_faults = task->maj_flt;
}

/*
 * Some kernels do not tell when certain tasks leave a CPU, as a hypervisor's agent may be hidden from its guest.
 * Whoever comes after them was then never seen to come: the kernel knows when it did, and if it has not run
 * since we saw it leave (but for this once, if it is leaving) we know its faults.
 */
static __always_inline void recover_stay(struct cpu_stay *stay, struct task_struct *task, bool leaving)
{
	struct last_leave *last;

	if (!stay->since || stay->tid == task->pid)
		return;
	begin_stay(stay, task, task->sched_info.last_arrival, 0);
	last = leave_of(task);
	if (last && last->tid == task->pid && last->switches + leaving == task->nvcsw + task->nivcsw) {
		stay->minor_faults = last->minor_faults;
		stay->major_faults = last->major_faults;
	}
}

static __always_inline __u64 run_of(const struct cpu_stay *stay, __u64 now)
{
	return now > stay->since ? now - stay->since : 0;
}

static __always_inline void count_stay(struct sched_count *mine, const struct cpu_stay *stay,
				       struct task_struct *task, __u64 now)
{
	mine->run_ns += run_of(stay, now);
	mine->minor_faults += task->min_flt - stay->minor_faults;
	mine->major_faults += task->maj_flt - stay->major_faults;
	if (stay->waited) {
		mine->wait_ns += stay->wait_ns;
		mine->waits[bucket_of(stay->wait_ns) & 31]++;
	}
}

static __always_inline void record_stay(struct ring_count *seen, const struct cpu_stay *stay,
					struct task_struct *prev, struct task_struct *next, __u64 now, __u8 left)
{
	__u32 weight = sample(seen);
	struct sched_event *event;

	if (!weight)
		return;
	event = reserve(seen, sizeof(*event));
	if (!event)
		return;
	event->ts_ns = bpf_ktime_get_ns();
	event->workload = workload_of(prev);
	event->cgroup_id = cgroup_id_of(prev);
	event->wait_ns = is_known(stay, prev) ? stay->wait_ns : 0;
	event->run_ns = is_known(stay, prev) ? run_of(stay, now) : 0;
	event->tgid = prev->tgid;
	event->tid = prev->pid;
	event->next_tid = next->pid;
	event->weight = weight;
	event->cpu = bpf_get_smp_processor_id();
	event->left = left;
	event->reserved1 = 0;
	event->reserved4 = 0;
	submit(event);
}

/*
 * In front of the map of counts each CPU has slots that take no call to find: who comes first in a window has one,
 * others use the map. A window's end empties them into it.
 */
struct slot {
	__u64 workload;
	struct sched_count count;
};

#define SLOTS 64

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

static __always_inline struct sched_count *slot_or_counts_of(struct cpu_stay *stay, __u64 workload,
							     struct ring_count *seen)
{
	__u32 i = (workload ^ workload >> 32) & (SLOTS - 1);
	struct slot *slot = bpf_map_lookup_elem(&slots, &i);

	if (!slot)
		return counts_of(workload, seen);
	if (!(stay->kept >> i & 1)) {
		/* Its place in the map is made now: at a window's end there is no memory for many at once. */
		if (!counts_of(workload, seen))
			return NULL;
		stay->kept |= 1ULL << i;
		slot->workload = workload;
	}
	return slot->workload == workload ? &slot->count : counts_of(workload, seen);
}

static long empty_slot(__u32 i, void *unused)
{
	struct slot *slot = bpf_map_lookup_elem(&slots, &i);
	struct ring_count *seen = this_count();
	struct cpu_stay *stay = this_stay();
	struct sched_count *mine;

	if (!slot || !seen || !stay || !(stay->kept >> (i & (SLOTS - 1)) & 1))
		return 0;
	mine = counts_of(slot->workload, seen);
	if (mine) {
		mine->voluntary += slot->count.voluntary;
		mine->preempted += slot->count.preempted;
		mine->run_ns += slot->count.run_ns;
		mine->wait_ns += slot->count.wait_ns;
		mine->minor_faults += slot->count.minor_faults;
		mine->major_faults += slot->count.major_faults;
		for (int bucket = 0; bucket < 32; bucket++)
			mine->waits[bucket] += slot->count.waits[bucket];
	}
	slot->count = no_counts;
	return 0;
}

/*
 * "current" is still prev here, and all is counted for prev. prev_state is 0 for a task that stays runnable; it
 * has been the last argument since commit 9c2136be0878 (Linux 5.19). What preempts and what blocks is told as
 * __schedule() tells it.
 */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
	     unsigned int prev_state)
{
	__u8 left = preempt || !prev_state ? LEAVE_PREEMPTED : LEAVE_VOLUNTARY;
	__u64 now = next->se.cfs_rq->rq->clock;
	struct cpu_stay *stay = this_stay();
	struct ring_count *seen;
	struct sched_count *mine;

	if (!stay)
		return 0;
	if (is_watched(prev) && (seen = see())) {
		recover_stay(stay, prev, true);
		mine = slot_or_counts_of(stay, workload_of(prev), seen);
		if (mine) {
			if (is_known(stay, prev))
				count_stay(mine, stay, prev, now);
			if (left == LEAVE_VOLUNTARY)
				mine->voluntary++;
			else
				mine->preempted++;
		}
		record_stay(seen, stay, prev, next, now, left);
		note_leave(prev);
	}
	begin_stay(stay, next, now, next->sched_info.last_queued);
	return 0;
}

/*
 * Not attached: run on a CPU at a window's end, so that a task that never leaves it is counted all the same.
 * It comes as an interrupt between two switches, and splits the stay in two.
 */
SEC("raw_tp")
int on_window_end(void *unused)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 now = task->se.cfs_rq->rq->clock;
	struct cpu_stay *stay = this_stay();
	struct ring_count *seen = this_count();
	struct sched_count *mine;

	if (!stay || !seen)
		return 0;
	if (is_watched(task)) {
		recover_stay(stay, task, false);
		mine = is_known(stay, task) ? counts_of(workload_of(task), seen) : NULL;
		if (mine)
			count_stay(mine, stay, task, now);
		begin_stay(stay, task, now, 0);
	}
	if (stay->kept)
		bpf_loop(SLOTS, empty_slot, NULL, 0);
	stay->kept = 0;
	return 0;
}
