// SPDX-License-Identifier: Apache-2.0
/* Loads, attaches and drains a BPF object. Binds only what libbpf 1.1 (Debian 12) has. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "../../bpf/events.h"
#include "shim.h"

#define MAX_PROGRAMS 16

/* Where the ring's callback copies to, during one drain. */
struct destination {
	char *records;
	size_t record_size;
	size_t capacity;
	size_t count;
};

struct probe {
	struct bpf_object *object;
	struct bpf_map *counts;
	struct ring_buffer *ring;
	int ring_fd;
	struct bpf_link *links[MAX_PROGRAMS];
	int link_count;
	struct destination destination;
};

/* libbpf's print hook has no context argument; its messages come on the thread that called it. */
static __thread struct probe_error *log_target;

/* Keeps the end: a verifier's log can be hundreds of thousands of lines, and its reason is the last of them. */
static void append_tail(char *log, size_t size, const char *text)
{
	size_t length = strlen(text), used = strlen(log), excess;

	if (length >= size) {
		text += length - (size - 1);
		length = size - 1;
	}
	if (used + length > size - 1) {
		excess = used + length - (size - 1);
		memmove(log, log + excess, used - excess);
		used -= excess;
	}
	memcpy(log + used, text, length);
	log[used + length] = '\0';
}

static int keep_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text;

	if (!log_target || level == LIBBPF_DEBUG || vasprintf(&text, format, arguments) < 0)
		return 0;
	sscanf(text, "libbpf: prog '%63[^']'", log_target->program);
	append_tail(log_target->log, sizeof(log_target->log), text);
	free(text);
	return 0;
}

/* Installed before anything else runs: libbpf's own habit is to write on stderr. */
__attribute__((constructor)) static void catch_libbpf_log(void)
{
	libbpf_set_print(keep_log);
}

static int copy_record(void *context, void *record, size_t size)
{
	struct destination *to = context;

	if (size != to->record_size)
		return -EPROTO;
	memcpy(to->records + to->count * size, record, size);
	/* An error ends ring_buffer__consume(), which counts this record as taken: so the batch is bounded. */
	return ++to->count == to->capacity ? -ENOBUFS : 0;
}

static int configure(struct probe *probe, uint32_t own_tgid, uint32_t ring_bytes)
{
	struct probe_config config = { .own_tgid = own_tgid };
	struct bpf_map *rodata = bpf_object__find_map_by_name(probe->object, ".rodata.config");
	struct bpf_map *ring = bpf_object__find_map_by_name(probe->object, "ring");
	int err;

	probe->counts = bpf_object__find_map_by_name(probe->object, "counts");
	if (!rodata || !ring || !probe->counts)
		return -ENOENT;
	err = bpf_map__set_initial_value(rodata, &config, sizeof(config));
	return err ? err : bpf_map__set_max_entries(ring, ring_bytes);
}

static int open_ring(struct probe *probe)
{
	probe->ring_fd = bpf_object__find_map_fd_by_name(probe->object, "ring");
	probe->ring = ring_buffer__new(probe->ring_fd, copy_record, &probe->destination, NULL);
	return probe->ring ? 0 : -errno;
}

static int attach(struct probe *probe, struct probe_error *error)
{
	struct bpf_program *program;
	struct bpf_link *link;

	bpf_object__for_each_program(program, probe->object) {
		snprintf(error->program, sizeof(error->program), "%s", bpf_program__name(program));
		if (probe->link_count == MAX_PROGRAMS)
			return -E2BIG;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		probe->links[probe->link_count++] = link;
	}
	return 0;
}

static int start(struct probe *probe, const char *path, uint32_t own_tgid, uint32_t ring_bytes,
		 struct probe_error *error)
{
	int err;

