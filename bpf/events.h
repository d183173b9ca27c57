/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one place where the layout of an event is written. clang compiles it into the BPF objects, and
 * llamas_bpf/sense/layout.py reads this very text to make numpy's dtypes. Hence the restraint: fixed-width
 * members, naturally aligned, no nesting, no arithmetic.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. tgid and tid are those of the initial PID namespace. A cgroup_id is
 * the inode number of a cgroup v2 directory. weight says how many events the record stands for.
 */
#ifndef LLAMAS_BPF_EVENTS_H
#define LLAMAS_BPF_EVENTS_H

enum fault_flag {
	FAULT_USER = 1,		/* taken in user mode */
	FAULT_KERNEL = 2,	/* taken in kernel mode, as by copy_to_user() */
	FAULT_WRITE = 4,
	FAULT_EXEC = 8,
};

struct fault_event {
	__u64 ts_ns;
	__u64 address;
	__u64 ip;
	__u64 cgroup_id;
	__u32 tgid;
	__u32 tid;
	__u32 weight;
	__u16 cpu;
	__u16 flags;		/* enum fault_flag */
};

enum sched_type {
	SCHED_SWITCH = 1,
	SCHED_WAKEUP = 2,
	SCHED_WAKEUP_NEW = 3,
	SCHED_MIGRATE = 4,
};

enum leave_state {
	LEAVE_VOLUNTARY = 1,	/* it blocked: what the kernel counts in nvcsw */
	LEAVE_PREEMPTED = 2,	/* it could have run on: nivcsw */
};

/*
 * A switch has two sides: prev leaves the CPU, next enters it. A side that is nobody's (the idle task, or the
 * observer's own) is all zeros; both are never nobody. The subject of any other type stands on the next side.
 */
struct sched_event {
	__u64 ts_ns;
	__u64 prev_cgroup_id;
	__u64 prev_run_ns;	/* how long prev was on the CPU; 0: entered before we watched */
	__u64 next_cgroup_id;
	__u64 next_wait_ns;	/* from wake-up or preemption until now; 0: became runnable before we watched */
	__u32 prev_tgid;
	__u32 prev_tid;
	__u32 next_tgid;
	__u32 next_tid;
	__u32 weight;
	__u16 cpu;		/* where it was seen */
	__u16 orig_cpu;		/* of a migration */
	__u16 dest_cpu;		/* of a migration */
	__u8 type;		/* enum sched_type */
	__u8 prev_state;	/* enum leave_state, of a switch */
	__u32 reserved;
};

/* Kept per CPU: each event is counted before its record is reserved, so produced = delivered + lost. */
struct ring_counts {
	__u64 produced;
	__u64 lost;
};

/* Given once, before the object is loaded; the verifier then treats it as constant. */
struct probe_config {
	__u32 own_tgid;		/* the observer: its threads appear in no record */
};

#endif
