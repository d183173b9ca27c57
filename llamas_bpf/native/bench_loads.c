// SPDX-License-Identifier: Apache-2.0
/* Loads that do a known number of things: page faults, switches between two processes. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "bench_internal.h"

/* Pages: few enough to stay in a cache, since how fast memory is cleared is not what is asked. */
#define AT_ONCE 512

struct partner {
	pid_t pid;
	clockid_t clock;	/* its CPU time */
	int there[2], back[2];
};

/* What others take of the CPU meanwhile is not in it. */
static uint64_t own_ns(void)
{
	return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static uint64_t touch(volatile char *area, size_t pages, size_t page)
{
	uint64_t start = own_ns(), took;

	for (size_t i = 0; i < pages; i++)
		area[i * page] = 1;
	took = own_ns() - start;
	madvise((void *)area, pages * page, MADV_DONTNEED);
	return took;
}

long bench_touch(size_t pages, uint64_t *ns, size_t times, uint64_t span_ns)
{
	size_t page = sysconf(_SC_PAGESIZE), at_once = pages < AT_ONCE ? pages : AT_ONCE, i;
	char *area = map_pages(at_once, page);
	uint64_t end = now_ns() + span_ns;

	if (area == MAP_FAILED)
		return -errno;
	for (i = 0; i < times && now_ns() < end; i++) {
		ns[i] = 0;
		for (size_t left = pages; left; left -= left < at_once ? left : at_once)
			ns[i] += touch(area, left < at_once ? left : at_once, page);
	}
	munmap(area, at_once * page);
	return i;
}

static void answer(const struct partner *partner)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(partner->there[1]);
	close(partner->back[0]);
	while (read(partner->there[0], &byte, 1) == 1 && write(partner->back[1], &byte, 1) == 1)
		;
	_exit(0);
}

static int begin(struct partner *partner)
{
	if (pipe(partner->there) || pipe(partner->back))
		return -errno;
	partner->pid = fork();
	if (!partner->pid)
		answer(partner);
	close(partner->there[0]);
	close(partner->back[1]);
	return partner->pid < 0 ? -errno : -clock_getcpuclockid(partner->pid, &partner->clock);
}

/* It reads the end of the pipe, and ends. */
static void end(struct partner *partner)
{
	close(partner->there[1]);
	close(partner->back[0]);
	waitpid(partner->pid, NULL, 0);
}

static int play(const struct partner *partner, size_t turns)
{
	char byte = 'x';

	while (turns--)
		if (write(partner->there[1], &byte, 1) != 1 || read(partner->back[0], &byte, 1) != 1)
			return -EPIPE;
	return 0;
}

long bench_ping_pong(size_t turns, uint64_t *ns, size_t times, uint64_t span_ns)
{
	struct partner partner;
	uint64_t until = now_ns() + span_ns;
	int err = begin(&partner);
	size_t i;

	if (err)
		return err;
	for (i = 0; !err && i < times && now_ns() < until; i++) {
		uint64_t start = own_ns() + read_ns(partner.clock);

		err = play(&partner, turns);
		ns[i] = own_ns() + read_ns(partner.clock) - start;
	}
	end(&partner);
	return err ? err : (long)i;
}

long bench_pace(size_t pages, size_t turns, uint64_t tick_ns, size_t ticks)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *area = map_pages(pages, page);
	struct partner partner;
	uint64_t start = now_ns();
	long late = 0;
	int err;

	if (area == MAP_FAILED)
		return -errno;
	err = begin(&partner);
	if (err)
		return err;
	for (size_t i = 0; !err && i < ticks; i++) {
		sleep_until(start + i * tick_ns);
		late += now_ns() >= start + (i + 1) * tick_ns;
		touch(area, pages, page);
		err = play(&partner, turns);
	}
	end(&partner);
	munmap(area, pages * page);
	return err ? err : late;
}
