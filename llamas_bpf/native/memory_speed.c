// SPDX-License-Identifier: Apache-2.0
/* Pointer chasing and streaming over memory of one node. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "bench_internal.h"
#include "memory_internal.h"

/* Between two looks at the clock. */
#define LOADS 2048
#define CHUNK (256u << 10)

/* xorshift64: which order does not matter, only that no prefetcher guesses it. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Sattolo's shuffle: one cycle through all lines, where a plain shuffle would make many, some of which fit a cache. */
static void chain(struct memory_area *area)
{
	struct line *lines = (struct line *)area->start;
	size_t count = area->bytes / LINE;
	uint64_t state = 0x9e3779b97f4a7c15ull;

	for (size_t i = 0; i < count; i++)
		lines[i].next = &lines[i];
	for (size_t i = count - 1; i > 0; i--) {
		size_t other = next_random(&state) % i;
		struct line *next = lines[i].next;

		lines[i].next = lines[other].next;
		lines[other].next = next;
	}
	area->at = lines;
}

/* What one thread does: a chase, or one run of a stream over its part of the area. */
struct worker {
	pthread_t thread;
	struct memory_area *area;
	uint64_t span_ns;
	/* of the chase: ns[i] is what a load takes */
	double *ns;
	size_t runs;
	/* of the stream; it begins when the gate is open, or not at all */
	struct gate *gate;
	char *start;
	size_t bytes;
	int write;
	double bytes_per_s;
};

struct gate {
	pthread_mutex_t closed;
	int off;
};

/* CPU time: what others take of the CPU meanwhile is not the memory's. */
static uint64_t own_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void *chase(void *argument)
{
	struct worker *worker = argument;
	struct line *at = worker->area->at;

	for (size_t run = 0; run < worker->runs; run++) {
		uint64_t end = now_ns() + worker->span_ns, start = own_ns();
		size_t loads = 0;

		do {
			for (int i = 0; i < LOADS; i++)
				at = at->next;
			/* Else nobody would need the address, and no load were made. */
			__asm__ volatile("" : "+r"(at));
			loads += LOADS;
		} while (now_ns() < end);
		worker->ns[run] = (double)(own_ns() - start) / loads;
	}
	worker->area->at = at;
	return NULL;
}

static void read_all(const char *start, size_t bytes)
{
	const uint64_t *words = (const uint64_t *)start;
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (size_t i = 0; i + 8 <= bytes / 8; i += 8) {
		a += words[i] + words[i + 4];
		b += words[i + 1] + words[i + 5];
		c += words[i + 2] + words[i + 6];
		d += words[i + 3] + words[i + 7];
	}
	a += b + c + d;
	__asm__ volatile("" : : "r"(a));
}

/* Past the caches where that can be said: else each line would be read before it is written. */
static void write_all(char *start, size_t bytes)
{
#if defined(__x86_64__)
	__m128i value = _mm_set1_epi8(1);

	for (size_t i = 0; i + 16 <= bytes; i += 16)
		_mm_stream_si128((__m128i *)(start + i), value);
	_mm_sfence();
#else
	memset(start, 1, bytes);
	__asm__ volatile("" : : "r"(start) : "memory");
#endif
}

static void *stream(void *argument)
{
	struct worker *worker = argument;
	uint64_t end, start, done = 0;
	size_t at = 0;

	pthread_mutex_lock(&worker->gate->closed);
	pthread_mutex_unlock(&worker->gate->closed);
	if (worker->gate->off)
		return NULL;
	end = now_ns() + worker->span_ns;
	start = own_ns();
	do {
		size_t some = worker->bytes - at < CHUNK ? worker->bytes - at : CHUNK;

		if (worker->write)
			write_all(worker->start + at, some);
		else
			read_all(worker->start + at, some);
		done += some;
		at = at + some < worker->bytes ? at + some : 0;
	} while (now_ns() < end);
	worker->bytes_per_s = done * (double)SECOND / (own_ns() - start);
	return NULL;
}

/* Whoever calls keeps the CPUs that it may use: only the thread is bound. */
static int start_on(struct worker *worker, int cpu, void *(*work)(void *))
{
	pthread_attr_t attributes;
	cpu_set_t *set = CPU_ALLOC(cpu + 1);
	int err;

	if (!set)
		return -ENOMEM;
	CPU_ZERO_S(CPU_ALLOC_SIZE(cpu + 1), set);
	CPU_SET_S(cpu, CPU_ALLOC_SIZE(cpu + 1), set);
	pthread_attr_init(&attributes);
	err = pthread_attr_setaffinity_np(&attributes, CPU_ALLOC_SIZE(cpu + 1), set);
	if (!err)
		err = pthread_create(&worker->thread, &attributes, work, worker);
	pthread_attr_destroy(&attributes);
	CPU_FREE(set);
	return -err;
}

int memory_chase(struct memory_area *area, int cpu, uint64_t span_ns, double *ns, size_t runs)
{
	struct worker worker = { .area = area, .span_ns = span_ns, .ns = ns, .runs = runs };
	int err;

	if (!area->at)
		chain(area);
	err = start_on(&worker, cpu, chase);
	return err ? err : -pthread_join(worker.thread, NULL);
}

/* All begin at once, and none if not all can. */
static int stream_once(struct worker *workers, const int *cpus, size_t n_cpus, double *bytes_per_s)
{
	struct gate gate = { .closed = PTHREAD_MUTEX_INITIALIZER };
	size_t started = 0;
	int err = 0;

	*bytes_per_s = 0;
	pthread_mutex_lock(&gate.closed);
	for (; started < n_cpus; started++) {
		workers[started].gate = &gate;
		err = start_on(&workers[started], cpus[started], stream);
		if (err)
			break;
	}
	gate.off = err;
	pthread_mutex_unlock(&gate.closed);
	for (size_t i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		*bytes_per_s += workers[i].bytes_per_s;
	}
	return err;
}

int memory_stream(struct memory_area *area, const int *cpus, size_t n_cpus, int write, uint64_t span_ns,
		  double *bytes_per_s, size_t runs)
{
	size_t part = area->bytes / n_cpus / LINE * LINE;
	struct worker *workers = calloc(n_cpus, sizeof(*workers));
	int err = 0;

	if (!workers)
		return -ENOMEM;
	if (write)
		area->at = NULL;
	for (size_t i = 0; i < n_cpus; i++)
		workers[i] = (struct worker){
			.area = area, .span_ns = span_ns, .start = area->start + i * part, .bytes = part, .write = write,
		};
	for (size_t run = 0; !err && run < runs; run++)
		err = stream_once(workers, cpus, n_cpus, &bytes_per_s[run]);
	free(workers);
	return err;
}
