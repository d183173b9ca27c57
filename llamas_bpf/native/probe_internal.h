/* SPDX-License-Identifier: Apache-2.0 */
/* What a probe is to the C files of the binding. */
#ifndef LLAMAS_BPF_PROBE_INTERNAL_H
#define LLAMAS_BPF_PROBE_INTERNAL_H

#include <linux/types.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ring.h"
#include "shim.h"

struct probe {
	struct bpf_object *object;	/* NULL: another loaded it */
	struct probe_maps maps;
	struct probe_programs programs;	/* recording: of an object that another loaded */
	struct ring *ring;		/* NULL: it has none */
	struct bpf_link **links;
	int link_count;
	int cpus;			/* possible ones: a per-CPU value has so many parts */
};

#endif
