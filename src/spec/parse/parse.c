/* SPDX-License-Identifier: BSD-2-Clause */
/* device.yaml as a whole. */
#include "spec/parse/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *parse_items(struct parser *p, const struct tree *node, enum key key, unsigned int max,
		  size_t size, parse_item parse, unsigned int *ret_n)
{
	unsigned int n = 0;
	char *items;

	*ret_n = 0;
	if (!node || !value_list(p, node, key_names[key]))
		return NULL;
	if (node->count > max) {
		spec_error(p->diags, node->pos, "%s: %u of them; at most %u are supported",
			   key_names[key], node->count, max);
		return NULL;
	}
	items = spec_arena_alloc(p->arena, node->count, size);
	for (const struct tree *item = node->first; item; item = item->next)
		parse(p, item, items + size * n++);
	*ret_n = n;
	return items;
}

void parse_name(struct parser *p, const struct tree **values, const char **ret_name,
		struct spec_pos *ret_pos)
{
	if (!values[KEY_NAME])
		return;
	if (ret_pos)
		*ret_pos = values[KEY_NAME]->pos;
	value_name(p, values[KEY_NAME], "name", ret_name);
}

void parse_desc(struct parser *p, const struct tree **values, const char **ret_desc)
{
	if (values[KEY_DESCRIPTION])
		value_text(p, values[KEY_DESCRIPTION], "description", ret_desc);
}

void parse_flag(struct parser *p, const struct tree **values, enum key key, bool *ret_flag)
{
	if (values[key])
		value_bool(p, values[key], key_names[key], ret_flag);
}

void parse_resets(struct parser *p, const struct tree **values, uint32_t *ret_mask)
{
	static const struct word kinds[] = {
		{ "power_on", 1u << EZ_RESET_POWER_ON },
		{ "bus", 1u << EZ_RESET_BUS },
		{ "function", 1u << EZ_RESET_FUNCTION },
		{ "software", 1u << EZ_RESET_SOFTWARE },
		{ NULL },
	};
	const struct tree *node = values[KEY_RESETS];
	uint32_t mask = 0;
	unsigned int kind;
	bool ok = true;

	if (!node || !value_list(p, node, "resets"))
		return;
	for (const struct tree *item = node->first; item; item = item->next) {
		if (!value_word(p, item, "resets", kinds, &kind)) {
			ok = false;
		} else if (mask & kind) {
			spec_error(p->diags, item->pos, "resets: %s is here twice", item->text);
			ok = false;
		} else {
			mask |= kind;
		}
	}
	if (!ok)
		return;
	if (!(mask & 1u << EZ_RESET_POWER_ON)) {
		spec_error(p->diags, node->pos,
			   "resets: power_on must be one of them: nothing has a value before it");
		return;
	}
	*ret_mask = mask;
}

void parse_count(struct parser *p, const struct tree **values, bool *ret_array, uint32_t *ret_count)
{
	uint64_t count = 1;

	*ret_count = 1;
	if (!values[KEY_COUNT])
		return;
	*ret_array = true;
	if (value_number(p, values[KEY_COUNT], "count", 1, 1u << 24, &count))
		*ret_count = count;
}

static void parse_requires(struct parser *p, const struct tree *node)
{
	const char **names;
	unsigned int n = 0;

	if (!node || !value_list(p, node, "requires"))
		node = NULL;
	names = spec_arena_alloc(p->arena, (node ? node->count : 0) + 1, sizeof(*names));
	for (const struct tree *item = node ? node->first : NULL; item; item = item->next) {
		const char *name;

		if (!value_text(p, item, "requires", &name))
			continue;
		/*
		 * These end up on a pkg-config command line: no options, no
		 * spaces, nothing that a shell would look at.
		 */
		if (!g_ascii_isalnum(*name) ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789+-._")]) {
			spec_error(p->diags, item->pos,
				   "requires: '%s' is not the name of a pkg-config package",
				   value_show(p, name));
			continue;
		}
		names[n++] = name;
	}
	p->dev->requires = names;
}

