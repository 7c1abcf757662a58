/* SPDX-License-Identifier: BSD-2-Clause */
/* IP-XACT: access, fields and their values. */
#include "spec/import/ipxact.h"

#include <inttypes.h>
#include <string.h>

/* ---- access ---- */

/*
 * Where the access of something stands: in itself, or from 2022 on in a policy
 * for each mode, of which the first is taken.
 */
static const struct xml_node *policy_of(struct ipx *ipx, const struct xml_node *node,
					struct notes **notes, const char *what)
{
	static const char *const lists[][2] = {
		{ "accessPolicies", "accessPolicy" },
		{ "fieldAccessPolicies", "fieldAccessPolicy" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(lists); i++) {
		const struct xml_node *list = xml_child(node, lists[i][0]);
		const struct xml_node *policy = list ? xml_child(list, lists[i][1]) : NULL;

		if (!policy)
			continue;
		if (xml_again(policy))
			import_lost(ipx->block, notes, list->pos, what,
				    "of several access policies the first is taken (mode %s)",
				    import_show(ipx->block->arena,
						xml_child_text(policy, "modeRef")
							? xml_child_text(policy, "modeRef")
							: "without a name"));
		return policy;
	}
	return node;
}

bool ipx_take_access(struct ipx *ipx, const struct xml_node *node, struct block_access *access)
{
	static const struct {
		const char *word;
		bool r, w, once;
	} words[] = {
		{ "read-write", true, true, false },  { "read-only", true, false, false },
		{ "write-only", false, true, false }, { "read-writeOnce", true, true, true },
		{ "writeOnce", false, true, true },   { "no-access", false, false, false },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(node->text, words[i].word))
			continue;
		access->r = words[i].r;
		access->w = words[i].w;
		access->once = words[i].once;
		return true;
	}
	spec_error(ipx->block->diags, node->pos,
		   "access: '%s' is none of read-write, read-only, write-only, read-writeOnce, "
		   "writeOnce, no-access",
		   import_show(ipx->block->arena, node->text));
	return false;
}

static void take_effects(struct ipx *ipx, const struct xml_node *node, struct block_access *access,
			 struct notes **notes, const char *what)
{
	static const struct {
		const char *word;
		enum spec_onwrite onwrite;
	} writes[] = {
		{ "oneToClear", SPEC_WOCLR }, { "oneToSet", SPEC_WOSET },
		{ "oneToToggle", SPEC_WOT },  { "zeroToClear", SPEC_WZC },
		{ "zeroToSet", SPEC_WZS },    { "zeroToToggle", SPEC_WZT },
		{ "clear", SPEC_WCLR },	      { "set", SPEC_WSET },
		{ "modify", SPEC_WUSER },
	};
	static const struct {
		const char *word;
		enum spec_onread onread;
	} reads[] = { { "clear", SPEC_RCLR }, { "set", SPEC_RSET }, { "modify", SPEC_RUSER } };
	const struct xml_node *write = xml_child(node, "modifiedWriteValue");
	const struct xml_node *read = xml_child(node, "readAction");
	unsigned int i = 0;

	if (write) {
		while (i < G_N_ELEMENTS(writes) && strcmp(write->text, writes[i].word))
			i++;
		if (i < G_N_ELEMENTS(writes))
			access->onwrite = writes[i].onwrite;
		else
			import_lost(ipx->block, notes, write->pos, what,
				    "modifiedWriteValue '%s' is unknown, and left out",
				    import_show(ipx->block->arena, write->text));
		if (xml_attr(write, "modify"))
			import_note(ipx->block, notes, "a write does: %s",
				    import_show(ipx->block->arena, xml_attr(write, "modify")));
	}
	if (!read)
		return;
	for (i = 0; i < G_N_ELEMENTS(reads) && strcmp(read->text, reads[i].word);)
		i++;
	if (i < G_N_ELEMENTS(reads))
		access->onread = reads[i].onread;
	else
		import_lost(ipx->block, notes, read->pos, what,
			    "readAction '%s' is unknown, and left out",
			    import_show(ipx->block->arena, read->text));
	if (xml_attr(read, "modify"))
		import_note(ipx->block, notes, "a read does: %s",
			    import_show(ipx->block->arena, xml_attr(read, "modify")));
}

