// SPDX-License-Identifier: Apache-2.0
/* Takes out of a probe what it has gathered: records from its ring, counts from its maps. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probe_internal.h"

#include "../../bpf/events.h"

/* Workloads asked for in one system call: as many as fit, so that memory does not grow with the CPUs. */
#define BATCH_BYTES (4 << 20)

long probe_drain(struct probe *probe, void *records, size_t record_size, size_t capacity)
{
	return probe->ring ? ring_take(probe->ring, records, record_size, capacity) : 0;
}

static void add_up(uint64_t *sum, const uint64_t *parts, size_t words, int cpus)
{
	memset(sum, 0, words * sizeof(*sum));
	for (int cpu = 0; cpu < cpus; cpu++)
		for (size_t word = 0; word < words; word++)
			sum[word] += parts[cpu * words + word];
}

static uint64_t skipped_runs_of(int program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t size = sizeof(info);

	return program < 0 || bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.recursion_misses;
}

/* Runs that the kernel skipped because the program was already running on that CPU: they left no record. */
static uint64_t skipped_runs(struct probe *probe)
{
	size_t recording = sizeof(probe->programs.recording) / sizeof(probe->programs.recording[0]);
	struct bpf_program *program;
	uint64_t skipped = 0;

	for (size_t i = 0; i < recording; i++)
		skipped += skipped_runs_of(probe->programs.recording[i]);
	if (!probe->object)
		return skipped;
	bpf_object__for_each_program(program, probe->object)
		skipped += skipped_runs_of(bpf_program__fd(program));
	return skipped;
}

int probe_totals(struct probe *probe, struct probe_totals *totals)
{
	size_t words = sizeof(*totals) / sizeof(uint64_t);
	uint64_t *parts = calloc(probe->cpus, sizeof(*totals)), skipped;
	uint32_t zero = 0;
	int err;

	_Static_assert(sizeof(struct probe_totals) == sizeof(struct ring_count), "one is a sum of the other");
	if (!parts)
		return -ENOMEM;
	skipped = skipped_runs(probe);
	err = bpf_map_lookup_elem(probe->maps.ring_counts, &zero, parts);
	add_up((uint64_t *)totals, parts, words, probe->cpus);
	free(parts);
	totals->seen += skipped;
	totals->produced += skipped;
	totals->lost += skipped;
	return err;
}

int probe_sample(struct probe *probe, uint32_t period)
{
	struct probe_sampling sampling = { .period = period };
	uint32_t zero = 0;

	return probe->maps.sampling < 0 ? 0 : bpf_map_update_elem(probe->maps.sampling, &zero, &sampling, BPF_ANY);
}

int probe_end_window(struct probe *probe)
{
	struct cpu_stay *stays;
	uint32_t zero = 0;
	int err;

	if (probe->programs.window_end < 0)
		return 0;
	stays = calloc(probe->cpus, sizeof(*stays));
	if (!stays)
		return -ENOMEM;
	err = bpf_map_lookup_elem(probe->maps.stays, &zero, stays);
	for (int cpu = 0; !err && cpu < probe->cpus; cpu++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .flags = BPF_F_TEST_RUN_ON_CPU, .cpu = cpu);

		/* An idle CPU is left to sleep, unless it has something to give. */
		if (stays[cpu].tid || !stays[cpu].since || stays[cpu].kept)
			err = bpf_prog_test_run_opts(probe->programs.window_end, &options);
		if (err == -ENXIO)
			err = 0;	/* offline */
	}
	free(stays);
	return err;
}

long probe_counts(struct probe *probe, uint64_t *workloads, uint64_t *counts, size_t words, size_t capacity)
{
	size_t batch = BATCH_BYTES / (words * probe->cpus * sizeof(uint64_t)), found = 0;
	uint64_t *parts, *keys, at = 0, next;
	int err = 0;

	if (probe->maps.counts < 0)
		return 0;
	if (batch < 64)
		batch = 64;	/* the kernel gives whole buckets */
	parts = calloc(batch, words * probe->cpus * sizeof(*parts));
	keys = calloc(batch, sizeof(*keys));
	if (!parts || !keys)
		err = -ENOMEM;
	for (int first = 1; !err; first = 0) {
		uint32_t number = batch;

		err = bpf_map_lookup_batch(probe->maps.counts, first ? NULL : &at, &next, keys, parts, &number, NULL);
		if (err && err != -ENOENT)
			break;
		for (uint32_t i = 0; i < number; i++, found++) {
			if (found >= capacity)
				continue;
			workloads[found] = keys[i];
			add_up(counts + found * words, parts + (size_t)i * words * probe->cpus, words, probe->cpus);
		}
		at = next;
	}
	free(parts);
	free(keys);
	return err == -ENOENT ? (long)found : err;
}

int probe_forget(struct probe *probe, const uint64_t *workloads, uint64_t *counts, uint8_t *forgotten, size_t words,
		 size_t number)
{
	uint64_t *parts = calloc(probe->cpus, words * sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	for (size_t i = 0; i < number; i++) {
		forgotten[i] = !bpf_map_lookup_and_delete_elem(probe->maps.counts, &workloads[i], parts);
		if (forgotten[i])
			add_up(counts + i * words, parts, words, probe->cpus);
	}
	free(parts);
	return 0;
}

int probe_ring_fd(struct probe *probe)
{
	return probe->maps.ring;
}
