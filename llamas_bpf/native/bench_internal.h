/* SPDX-License-Identifier: Apache-2.0 */
/* What the loads have in common. */
#ifndef LLAMAS_BPF_BENCH_INTERNAL_H
#define LLAMAS_BPF_BENCH_INTERNAL_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#define SECOND 1000000000ull

static inline uint64_t read_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static inline uint64_t now_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

static inline void sleep_until(uint64_t ns)
{
	struct timespec until = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
}

static inline char *map_pages(size_t pages, size_t page)
{
	char *area = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	/* One fault a page is what is measured. */
	if (area != MAP_FAILED)
		madvise(area, pages * page, MADV_NOHUGEPAGE);
	return area;
}

#endif