void ipx_take_volatile(struct block_access *access, const char *text)
{
	/* true is what we take for granted anyway. */
	if (text && (!strcmp(text, "false") || !strcmp(text, "0")))
		access->hw = access->w ? "r" : "na";
}

/* Says which children of a field, or of an access policy, nothing here reads. */
static void warn_unread(struct ipx *ipx, const struct xml_node *node, struct notes **notes,
			const char *what)
{
	static const char *const known[] = { "name", "description", "isPresent", "dim", "array",
					     "bitOffset", "bitWidth", "reset", "resets", "volatile",
					     "access", "fieldAccessPolicies", "modeRef",
					     "enumeratedValues", "modifiedWriteValue",
					     "writeValueConstraint", "readAction", "testable",
					     "reserved", "fieldDefinitionRef", "parameters",
					     /* nothing that a driver could notice */
					     "displayName", "shortDescription", "typeIdentifier",
					     "accessHandles", "vendorExtensions", NULL };
	struct block *block = ipx->block;

	for (const struct xml_node *it = node->first; it; it = it->next) {
		const char *name = import_show(block->arena, it->name);

		if (g_strv_contains(known, it->name))
			continue;
		if (*it->text)
			import_lost(block, notes, it->pos, what, "%s %s is left out", name,
				    import_show(block->arena, it->text));
		else
			import_lost(block, notes, it->pos, what, "%s is left out", name);
	}
}

struct ipx_defaults ipx_inherit(struct ipx *ipx, const struct ipx_defaults *outer,
				const struct xml_node *node, struct notes **notes, const char *what)
{
	const struct xml_node *policy = policy_of(ipx, node, notes, what);
	const struct xml_node *access = xml_child(policy, "access");
	const char *is_volatile = xml_child_text(node, "volatile");

	if (policy != node)
		warn_unread(ipx, policy, notes, what);
	return (struct ipx_defaults){
		.access = access ? access : outer->access,
		.is_volatile = is_volatile ? is_volatile : outer->is_volatile,
		.policy = policy,
	};
}

/* ---- fields ---- */

static void take_values(struct ipx *ipx, const struct xml_node *node, struct block_field *field,
			const char *what)
{
	const struct xml_node *list = xml_child(node, "enumeratedValues");
	struct block *block = ipx->block;

	if (list && xml_child(list, "enumerationDefinitionRef"))
		import_lost(block, &field->notes, list->pos, what,
			    "its values are defined in another file (enumerationDefinitionRef)");
	for (const struct xml_node *it = list ? xml_child(list, "enumeratedValue") : NULL;
	     it && !block->full; it = xml_again(it)) {
		const char *name = xml_child_text(it, "name"), *usage = xml_attr(it, "usage");
		uint64_t value;

		if (!name || !ipx_needed(ipx->import, it, "value", UINT64_MAX, &value))
			continue;
		name = import_identifier(block->arena, name);
		if (field->width < 64 && value >> field->width) {
			import_lost(block, &field->notes, it->pos, what,
				    "value %s is 0x%" PRIx64 ", which %u bits do not hold", name,
				    value, field->width);
			continue;
		}
		if (usage && strcmp(usage, "read-write"))
			import_note(block, &field->notes, "value %s is for %ss", name,
				    import_show(block->arena, usage));
		block_add_value(block, field, it->pos, name,
				block_text(block, xml_child_text(it, "description")), value);
	}
}

static void take_constraint(struct ipx *ipx, const struct xml_node *node, struct block_field *field,
			    const char *what)
{
	const struct xml_node *it = xml_child(node, "writeValueConstraint");

	if (!it)
		return;
	if (xml_child(it, "minimum") || xml_child(it, "maximum")) {
		field->max = spec_ones(8) >> (64 - field->width);
		if (xml_child(it, "minimum"))
			ipx_number(ipx->import, it, "minimum", &field->min);
		if (xml_child(it, "maximum"))
			ipx_number(ipx->import, it, "maximum", &field->max);
		field->limit = BLOCK_LIMIT_RANGE;
	} else if (ipx_flag(ipx->import, it, "writeAsRead", false)) {
		field->limit = BLOCK_LIMIT_AS_READ;
	} else if (ipx_flag(ipx->import, it, "useEnumeratedValues", false)) {
		field->limit = BLOCK_LIMIT_VALUES;
	}
}

