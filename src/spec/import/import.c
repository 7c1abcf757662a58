/* SPDX-License-Identifier: BSD-2-Clause */
/* From a file to the blocks in it. */
#include "spec/import/import.h"
#include "spec/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A larger one could not be included. */
#define MAX_OUTPUT SPEC_MAX_FILE

static const struct format *const formats[] = { &format_svd, &format_ipxact };

struct spec_import {
	struct import import;
};

static void find_format(struct import *import)
{
	const struct xml_node *root = import->doc->root;

	for (unsigned int i = 0; i < G_N_ELEMENTS(formats); i++)
		if (!strcmp(root->name, formats[i]->root))
			import->format = formats[i];
	if (!import->format)
		spec_error(import->diags, root->pos,
			   "the file begins with <%s>; what can be read begins with <device> "
			   "(CMSIS-SVD) or <component> (IP-XACT)",
			   import_show(import->arena, root->name));
}

struct spec_import *spec_import_text(const char *file, const char *text, size_t len,
				     struct spec_diags *diags)
{
	static const struct spec_pos whole;
	struct spec_import *self = g_new0(struct spec_import, 1);
	struct import *import = &self->import;
	unsigned int errors = spec_diags_errors(diags);
	const char *slash = strrchr(file, '/');

	import->arena = spec_arena_new();
	import->diags = diags;
	import->file = spec_arena_printf(import->arena, "%s", slash ? slash + 1 : file);
	import->sources = g_array_new(FALSE, TRUE, sizeof(struct source));
	spec_diags_file(diags, file);
	if (len > XML_MAX_FILE)
		spec_error(diags, whole, "larger than %u MiB", XML_MAX_FILE >> 20);
	else
		import->doc = xml_parse(diags, text, len);
	if (import->doc)
		find_format(import);
	if (import->format)
		import->format->list(import);
	if (spec_diags_errors(diags) == errors)
		return self;
	spec_diags_sort(diags);
	spec_import_free(self);
	return NULL;
}

struct spec_import *spec_import_file(const char *path, struct spec_diags *diags)
{
	static const struct spec_pos whole;
	struct spec_import *self = NULL;
	struct stat st;
	int fd;

	spec_diags_file(diags, path);
	/* Not to wait for the other end of a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st)) {
		spec_error(diags, whole, "cannot open: %s", g_strerror(errno));
	} else if (!S_ISREG(st.st_mode)) {
		spec_error(diags, whole,
			   S_ISDIR(st.st_mode) ? "is a folder; name a file in it"
					       : "is not a regular file");
	} else if (st.st_size > XML_MAX_FILE) {
		spec_error(diags, whole, "larger than %u MiB", XML_MAX_FILE >> 20);
	} else {
		/* Read, not mapped: somebody may cut it short meanwhile. */
		g_autofree char *text = g_malloc(st.st_size + 1);
		size_t len = 0;
		ssize_t n = 1;

		while (len < (size_t)st.st_size && n) {
			n = read(fd, text + len, st.st_size - len);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				break;
			len += n;
		}
		if (n < 0)
			spec_error(diags, whole, "cannot read: %s", g_strerror(errno));
		else
			self = spec_import_text(path, text, len, diags);
	}
	if (fd >= 0)
		close(fd);
	return self;
}

void spec_import_free(struct spec_import *self)
{
	if (!self)
		return;
	if (self->import.format && self->import.format->free)
		self->import.format->free(&self->import);
	xml_free(self->import.doc);
	g_array_free(self->import.sources, TRUE);
	spec_arena_free(self->import.arena);
	g_free(self);
}

unsigned int spec_import_count(const struct spec_import *self)
{
	return self->import.sources->len;
}

struct spec_import_info spec_import_get(const struct spec_import *self, unsigned int i)
{
	const struct source *it = &g_array_index(self->import.sources, struct source, i);

	return (struct spec_import_info){
		.name = it->name,
		.description = import_tidy(self->import.arena, it->desc),
		.of = it->of,
		.base = it->base,
		.has_base = it->has_base,
	};
}

/* "timer" of TIMER[%s] */
static char *stem(struct import *import, unsigned int i)
{
	const char *name = g_array_index(import->sources, struct source, i).name;
	const char *hole = strstr(name, "%s");
	g_autofree char *head = g_strndup(name, hole ? (size_t)(hole - name) : strlen(name));

	return g_ascii_strdown(import_identifier(import->arena, *head ? head : name), -1);
}

char *spec_import_file_name(struct spec_import *self, unsigned int i)
{
	g_autofree char *own = stem(&self->import, i);

	/* Files of one folder. */
	for (unsigned int k = 0; k < i; k++) {
		g_autofree char *other = stem(&self->import, k);

		if (!strcmp(own, other))
			return g_strdup_printf("%s_%u.yaml", own, i);
	}
	return g_strconcat(own, ".yaml", NULL);
}

bool spec_import_write(struct spec_import *self, unsigned int i, const char *file,
		       GString *ret_yaml, GString *ret_usage)
{
	struct import *import = &self->import;
	unsigned int errors = spec_diags_errors(import->diags);
	struct spec_arena *arena = import->arena;
	struct block *block;

	/* What one block takes goes with it. */
	import->arena = spec_arena_new();
	block = block_new(import->arena, import->diags);
	import->format->read(import, i, block);
	if (spec_diags_errors(import->diags) == errors)
		block_settle(block);
	if (spec_diags_errors(import->diags) == errors) {
		block_write(block, file, ret_yaml);
		block_usage(block, file, "", ret_usage);
		if (ret_yaml->len > MAX_OUTPUT)
			spec_error(import->diags, block->pos,
				   "the block file would have more than %u MiB, which is not read",
				   MAX_OUTPUT >> 20);
	}
	spec_arena_free(import->arena);
	import->arena = arena;
	spec_diags_sort(import->diags);
	return spec_diags_errors(import->diags) == errors;
}
