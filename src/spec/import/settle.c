/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a source may say and our grammar may not: put right where that changes
 * nothing for a driver, else left out, as a comment that says why.
 */
#include "spec/import/import.h"

#include <inttypes.h>
#include <string.h>

/* Elements of all registers: what the grammar takes in one device. */
#define MAX_ELEMENTS (1u << 20)

static const char *full_name(struct block *block, const struct block_file *file, const char *name)
{
	return file->name ? spec_arena_printf(block->arena, "%s_%s", file->name, name) : name;
}

static const char *reg_what(struct block *block, const struct block_file *file,
			    const struct block_reg *reg)
{
	return spec_arena_printf(block->arena, "register %s", full_name(block, file, reg->name));
}

static void leave_out(struct block *block, const char *what, struct spec_pos pos,
		      const char **why_not, const char *why)
{
	*why_not = why;
	spec_warning(block->diags, pos, "%s: left out: %s", what, why);
}

/* ---- names ---- */

/*
 * Names become C constants in upper case, so RNG and Rng are one, and so are
 * register CTRL's reset and a register CTRL_RESET.
 */
struct names {
	GHashTable *taken; /* constants, upper case */
	GHashTable *last; /* name -> the number behind it that was tried last */
};

static bool is_taken(struct names *n, const char *prefix, const char *name, const char *const *ends)
{
	for (; *ends; ends++) {
		g_autofree char *text = g_strconcat(prefix, name, *ends, NULL);
		g_autofree char *upper = g_ascii_strup(text, -1);

		if (g_hash_table_contains(n->taken, upper))
			return true;
	}
	return false;
}

static void take_name(struct names *n, const char *prefix, const char *name,
		      const char *const *ends)
{
	for (; *ends; ends++) {
		g_autofree char *text = g_strconcat(prefix, name, *ends, NULL);

		g_hash_table_add(n->taken, g_ascii_strup(text, -1));
	}
}

/* The name itself, or the first NAME_2, NAME_3, ... that is free. */
static const char *free_name(struct block *block, struct names *n, const char *prefix,
			     const char *name, const char *const *ends)
{
	const char *base = name;
	g_autofree char *whole = NULL;
	unsigned int i = 1;

	if (is_taken(n, prefix, name, ends)) {
		g_autofree char *key = g_strconcat(prefix, name, NULL);

		whole = g_ascii_strup(key, -1);
		i = GPOINTER_TO_UINT(g_hash_table_lookup(n->last, whole));
		i = MAX(i, 1);
		do
			name = spec_arena_printf(block->arena, "%s_%u", base, ++i);
		while (is_taken(n, prefix, name, ends));
		g_hash_table_replace(n->last, g_steal_pointer(&whole), GUINT_TO_POINTER(i));
	}
	take_name(n, prefix, name, ends);
	return name;
}

static void settle_field_names(struct block *block, struct names *n, const struct block_file *file,
			       struct block_reg *reg)
{
	static const char *const field_ends[] = { "_MASK", "_SHIFT", NULL };
	static const char *const value_ends[] = { "", NULL };
	g_autofree char *prefix = g_strconcat(full_name(block, file, reg->name), "_", NULL);

	for (struct block_field *field = reg->fields; field; field = field->next) {
		const char *name = free_name(block, n, prefix, field->name, field_ends);
		g_autofree char *inner = NULL;

		if (strcmp(name, field->name))
			import_lost(block, &field->notes, field->pos, reg_what(block, file, reg),
				    "its field %s is named %s here: that name is taken",
				    field->name, name);
		field->name = name;
		inner = g_strconcat(prefix, name, "_", NULL);
		for (struct block_value *value = field->values; value; value = value->next) {
			name = free_name(block, n, inner, value->name, value_ends);
			if (strcmp(name, value->name))
				import_lost(
					block, &field->notes, value->pos,
					reg_what(block, file, reg),
					"value %s of field %s is named %s here: that name is taken",
					value->name, field->name, name);
			value->name = name;
		}
	}
}

/* A register's name, with those of its instance and its regfile before it. */
#define MAX_WHOLE_NAME 63
/* Of an instance or a regfile, so that some of it is left for the register. */
#define MAX_OUTER_NAME 24
/* For _2, _3, ... */
#define MAX_SUFFIX 7

