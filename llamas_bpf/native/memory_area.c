// SPDX-License-Identifier: Apache-2.0
/* Memory of this process that is on one node, for certain; and whether time can be trusted here. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "memory_internal.h"

#define HUGE_PAGE (2u << 20)
#define MOST_NODES 1024

static int bind_to(int node, void *start, size_t bytes)
{
	unsigned long mask[MOST_NODES / (8 * sizeof(long))] = { 0 };

	if (node < 0 || node >= MOST_NODES)
		return -EINVAL;
	mask[node / (8 * sizeof(long))] = 1ul << node % (8 * sizeof(long));
	/* The kernel takes one less than it is told. */
	return syscall(SYS_mbind, start, bytes, MPOL_BIND, mask, MOST_NODES + 1, 0) ? -errno : 0;
}

struct memory_area *memory_open(int node, size_t bytes, int *error)
{
	struct memory_area *area = calloc(1, sizeof(*area));

	if (!area) {
		*error = -ENOMEM;
		return NULL;
	}
	area->node = node;
	area->bytes = bytes / LINE * LINE;
	area->mapped = mmap(NULL, area->bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area->mapped == MAP_FAILED) {
		*error = -errno;
		free(area);
		return NULL;
	}
	area->start = (char *)(((uintptr_t)area->mapped + HUGE_PAGE - 1) & -(uintptr_t)HUGE_PAGE);
	/* With small pages it is also the page tables that are timed. A kernel without huge ones refuses. */
	madvise(area->start, area->bytes, MADV_HUGEPAGE);
	*error = bind_to(node, area->start, area->bytes);
	if (*error) {
		memory_close(area);
		return NULL;
	}
	memset(area->start, 1, area->bytes);
	return area;
}

long memory_elsewhere(struct memory_area *area)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = area->bytes / page;
	long elsewhere = 0;

	for (size_t done = 0, some; done < pages; done += some) {
		void *addresses[512];
		int nodes[512];

		some = pages - done < 512 ? pages - done : 512;
		for (size_t i = 0; i < some; i++)
			addresses[i] = area->start + (done + i) * page;
		/* Without nodes to move to, it only tells where they are. */
		if (syscall(SYS_move_pages, 0, some, addresses, NULL, nodes, 0))
			return -errno;
		for (size_t i = 0; i < some; i++)
			elsewhere += nodes[i] != area->node;
	}
	return elsewhere;
}

void memory_close(struct memory_area *area)
{
	munmap(area->mapped, area->bytes + HUGE_PAGE);
	free(area);
}

void memory_hypervisor(char name[13])
{
	memset(name, 0, 13);
#if defined(__x86_64__)
	unsigned int a, words[3], c, d;

	/* Leaf 1 has the bit that no hardware sets; who it is comes from a leaf that __get_cpuid() would not ask for. */
	if (__get_cpuid(1, &a, &words[0], &c, &d) && c & 1u << 31) {
		__cpuid(0x40000000, a, words[0], words[1], words[2]);
		memcpy(name, words, sizeof(words));
	}
#endif
}
