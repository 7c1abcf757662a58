/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: unique where they must be, and such that the generated C compiles.
 * What the generated C is called is asked from emit/, so that the two cannot
 * disagree.
 */
#include "spec/check/check.h"
#include "spec/emit/emit.h"

#include <string.h>

struct names {
	struct spec_device *dev;
	struct spec_diags *diags;
	/* Where a duplicate was reported: no second complaint about its macros. */
	GHashTable *reported;
	GHashTable *macros; /* name -> struct macro_place */
};

struct macro_place {
	struct spec_pos pos;
	char *owner;
};

static void *place_key(struct spec_pos pos)
{
	/* Lines and columns of a 16 MiB file fit, and so do the files that can be included. */
	return GSIZE_TO_POINTER((gsize)pos.file << 52 | (gsize)pos.line << 26 | pos.column);
}

/* ---- duplicates ---- */

/* A name in a scope; takes note of it, or reports that it is there already. */
static void unique(struct names *n, GHashTable *scope, const char *what, const char *name,
		   const struct spec_pos *pos)
{
	const struct spec_pos *other;

	if (!name)
		return;
	other = g_hash_table_lookup(scope, name);
	if (!other) {
		g_hash_table_insert(scope, (void *)name, (void *)pos);
		return;
	}
	/* Tables are sorted; the second is the one further down in the file. */
	if (spec_pos_before(*pos, *other)) {
		const struct spec_pos *swap = pos;

		g_hash_table_insert(scope, (void *)name, (void *)pos);
		pos = other;
		other = swap;
	}
	spec_error(n->diags, *pos, "a second %s named %s", what, name);
	spec_note(n->diags, *other, "the first is here");
	g_hash_table_add(n->reported, place_key(*pos));
	g_hash_table_add(n->reported, place_key(*other));
}

static GHashTable *scope_new(void)
{
	return g_hash_table_new(g_str_hash, g_str_equal);
}

/* ---- words that C and our own headers have taken ---- */

static const char *const taken_words[] = {
	/* C11, 6.4.1, and what is a keyword in GNU C or C23 */
	"auto",
	"break",
	"case",
	"char",
	"const",
	"continue",
	"default",
	"do",
	"double",
	"else",
	"enum",
	"extern",
	"float",
	"for",
	"goto",
	"if",
	"inline",
	"int",
	"long",
	"register",
	"restrict",
	"return",
	"short",
	"signed",
	"sizeof",
	"static",
	"struct",
	"switch",
	"typedef",
	"union",
	"unsigned",
	"void",
	"volatile",
	"while",
	"asm",
	"typeof",
	"alignas",
	"alignof",
	"bool",
	"constexpr",
	"false",
	"nullptr",
	"static_assert",
	"thread_local",
	"true",
	"typeof_unqual",
	/* macros of the compiler, <stddef.h>, <errno.h>, <stdio.h>, <assert.h> */
	"linux",
	"unix",
	"i386",
	"NULL",
	"offsetof",
	"errno",
	"EOF",
	"stdin",
	"stdout",
	"stderr",
	"BUFSIZ",
	"assert",
	"EWOULDBLOCK",
	"EDEADLOCK",
	"ENOTSUP",
};

/* After `text` if it begins with one of these, else NULL. */
static const char *skip_any(const char *text, const char *const *prefixes)
{
	for (; *prefixes; prefixes++) {
		if (g_str_has_prefix(text, *prefixes))
			return text + strlen(*prefixes);
	}
	return NULL;
}

/* <stdint.h>, <limits.h>: INT32_MAX, UINT_LEAST8_MAX, SIZE_MAX, UINT64_C, ... */
static bool is_limit(const char *name)
{
	static const char *const families[] = {
		"INT_FAST",   "INT_LEAST", "UINT_FAST", "UINT_LEAST", "INTPTR", "UINTPTR",
		"INTMAX",     "UINTMAX",   "INT",	"UINT",	      "SIZE",	"PTRDIFF",
		"SIG_ATOMIC", "WCHAR",	   "WINT",	NULL,
	};
	static const char *const sizes[] = { "8", "16", "32", "64", NULL };
	static const char *const ends[] = { "_MAX", "_MIN", "_C", "_WIDTH", NULL };
	const char *rest = skip_any(name, families), *sized;

	if (!rest)
		return false;
	sized = skip_any(rest, sizes);
	rest = skip_any(sized ? sized : rest, ends);
	return rest && !*rest;
}

