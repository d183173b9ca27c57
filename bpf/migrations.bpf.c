// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Moves of a task from one CPU to another, and from one NUMA node to another. */
#include "counts.bpf.h"

COUNTS(migrations_count);

static __always_inline __u16 node_of(__u32 cpu)
{
	cpu = cpu < 4096 ? cpu : 0;
	barrier_var(cpu);	/* or clang tests one register and uses another, and the verifier cannot follow */
	return config.node_of_cpu[cpu & 4095];
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_sched_migrate_task, struct task_struct *task, int dest_cpu)
{
	struct migrations_count *mine;
	struct ring_count *seen;

	if (!is_watched(task) || !(seen = see()))
		return 0;
	mine = counts_of(workload_of(task), seen);
	if (!mine)
		return 0;
	mine->migrations++;
	mine->cross_node += node_of(task->thread_info.cpu) != node_of(dest_cpu);
	return 0;
}
