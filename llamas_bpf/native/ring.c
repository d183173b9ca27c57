// SPDX-License-Identifier: Apache-2.0
/*
 * What the kernel promises of a ring's memory is in Documentation/bpf/ringbuf.rst: a page with the reader's
 * position, one with the writer's, and the data twice in a row, so that no record is in two pieces. libbpf's
 * ring_buffer__consume() calls a function for each record, tells the kernel of each, and has no bound: taking
 * a batch at once is faster, and ends.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ring.h"

struct ring {
	unsigned long *taken;		/* ours to write */
	const unsigned long *written;	/* the kernel's; the data are behind it */
	const char *data;
	size_t page, bytes;
};

static int map_both(struct ring *ring, int fd)
{
	void *taken = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	void *written;

	if (taken == MAP_FAILED)
		return -1;
	ring->taken = taken;
	written = mmap(NULL, ring->page + 2 * ring->bytes, PROT_READ, MAP_SHARED, fd, ring->page);
	if (written == MAP_FAILED)
		return -1;
	ring->written = written;
	ring->data = (const char *)written + ring->page;
	return 0;
}

struct ring *ring_map(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct ring *ring;

	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return NULL;
	if (info.type != BPF_MAP_TYPE_RINGBUF) {
		errno = EINVAL;
		return NULL;
	}
	ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	ring->page = sysconf(_SC_PAGESIZE);
	ring->bytes = info.max_entries;
	if (!map_both(ring, fd))
		return ring;
	ring_unmap(ring);
	return NULL;
}

/* Records are of a few words: the loop is quicker than a call of memcpy(). */
static void copy_words(uint64_t *to, const uint64_t *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] = from[i];
}

long ring_take(struct ring *ring, void *records, size_t record_size, size_t capacity)
{
	unsigned long at = *ring->taken, end = __atomic_load_n(ring->written, __ATOMIC_ACQUIRE);
	size_t words = record_size / sizeof(uint64_t), mask = ring->bytes - 1;
	long count = 0;

	if (record_size % sizeof(uint64_t))
		return -EINVAL;
	while (at != end && count < (long)capacity) {
		const char *header = ring->data + (at & mask);
		uint32_t word = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		uint32_t size = word & ~BPF_RINGBUF_DISCARD_BIT;

		if (word & BPF_RINGBUF_BUSY_BIT)
			break;		/* being written: it is taken the next time */
		at += (BPF_RINGBUF_HDR_SZ + size + 7) & ~7u;
		if (word & BPF_RINGBUF_DISCARD_BIT)
			continue;
		if (size != record_size) {
			count = -EPROTO;
			break;
		}
		copy_words((uint64_t *)records + count++ * words, (const uint64_t *)(header + BPF_RINGBUF_HDR_SZ), words);
	}
	/* From here on the kernel may write over what has been copied. */
	__atomic_store_n(ring->taken, at, __ATOMIC_RELEASE);
	return count;
}

void ring_unmap(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->taken)
		munmap(ring->taken, ring->page);
	if (ring->written)
		munmap((void *)ring->written, ring->page + 2 * ring->bytes);
	free(ring);
}