static bool is_taken(const char *name)
{
	for (unsigned int i = 0; i < G_N_ELEMENTS(taken_words); i++) {
		if (!strcmp(name, taken_words[i]))
			return true;
	}
	if (is_limit(name))
		return true;
	for (int e = 1; *name == 'E' && e < 256; e++) {
		const char *errno_name = strerrorname_np(e);

		if (errno_name && !strcmp(name, errno_name))
			return true;
	}
	return g_str_has_prefix(name, "EZ_") || g_str_has_prefix(name, "ERSATZ_");
}

/* A name that stands alone in the generated C: as a member of a struct. */
static void check_word(struct names *n, const char *what, const char *name, struct spec_pos pos)
{
	if (name && is_taken(name)) {
		spec_error(n->diags, pos, "%s cannot be named %s: C or the SDK has that word", what,
			   name);
		g_hash_table_add(n->reported, place_key(pos));
	}
}

/* ---- scopes ---- */

static void check_regfile_names(struct names *n)
{
	GHashTable *scope = scope_new();

	for (unsigned int i = 0; i < n->dev->n_regfiles; i++) {
		const struct spec_regfile *file = &n->dev->regfiles[i];

		/* Those of an instance come after it. */
		if (file->parent &&
		    g_hash_table_contains(n->reported,
					  place_key(n->dev->regfiles[file->parent - 1].pos)))
			continue;
		unique(n, scope, file->block ? "instance" : "regfile", file->name, &file->pos);
	}
	g_hash_table_destroy(scope);
}

/* Is it in a group of which there are two by that name? All of it would be there twice. */
static bool in_reported_group(const struct names *n, const struct spec_reg *reg)
{
	const struct spec_regfile *file;

	for (unsigned int group = reg->regfile; group; group = file->parent) {
		file = &n->dev->regfiles[group - 1];
		if (g_hash_table_contains(n->reported, place_key(file->pos)))
			return true;
	}
	return false;
}

static void check_register_names(struct names *n, GHashTable *members)
{
	struct spec_device *dev = n->dev;

	for (unsigned int i = 0; i < dev->n_regs; i++) {
		struct spec_reg *reg = &dev->regs[i];
		GHashTable *fields;

		if (in_reported_group(n, reg)) {
			g_hash_table_add(n->reported, place_key(reg->pos));
			continue;
		}
		unique(n, members, "register or state", reg->name, &reg->pos);
		check_word(n, "a register", reg->name, reg->pos);
		if (!reg->n_fields)
			continue;
		fields = scope_new();
		for (unsigned int k = 0; k < reg->n_fields; k++) {
			struct spec_field *field = &reg->fields[k];
			GHashTable *values;

			unique(n, fields, "field", field->name, &field->pos);
			if (!field->n_values)
				continue;
			values = scope_new();
			for (unsigned int v = 0; v < field->n_values; v++)
				unique(n, values, "value", field->values[v].name,
				       &field->values[v].pos);
			g_hash_table_destroy(values);
		}
		g_hash_table_destroy(fields);
	}
}

/* No members of the state struct; but a trace must not call two things alike. */
static void check_window_names(struct names *n)
{
	struct spec_device *dev = n->dev;
	GHashTable *scope = scope_new();

	if (!dev->n_windows) {
		g_hash_table_destroy(scope);
		return;
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		if (dev->regs[i].name && !g_hash_table_contains(scope, dev->regs[i].name))
			g_hash_table_insert(scope, (void *)dev->regs[i].name, &dev->regs[i].pos);
	}
	for (unsigned int i = 0; i < dev->n_windows; i++)
		unique(n, scope, "register or window", dev->windows[i].name, &dev->windows[i].pos);
	g_hash_table_destroy(scope);
}

