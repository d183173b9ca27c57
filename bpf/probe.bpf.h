/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What every probe has: its configuration, what it has seen, and whose an event is. */
#ifndef LLAMAS_BPF_PROBE_BPF_H
#define LLAMAS_BPF_PROBE_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "events.h"
#include "vmlinux_min.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct probe_config config SEC(".rodata.config");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ring_count);
} ring_counts SEC(".maps");

static __always_inline struct ring_count *this_count(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&ring_counts, &zero);
}

/* For every event that a probe counts or may leave a record of. */
static __always_inline struct ring_count *see(void)
{
	struct ring_count *count = this_count();

	if (count)
		count->seen++;
	return count;
}

static __always_inline bool is_watched(struct task_struct *task)
{
	if (!task->pid || task->tgid == config.own_tgid)
		return false;
	return !config.own_children || task->real_parent->tgid != config.own_tgid;
}

static __always_inline __u64 cgroup_id_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

static __always_inline __u64 workload_of(struct task_struct *task)
{
	if (config.by_cgroup)
		return cgroup_id_of(task);
	return (__u64)task->tgid << 32 | (__u32)(task->group_leader->start_boottime >> 20);
}

#endif
