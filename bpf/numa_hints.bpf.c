// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Faults that NUMA balancing provokes to see who uses a page. */
#include "counts.bpf.h"

COUNTS(numa_hints_count);

/* The one place that they all reach, in the faulting task's own context (kernel/sched/fair.c). */
SEC("fentry/task_numa_fault")
int BPF_PROG(on_task_numa_fault)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct numa_hints_count *mine;
	struct ring_count *seen;

	if (!is_watched(task) || !(seen = see()))
		return 0;
	mine = counts_of(workload_of(task), seen);
	if (mine)
		mine->faults++;
	return 0;
}