/*
 * The value after a hard reset: <reset> in 2009, <resets> of several kinds
 * later. NULL: none.
 */
const struct xml_node *ipx_reset_of(struct ipx *ipx, const struct xml_node *node,
				    struct notes **notes, const char *what)
{
	const struct xml_node *list = xml_child(node, "resets");
	const struct xml_node *first = xml_child(list ? list : node, "reset"), *best = NULL;

	for (const struct xml_node *it = first; it; it = xml_again(it)) {
		const char *kind = xml_attr(it, "resetTypeRef");

		if (!best && (!kind || !strcmp(kind, "HARD")))
			best = it;
	}
	if (!best)
		best = first;
	for (const struct xml_node *it = first; it; it = xml_again(it)) {
		const char *kind = xml_attr(it, "resetTypeRef"),
			   *value = xml_child_text(it, "value");

		if (it != best)
			import_lost(ipx->block, notes, it->pos, what,
				    "its value after reset %s, %s, is left out (see resets:)",
				    import_show(ipx->block->arena, kind ? kind : "HARD"),
				    import_show(ipx->block->arena, value ? value : "?"));
		else if (kind && strcmp(kind, "HARD"))
			import_note(ipx->block, notes, "its reset is that of reset %s",
				    import_show(ipx->block->arena, kind));
	}
	return best;
}

static void take_reset(struct ipx *ipx, const struct xml_node *node, struct block_field *field,
		       const char *what)
{
	const struct xml_node *reset = ipx_reset_of(ipx, node, &field->notes, what);
	uint64_t mask = UINT64_MAX, ones = UINT64_MAX >> (64 - field->width);

	if (!reset || !ipx_needed(ipx->import, reset, "value", UINT64_MAX, &field->reset))
		return;
	ipx_number(ipx->import, reset, "mask", &mask);
	if (field->reset & ~ones) {
		import_lost(ipx->block, &field->notes, reset->pos, what,
			    "of its reset, 0x%" PRIx64 ", only %u bits fit", field->reset,
			    field->width);
		field->reset &= ones;
	}
	if (~mask & ones)
		import_note(ipx->block, &field->notes,
			    "after reset only the bits 0x%" PRIx64 " are known", mask & ones);
	field->reset &= mask;
	field->has_reset = true;
}

static void take_testable(struct ipx *ipx, const struct xml_node *policy, struct block_field *field,
			  const char *what)
{
	const struct xml_node *node = xml_child(policy, "testable");
	const char *how = node ? xml_attr(node, "testConstraint") : NULL;

	field->donttest = !ipx_flag(ipx->import, policy, "testable", true);
	if (how && strcmp(how, "unconstrained"))
		import_lost(ipx->block, &field->notes, node->pos, what,
			    "testConstraint %s is left out", import_show(ipx->block->arena, how));
}

static void add_field(struct ipx *ipx, const struct xml_node *node, struct block_reg *reg,
		      const struct ipx_defaults *defaults, const char *name, uint64_t lsb,
		      uint64_t width)
{
	struct block *block = ipx->block;
	struct block_field *field = block_add_field(block, reg, node->pos);
	const struct xml_node *policy;
	g_autofree char *what = NULL;
	struct ipx_defaults own;

	if (!field)
		return;
	what = g_strdup_printf("field %s.%s", reg->name, import_show(block->arena, name));
	field->name = import_identifier(block->arena, name);
	if (strcmp(field->name, name))
		import_note(block, &field->notes, "%s in the source",
			    import_show(block->arena, name));
	field->desc = block_text(block, xml_child_text(node, "description"));
	field->lsb = lsb;
	field->width = width;
	own = ipx_inherit(ipx, defaults, node, &field->notes, what);
	policy = own.policy;
	field->access = (struct block_access){ .r = true, .w = true };
	if (own.access)
		ipx_take_access(ipx, own.access, &field->access);
	ipx_take_volatile(&field->access, own.is_volatile);
	take_effects(ipx, policy, &field->access, &field->notes, what);
	take_constraint(ipx, policy, field, what);
	take_testable(ipx, policy, field, what);
	warn_unread(ipx, node, &field->notes, what);
	field->reserved = ipx_flag(ipx->import, policy, "reserved", false);
	if (xml_child(node, "fieldDefinitionRef"))
		import_lost(block, &field->notes, node->pos, what,
			    "the rest of it is defined in another file (fieldDefinitionRef)");
	take_reset(ipx, node, field, what);
	take_values(ipx, node, field, what);
}

