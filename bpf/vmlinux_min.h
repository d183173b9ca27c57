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

struct task_struct {
	struct thread_info thread_info;
	__u32 pid;
	__u32 tgid;
	struct css_set *cgroups;
};

struct pt_regs {
	unsigned long ip;		/* x86's name: only x86 has the page_fault_* tracepoints */
};

#pragma clang attribute pop

#endif
