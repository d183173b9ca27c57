/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one place where the layout of a record or of a count is written. clang compiles it into the BPF objects,
 * the binding includes it, and llamas_bpf/sense/layout.py reads this very text to make numpy's dtypes. Hence the
 * restraint: fixed-width members and arrays of them, naturally aligned, no nesting, no arithmetic.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. tgid and tid are those of the initial PID namespace. A cgroup_id is
 * the inode number of a cgroup v2 directory. weight says how many events a sampled record stands for.
 *
 * A workload is a cgroup_id, or a process: tgid in the upper 32 bits, and in the lower ones when it started, in
 * units of 2^20 ns of CLOCK_BOOTTIME, so that a pid given out again is another workload. 0 is nobody.
 */
#ifndef LLAMAS_BPF_EVENTS_H
#define LLAMAS_BPF_EVENTS_H

enum fault_flag {
	FAULT_USER = 1,		/* taken in user mode */
	FAULT_KERNEL = 2,	/* taken in kernel mode, as by copy_to_user() */
	FAULT_WRITE = 4,
	FAULT_EXEC = 8,
};

/* One page fault. */
struct fault_event {
	__u64 ts_ns;
	__u64 workload;
	__u64 address;
	__u64 ip;
	__u64 cgroup_id;
	__u64 serial;		/* of this event among those of its CPU; a run of samples begins at a multiple of 16 */
	__u32 tgid;
	__u32 tid;
	__u32 weight;
	__u16 cpu;
	__u16 flags;		/* enum fault_flag */
};

enum leave_state {
	LEAVE_VOLUNTARY = 1,	/* it blocked: what the kernel counts in nvcsw */
	LEAVE_PREEMPTED = 2,	/* it could have run on: nivcsw */
};

/* One stay on a CPU, told when it ends. */
struct sched_event {
	__u64 ts_ns;
	__u64 workload;
	__u64 cgroup_id;
	__u64 wait_ns;		/* in the run queue before it; also 0: not known */
	__u64 run_ns;		/* 0: entered before we watched */
	__u32 tgid;
	__u32 tid;
	__u32 next_tid;		/* who gets the CPU; 0: nobody */
	__u32 weight;
	__u16 cpu;
	__u8 left;		/* enum leave_state */
	__u8 reserved1;
	__u32 reserved4;
};

enum lifecycle_type {
	LIFECYCLE_FORK = 1,	/* of a process, not of a thread */
	LIFECYCLE_EXEC = 2,
	LIFECYCLE_EXIT = 3,	/* of a process's last thread */
};

/* A process begins, becomes another program, or ends. Never sampled. */
struct lifecycle_event {
	__u64 ts_ns;
	__u64 workload;
	__u64 cgroup_id;
	__u64 start_ns;		/* when the process started, CLOCK_BOOTTIME as in /proc/PID/stat */
	__u32 tgid;
	__u32 parent_tgid;	/* who forked it; later, who waits for it */
	__u8 type;		/* enum lifecycle_type */
	__u8 reserved1;
	__u16 reserved2;
	__u32 reserved4;
	char comm[16];
};

/*
 * What is counted, exactly and per workload: struct X_count by the object X. Counts only grow, and each CPU has
 * its own. Members are all __u64: the binding adds up CPUs word by word.
 */
struct sched_count {
	__u64 voluntary;	/* switches: it blocked */
	__u64 preempted;	/* switches: it could have run on */
	__u64 run_ns;
	__u64 wait_ns;
	__u64 minor_faults;	/* as in getrusage(2) */
	__u64 major_faults;
	__u64 waits[32];	/* [i]: waits of 2^(i+7) ns and more; [0]: of less than 2^8; [31]: also of more */
};

struct migrations_count {
	__u64 migrations;
	__u64 cross_node;
};

struct fault_times_count {
	__u64 stall_ns;
};

struct numa_hints_count {
	__u64 faults;
};

struct reclaim_count {
	__u64 stalls;
	__u64 stall_ns;
};

struct oom_count {
	__u64 kills;
};

/* Of a node, not of a workload. */
struct kswapd_count {
	__u64 wakes;
	__u64 awake_ns;
};

/* By the kernel's reason (enum migrate_reason), not by workload; pages. */
struct page_migrations_count {
	__u64 moved;
	__u64 failed;
};

/* Kept per CPU and object: produced = delivered + lost. */
struct ring_count {
	__u64 seen;		/* events that the sampling chose from */
	__u64 unattributed;	/* counted for no workload: the kernel had no room for one more */
	__u64 produced;		/* records made */
	__u64 lost;		/* of these: no room in the ring */
};

/* The stay that is going on, kept per CPU. */
struct cpu_stay {
	__u64 since;		/* on the run queue's clock; 0: began before we watched */
	__u64 waited;		/* 1: wait_ns is known */
	__u64 wait_ns;
	__u64 minor_faults;	/* the task's own count when the stay began */
	__u64 major_faults;
	__u64 tid;		/* 0: the CPU is idle */
	__u64 kept;		/* bit i: slot i of this CPU holds counts that are not in the map yet */
};

/* What a task had when it last left a CPU, whichever that was. */
struct last_leave {
	__u64 tid;
	__u64 switches;
	__u64 minor_faults;
	__u64 major_faults;
	__u64 reserved[4];	/* a cache line of its own: another CPU writes the next one */
};

/* Given once, before the object is loaded; the verifier then treats it as constant. */
struct probe_config {
	__u32 own_tgid;		/* the observer: its threads appear in nothing */
	__u32 own_children;	/* 1: neither do the processes that it started */
	__u32 by_cgroup;	/* 1: a workload is a cgroup; 0: a process */
	__u16 node_of_cpu[4096];	/* NUMA node; CPUs beyond count as on node 0 */
};

/* May change at any time: a record is made of one event in so many. A power of two. */
struct probe_sampling {
	__u32 period;
};

#endif
