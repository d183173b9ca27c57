// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Processes that the kernel kills for want of memory. */
#include "counts.bpf.h"

COUNTS(oom_count);

/*
 * Not tp_btf: the argument is the victim since commit 72ba14deb40a (Linux 6.8), and its pid before. No pid
 * reaches PID_MAX_LIMIT, and no pointer lies so low.
 */
SEC("raw_tp/mark_victim")
int on_mark_victim(struct bpf_raw_tracepoint_args *ctx)
{
	struct ring_count *seen = see();
	struct oom_count *mine;
	__u64 victim = ctx->args[0];
	__u64 workload = 0;

	if (!seen)
		return 0;
	if (victim > 1 << 22) {
		struct task_struct *task = (void *)victim;

		if (config.by_cgroup)
			workload = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
		else
			workload = (__u64)BPF_CORE_READ(task, tgid) << 32 |
				   (__u32)(BPF_CORE_READ(task, group_leader, start_boottime) >> 20);
	}
	mine = counts_of(workload, seen);
	if (mine)
		mine->kills++;
	return 0;
}
