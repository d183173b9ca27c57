// SPDX-License-Identifier: Apache-2.0
/* Rivals to our own drain: libbpf's C callback, and a reader that is woken for every record. */
#include <errno.h>
#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bench.h"

struct bench_ring {
	struct bpf_object *object;
	struct ring_buffer *reader;
	int fd;
	int fill;
	long count;
};

/* As bpf/bench/fill.bpf.c has it. */
struct fill_order {
	uint32_t records;
	uint32_t made;
};

static int count_record(void *count, void *record, size_t size)
{
	++*(long *)count;
	return 0;
}

static int load(struct bench_ring *ring, uint32_t ring_bytes)
{
	struct bpf_program *program = bpf_object__find_program_by_name(ring->object, "fill");
	struct bpf_map *map = bpf_object__find_map_by_name(ring->object, "ring");
	int err = program && map ? bpf_map__set_max_entries(map, ring_bytes) : -ENOENT;

	if (!err)
		err = bpf_object__load(ring->object);
	if (err)
		return err;
	ring->fill = bpf_program__fd(program);
	ring->fd = bpf_map__fd(map);
	ring->reader = ring_buffer__new(ring->fd, count_record, &ring->count, NULL);
	return ring->reader ? 0 : -errno;
}

struct bench_ring *bench_ring_open(const char *object_path, uint32_t ring_bytes, int *error)
{
	struct bench_ring *ring = calloc(1, sizeof(*ring));

	*error = -ENOMEM;
	if (!ring)
		return NULL;
	ring->object = bpf_object__open_file(object_path, NULL);
	*error = ring->object ? load(ring, ring_bytes) : -errno;
	if (!*error)
		return ring;
	bench_ring_close(ring);
	return NULL;
}

long bench_ring_fill(struct bench_ring *ring, uint32_t records)
{
	struct fill_order order = { .records = records };
	/* What such a program is given, the kernel also copies back. */
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &order, .ctx_size_in = sizeof(order));
	int err = bpf_prog_test_run_opts(ring->fill, &options);

	return err ? err : (long)order.made;
}

int bench_ring_fd(struct bench_ring *ring)
{
	return ring->fd;
}

long bench_ring_count(struct bench_ring *ring)
{
	int err;

	ring->count = 0;
	err = ring_buffer__consume(ring->reader);
	return err < 0 ? err : ring->count;
}

void bench_ring_close(struct bench_ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->reader);
	bpf_object__close(ring->object);
	free(ring);
}

long bench_consume(int ring_fd, const volatile int *stop)
{
	long count = 0;
	struct ring_buffer *reader = ring_buffer__new(ring_fd, count_record, &count, NULL);
	int err = 0;

	if (!reader)
		return -errno;
	while (!*stop && (err >= 0 || err == -EINTR))
		err = ring_buffer__poll(reader, 100);
	ring_buffer__free(reader);
	return err < 0 && err != -EINTR ? err : count;
}
