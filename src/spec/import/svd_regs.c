/* SPDX-License-Identifier: BSD-2-Clause */
/* CMSIS-SVD: clusters, registers, fields and their values. */
#include "spec/import/svd.h"

#include <inttypes.h>
#include <string.h>

/* ---- values ---- */

/*
 * "#1x0": bits that do not matter are x. False: not that kind, or wrong.
 * *ret_value has zeros there.
 */
static bool scan_pattern(const char *text, uint64_t *ret_value, bool *ret_open)
{
	uint64_t value = 0;
	unsigned int n = 0;

	if (*text == '+')
		text++;
	if (*text == '#')
		text++;
	else if (!g_ascii_strncasecmp(text, "0b", 2))
		text += 2;
	else
		return false;
	*ret_open = false;
	for (; *text; text++, n++) {
		value <<= 1;
		if (*text == '1')
			value |= 1;
		else if (g_ascii_tolower(*text) == 'x')
			*ret_open = true;
		else if (*text != '0')
			return false;
	}
	*ret_value = value;
	return n && n <= 64;
}

static void take_value(struct svd *svd, const struct xml_node *node, struct block_field *field,
		       const char *what)
{
	struct block *block = svd->block;
	const char *name = xml_child_text(node, "name"), *text = xml_child_text(node, "value");
	const char *desc = import_tidy(block->arena, xml_child_text(node, "description"));
	const char *is_default = xml_child_text(node, "isDefault");
	bool open = false;
	uint64_t number = 0;

	if (!name || !*name)
		name = desc ? desc : "VALUE";
	if (!text) {
		if (is_default)
			import_note(block, &field->notes, "all other values: %s%s%s",
				    import_show(block->arena, name), desc ? ": " : "",
				    desc ? import_show(block->arena, desc) : "");
		else
			import_lost(block, &field->notes, node->pos, what, "value %s has no number",
				    import_show(block->arena, name));
		return;
	}
	if (!scan_pattern(text, &number, &open) && !svd_scan(text, &number)) {
		spec_error(block->diags, node->pos, "value: '%s' is not a number",
			   import_show(block->arena, text));
		return;
	}
	if (open) {
		import_lost(block, &field->notes, node->pos, what,
			    "value %s left out: %s is a pattern of several%s%s",
			    import_show(block->arena, name), import_show(block->arena, text),
			    desc ? ": " : "", desc ? import_show(block->arena, desc) : "");
		return;
	}
	name = import_identifier(block->arena, name);
	if (field->width < 64 && number >> field->width) {
		import_lost(block, &field->notes, node->pos, what,
			    "value %s is 0x%" PRIx64 ", which %u bits do not hold", name, number,
			    field->width);
		return;
	}
	block_add_value(block, field, node->pos, name, desc, number);
}

static void take_values(struct svd *svd, const struct svd_chain *field_chain,
			struct block_field *field, const char *what)
{
	const struct xml_node *node = svd_find(field_chain, "enumeratedValues");

	for (; node; node = xml_again(node)) {
		struct svd_chain chain;
		const char *usage;

		if (!svd_derive(svd, node, &chain))
			continue;
		usage = svd_text(&chain, "usage");
		if (usage && strcmp(usage, "read-write"))
			import_note(svd->block, &field->notes, "%s: values for %ss", usage,
				    import_show(svd->block->arena, usage));
		for (unsigned int i = 0; i < chain.n; i++) {
			const struct xml_node *value = xml_child(chain.node[i], "enumeratedValue");

			if (!value)
				continue;
			for (; value && !svd->block->full; value = xml_again(value))
				take_value(svd, value, field, what);
			break;
		}
	}
}

/* ---- fields ---- */