static void parse_hooks(struct parser *p, const struct tree *node)
{
	static const struct word hooks[] = {
		{ "create", SPEC_HOOK_CREATE },
		{ "destroy", SPEC_HOOK_DESTROY },
		{ "reset", SPEC_HOOK_RESET },
		{ "load", SPEC_HOOK_LOAD },
		{ NULL },
	};
	unsigned int hook;

	if (!node || !value_list(p, node, "hooks"))
		return;
	for (const struct tree *item = node->first; item; item = item->next) {
		if (!value_word(p, item, "hooks", hooks, &hook))
			continue;
		if (p->dev->hooks & hook)
			spec_error(p->diags, item->pos, "hooks: %s is here twice", item->text);
		p->dev->hooks |= hook;
	}
}

/* QOM takes more, but these need no quotes anywhere. */
static bool parse_type_name(struct parser *p, const struct tree *node, const char *what,
			    const char **ret_type)
{
	const char *type;

	if (!value_text(p, node, what, &type))
		return false;
	if (strlen(type) < 2 || strlen(type) > 63 || strchr("-_0", *type) ||
	    type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_-")]) {
		spec_error(p->diags, node->pos,
			   "%s: '%s' is not two or more of a-z 0-9 _ -, beginning with a letter "
			   "or 1 to 9",
			   what, value_show(p, type));
		return false;
	}
	*ret_type = type;
	return true;
}

static void parse_type(struct parser *p, const struct tree *node)
{
	struct spec_device *dev = p->dev;

	dev->type = dev->name;
	dev->type_pos = dev->name_pos;
	if (!node)
		return;
	dev->type_pos = node->pos;
	parse_type_name(p, node, "type", &dev->type);
}

static void parse_aliases(struct parser *p, const struct tree *node)
{
	struct spec_device *dev = p->dev;
	unsigned int n = 0;

	if (node && !value_list(p, node, "aliases"))
		node = NULL;
	if (node && node->count > 16) {
		spec_error(p->diags, node->pos, "aliases: %u of them; at most 16 are supported",
			   node->count);
		node = NULL;
	}
	dev->aliases =
		spec_arena_alloc(p->arena, (node ? node->count : 0) + 1, sizeof(*dev->aliases));
	for (const struct tree *item = node ? node->first : NULL; item; item = item->next) {
		const char *alias;
		bool taken;

		if (!parse_type_name(p, item, "aliases", &alias))
			continue;
		taken = dev->type && !strcmp(dev->type, alias);
		for (unsigned int i = 0; i < n; i++)
			taken |= !strcmp(dev->aliases[i], alias);
		if (taken) {
			spec_error(p->diags, item->pos,
				   "aliases: -device takes '%s' already: it is here twice, or the "
				   "device's own name or type",
				   alias);
			continue;
		}
		dev->aliases[n++] = alias;
	}
}

static void parse_policy(struct parser *p, const struct tree *node)
{
	static const struct word policies[] = { { "first", EZ_IRQ_FIRST },
						{ "modulo", EZ_IRQ_MODULO },
						{ NULL } };
	unsigned int policy;

	if (node && value_word(p, node, "interrupt_policy", policies, &policy))
		p->dev->irq_policy = policy;
}

static void parse_device(struct parser *p, const struct tree *root)
{
	struct spec_device *dev = p->dev;
	const struct tree *values[KEYS];

	if (!value_keys(p, root, SECTION_DEVICE, values))
		return;
	parse_name(p, values, &dev->name, &dev->name_pos);
	parse_desc(p, values, &dev->desc);
	parse_type(p, values[KEY_TYPE]);
	parse_aliases(p, values[KEY_ALIASES]);
	parse_include(p, values[KEY_INCLUDE]);
	parse_pci(p, values[KEY_PCI]);
	parse_requires(p, values[KEY_REQUIRES]);
	parse_bars(p, values[KEY_BARS]);
	parse_interrupts(p, values[KEY_INTERRUPTS]);
	parse_interrupt_block(p, values[KEY_INTERRUPT_BLOCK]);
	parse_policy(p, values[KEY_INTERRUPT_POLICY]);
	parse_capabilities(p, values[KEY_CAPABILITIES]);
	parse_extended_capabilities(p, values[KEY_EXTENDED_CAPABILITIES]);
	parse_properties(p, values[KEY_PROPERTIES]);
	parse_state(p, values[KEY_STATE]);
	parse_timers(p, values[KEY_TIMERS]);
	parse_jobs(p, values[KEY_JOBS]);
	parse_hooks(p, values[KEY_HOOKS]);
	parse_blocks_end(p);
}

