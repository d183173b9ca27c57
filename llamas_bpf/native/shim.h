/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Python may call. build.py gives the lines of this file without a '#' to cffi, so each declaration is
 * written once. Calls return 0 or a count, or a negative errno; they run without Python's global lock.
 */
#ifndef LLAMAS_BPF_SHIM_H
#define LLAMAS_BPF_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* One loaded BPF object: its programs are attached, its records wait in its ring, its counts in its map. */
struct probe;

/* Why there is none. The program is named where libbpf or the attach step named one. */
struct probe_error {
	int number;		/* errno */
	char stage[16];		/* "open", "load", "attach" or "ring" */
	char program[64];
	char log[4096];		/* the end of libbpf's and the verifier's words */
};

/* Maps of an object that something else has loaded and attached; -1 for one that it has not. */
struct probe_maps {
	int ring;
	int ring_counts;
	int counts;
	int sampling;
	int stays;
};

/* Programs of such an object: what counts the stays that are going on, and what leaves records; -1: none. */
struct probe_programs {
	int window_end;
	int recording[4];
};

/* What an object has seen since the start: struct ring_count of events.h, summed over CPUs. */
struct probe_totals {
	uint64_t seen;
	uint64_t unattributed;
	uint64_t produced;
	uint64_t lost;
};

/* Given before an object is loaded. node_of_cpu has an entry for each of cpus CPUs. */
struct probe_options {
	uint32_t own_tgid;
	uint32_t own_children;
	uint32_t by_cgroup;
	const uint16_t *node_of_cpu;
	uint32_t cpus;
	uint32_t ring_bytes;
	uint32_t workloads;	/* of which counts can be kept */
};

struct probe *probe_open(const char *object_path, const struct probe_options *options, struct probe_error *error);

/* The descriptors stay the caller's, and must outlive the probe. */
struct probe *probe_adopt(const struct probe_maps *maps, const struct probe_programs *programs,
			  struct probe_error *error);

/* Copies at most capacity records out of the ring and returns how many. */
long probe_drain(struct probe *probe, void *records, size_t record_size, size_t capacity);

int probe_totals(struct probe *probe, struct probe_totals *totals);

/* From now on one event in period leaves a record. A power of two. */
int probe_sample(struct probe *probe, uint32_t period);

/* Counts every stay that is going on up to now. */
int probe_end_window(struct probe *probe);

/*
 * The counts of every workload, words 64-bit words for each, summed over CPUs. Returns how many there are; if
 * that is more than capacity, only so many have been copied.
 */
long probe_counts(struct probe *probe, uint64_t *workloads, uint64_t *counts, size_t words, size_t capacity);

/* Drops the counts of workloads, and gives what they were in the end of those that it could (forgotten is 1). */
int probe_forget(struct probe *probe, const uint64_t *workloads, uint64_t *counts, uint8_t *forgotten, size_t words,
		 size_t number);

/* Ends the flow of events. What is in the ring stays there and can be drained. */
void probe_detach(struct probe *probe);

/* Readable when the ring holds records; woken only if a record was submitted with a wake-up. */
int probe_ring_fd(struct probe *probe);

void probe_close(struct probe *probe);

struct field {
	char name[32];
	uint32_t offset;
	uint32_t size;
};

/* The members of a struct as the object's own BTF tells them; returns how many. Needs no privilege. */
int object_layout(const char *object_path, const char *struct_name, struct field *fields, int max_fields);

/* The hooks an object wants, such as "tp_btf/sched_switch", one a line. Needs no privilege. */
int object_hooks(const char *object_path, char *hooks, size_t size);

/* The constants of an enum of the running kernel, "NAME=number" one a line. Needs no privilege. */
int kernel_enum(const char *enum_name, char *constants, size_t size);

/* A descriptor (O_PATH) of the cgroup v2 with this id; -ESTALE where there is none. Needs CAP_DAC_READ_SEARCH. */
int cgroup_open(int mount_fd, uint64_t id);

#endif