/* bitRange, lsb and msb, or bitOffset and bitWidth. False: reported. */
static bool take_bits(struct svd *svd, const struct svd_chain *chain, uint64_t *ret_lsb,
		      uint64_t *ret_width)
{
	const struct xml_node *range = svd_find(chain, "bitRange");
	struct spec_diags *diags = svd->block->diags;
	uint64_t msb = 0, lsb = 0, width = 1;

	if (range) {
		const char *text = range->text, *colon = strchr(text, ':');
		g_autofree char *first = NULL;
		g_autofree char *last = NULL;
		bool ok = false;

		if (*text == '[' && colon && g_str_has_suffix(text, "]")) {
			first = g_strstrip(g_strndup(text + 1, colon - text - 1));
			last = g_strndup(colon + 1, strlen(colon + 1) - 1);
			ok = svd_scan(first, &msb) && svd_scan(g_strstrip(last), &lsb);
		}
		if (!ok || msb < lsb) {
			spec_error(diags, range->pos, "bitRange: '%s' is not [msb:lsb]",
				   import_show(svd->block->arena, text));
			return false;
		}
	} else if (svd_find(chain, "lsb")) {
		if (!svd_number(svd, chain, "lsb", &lsb))
			return false;
		msb = lsb;
		if (svd_find(chain, "msb") && !svd_number(svd, chain, "msb", &msb))
			return false;
		if (msb < lsb) {
			spec_error(diags, svd_find(chain, "lsb")->pos,
				   "lsb: %" PRIu64 " is above msb, %" PRIu64, lsb, msb);
			return false;
		}
	} else if (svd_find(chain, "bitOffset")) {
		if (!svd_number(svd, chain, "bitOffset", &lsb) ||
		    (svd_find(chain, "bitWidth") && !svd_number(svd, chain, "bitWidth", &width)))
			return false;
		if (!width) {
			spec_error(diags, svd_find(chain, "bitWidth")->pos, "bitWidth: 0");
			return false;
		}
		msb = MIN(lsb, UINT32_MAX) + MIN(width, UINT32_MAX) - 1;
	} else {
		spec_error(diags, chain->node[0]->pos,
			   "a field without bits: bitRange, lsb and msb, or bitOffset and "
			   "bitWidth");
		return false;
	}
	/* Numbers of somebody else's: not that the sum wraps. What is too high is left out later. */
	lsb = MIN(lsb, UINT32_MAX);
	msb = MIN(msb, UINT32_MAX);
	*ret_lsb = lsb;
	*ret_width = msb - lsb + 1;
	return true;
}

static void add_field(struct svd *svd, const struct svd_chain *chain, struct block_reg *reg,
		      const struct block_access *access, const char *name, uint64_t lsb,
		      uint64_t width)
{
	struct block *block = svd->block;
	struct block_field *field = block_add_field(block, reg, chain->node[0]->pos);
	const struct xml_node *node = svd_find(chain, "access");
	g_autofree char *what = NULL;

	if (!field)
		return;
	what = g_strdup_printf("field %s.%s", reg->name, import_show(block->arena, name));
	field->name = import_identifier(block->arena, name);
	if (strcmp(field->name, name))
		import_note(block, &field->notes, "%s in the source",
			    import_show(block->arena, name));
	field->desc = block_text(block, svd_text(chain, "description"));
	field->lsb = lsb;
	field->width = width;
	field->access = *access;
	if (node && *node->text)
		svd_take_access(svd, node, &field->access);
	svd_take_effects(svd, chain, &field->access, &field->notes, what);
	svd_take_constraint(svd, chain, &field->limit, &field->min, &field->max, &field->notes,
			    what);
	take_values(svd, chain, field, what);
}