static void check_job_names(struct names *n, GHashTable *members)
{
	struct spec_device *dev = n->dev;

	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		struct spec_job *job = &dev->jobs[i];
		GHashTable *data = scope_new();

		unique(n, members, "register, state or job", job->name, &job->pos);
		check_word(n, "a job", job->name, job->pos);
		if (job->name && !strcmp(job->name, "hooks"))
			spec_error(n->diags, job->pos,
				   "a job cannot be named hooks: struct NAME_hooks is the model's");
		for (unsigned int k = 0; k < job->n_data; k++) {
			unique(n, data, "data", job->data[k].name, &job->data[k].pos);
			check_word(n, "data", job->data[k].name, job->data[k].pos);
		}
		g_hash_table_destroy(data);
	}
}

static void check_property_names(struct names *n)
{
	/* What every PCI device of a VMM has under -device already. */
	static const char *const theirs[] = {
		"acpi_index",	    "addr",	  "bus",	  "driver",
		"failover_pair_id", "hotplugged", "hotpluggable", "id",
		"multifunction",    "parent_bus", "realized",	  "rombar",
		"romfile",	    "romsize",	  "socket",	  "type",
	};
	struct spec_device *dev = n->dev;
	GHashTable *props = scope_new();

	for (unsigned int i = 0; i < dev->n_props; i++) {
		struct spec_prop *prop = &dev->props[i];
		GHashTable *values = scope_new();

		unique(n, props, "property", prop->name, &prop->pos);
		check_word(n, "a property", prop->name, prop->pos);
		for (unsigned int k = 0; prop->name && k < G_N_ELEMENTS(theirs); k++) {
			if (!strcmp(prop->name, theirs[k]))
				spec_error(
					n->diags, prop->pos,
					"a property cannot be named %s: every device of a virtual "
					"machine has one of that name",
					prop->name);
		}
		for (unsigned int k = 0; k < prop->n_values; k++)
			unique(n, values, "value", prop->values[k].name, &prop->values[k].pos);
		g_hash_table_destroy(values);
	}
	g_hash_table_destroy(props);
}

static void check_scopes(struct names *n)
{
	struct spec_device *dev = n->dev;
	GHashTable *members = scope_new(), *scope;

	check_regfile_names(n);
	check_register_names(n, members);
	check_window_names(n);
	for (unsigned int i = 0; i < dev->n_state; i++) {
		unique(n, members, "register or state", dev->state[i].name, &dev->state[i].pos);
		check_word(n, "state", dev->state[i].name, dev->state[i].pos);
	}
	check_job_names(n, members);
	for (unsigned int i = 0; i < 2; i++) {
		const char *ours = i ? "prop" : "ez";
		const struct spec_pos *pos = g_hash_table_lookup(members, ours);

		if (pos)
			spec_error(n->diags, *pos,
				   "nothing can be named %s: the state struct has "
				   "a member of that name",
				   ours);
	}
	g_hash_table_destroy(members);

	scope = scope_new();
	for (unsigned int i = 0; i < dev->n_bars; i++)
		unique(n, scope, "BAR", dev->bars[i].name, &dev->bars[i].pos);
	g_hash_table_destroy(scope);
	scope = scope_new();
	for (unsigned int i = 0; i < dev->n_irqs; i++)
		unique(n, scope, "interrupt", dev->irqs[i].name, &dev->irqs[i].pos);
	g_hash_table_destroy(scope);
	scope = scope_new();
	for (unsigned int i = 0; i < dev->n_timers; i++)
		unique(n, scope, "timer", dev->timers[i].name, &dev->timers[i].pos);
	g_hash_table_destroy(scope);
	check_property_names(n);
}

/* ---- the generated C ---- */

static void place_free(void *data)
{
	struct macro_place *place = data;

	g_free(place->owner);
	g_free(place);
}

static bool silent(const struct names *n, struct spec_pos pos)
{
	return g_hash_table_contains(n->reported, place_key(pos));
}

