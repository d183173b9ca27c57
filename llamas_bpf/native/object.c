// SPDX-License-Identifier: Apache-2.0
/* What an object file, and the running kernel, say of themselves. */
#include <errno.h>
#include <stdio.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "shim.h"

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

int kernel_enum(const char *enum_name, char *constants, size_t size)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	size_t used = 0;
	int id, count = 0;

	if (!btf)
		return -errno;
	id = btf__find_by_name_kind(btf, enum_name, BTF_KIND_ENUM);
	type = id < 0 ? NULL : btf__type_by_id(btf, id);
	for (; type && count < btf_vlen(type) && used < size; count++) {
		const struct btf_enum *constant = btf_enum(type) + count;

		used += snprintf(constants + used, size - used, "%s=%d\n", btf__name_by_offset(btf, constant->name_off),
				 constant->val);
	}
	btf__free(btf);
	return type ? count : id;
}
