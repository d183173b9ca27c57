/* SPDX-License-Identifier: Apache-2.0 */
/* The memory that is timed. */
#ifndef LLAMAS_BPF_MEMORY_INTERNAL_H
#define LLAMAS_BPF_MEMORY_INTERNAL_H

#include "memory_speed.h"

#define LINE 64

struct line {
	struct line *next;
	char rest[LINE - sizeof(struct line *)];
};

struct memory_area {
	int node;
	char *mapped, *start;
	size_t bytes;
	struct line *at;	/* where the chain is being followed; NULL where it was overwritten */
};

#endif