static const char *shorten(struct block *block, const char *name, size_t most)
{
	return strlen(name) > most ? spec_arena_strndup(block->arena, name, most) : name;
}

/* Names of instances are the user's to choose; those of the example must do. */
static void settle_instances(struct block *block)
{
	GHashTable *taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned int n = 0;

	for (struct block_instance *it = block->instances; it; it = it->next) {
		char *upper;

		it->name = shorten(block, it->name, MAX_OUTER_NAME);
		upper = g_ascii_strup(it->name, -1);
		while (g_hash_table_contains(taken, upper)) {
			it->name = spec_arena_printf(block->arena, "%.16s_%u", it->name, ++n);
			g_free(upper);
			upper = g_ascii_strup(it->name, -1);
		}
		g_hash_table_add(taken, upper);
	}
	g_hash_table_destroy(taken);
}

static void shorten_names(struct block *block)
{
	size_t outer = 0;

	block->name = shorten(block, block->name, MAX_OUTER_NAME);
	settle_instances(block);
	for (struct block_instance *it = block->instances; it; it = it->next) {
		/* Elements that are written out have a number. */
		outer = MAX(outer, strlen(it->name) + (it->count ? 3 : 1));
	}
	for (struct block_file *file = &block->own; file;
	     file = file == &block->own ? block->files : file->next) {
		size_t most = MAX_WHOLE_NAME - MAX_SUFFIX - outer;

		if (file->name) {
			const char *name = shorten(block, file->name, MAX_OUTER_NAME - MAX_SUFFIX);

			if (name != file->name)
				import_note(block, &file->notes, "%s in the source: too long",
					    file->name);
			file->name = name;
			most -= strlen(file->name) + MAX_SUFFIX + 1;
		}
		for (struct block_reg *reg = file->regs; reg; reg = reg->next) {
			const char *name = shorten(block, reg->name, most);

			if (name == reg->name)
				continue;
			import_lost(block, &reg->notes, reg->pos, "register",
				    "%s is named %s here: that name is too long", reg->name, name);
			reg->name = name;
		}
	}
}

static void settle_names(struct block *block)
{
	/* All that an array may have; more than a plain register needs does no harm. */
	static const char *const reg_ends[] = { "",	 "_RESET",	"_COUNT", "_STRIDE",
						"_ROWS", "_ROW_STRIDE", NULL };
	struct names n = {
		.taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};
	struct names files = {
		.taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
	};

	for (struct block_file *file = block->files; file; file = file->next) {
		static const char *const ends[] = { "", NULL };
		const char *name = free_name(block, &files, "", file->name, ends);

		if (strcmp(name, file->name))
			import_lost(block, &file->notes, file->pos, "register file",
				    "%s is named %s here: that name is taken", file->name, name);
		file->name = name;
	}
	for (unsigned int pass = 0; pass < 2; pass++) {
		struct block_file *file = &block->own;

		for (; file; file = file == &block->own ? block->files : file->next) {
			g_autofree char *prefix =
				file->name ? g_strconcat(file->name, "_", NULL) : g_strdup("");

			for (struct block_reg *reg = file->regs; reg; reg = reg->next) {
				const char *name;

				if (pass) {
					settle_field_names(block, &n, file, reg);
					continue;
				}
				name = free_name(block, &n, prefix, reg->name, reg_ends);
				if (strcmp(name, reg->name))
					import_lost(
						block, &reg->notes, reg->pos,
						reg_what(block, file, reg),
						"named %s here: that name is taken, in C at least",
						name);
				reg->name = name;
			}
		}
	}
	g_hash_table_destroy(n.taken);
	g_hash_table_destroy(n.last);
	g_hash_table_destroy(files.taken);
	g_hash_table_destroy(files.last);
}

/* ---- bits ---- */

static uint64_t field_bits(const struct block_field *field)
{
	return (UINT64_MAX >> (64 - field->width)) << field->lsb;
}

static bool same_access(const struct block_access *a, const struct block_access *b)
{
	return a->r == b->r && a->w == b->w && a->once == b->once;
}

