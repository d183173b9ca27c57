/* SPDX-License-Identifier: Apache-2.0 */
/* How fast one node's memory is. Calls return 0 or a count, or a negative errno. */
#ifndef LLAMAS_BPF_MEMORY_SPEED_H
#define LLAMAS_BPF_MEMORY_SPEED_H

#include <stddef.h>
#include <stdint.h>

/* Memory of this process that is bound to a node, and filled. */
struct memory_area;

/* NULL: there is none, and *error is a negative errno. */
struct memory_area *memory_open(int node, size_t bytes, int *error);

/* How many of its pages are, by the kernel's word, not on that node. */
long memory_elsewhere(struct memory_area *area);

/*
 * Loads that each wait for the one before, all over the area and in no order, on this CPU: ns[i] is what one takes, in
 * each of so many runs of span_ns.
 */
int memory_chase(struct memory_area *area, int cpu, uint64_t span_ns, double *ns, size_t runs);

/* All of it from one end to the other, again and again, each of these CPUs with a part of its own. */
int memory_stream(struct memory_area *area, const int *cpus, size_t n_cpus, int write, uint64_t span_ns,
		  double *bytes_per_s, size_t runs);

void memory_close(struct memory_area *area);

/* Whose virtual machine this is, in at most 12 characters, as CPUID tells; "" where that tells of none. */
void memory_hypervisor(char name[13]);

#endif
