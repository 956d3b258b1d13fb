// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A reader of BTF for one purpose. It walks over the types once; all that it takes from them are the variables and the
 * section that they are in. The format is in Documentation/bpf/btf.rst.
 */
#include "percpu_vars.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#define PERCPU_SECTION ".data..percpu"

struct reader {
	const char *strings;
	uint32_t strings_size;
	const char *types;
	uint32_t types_size;
	struct percpu_var *vars;
	size_t nr_vars;
	uint32_t ids[PERCPU_VARS_MAX]; /* types of the variables; 0: not met */
	struct btf_type section;       /* info 0: not met */
	const char *section_vars;
};

/* Is [offset, offset + length) within size bytes? */
static bool is_within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

static int open_reader(struct reader *rd, const void *btf, size_t size)
{
	struct btf_header header;

	if (size < sizeof(header))
		return -EBADMSG;
	memcpy(&header, btf, sizeof(header));
	if (header.magic != BTF_MAGIC || header.version != BTF_VERSION)
		return -EOPNOTSUPP;
	if (header.hdr_len < sizeof(header) || header.hdr_len > size || header.type_off % 4 || header.hdr_len % 4)
		return -EBADMSG;
	if (!is_within((uint64_t)header.hdr_len + header.type_off, header.type_len, size) ||
	    !is_within((uint64_t)header.hdr_len + header.str_off, header.str_len, size))
		return -EBADMSG;
	rd->types = (const char *)btf + header.hdr_len + header.type_off;
	rd->types_size = header.type_len;
	rd->strings = (const char *)btf + header.hdr_len + header.str_off;
	rd->strings_size = header.str_len;
	return 0;
}

/* Bytes that follow a type of a kind; negative: not known. */
static int64_t nr_extra_bytes(uint32_t info)
{
	int64_t nr_members = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
		return sizeof(uint32_t);
	case BTF_KIND_VAR:
		return sizeof(struct btf_var);
	case BTF_KIND_DECL_TAG:
		return sizeof(struct btf_decl_tag);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr_members * (int64_t)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return nr_members * (int64_t)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr_members * (int64_t)sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return nr_members * (int64_t)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return nr_members * (int64_t)sizeof(struct btf_var_secinfo);
	}
	return -1;
}

static bool is_named(const struct reader *rd, const struct btf_type *type, const char *name)
{
	size_t length = strlen(name) + 1;

	return is_within(type->name_off, length, rd->strings_size) &&
	       memcmp(rd->strings + type->name_off, name, length) == 0;
}

/* Remember the type, the id of which is given, if it is one of the variables or their section. */
static void note_type(struct reader *rd, const struct btf_type *type, const char *extra, uint32_t id)
{
	struct btf_var linkage;

	if (BTF_INFO_KIND(type->info) == BTF_KIND_DATASEC && is_named(rd, type, PERCPU_SECTION)) {
		rd->section = *type;
		rd->section_vars = extra;
	}
	if (BTF_INFO_KIND(type->info) != BTF_KIND_VAR)
		return;
	memcpy(&linkage, extra, sizeof(linkage));
	for (size_t i = 0; i < rd->nr_vars; i++)
		if (linkage.linkage == (rd->vars[i].is_static ? BTF_VAR_STATIC : BTF_VAR_GLOBAL_ALLOCATED) &&
		    is_named(rd, type, rd->vars[i].name))
			rd->ids[i] = id;
}

static int walk_types(struct reader *rd)
{
	uint32_t at = 0;

	for (uint32_t id = 1; at < rd->types_size; id++) {
		struct btf_type type;
		int64_t extra;

		if (!is_within(at, sizeof(type), rd->types_size))
			return -EBADMSG;
		memcpy(&type, rd->types + at, sizeof(type));
		at += sizeof(type);
		extra = nr_extra_bytes(type.info);
		if (extra < 0)
			return -EOPNOTSUPP;
		if (!is_within(at, (uint64_t)extra, rd->types_size))
			return -EBADMSG;
		note_type(rd, &type, rd->types + at, id);
		at += (uint32_t)extra;
	}
	return 0;
}

static void note_place(struct reader *rd, const struct btf_var_secinfo *place)
{
	for (size_t i = 0; i < rd->nr_vars; i++) {
		if (!rd->ids[i] || place->type != rd->ids[i] ||
		    !is_within(place->offset, place->size, rd->section.size))
			continue;
		rd->vars[i].offset = place->offset;
		rd->vars[i].size = place->size;
	}
}

static void find_places(struct reader *rd)
{
	for (uint32_t i = 0; i < BTF_INFO_VLEN(rd->section.info); i++) {
		struct btf_var_secinfo place;

		memcpy(&place, rd->section_vars + i * sizeof(place), sizeof(place));
		note_place(rd, &place);
	}
}

int percpu_vars_find(const void *btf, size_t size, struct percpu_var *vars, size_t nr_vars)
{
	struct reader rd = { .vars = vars, .nr_vars = nr_vars };
	int nr_found = 0;
	int err;

	if (nr_vars > PERCPU_VARS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < nr_vars; i++)
		vars[i].offset = vars[i].size = 0;
	err = open_reader(&rd, btf, size);
	if (!err)
		err = walk_types(&rd);
	if (err)
		return err;
	find_places(&rd);
	for (size_t i = 0; i < nr_vars; i++)
		nr_found += vars[i].size > 0;
	return nr_found;
}
