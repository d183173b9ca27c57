/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Only the kernel fields that are touched. libbpf looks each one up by name in the running kernel's BTF and
 * patches its offset in ("CO-RE"), so order and gaps mean nothing here and one object serves every kernel.
 */
#ifndef LLAMAS_BPF_VMLINUX_MIN_H
#define LLAMAS_BPF_VMLINUX_MIN_H

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;	/* of the cgroup v2 hierarchy */
};

struct thread_info {
	__u32 cpu;
};

/* CONFIG_SCHED_INFO: what the kernel keeps for /proc/PID/schedstat. */
struct sched_info {
	unsigned long long last_arrival;	/* on a CPU, on its run queue's clock */
	unsigned long long last_queued;	/* on its run queue's clock; 0: not waiting */
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;			/* threads that have not begun to exit */
};

struct rq {
	__u64 clock;			/* ns, of one CPU */
};

struct cfs_rq {
	struct rq *rq;			/* CONFIG_FAIR_GROUP_SCHED; set for tasks of every class */
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
};

struct task_struct {
	struct thread_info thread_info;
	__u32 pid;
	__u32 tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	char comm[16];
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;		/* page faults so far, as getrusage() tells them */
	unsigned long maj_flt;
	struct sched_entity se;
	struct sched_info sched_info;
	struct css_set *cgroups;
	struct signal_struct *signal;
};

#pragma clang attribute pop

#endif