bool ipx_present(struct ipx *ipx, const struct xml_node *node, struct notes **notes,
		 const char *what)
{
	if (ipx_flag(ipx->import, node, "isPresent", true))
		return true;
	import_note(ipx->block, notes, "%s is not present (isPresent: %s)", what,
		    import_show(ipx->block->arena, xml_child_text(node, "isPresent")));
	return false;
}

/* dim: of all dimensions together, which lie behind each other. False: reported. */
bool ipx_take_dim(struct ipx *ipx, const struct xml_node *node, bool *ret_array,
		  uint64_t *ret_count, uint64_t *ret_stride, struct notes **notes)
{
	const struct xml_node *array = xml_child(node, "array");
	const struct xml_node *dim = xml_child(array ? array : node, "dim");
	unsigned int n = 0;

	*ret_count = 1;
	*ret_stride = 0;
	for (; dim; dim = xml_again(dim), n++) {
		uint64_t value;

		if (!ipx_evaluate(ipx->import, dim, &value))
			return false;
		if (!value || value > IMPORT_MAX_DIM || *ret_count * value > IMPORT_MAX_DIM) {
			spec_error(ipx->block->diags, dim->pos,
				   "dim: %" PRIu64 "; in all from 1 to %u can be read", value,
				   IMPORT_MAX_DIM);
			return false;
		}
		*ret_count *= value;
	}
	*ret_array = n;
	if (n > 1)
		import_note(ipx->block, notes, "%s is an array of %u dimensions in the source",
			    import_show(ipx->block->arena, xml_child_text(node, "name")), n);
	if (array && xml_child(array, "stride"))
		return ipx_number(ipx->import, array, "stride", ret_stride);
	return true;
}

void ipx_take_fields(struct ipx *ipx, const struct xml_node *node, struct block_reg *reg,
		     const struct ipx_defaults *defaults, const char *what)
{
	struct block *block = ipx->block;
	unsigned int n = 0;

	for (const struct xml_node *it = xml_child(node, "field"); it && !block->full;
	     it = xml_again(it)) {
		const char *name = xml_child_text(it, "name");
		uint64_t lsb, width = 1, count, stride;
		g_autofree char *whole = NULL;
		bool array;

		if (!name || !*name) {
			spec_error(block->diags, it->pos, "a <field> without a <name>");
			continue;
		}
		whole = g_strdup_printf("field %s", import_show(block->arena, name));
		if (!ipx_present(ipx, it, &reg->notes, whole))
			continue;
		if (!ipx_needed(ipx->import, it, "bitOffset", UINT32_MAX, &lsb))
			continue;
		if (xml_child(it, "fieldDefinitionRef") && !xml_child(it, "bitWidth")) {
			import_lost(block, &reg->notes, it->pos, what,
				    "%s is left out: it is defined in another file "
				    "(fieldDefinitionRef)",
				    whole);
			continue;
		}
		if (!ipx_needed(ipx->import, it, "bitWidth", UINT32_MAX, &width) ||
		    !ipx_take_dim(ipx, it, &array, &count, &stride, &reg->notes))
			continue;
		if (!stride)
			stride = width;
		for (uint64_t i = 0; i < count; i++) {
			/* They could only overlap. */
			if (++n > 256) {
				spec_error(block->diags, it->pos, "%s: more than 256 fields", what);
				return;
			}
			if (!width || lsb > 63 || stride > 64 || lsb + i * stride + width > 64) {
				import_lost(block, &reg->notes, it->pos, what,
					    "%s is left out: it has no bits from 0 to 63", whole);
				break;
			}
			add_field(ipx, it, reg, defaults,
				  array ? spec_arena_printf(block->arena, "%s%" PRIu64, name, i)
					: name,
				  lsb + i * stride, width);
		}
	}
}
