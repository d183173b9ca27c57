/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's side of a BPF ring buffer of records that are all of one size. */
#ifndef LLAMAS_BPF_RING_H
#define LLAMAS_BPF_RING_H

#include <stddef.h>

struct ring;

/* NULL, and errno. The descriptor stays the caller's. */
struct ring *ring_map(int fd);

/* Copies at most capacity records, in order, and returns how many; -EPROTO at one of another size, which is skipped. */
long ring_take(struct ring *ring, void *records, size_t record_size, size_t capacity);

void ring_unmap(struct ring *ring);

#endif