void svd_fields(struct svd *svd, const struct svd_chain *chain, struct block_reg *reg,
		const struct block_access *access, const char *what)
{
	g_autoptr(GPtrArray) nodes = svd_members(chain, "fields");
	struct block *block = svd->block;
	unsigned int n = 0;

	for (guint i = 0; i < nodes->len && !block->full; i++) {
		const struct xml_node *node = nodes->pdata[i];
		uint64_t lsb, width;
		struct svd_chain field;
		struct svd_dim dim;
		const char *name;

		if (strcmp(node->name, "field")) {
			import_lost(block, &reg->notes, node->pos, what,
				    "<%s> among its fields is left out",
				    import_show(block->arena, node->name));
			continue;
		}
		if (!svd_derive(svd, node, &field))
			continue;
		name = svd_text(&field, "name");
		if (!name || !*name) {
			spec_error(block->diags, node->pos, "a <field> without a <name>");
			continue;
		}
		if (!take_bits(svd, &field, &lsb, &width) || !svd_take_dim(svd, &field, what, &dim))
			continue;
		if (!dim.there) {
			dim.n = 1;
			dim.increment = 0;
		}
		for (uint64_t k = 0; k < dim.n; k++) {
			uint64_t at = lsb + k * dim.increment;

			/* They could only overlap. */
			if (++n > 256) {
				spec_error(block->diags, node->pos, "%s: more than 256 fields",
					   what);
				svd_dim_clear(&dim);
				return;
			}
			if (lsb > 63 || dim.increment > 64 || at + width > 64 || width > 64) {
				import_lost(block, &reg->notes, node->pos, what,
					    "field %s is left out: it lies beyond bit 63",
					    import_show(block->arena, name));
				break;
			}
			add_field(svd, &field, reg, access,
				  dim.there ? svd_dim_name(svd, &dim, k) : name, at, width);
		}
		svd_dim_clear(&dim);
	}
}

/* ---- registers ---- */

/* Where registers go: how the clusters around them were taken apart. */
struct place {
	struct block_file *file;
	const char *prefix; /* before their names */
	uint64_t offset; /* of the cluster in the file */
	bool array; /* a cluster inside the file that is a list */
	uint64_t count, stride;
	unsigned int depth;
};

