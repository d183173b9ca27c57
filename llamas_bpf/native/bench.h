/* SPDX-License-Identifier: Apache-2.0 */
/* What only `llamas-bpf bench` calls: loads with a known cost, and the rivals that are written in C. As in shim.h,
 * calls return 0 or a count, or a negative errno. */
#ifndef LLAMAS_BPF_BENCH_H
#define LLAMAS_BPF_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* A ring that is filled on request: bpf/bench/fill.bpf.c. */
struct bench_ring;

/* NULL: it could not be opened, and *error is a negative errno. */
struct bench_ring *bench_ring_open(const char *object_path, uint32_t ring_bytes, int *error);

/* Puts so many records into it; returns how many there was room for. */
long bench_ring_fill(struct bench_ring *ring, uint32_t records);

int bench_ring_fd(struct bench_ring *ring);

/* Empties it through libbpf's own C callback, which only counts; returns how many there were. */
long bench_ring_count(struct bench_ring *ring);

void bench_ring_close(struct bench_ring *ring);

/* Sleeps until the ring's writer wakes it, takes what is there, and so on until *stop; returns how many it took. */
long bench_consume(int ring_fd, const volatile int *stop);

/*
 * Both repeat until span_ns have passed or so many times, and return how often; ns[i] is the CPU time that it took.
 * One touches fresh pages, giving them back not counted. The other is two processes that hand a byte to and fro, each
 * turn two switches.
 */
long bench_touch(size_t pages, uint64_t *ns, size_t times, uint64_t span_ns);
long bench_ping_pong(size_t turns, uint64_t *ns, size_t times, uint64_t span_ns);

/* At each tick so many fresh pages and turns. Returns how many ticks began late by a tick or more. */
long bench_pace(size_t pages, size_t turns, uint64_t tick_ns, size_t ticks);

/* Starts so many processes that each wake, and touch a fresh page, once a period. They end with this one. */
long bench_crowd(size_t number, uint64_t period_ns);

/* Ends them, each by its id. */
void bench_crowd_end(void);

#endif