/* Effects that the access leaves no room for. */
static void settle_effects(struct block *block, const struct block_reg *reg,
			   struct block_access *access, struct notes **notes, struct spec_pos pos,
			   const char *what)
{
	if (!access->r && access->onread) {
		/* The register's own is meant for those that can be read. */
		if (access->onread != reg->access.onread || access == &reg->access)
			import_lost(block, notes, pos, what,
				    "a read action, but software cannot read it: left out");
		access->onread = SPEC_ONREAD_NONE;
	}
	if (!access->w && access->onwrite) {
		if (access->onwrite != reg->access.onwrite || access == &reg->access)
			import_lost(block, notes, pos, what,
				    "an effect of writes, but software cannot write it: left out");
		access->onwrite = SPEC_ONWRITE_NONE;
	}
	/* A stored bit cannot have once and an effect of ones at once in no standard of ours. */
	if (access->once && access->onwrite == SPEC_WUSER)
		import_note(block, notes,
			    "the source says that the first write after a reset counts");
}

static void settle_limit(struct block *block, struct block_field *field, const char *what)
{
	uint64_t ones = UINT64_MAX >> (64 - field->width);

	if (field->limit == BLOCK_LIMIT_NONE)
		return;
	if (!field->access.w) {
		field->limit = BLOCK_LIMIT_NONE;
		return;
	}
	if (field->limit == BLOCK_LIMIT_VALUES && !field->values) {
		import_lost(
			block, &field->notes, field->pos, what,
			"writes are limited to its values, but it has none that are named here");
		field->limit = BLOCK_LIMIT_NONE;
	}
	if (field->limit != BLOCK_LIMIT_RANGE)
		return;
	if (field->min > field->max || field->max > ones) {
		import_lost(block, &field->notes, field->pos, what,
			    "writes are limited to %" PRIu64 " to %" PRIu64
			    ", which %u bits do not hold",
			    field->min, field->max, field->width);
		field->limit = BLOCK_LIMIT_NONE;
	} else if (!field->min && field->max == ones) {
		field->limit = BLOCK_LIMIT_NONE;
	}
}

/* A field over all of it, for what only fields can say. */
static void limit_register(struct block *block, struct block_reg *reg, const char *what)
{
	struct block_field *field;

	if (reg->limit == BLOCK_LIMIT_NONE || (reg->limit == BLOCK_LIMIT_VALUES && !reg->fields))
		return;
	if (reg->fields) {
		if (reg->limit == BLOCK_LIMIT_RANGE) {
			import_lost(block, &reg->notes, reg->pos, what,
				    "writes of the whole register are limited to %" PRIu64
				    " to %" PRIu64 ": here that can be said of fields only",
				    reg->min, reg->max);
			return;
		}
		for (field = reg->fields; field; field = field->next)
			if (field->limit == BLOCK_LIMIT_NONE &&
			    (reg->limit == BLOCK_LIMIT_AS_READ || field->values))
				field->limit = reg->limit;
		return;
	}
	if (!reg->access.w)
		return;
	field = block_add_field(block, reg, reg->pos);
	if (!field)
		return;
	field->name = "VALUE";
	field->width = reg->width;
	field->access = reg->access;
	field->limit = reg->limit;
	field->min = reg->min;
	field->max = reg->max;
	import_note(block, &field->notes, "not in the source: to hold the limit of the register");
}

static void settle_fields(struct block *block, const struct block_file *file, struct block_reg *reg)
{
	const char *what = reg_what(block, file, reg);
	uint64_t taken = 0;

	limit_register(block, reg, what);
	for (struct block_field *field = reg->fields; field; field = field->next) {
		const char *name =
			spec_arena_printf(block->arena, "field %s.%s",
					  full_name(block, file, reg->name), field->name);

		if (field->lsb + field->width > reg->width) {
			leave_out(
				block, name, field->pos, &field->why_not,
				spec_arena_printf(block->arena,
						  "bit %u is beyond the register's last, %" PRIu64,
						  field->lsb + field->width - 1, reg->width - 1));
			continue;
		}
		if (taken & field_bits(field)) {
			const struct block_field *other = reg->fields;

			while (other->why_not || !(field_bits(other) & field_bits(field)))
				other = other->next;
			leave_out(block, name, field->pos, &field->why_not,
				  spec_arena_printf(block->arena, "it overlaps field %s",
						    other->name));
			continue;
		}
		taken |= field_bits(field);
		settle_effects(block, reg, &field->access, &field->notes, field->pos, name);
		settle_limit(block, field, name);
	}
	settle_effects(block, reg, &reg->access, &reg->notes, reg->pos, what);
}

