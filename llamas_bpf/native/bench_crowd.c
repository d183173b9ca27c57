// SPDX-License-Identifier: Apache-2.0
/* Very many processes, each of which does a little. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench_internal.h"

/* Of a process in the crowd: it calls nothing deep. */
#define STACK 16384

static struct crowd {
	size_t number;
	pid_t *pids;
	char *memory;		/* for each a stack, and a page to touch */
	size_t size;
	uint64_t period_ns;
} crowd;

/* A process of its own that costs little: it shares our memory and files. */
static int live(void *argument)
{
	size_t me = (size_t)argument, page = sysconf(_SC_PAGESIZE);
	volatile char *mine = crowd.memory + crowd.number * STACK + me * page;
	/* Not all at once: their moments are spread over the period. */
	uint64_t due = now_ns() + crowd.period_ns * me / crowd.number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;; due += crowd.period_ns) {
		sleep_until(due);
		*mine = 1;
		madvise((void *)mine, page, MADV_DONTNEED);
	}
	return 0;
}

long bench_crowd(size_t number, uint64_t period_ns)
{
	size_t page = sysconf(_SC_PAGESIZE), i;

	crowd.period_ns = period_ns;
	crowd.number = number;
	crowd.size = number * (STACK + page);
	crowd.pids = calloc(number, sizeof(*crowd.pids));
	crowd.memory = map_pages(number, STACK + page);
	if (!crowd.pids || crowd.memory == MAP_FAILED)
		return -ENOMEM;
	for (i = 0; i < number; i++) {
		crowd.pids[i] = clone(live, crowd.memory + (i + 1) * STACK, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, (void *)i);
		if (crowd.pids[i] < 0)
			break;
	}
	if (i == number)
		return i;
	crowd.number = i;
	bench_crowd_end();
	return -EAGAIN;
}

void bench_crowd_end(void)
{
	for (size_t i = 0; i < crowd.number; i++)
		kill(crowd.pids[i], SIGKILL);
	for (size_t i = 0; i < crowd.number; i++)
		waitpid(crowd.pids[i], NULL, 0);
	munmap(crowd.memory, crowd.size);
	free(crowd.pids);
	memset(&crowd, 0, sizeof(crowd));
}