static void take_macro(const struct emit_macro *macro, void *user)
{
	struct names *n = user;
	const struct macro_place *other = g_hash_table_lookup(n->macros, macro->name);
	struct macro_place *place;

	if (is_taken(macro->name) && !silent(n, macro->pos))
		spec_error(n->diags, macro->pos, "%s would be %s in C: C or the SDK has that word",
			   macro->owner, macro->name);
	if (other) {
		struct spec_pos pos = macro->pos, first = other->pos;
		const char *owner = macro->owner, *first_owner = other->owner;

		/* The same thing twice has been reported as such. */
		if (silent(n, pos) || silent(n, first))
			return;
		if (spec_pos_before(pos, first)) {
			first = macro->pos;
			first_owner = macro->owner;
			pos = other->pos;
			owner = other->owner;
		}
		spec_error(n->diags, pos, "%s would be %s in C, as would %s", owner, macro->name,
			   first_owner);
		spec_note(n->diags, first, "the other one is here");
		g_hash_table_add(n->reported, place_key(pos));
		return;
	}
	place = g_new0(struct macro_place, 1);
	place->pos = macro->pos;
	place->owner = g_strdup(macro->owner);
	g_hash_table_insert(n->macros, g_strdup(macro->name), place);
}

/* Would the preprocessor replace this identifier? */
static void check_identifier(struct names *n, const char *what, const char *name,
			     struct spec_pos pos)
{
	const struct macro_place *macro = name ? g_hash_table_lookup(n->macros, name) : NULL;

	if (!macro || silent(n, pos) || silent(n, macro->pos))
		return;
	spec_error(n->diags, pos, "%s %s is also the macro of %s in C", what, name, macro->owner);
	spec_note(n->diags, macro->pos, "which is here");
}

static void check_hook(const struct emit_hook *hook, void *user)
{
	struct names *n = user;
	g_autofree char *function = g_strdup_printf("%s_%s", n->dev->name, hook->member);

	check_identifier(n, "hook", hook->member, hook->pos);
	check_identifier(n, "hook", function, hook->pos);
}

static void check_macros(struct names *n)
{
	struct spec_device *dev = n->dev;

	emit_macros(dev, take_macro, n);
	emit_enumerators(dev, take_macro, n);
	check_identifier(n, "device", dev->name, dev->name_pos);
	for (unsigned int i = 0; i < dev->n_regs; i++)
		check_identifier(n, "register", dev->regs[i].name, dev->regs[i].pos);
	for (unsigned int i = 0; i < dev->n_state; i++)
		check_identifier(n, "state", dev->state[i].name, dev->state[i].pos);
	for (unsigned int i = 0; i < dev->n_props; i++)
		check_identifier(n, "property", dev->props[i].name, dev->props[i].pos);
	for (unsigned int i = 0; i < dev->n_jobs; i++) {
		const struct spec_job *job = &dev->jobs[i];
		g_autofree char *tag = NULL;

		if (!job->name)
			continue;
		tag = g_strdup_printf("%s_%s", dev->name, job->name);
		check_identifier(n, "job", job->name, job->pos);
		check_identifier(n, "struct", tag, job->pos);
		for (unsigned int k = 0; k < job->n_data; k++)
			check_identifier(n, "data", job->data[k].name, job->data[k].pos);
	}
	emit_hooks(dev, check_hook, n);
}

/* False: reported, and so would be everything that begins with it. */
static bool check_device_name(struct names *n)
{
	/* Prefixes of the headers that a driver and a model include anyway. */
	static const char *const theirs[] = { "ez", "ersatz", "pci" };
	struct spec_device *dev = n->dev;

	check_word(n, "a device", dev->name, dev->name_pos);
	for (unsigned int i = 0; i < G_N_ELEMENTS(theirs); i++) {
		size_t len = strlen(theirs[i]);

		/* "ez" and "ez_dma", but not "ezra". */
		if (g_ascii_strncasecmp(dev->name, theirs[i], len) ||
		    (dev->name[len] && dev->name[len] != '_'))
			continue;
		spec_error(n->diags, dev->name_pos,
			   "a device cannot be named %s: other headers use names that begin with "
			   "%s_",
			   dev->name, theirs[i]);
		return false;
	}
	return true;
}

void check_names(struct spec_device *dev, struct spec_diags *diags)
{
	struct names n = {
		.dev = dev,
		.diags = diags,
		.reported = g_hash_table_new(NULL, NULL),
		.macros = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, place_free),
	};

	check_scopes(&n);
	if (dev->name && check_device_name(&n))
		check_macros(&n);
	g_hash_table_destroy(n.macros);
	g_hash_table_destroy(n.reported);
}