/* What all fields have in common is said once, of the register. */
static void lift_access(struct block_reg *reg)
{
	const struct block_field *first = NULL, *writer = NULL, *reader = NULL;
	bool same = true, same_hw = true, same_write = true, same_read = true;

	for (const struct block_field *field = reg->fields; field; field = field->next) {
		if (field->why_not || field->reserved)
			continue;
		if (!first)
			first = field;
		same &= same_access(&first->access, &field->access);
		same_hw &= !g_strcmp0(first->access.hw, field->access.hw);
		if (field->access.w) {
			writer = writer ? writer : field;
			same_write &= writer->access.onwrite == field->access.onwrite;
		}
		if (field->access.r) {
			reader = reader ? reader : field;
			same_read &= reader->access.onread == field->access.onread;
		}
	}
	if (!first)
		return;
	if (same) {
		reg->access.r = first->access.r;
		reg->access.w = first->access.w;
		reg->access.once = first->access.once;
	}
	reg->access.hw = same_hw ? first->access.hw : NULL;
	/* A field cannot say that it has no effect: so the register's is that of all. */
	reg->access.onwrite =
		writer && same_write && reg->access.w ? writer->access.onwrite : SPEC_ONWRITE_NONE;
	reg->access.onread =
		reader && same_read && reg->access.r ? reader->access.onread : SPEC_ONREAD_NONE;
}

/* What software may do with any of its bits. */
static void directions(const struct block_reg *reg, bool *ret_r, bool *ret_w)
{
	bool r = false, w = false, any = false;

	for (const struct block_field *field = reg->fields; field; field = field->next) {
		if (field->why_not)
			continue;
		any = true;
		r |= field->access.r;
		w |= field->access.w && !(field->reserved && field->access.r);
	}
	/* What of it is left has no fields: then it is all one. */
	*ret_r = any ? r : reg->access.r;
	*ret_w = any ? w : reg->access.w;
}

/* ---- resets ---- */

/* Bits of no field that are set after reset get a field: they must have one. */
static void name_reserved(struct block *block, struct block_reg *reg, uint64_t gaps)
{
	bool any = false, r, w;

	directions(reg, &r, &w);
	for (unsigned int lsb = 0; lsb < reg->width; lsb++) {
		struct block_field *field;
		unsigned int msb = lsb;

		if (!(gaps >> lsb & 1))
			continue;
		while (msb < 63 && gaps >> (msb + 1) & 1)
			msb++;
		field = block_add_field(block, reg, reg->pos);
		if (!field)
			return;
		field->name = msb == lsb
				      ? spec_arena_printf(block->arena, "RESERVED_%u", lsb)
				      : spec_arena_printf(block->arena, "RESERVED_%u_%u", msb, lsb);
		for (const struct block_field *other = reg->fields; other != field;
		     other = other->next)
			if (!g_ascii_strcasecmp(other->name, field->name))
				field->name =
					spec_arena_printf(block->arena, "%s_ONES", field->name);
		field->lsb = lsb;
		field->width = msb - lsb + 1;
		/* Not to make a register readable that is only written. */
		field->access.r = r || !w;
		field->access.w = !field->access.r;
		field->reserved = true;
		any = true;
		lsb = msb;
	}
	if (any)
		import_note(block, &reg->notes,
			    "bits of no field that are set after reset: RESERVED_... is not in the "
			    "source");
}