/* Text for readers that has no key of its own. */
static void take_remarks(struct svd *svd, const struct svd_chain *chain, struct notes **notes,
			 const char *name)
{
	static const char *const said[][2] = {
		{ "displayName", "shown as" },
		{ "dataType", "C type" },
		{ "disableCondition", "not there if" },
		{ "alternateCluster", "shares its addresses with cluster" },
		{ "headerStructName", "C struct" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(said); i++) {
		/* A derived one is not shown as the other is. */
		const char *text = i ? svd_text(chain, said[i][0])
				     : xml_child_text(chain->node[0], said[i][0]);

		if (text && *text && strcmp(text, name))
			import_note(svd->block, notes, "%s %s", said[i][1],
				    import_show(svd->block->arena, text));
	}
}

static void add_register(struct svd *svd, const struct svd_chain *chain,
			 const struct svd_props *props, const struct place *place, const char *name,
			 uint64_t offset, const struct svd_dim *dim)
{
	struct block *block = svd->block;
	struct block_reg *reg = block_add_reg(block, place->file, chain->node[0]->pos);
	const char *source = name, *group = svd_text(chain, "alternateGroup");
	g_autofree char *what = NULL;

	if (!reg)
		return;
	if (*place->prefix)
		name = spec_arena_printf(block->arena, "%s_%s", place->prefix, name);
	if (group && *group)
		name = spec_arena_printf(block->arena, "%s_%s", name, group);
	reg->name = import_identifier(block->arena, name);
	what = g_strdup_printf("register %s", reg->name);
	if (dim && dim->array && dim->names)
		import_note(block, &reg->notes, "its elements are named %s to %s in the source",
			    import_show(block->arena, svd_dim_name(svd, dim, 0)),
			    import_show(block->arena, svd_dim_name(svd, dim, dim->n - 1)));
	else if (dim && !dim->array)
		import_note(block, &reg->notes, "%s to %s in the source",
			    import_show(block->arena, svd_dim_name(svd, dim, 0)),
			    import_show(block->arena, svd_dim_name(svd, dim, dim->n - 1)));
	else if (!dim && strcmp(reg->name, source))
		import_note(block, &reg->notes, "%s in the source",
			    import_show(block->arena, source));
	reg->desc = block_text(block, svd_text(chain, "description"));
	reg->offset = place->offset + offset;
	reg->width = props->size;
	if (dim || place->array) {
		reg->array = true;
		reg->count = dim ? dim->n : place->count;
		reg->stride = dim ? dim->increment : place->stride;
	}
	reg->access = (struct block_access){ .r = true, .w = true };
	if (props->access)
		svd_take_access(svd, props->access, &reg->access);
	svd_take_effects(svd, chain, &reg->access, &reg->notes, what);
	reg->has_reset = props->has_reset;
	reg->reset = props->reset;
	reg->reset_known = props->mask;
	reg->alternate = svd_text(chain, "alternateRegister");
	if (!reg->alternate && group && *group)
		reg->alternate = svd_text(chain, "name");
	if (props->protection)
		import_note(block, &reg->notes, "protection: %s",
			    import_show(block->arena, props->protection));
	take_remarks(svd, chain, &reg->notes, source);
	svd_fields(svd, chain, reg, &reg->access, what);
	svd_take_constraint(svd, chain, &reg->limit, &reg->min, &reg->max, &reg->notes, what);
}

/* Place of something in the block. False: reported. */
static bool take_offset(struct svd *svd, const struct svd_chain *chain, uint64_t *ret_offset)
{
	const struct xml_node *node = svd_find(chain, "addressOffset");

	if (!node) {
		spec_error(svd->block->diags, chain->node[0]->pos, "<%s> without <addressOffset>",
			   chain->node[0]->name);
		return false;
	}
	if (!svd_number(svd, chain, "addressOffset", ret_offset))
		return false;
	if (*ret_offset > UINT32_MAX) {
		spec_error(svd->block->diags, node->pos,
			   "addressOffset: 0x%" PRIx64 " is beyond 4 GiB", *ret_offset);
		return false;
	}
	return true;
}

static void read_register(struct svd *svd, const struct svd_chain *chain,
			  const struct svd_props *outer, const struct place *place,
			  const char *name, uint64_t offset, const struct svd_dim *dim)
{
	struct svd_props props = *outer;

	/* Said for the block already. */
	props.protection = NULL;
	svd_take_props(svd, chain, &props);
	if (!dim->there) {
		add_register(svd, chain, &props, place, name, offset, NULL);
		return;
	}
	if (dim->name && !place->array) {
		add_register(svd, chain, &props, place, dim->name, offset, dim);
		return;
	}
	for (uint64_t i = 0; i < dim->n && !svd->block->full; i++)
		add_register(svd, chain, &props, place, svd_dim_name(svd, dim, i),
			     offset + i * dim->increment, NULL);
}

static void read_members(struct svd *svd, const struct svd_chain *chain, const char *container,
			 const struct svd_props *props, const struct place *place);

/* A cluster outside of all others: a regfile, or one for each element. */
static void read_outer(struct svd *svd, const struct svd_chain *chain,
		       const struct svd_props *props, const char *name, uint64_t offset,
		       const struct svd_dim *dim)
{
	bool one = !dim->there || dim->name;
	uint64_t n = one ? 1 : dim->n;
	struct block *block = svd->block;

	for (uint64_t i = 0; i < n && !block->full; i++) {
		struct block_file *file = block_add_file(block, chain->node[0]->pos);
		struct place place = { .file = file, .prefix = "", .depth = 1 };

		if (one && dim->there) {
			file->array = true;
			file->count = dim->n;
			file->stride = dim->increment;
			if (!dim->array || dim->names)
				import_note(block, &file->notes, "%s to %s in the source",
					    import_show(block->arena, svd_dim_name(svd, dim, 0)),
					    import_show(block->arena,
							svd_dim_name(svd, dim, dim->n - 1)));
		}
		name = !dim->there ? name : one ? dim->name : svd_dim_name(svd, dim, i);
		file->name = import_identifier(block->arena, name);
		file->desc = block_text(block, svd_text(chain, "description"));
		file->offset = offset + i * (one ? 0 : dim->increment);
		take_remarks(svd, chain, &file->notes, name);
		read_members(svd, chain, NULL, props, &place);
	}
}

/* One inside another: regfiles do not nest, so its name goes before its registers'. */
static void read_inner(struct svd *svd, const struct svd_chain *chain,
		       const struct svd_props *props, const struct place *outer, const char *name,
		       uint64_t offset, const struct svd_dim *dim)
{
	struct block *block = svd->block;
	bool one = !dim->there || (dim->name && !outer->array);
	uint64_t n = one ? 1 : dim->n;

	if (outer->depth >= 8) {
		spec_error(block->diags, chain->node[0]->pos,
			   "clusters are nested more than 8 deep");
		return;
	}
	for (uint64_t i = 0; i < n && !block->full; i++) {
		struct place place = *outer;
		const char *prefix = !dim->there ? name
				     : one	 ? dim->name
						 : svd_dim_name(svd, dim, i);

		place.depth++;
		place.offset += offset + i * (one ? 0 : dim->increment);
		place.prefix = *outer->prefix ? spec_arena_printf(block->arena, "%s_%s",
								  outer->prefix, prefix)
					      : prefix;
		if (strlen(place.prefix) > 256)
			place.prefix = import_show(block->arena, place.prefix);
		if (one && dim->there) {
			place.array = true;
			place.count = dim->n;
			place.stride = dim->increment;
		}
		import_note(block, &outer->file->notes, "%s%s is a cluster inside it in the source",
			    import_show(block->arena, prefix), one && dim->there ? "[]" : "");
		read_members(svd, chain, NULL, props, &place);
	}
}

static void read_member(struct svd *svd, const struct xml_node *node, const struct svd_props *props,
			const struct place *place)
{
	struct block *block = svd->block;
	bool cluster = !strcmp(node->name, "cluster");
	g_autofree char *what = NULL;
	struct svd_chain chain;
	struct svd_dim dim;
	const char *name;
	uint64_t offset;

	if (!svd_derive(svd, node, &chain))
		return;
	name = svd_text(&chain, "name");
	if (!name || !*name) {
		spec_error(block->diags, node->pos, "a <%s> without a <name>", node->name);
		return;
	}
	what = g_strdup_printf("%s %s", node->name, import_show(block->arena, name));
	if (!take_offset(svd, &chain, &offset) || !svd_take_dim(svd, &chain, what, &dim))
		return;
	if (!cluster) {
		read_register(svd, &chain, props, place, name, offset, &dim);
	} else {
		struct svd_props inner = *props;

		svd_take_props(svd, &chain, &inner);
		if (place->depth)
			read_inner(svd, &chain, &inner, place, name, offset, &dim);
		else
			read_outer(svd, &chain, &inner, name, offset, &dim);
	}
	svd_dim_clear(&dim);
}

/* container NULL: the members stand in the element itself, as a cluster's do. */
static void read_members(struct svd *svd, const struct svd_chain *chain, const char *container,
			 const struct svd_props *props, const struct place *place)
{
	struct block *block = svd->block;
	g_autoptr(GPtrArray) nodes = NULL;

	if (container) {
		nodes = svd_members(chain, container);
	} else {
		nodes = g_ptr_array_new();
		for (unsigned int i = 0; i < chain->n; i++) {
			for (const struct xml_node *node = chain->node[i]->first; node;
			     node = node->next)
				if (!strcmp(node->name, "register") ||
				    !strcmp(node->name, "cluster"))
					g_ptr_array_add(nodes, (void *)node);
			/* A derived cluster with registers of its own has only those. */
			if (nodes->len)
				break;
		}
	}
	for (guint i = 0; i < nodes->len && !block->full; i++) {
		const struct xml_node *node = nodes->pdata[i];

		if (strcmp(node->name, "register") && strcmp(node->name, "cluster"))
			import_lost(block, &block->notes, node->pos, "registers",
				    "<%s> among them is left out",
				    import_show(block->arena, node->name));
		else
			read_member(svd, node, props, place);
	}
}

void svd_registers(struct svd *svd, const struct svd_chain *chain, const struct svd_props *props)
{
	const struct place place = { .file = &svd->block->own, .prefix = "" };

	read_members(svd, chain, "registers", props, &place);
}