	strcpy(error->stage, "open");
	probe->object = bpf_object__open_file(path, NULL);
	if (!probe->object)
		return -errno;
	err = configure(probe, own_tgid, ring_bytes);
	if (err)
		return err;
	strcpy(error->stage, "load");
	err = bpf_object__load(probe->object);
	if (err)
		return err;
	strcpy(error->stage, "ring");
	err = open_ring(probe);
	if (err)
		return err;
	strcpy(error->stage, "attach");
	return attach(probe, error);
}

struct probe *probe_open(const char *object_path, uint32_t own_tgid, uint32_t ring_bytes, struct probe_error *error)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	int err = -ENOMEM;

	memset(error, 0, sizeof(*error));
	if (probe) {
		log_target = error;
		err = start(probe, object_path, own_tgid, ring_bytes, error);
		log_target = NULL;
	}
	if (!err)
		return probe;
	error->number = -err;
	probe_close(probe);
	return NULL;
}

long probe_drain(struct probe *probe, void *records, size_t record_size, size_t capacity)
{
	int err;

	if (!capacity)
		return 0;
	probe->destination = (struct destination){ records, record_size, capacity, 0 };
	err = ring_buffer__consume(probe->ring);
	return err < 0 && err != -ENOBUFS ? err : (long)probe->destination.count;
}

/* Runs that the kernel skipped because the program was already running on that CPU. */
static uint64_t skipped_runs(struct probe *probe)
{
	struct bpf_program *program;
	uint64_t skipped = 0;

	bpf_object__for_each_program(program, probe->object) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			skipped += info.recursion_misses;
	}
	return skipped;
}

int probe_counts(struct probe *probe, uint64_t *produced, uint64_t *lost)
{
	int cpus = libbpf_num_possible_cpus();
	struct ring_counts *counts;
	uint32_t zero = 0;
	int err;

	if (cpus < 0)
		return cpus;
	counts = calloc(cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	err = bpf_map__lookup_elem(probe->counts, &zero, sizeof(zero), counts, cpus * sizeof(*counts), 0);
	*produced = *lost = skipped_runs(probe);
	for (int cpu = 0; !err && cpu < cpus; cpu++) {
		*produced += counts[cpu].produced;
		*lost += counts[cpu].lost;
	}
	free(counts);
	return err;
}

void probe_detach(struct probe *probe)
{
	while (probe->link_count)
		bpf_link__destroy(probe->links[--probe->link_count]);
}

int probe_ring_fd(struct probe *probe)
{
	return probe->ring_fd;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	probe_detach(probe);
	ring_buffer__free(probe->ring);
	bpf_object__close(probe->object);
	free(probe);
}

int object_layout(const char *object_path, const char *struct_name, struct field *fields, int max_fields)
{
	struct btf *btf = btf__parse_elf(object_path, NULL);
	const struct btf_member *members;
	const struct btf_type *type;
	int id, count;

	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, struct_name, BTF_KIND_STRUCT);
	if (id < 0) {
		btf__free(btf);
		return id;
	}
	type = btf__type_by_id(btf, id);
	members = btf_members(type);
	count = btf_vlen(type) < max_fields ? btf_vlen(type) : max_fields;
	for (int i = 0; i < count; i++) {
		snprintf(fields[i].name, sizeof(fields[i].name), "%s", btf__name_by_offset(btf, members[i].name_off));
		fields[i].offset = btf_member_bit_offset(type, i) / 8;
		fields[i].size = btf__resolve_size(btf, members[i].type);
	}
	btf__free(btf);
	return count;
}

int object_hooks(const char *object_path, char *hooks, size_t size)
{
	struct bpf_object *object = bpf_object__open_file(object_path, NULL);
	struct bpf_program *program;
	size_t used = 0;
	int count = 0;

	if (!object)
		return -errno;
	bpf_object__for_each_program(program, object) {
		used += snprintf(hooks + used, size - used, "%s\n", bpf_program__section_name(program));
		if (used >= size)
			break;
		count++;
	}
	bpf_object__close(object);
	return count;
}
