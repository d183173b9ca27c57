/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Python may call. build.py gives the lines of this file without a '#' to cffi, so each declaration is
 * written once. Calls return 0 or a count, or a negative errno; they run without Python's global lock.
 */
#ifndef LLAMAS_BPF_SHIM_H
#define LLAMAS_BPF_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* One loaded BPF object: its programs are attached, and its records wait in its ring. */
struct probe;

/* Why probe_open() gave NULL. The program is named where libbpf or the attach step named one. */
struct probe_error {
	int number;		/* errno */
	char stage[16];		/* "open", "load", "attach" or "ring" */
	char program[64];
	char log[4096];		/* the end of libbpf's and the verifier's words */
};

struct probe *probe_open(const char *object_path, uint32_t own_tgid, uint32_t ring_bytes, struct probe_error *error);

/* Copies at most capacity records out of the ring and returns how many. */
long probe_drain(struct probe *probe, void *records, size_t record_size, size_t capacity);

/* Events since the start: all that happened, and those of them that found no room. */
int probe_counts(struct probe *probe, uint64_t *produced, uint64_t *lost);

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

#endif
