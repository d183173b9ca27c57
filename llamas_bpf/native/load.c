// SPDX-License-Identifier: Apache-2.0
/* Loads and attaches a BPF object. Binds only what libbpf 1.1 (Debian 12) has. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe_internal.h"

#include "../../bpf/events.h"

/* Run on request, by probe_end_window(), and not attached. */
#define WINDOW_END "on_window_end"

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

static int configure(struct bpf_object *object, const struct probe_options *options)
{
	struct probe_config config = {
		.own_tgid = options->own_tgid,
		.own_children = options->own_children,
		.by_cgroup = options->by_cgroup,
	};
	struct bpf_map *rodata = bpf_object__find_map_by_name(object, ".rodata.config");
	struct bpf_map *counts = bpf_object__find_map_by_name(object, "counts");
	struct bpf_map *ring = bpf_object__find_map_by_name(object, "ring");
	size_t known = sizeof(config.node_of_cpu) / sizeof(config.node_of_cpu[0]);
	int err;

	if (!rodata)
		return -ENOENT;
	if (options->cpus < known)
		known = options->cpus;
	memcpy(config.node_of_cpu, options->node_of_cpu, known * sizeof(config.node_of_cpu[0]));
	err = bpf_map__set_initial_value(rodata, &config, sizeof(config));
	if (!err && ring)
		err = bpf_map__set_max_entries(ring, options->ring_bytes);
	if (!err && counts)
		err = bpf_map__set_max_entries(counts, options->workloads);
	return err;
}

static struct probe_maps find_maps(struct bpf_object *object)
{
	struct probe_maps maps = {
		.ring = bpf_object__find_map_fd_by_name(object, "ring"),
		.ring_counts = bpf_object__find_map_fd_by_name(object, "ring_counts"),
		.counts = bpf_object__find_map_fd_by_name(object, "counts"),
		.sampling = bpf_object__find_map_fd_by_name(object, ".data.sampling"),
		.stays = bpf_object__find_map_fd_by_name(object, "stays"),
	};

	return maps;
}

static int open_ring(struct probe *probe)
{
	probe->cpus = libbpf_num_possible_cpus();
	if (probe->cpus < 0)
		return probe->cpus;
	if (probe->maps.ring < 0)
		return 0;
	probe->ring = ring_map(probe->maps.ring);
	return probe->ring ? 0 : -errno;
}

static int keep_link(struct probe *probe, struct bpf_link *link)
{
	struct bpf_link **links;

	if (!link)
		return -errno;
	links = realloc(probe->links, (probe->link_count + 1) * sizeof(*links));
	if (!links) {
		bpf_link__destroy(link);
		return -ENOMEM;
	}
	probe->links = links;
	probe->links[probe->link_count++] = link;
	return 0;
}

/* A perf event belongs to a CPU: one is opened on each that is online. */
static int attach_page_faults(struct probe *probe, const struct bpf_program *program)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.size = sizeof(attr),
		.sample_period = 1,
	};
	int err = 0;

	for (int cpu = 0; !err && cpu < probe->cpus; cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

		if (fd < 0 && (errno == ENODEV || errno == ENXIO))
			continue;	/* offline */
		if (fd < 0)
			return -errno;
		err = keep_link(probe, bpf_program__attach_perf_event(program, fd));
		if (err)
			close(fd);
	}
	return err;
}

static int attach(struct probe *probe, struct probe_error *error)
{
	struct bpf_program *program;
	int err = 0;

	bpf_object__for_each_program(program, probe->object) {
		snprintf(error->program, sizeof(error->program), "%s", bpf_program__name(program));
		if (!strcmp(error->program, WINDOW_END))
			probe->programs.window_end = bpf_program__fd(program);
		else if (bpf_program__type(program) == BPF_PROG_TYPE_PERF_EVENT)
			err = attach_page_faults(probe, program);
		else
			err = keep_link(probe, bpf_program__attach(program));
		if (err)
			return err;
	}
	return 0;
}

static struct probe *new_probe(struct probe_error *error)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	memset(error, 0, sizeof(*error));
	strcpy(error->stage, "open");
	error->number = ENOMEM;
	if (probe)
		memset(&probe->programs, -1, sizeof(probe->programs));
	return probe;
}

static struct probe *checked(struct probe *probe, int err, struct probe_error *error)
{
	log_target = NULL;
	error->number = -err;
	if (!err)
		return probe;
	probe_close(probe);
	return NULL;
}

struct probe *probe_open(const char *object_path, const struct probe_options *options, struct probe_error *error)
{
	struct probe *probe = new_probe(error);
	int err;

	if (!probe)
		return NULL;
	log_target = error;
	probe->object = bpf_object__open_file(object_path, NULL);
	if (!probe->object)
		return checked(probe, -errno, error);
	err = configure(probe->object, options);
	if (err)
		return checked(probe, err, error);
	strcpy(error->stage, "load");
	err = bpf_object__load(probe->object);
	if (err)
		return checked(probe, err, error);
	strcpy(error->stage, "ring");
	probe->maps = find_maps(probe->object);
	err = open_ring(probe);
	if (err)
		return checked(probe, err, error);
	strcpy(error->stage, "attach");
	err = attach(probe, error);
	/* What runs now has begun before we watched: from here on it is known. */
	return checked(probe, err ? err : probe_end_window(probe), error);
}

struct probe *probe_adopt(const struct probe_maps *maps, const struct probe_programs *programs,
			  struct probe_error *error)
{
	struct probe *probe = new_probe(error);

	if (!probe)
		return NULL;
	strcpy(error->stage, "ring");
	log_target = error;
	probe->maps = *maps;
	probe->programs = *programs;
	return checked(probe, open_ring(probe), error);
}

void probe_detach(struct probe *probe)
{
	while (probe->link_count)
		bpf_link__destroy(probe->links[--probe->link_count]);
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	probe_detach(probe);
	free(probe->links);
	ring_unmap(probe->ring);
	bpf_object__close(probe->object);
	free(probe);
}
