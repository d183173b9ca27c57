/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Exact counts: a map from workload to this object's struct NAME_count, a value for each CPU. */
#ifndef LLAMAS_BPF_COUNTS_BPF_H
#define LLAMAS_BPF_COUNTS_BPF_H

#include "probe.bpf.h"

/* The size is set by the loader. Not preallocated: that would take room for every possible workload on every possible CPU. Since Linux 6.1
 * (commit fba1a1c6c912) such a map allocates from its own reserve, also under the run-queue lock. */
#define COUNTS(name)						\
	struct {						\
		__uint(type, BPF_MAP_TYPE_PERCPU_HASH);		\
		__uint(map_flags, BPF_F_NO_PREALLOC);		\
		__uint(max_entries, 1);				\
		__type(key, __u64);				\
		__type(value, struct name);			\
	} counts SEC(".maps");					\
	static const struct name no_counts

/* This CPU's counts of a workload; NULL, and counted as such, where there is no room for one more. */
#define counts_of(workload, seen)						\
	({									\
		__u64 __key = (workload);					\
		typeof(no_counts) *__counts = bpf_map_lookup_elem(&counts, &__key);	\
		if (!__counts) {						\
			bpf_map_update_elem(&counts, &__key, &no_counts, BPF_NOEXIST);	\
			__counts = bpf_map_lookup_elem(&counts, &__key);	\
		}								\
		if (!__counts)							\
			(seen)->unattributed++;					\
		(void *)__counts;						\
	})

#endif