static void settle_reset(struct block *block, const struct block_file *file, struct block_reg *reg)
{
	uint64_t ones = UINT64_MAX >> (64 - reg->width), taken = 0;
	const char *what = reg_what(block, file, reg);

	for (const struct block_field *field = reg->fields; field; field = field->next)
		if (!field->why_not)
			taken |= field_bits(field);
	if (!reg->has_reset)
		return;
	if (reg->reset & ~ones) {
		import_lost(block, &reg->notes, reg->pos, what,
			    "of its reset value 0x%" PRIx64 " only %" PRIu64 " bits fit",
			    reg->reset, reg->width);
		reg->reset &= ones;
	}
	if (!(reg->reset_known & ones)) {
		import_note(block, &reg->notes, "its value after reset is not known");
		reg->has_reset = false;
		return;
	}
	if (~reg->reset_known & ones)
		import_note(block, &reg->notes, "after reset only the bits 0x%" PRIx64 " are known",
			    reg->reset_known & ones);
	reg->reset &= reg->reset_known;
	if (taken && (reg->reset & ~taken))
		name_reserved(block, reg, reg->reset & ~taken);
}

/* ---- places ---- */

struct extent {
	uint64_t start, end;
	const struct block_file *file;
	const struct block_reg *reg;
};

static int by_start(gconstpointer a, gconstpointer b, gpointer user)
{
	const struct extent *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static bool same_shape(const struct block_file *file, const struct block_reg *a,
		       const struct extent *other)
{
	const struct block_reg *b = other->reg;

	return file == other->file && a->offset == b->offset && a->width == b->width &&
	       a->array == b->array && a->count == b->count &&
	       (!a->array || a->stride == b->stride);
}

/* A register over another one: an alternate, if never both answer. */
static void settle_overlap(struct block *block, const struct block_file *file,
			   struct block_reg *reg, const struct extent *other)
{
	const char *what = reg_what(block, file, reg);
	const char *name = full_name(block, other->file, other->reg->name);
	bool r1, w1, r2, w2;

	if (other->reg == reg) {
		leave_out(block, what, reg->pos, &reg->why_not, "its elements overlap each other");
		return;
	}
	directions(reg, &r1, &w1);
	directions(other->reg, &r2, &w2);
	if (same_shape(file, reg, other) && !(r1 && r2) && !(w1 && w2) &&
	    !other->reg->alternate_to) {
		reg->alternate_to = other->reg->name;
		/* Three at one place: only two can be told apart by direction. */
		((struct block_reg *)other->reg)->alternate_to = "";
		return;
	}
	leave_out(block, what, reg->pos, &reg->why_not,
		  same_shape(file, reg, other)
			  ? spec_arena_printf(
				    block->arena,
				    "it shares its place with %s; give it alternate: %s, and "
				    "one of them a when: that says which answers",
				    name, other->reg->name)
			  : spec_arena_printf(block->arena, "it overlaps %s", name));
}

/* True: it can stand where it says. */
static bool settle_shape(struct block *block, const struct block_file *file, struct block_reg *reg)
{
	const char *what = reg_what(block, file, reg);
	uint64_t bytes, last;
	uint64_t width = 8;

	if (!reg->width || reg->width > 64) {
		leave_out(block, what, reg->pos, &reg->why_not,
			  spec_arena_printf(block->arena,
					    "it has %" PRIu64 " bits; 1 to 64 are supported",
					    reg->width));
		reg->width = 64;
		return false;
	}
	while (width < reg->width)
		width *= 2;
	if (width != reg->width)
		import_note(block, &reg->notes, "%" PRIu64 " bits in the source", reg->width);
	reg->width = width;
	bytes = width / 8;
	if (!reg->array)
		reg->stride = bytes;
	if ((file->offset + reg->offset) % bytes || reg->offset % bytes) {
		leave_out(block, what, reg->pos, &reg->why_not,
			  spec_arena_printf(block->arena,
					    "its offset 0x%" PRIx64
					    " is no multiple of its %" PRIu64 " bytes",
					    file->offset + reg->offset, bytes));
		return false;
	}
	if (reg->array && (reg->stride < bytes || reg->stride % bytes)) {
		leave_out(block, what, reg->pos, &reg->why_not,
			  spec_arena_printf(block->arena,
					    "its elements are 0x%" PRIx64
					    " bytes apart, which is no multiple of their %" PRIu64,
					    reg->stride, bytes));
		return false;
	}
	if (file->array && (!file->stride || file->stride % bytes)) {
		leave_out(block, what, reg->pos, &reg->why_not,
			  spec_arena_printf(block->arena,
					    "the elements of %s are 0x%" PRIx64
					    " bytes apart, which is no multiple of its %" PRIu64,
					    file->name, file->stride, bytes));
		return false;
	}
	last = file->offset + reg->offset;
	if (reg->stride <= UINT32_MAX && file->stride <= UINT32_MAX && last <= UINT32_MAX)
		last += (reg->count - 1) * reg->stride + (file->count - 1) * file->stride + bytes;
	else
		last = UINT64_MAX;
	if (last > (UINT64_C(1) << 32)) {
		leave_out(block, what, reg->pos, &reg->why_not, "it ends beyond 4 GiB");
		return false;
	}
	block->size = MAX(block->size, last);
	return true;
}

static void settle_place(struct block *block, GTree *places, const struct block_file *file,
			 struct block_reg *reg)
{
	uint64_t bytes = reg->width / 8;
	/* Without gaps it is one. */
	bool solid = reg->stride == bytes;
	uint64_t n = solid ? 1 : reg->count;
	GPtrArray *mine;

	mine = g_ptr_array_new();
	for (uint64_t row = 0; row < file->count && !reg->why_not; row++) {
		for (uint64_t i = 0; i < n && !reg->why_not; i++) {
			struct extent *e = g_new0(struct extent, 1);
			GTreeNode *next, *before;

			e->start =
				file->offset + row * file->stride + reg->offset + i * reg->stride;
			e->end = e->start + (solid ? reg->count * bytes : bytes);
			e->file = file;
			e->reg = reg;
			next = g_tree_lower_bound(places, e);
			before = next ? g_tree_node_previous(next) : g_tree_node_last(places);
			if (next && ((struct extent *)g_tree_node_key(next))->start < e->end)
				settle_overlap(block, file, reg, g_tree_node_key(next));
			else if (before &&
				 ((struct extent *)g_tree_node_key(before))->end > e->start)
				settle_overlap(block, file, reg, g_tree_node_key(before));
			if (reg->why_not || reg->alternate_to) {
				g_free(e);
				break;
			}
			g_tree_insert(places, e, e);
			g_ptr_array_add(mine, e);
		}
		if (reg->alternate_to && *reg->alternate_to)
			break;
	}
	/* What is left out keeps no place. */
	for (guint i = 0; (reg->why_not || reg->alternate_to) && i < mine->len; i++)
		g_tree_remove(places, mine->pdata[i]);
	g_ptr_array_free(mine, TRUE);
}

/* Said in the source, but they do not share a place after all. */
static void settle_alternate(struct block *block, const struct block_file *file,
			     struct block_reg *reg)
{
	if (reg->alternate && !reg->alternate_to && !reg->why_not)
		import_lost(block, &reg->notes, reg->pos, reg_what(block, file, reg),
			    "the source calls it an alternate of %s, with which it shares no place",
			    import_show(block->arena, reg->alternate));
}

static void settle_register(struct block *block, GTree *places, uint64_t *elements,
			    const struct block_file *file, struct block_reg *reg)
{
	bool shaped = settle_shape(block, file, reg);

	settle_fields(block, file, reg);
	if (shaped) {
		*elements += reg->count * file->count;
		if (*elements > MAX_ELEMENTS) {
			if (!block->full)
				spec_error(
					block->diags, reg->pos,
					"more than %u registers in all, with the elements of this "
					"one",
					MAX_ELEMENTS);
			block->full = true;
			return;
		}
		settle_place(block, places, file, reg);
	}
	settle_alternate(block, file, reg);
	settle_reset(block, file, reg);
	lift_access(reg);
}

void block_settle(struct block *block)
{
	GTree *places = g_tree_new_full(by_start, NULL, g_free, NULL);
	uint64_t elements = 0;

	shorten_names(block);
	settle_names(block);
	for (struct block_file *file = &block->own; file && !block->full;
	     file = file == &block->own ? block->files : file->next)
		for (struct block_reg *reg = file->regs; reg && !block->full; reg = reg->next)
			settle_register(block, places, &elements, file, reg);
	g_tree_destroy(places);
}
