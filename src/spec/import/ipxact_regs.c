/* SPDX-License-Identifier: BSD-2-Clause */
/* IP-XACT: registers and register files. */
#include "spec/import/ipxact.h"

#include <inttypes.h>
#include <string.h>

struct place {
	struct block_file *file;
	const char *prefix;
	uint64_t offset; /* bytes */
	bool array;
	uint64_t count, stride;
	unsigned int depth;
};

static void fill_register(struct ipx *ipx, const struct xml_node *node, struct block_reg *reg,
			  const struct ipx_defaults *outer)
{
	struct block *block = ipx->block;
	g_autofree char *what = g_strdup_printf("register %s", reg->name);
	struct ipx_defaults own = ipx_inherit(ipx, outer, node, &reg->notes, what);
	const struct xml_node *reset = ipx_reset_of(ipx, node, &reg->notes, what);
	const char *shown = xml_child_text(node, "displayName");

	reg->desc = block_text(block, xml_child_text(node, "description"));
	if (shown && *shown && strcmp(shown, reg->name))
		import_note(block, &reg->notes, "shown as %s", import_show(block->arena, shown));
	reg->access = (struct block_access){ .r = true, .w = true };
	if (own.access)
		ipx_take_access(ipx, own.access, &reg->access);
	ipx_take_volatile(&reg->access, own.is_volatile);
	reg->reset_known = UINT64_MAX;
	if (reset && ipx_needed(ipx->import, reset, "value", UINT64_MAX, &reg->reset)) {
		reg->has_reset = true;
		ipx_number(ipx->import, reset, "mask", &reg->reset_known);
	}
	ipx_take_fields(ipx, node, reg, &own, what);
}

static struct block_reg *add_register(struct ipx *ipx, const struct xml_node *node,
				      const struct place *place, const char *name, uint64_t offset,
				      uint64_t size)
{
	struct block *block = ipx->block;
	struct block_reg *reg = block_add_reg(block, place->file, node->pos);
	const char *source = name;

	if (!reg)
		return NULL;
	if (*place->prefix)
		name = spec_arena_printf(block->arena, "%s_%s", place->prefix, name);
	reg->name = import_identifier(block->arena, name);
	if (strcmp(reg->name, source))
		import_note(block, &reg->notes, "%s in the source",
			    import_show(block->arena, source));
	reg->offset = offset;
	reg->width = size;
	reg->array = place->array;
	reg->count = place->count;
	reg->stride = place->stride;
	return reg;
}

static void read_register(struct ipx *ipx, const struct xml_node *node,
			  const struct ipx_defaults *defaults, const struct place *outer)
{
	struct block *block = ipx->block;
	const struct xml_node *others = xml_child(node, "alternateRegisters");
	const char *name = xml_child_text(node, "name");
	uint64_t offset, size, count, stride, elements = 1;
	g_autofree char *what = NULL;
	struct place place = *outer;
	bool array;

	if (!name || !*name) {
		spec_error(block->diags, node->pos, "a <register> without a <name>");
		return;
	}
	what = g_strdup_printf("register %s", import_show(block->arena, name));
	if (!ipx_present(ipx, node, &outer->file->notes, what))
		return;
	if (xml_child(node, "registerDefinitionRef") && !xml_child(node, "size")) {
		import_lost(block, &outer->file->notes, node->pos, what,
			    "left out: it is defined in another file (registerDefinitionRef)");
		return;
	}
	if (!ipx_needed(ipx->import, node, "addressOffset", UINT32_MAX, &offset) ||
	    !ipx_needed(ipx->import, node, "size", UINT32_MAX, &size) ||
	    !ipx_take_dim(ipx, node, &array, &count, &stride, &outer->file->notes))
		return;
	offset = outer->offset + offset * ipx->unit;
	stride = stride ? stride * ipx->unit : (size + 7) / 8;
	if (array && !outer->array) {
		place.array = true;
		place.count = count;
		place.stride = stride;
	} else if (array) {
		elements = count;
	}
	for (uint64_t i = 0; i < elements && !block->full; i++) {
		const char *its = elements > 1
					  ? spec_arena_printf(block->arena, "%s%" PRIu64, name, i)
					  : name;
		struct block_reg *reg =
			add_register(ipx, node, &place, its, offset + i * stride, size);

		if (reg)
			fill_register(ipx, node, reg, defaults);
		for (const struct xml_node *it = others ? xml_child(others, "alternateRegister")
							: NULL;
		     it && reg && !block->full; it = xml_again(it)) {
			const char *other = xml_child_text(it, "name");
			struct block_reg *second;

			if (!other || !*other)
				continue;
			second = add_register(ipx, it, &place, other, offset + i * stride, size);
			if (!second)
				break;
			second->alternate = reg->name;
			fill_register(ipx, it, second, defaults);
		}
	}
}