struct spec_device *parse_text(const char *file, const char *text, size_t len, bool alone,
			       struct spec_diags *diags)
{
	static const struct spec_pos start = { 1, 1 }, whole;
	struct spec_arena *arena = spec_arena_new();
	struct spec_device *dev = spec_arena_alloc(arena, 1, sizeof(*dev));
	struct parser p = {
		.arena = arena, .diags = diags, .dev = dev, .file = file, .alone = alone
	};
	unsigned int errors = spec_diags_errors(diags);
	struct tree *root;

	dev->arena = arena;
	spec_diags_file(diags, file);
	if (len > SPEC_MAX_FILE) {
		spec_error(diags, whole, "larger than %u MiB; a device.yaml is not that large",
			   SPEC_MAX_FILE >> 20);
		goto out;
	}
	/* A byte order mark says what we take for granted. */
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		text += 3;
		len -= 3;
	}
	if (!tree_scan(diags, text, len))
		goto out;
	root = tree_parse(arena, diags, text, len);
	if (!root) {
		if (spec_diags_errors(diags) == errors)
			spec_error(diags, start,
				   "empty: a device.yaml needs at least name: and pci:");
		goto out;
	}
	parse_device(&p, root);
	spec_check(dev, diags);
out:
	spec_diags_sort(diags);
	if (spec_diags_errors(diags) != errors) {
		spec_arena_free(arena);
		return NULL;
	}
	spec_derive(dev);
	spec_hash(dev);
	return dev;
}

struct spec_device *spec_read_text(const char *file, const char *text, size_t len,
				   struct spec_diags *diags)
{
	return parse_text(file, text, len, false, diags);
}

char *parse_read(const char *path, size_t max, size_t *ret_len, char **ret_why)
{
	char *text = NULL;
	struct stat st;
	size_t len = 0;
	int fd;

	/* Not to wait for the other end of a FIFO. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st)) {
		*ret_why = g_strdup_printf("cannot open: %s", g_strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		*ret_why = g_strdup(S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file");
		goto fail;
	}
	if ((uint64_t)st.st_size > max) {
		*ret_why = g_strdup_printf("larger than %zu MiB", max >> 20);
		goto fail;
	}
	/* The file may be shorter or longer by now: take what there is, and a byte more. */
	text = g_malloc(max + 1);
	while (len <= max) {
		ssize_t n = read(fd, text + len, max + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			*ret_why = g_strdup_printf("cannot read: %s", g_strerror(errno));
			goto fail;
		}
		if (!n)
			break;
		len += n;
	}
	if (len > max) {
		*ret_why = g_strdup_printf("larger than %zu MiB", max >> 20);
		goto fail;
	}
	close(fd);
	*ret_len = len;
	return text;
fail:
	g_free(text);
	if (fd >= 0)
		close(fd);
	return NULL;
}

struct spec_device *spec_read_file(const char *path, struct spec_diags *diags)
{
	static const struct spec_pos whole;
	struct spec_device *dev;
	char *text, *why;
	size_t len;

	spec_diags_file(diags, path);
	text = parse_read(path, SPEC_MAX_FILE, &len, &why);
	if (!text) {
		spec_error(diags, whole, "%s%s", why,
			   !strcmp(why, "is a folder")	  ? "; name the device.yaml in it"
			   : g_str_has_suffix(why, "MiB") ? "; a device.yaml is not that large"
							  : "");
		g_free(why);
		return NULL;
	}
	dev = spec_read_text(path, text, len, diags);
	g_free(text);
	return dev;
}