static void read_members(struct ipx *ipx, const struct xml_node *node,
			 const struct ipx_defaults *defaults, const struct place *place);

static void read_file(struct ipx *ipx, const struct xml_node *node,
		      const struct ipx_defaults *outer, const struct place *around)
{
	struct block *block = ipx->block;
	const char *name = xml_child_text(node, "name");
	uint64_t offset, range = 0, count, stride, elements = 1;
	struct place place = *around;
	struct ipx_defaults defaults;
	g_autofree char *what = NULL;
	bool array;

	if (!name || !*name) {
		spec_error(block->diags, node->pos, "a <registerFile> without a <name>");
		return;
	}
	what = g_strdup_printf("register file %s", import_show(block->arena, name));
	if (!ipx_present(ipx, node, &around->file->notes, what))
		return;
	if (xml_child(node, "registerFileDefinitionRef")) {
		import_lost(block, &around->file->notes, node->pos, what,
			    "left out: it is defined in another file (registerFileDefinitionRef)");
		return;
	}
	if (around->depth >= 8) {
		spec_error(block->diags, node->pos, "register files are nested more than 8 deep");
		return;
	}
	if (!ipx_needed(ipx->import, node, "addressOffset", UINT32_MAX, &offset) ||
	    !ipx_take_dim(ipx, node, &array, &count, &stride, &around->file->notes))
		return;
	ipx_number(ipx->import, node, "range", &range);
	if (!stride)
		stride = range;
	if (array && (!stride || stride > UINT32_MAX)) {
		spec_error(block->diags, node->pos,
			   "%s: an array without a range to tell how far its elements are apart",
			   what);
		return;
	}
	offset *= ipx->unit;
	stride *= ipx->unit;
	defaults = ipx_inherit(ipx, outer, node, &around->file->notes, what);
	place.depth++;
	if (!around->depth) {
		place.file = block_add_file(block, node->pos);
		place.file->name = import_identifier(block->arena, name);
		if (strcmp(place.file->name, name))
			import_note(block, &place.file->notes, "%s in the source",
				    import_show(block->arena, name));
		place.file->desc = block_text(block, xml_child_text(node, "description"));
		place.file->offset = offset;
		place.file->array = array;
		place.file->count = count;
		place.file->stride = stride;
		read_members(ipx, node, &defaults, &place);
		return;
	}
	/* Inside another: regfiles do not nest, so its name goes before its registers'. */
	import_note(block, &around->file->notes, "%s%s is a register file inside it in the source",
		    import_show(block->arena, name), array ? "[]" : "");
	if (array && around->array)
		elements = count;
	for (uint64_t i = 0; i < elements && !block->full; i++) {
		const char *its = elements > 1
					  ? spec_arena_printf(block->arena, "%s%" PRIu64, name, i)
					  : name;

		place.offset = around->offset + offset + i * stride;
		place.prefix = *around->prefix ? spec_arena_printf(block->arena, "%s_%s",
								   around->prefix, its)
					       : its;
		if (strlen(place.prefix) > 256)
			place.prefix = import_show(block->arena, place.prefix);
		if (array && elements == 1) {
			place.array = true;
			place.count = count;
			place.stride = stride;
		}
		read_members(ipx, node, &defaults, &place);
	}
}

static void read_members(struct ipx *ipx, const struct xml_node *node,
			 const struct ipx_defaults *defaults, const struct place *place)
{
	for (const struct xml_node *it = node->first; it && !ipx->block->full; it = it->next) {
		if (!strcmp(it->name, "register"))
			read_register(ipx, it, defaults, place);
		else if (!strcmp(it->name, "registerFile"))
			read_file(ipx, it, defaults, place);
		/* From 2022 on they may stand in a container. */
		else if (!strcmp(it->name, "registers"))
			read_members(ipx, it, defaults, place);
	}
}

void ipx_registers(struct ipx *ipx, const struct xml_node *node,
		   const struct ipx_defaults *defaults)
{
	const struct place place = { .file = &ipx->block->own, .prefix = "", .count = 1 };

	read_members(ipx, node, defaults, &place);
}
