/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP-XACT components: IEEE 1685-2009, -2014 and -2022, and the SPIRIT 1.x files
 * that look the same. Elements are told apart by their local names: the
 * versions differ in namespaces, and in where some things stand.
 */
#include "spec/import/expr.h"
#include "spec/import/ipxact.h"

#include <inttypes.h>
#include <string.h>

struct component {
	GHashTable *parameters; /* id -> text of the value */
};

/* ---- numbers ---- */

static const char *look_up(const char *name, void *user)
{
	return g_hash_table_lookup(user, name);
}

/* False: reported. */
bool ipx_evaluate(struct import *import, const struct xml_node *node, uint64_t *ret_value)
{
	struct component *component = import->data;
	g_autofree char *why = NULL;

	if (xml_attr(node, "dependency"))
		spec_warning(import->diags, node->pos,
			     "%s: its formula (dependency) is not read; its value, %s, is taken",
			     node->name, import_show(import->arena, node->text));
	if (expr_eval(node->text, look_up, component->parameters, ret_value, &why))
		return true;
	spec_error(import->diags, node->pos, "%s: '%s': %s", node->name,
		   import_show(import->arena, node->text), import_show(import->arena, why));
	return false;
}

/* False: not there, or bad, which is reported. */
bool ipx_number(struct import *import, const struct xml_node *node, const char *name,
		uint64_t *ret_value)
{
	const struct xml_node *child = xml_child(node, name);

	return child && ipx_evaluate(import, child, ret_value);
}

/* The same, where it must be there. */
bool ipx_needed(struct import *import, const struct xml_node *node, const char *name, uint64_t max,
		uint64_t *ret_value)
{
	const struct xml_node *child = xml_child(node, name);

	if (!child) {
		spec_error(import->diags, node->pos, "<%s> without <%s>",
			   import_show(import->arena, node->name), name);
		return false;
	}
	if (!ipx_evaluate(import, child, ret_value))
		return false;
	if (*ret_value > max) {
		spec_error(import->diags, child->pos, "%s: %" PRIu64 " is more than %" PRIu64, name,
			   *ret_value, max);
		return false;
	}
	return true;
}

bool ipx_flag(struct import *import, const struct xml_node *node, const char *name, bool none)
{
	uint64_t value;

	return ipx_number(import, node, name, &value) ? value : none;
}

/* Depth is bounded by that of the document. */
static void take_parameters(GHashTable *parameters, const struct xml_node *node)
{
	for (const struct xml_node *child = node->first; child; child = child->next) {
		const struct xml_node *value = xml_child(child, "value");
		const char *id;

		if (!strcmp(child->name, "vendorExtensions"))
			continue;
		if (value && (!strcmp(child->name, "parameter") ||
			      !strcmp(child->name, "moduleParameter"))) {
			/* 2009 puts the id into the value. */
			id = xml_attr(child, "parameterId");
			if (!id)
				id = xml_attr(value, "id");
			if (id)
				g_hash_table_insert(parameters, (void *)id, (void *)value->text);
		}
		take_parameters(parameters, child);
	}
}

/* ---- the component ---- */

static void add_source(struct import *import, const struct xml_node *node)
{
	struct source source = {
		.node = node,
		.name = xml_child_text(node, "name"),
		.desc = xml_child_text(node, "description"),
	};
	const char *usage = xml_child_text(node, "usage");
	const char *map = node->parent ? xml_child_text(node->parent, "name") : NULL;

	if (!source.name || !*source.name)
		source.name = map && *map ? map : "block";
	if (usage && strcmp(usage, "register") && !xml_child(node, "register") &&
	    !xml_child(node, "registerFile")) {
		spec_warning(import->diags, node->pos,
			     "address block %s is for %s, not for registers: left out%s",
			     import_show(import->arena, source.name),
			     import_show(import->arena, usage),
			     strcmp(usage, "memory")
				     ? ""
				     : "; if it lies in a BAR, windows: in device.yaml has it");
		return;
	}
	if (xml_child(node, "addressBlockDefinitionRef"))
		spec_warning(import->diags, node->pos,
			     "address block %s is defined in another file "
			     "(addressBlockDefinitionRef), which is not read",
			     import_show(import->arena, source.name));
	/* The same name in two maps: with the map's before it. */
	for (guint i = 0; i < import->sources->len; i++) {
		const struct source *other = &g_array_index(import->sources, struct source, i);

		if (strcmp(other->name, source.name))
			continue;
		source.name = spec_arena_printf(import->arena, "%.60s.%.60s", map ? map : "map",
						source.name);
		break;
	}
	g_array_append_val(import->sources, source);
}

/* Address blocks of a map, and of the banks and remaps in it. */
static void add_sources(struct import *import, const struct xml_node *map)
{
	for (const struct xml_node *it = map->first; it; it = it->next) {
		if (import->sources->len >= 4096) {
			spec_error(import->diags, it->pos, "more than 4096 address blocks");
			return;
		}
		if (!strcmp(it->name, "addressBlock"))
			add_source(import, it);
		else if (!strcmp(it->name, "bank") || !strcmp(it->name, "memoryRemap") ||
			 !strcmp(it->name, "localMemoryMap"))
			add_sources(import, it);
		else if (!strcmp(it->name, "subspaceMap"))
			spec_warning(import->diags, it->pos,
				     "a subspace map leads into another component: left out");
		else if (!strcmp(it->name, "memoryMapDefinitionRef"))
			spec_warning(
				import->diags, it->pos,
				"this memory map is defined in another file, which is not read");
	}
}

static void list(struct import *import)
{
	static const char *const containers[][2] = {
		{ "memoryMaps", "memoryMap" },
		{ "addressSpaces", "addressSpace" },
	};
	const struct xml_node *root = import->doc->root;
	struct component *component = g_new0(struct component, 1);

	import->data = component;
	component->parameters = g_hash_table_new(g_str_hash, g_str_equal);
	take_parameters(component->parameters, root);
	for (unsigned int i = 0; i < G_N_ELEMENTS(containers); i++) {
		const struct xml_node *all = xml_child(root, containers[i][0]);

		for (const struct xml_node *it = all ? xml_child(all, containers[i][1]) : NULL; it;
		     it = xml_again(it))
			add_sources(import, it);
	}
	if (!import->sources->len && !spec_diags_errors(import->diags))
		spec_error(import->diags, root->pos,
			   "there is no <addressBlock> with registers in it");
	/* Not before: parameters must be known. */
	for (guint i = 0; i < import->sources->len; i++) {
		struct source *it = &g_array_index(import->sources, struct source, i);

		it->has_base = ipx_number(import, it->node, "baseAddress", &it->base);
	}
}

/* Bits that one address means: of the memory map around the block. */
static bool take_unit(struct ipx *ipx, const struct xml_node *node)
{
	uint64_t bits = 8;

	for (const struct xml_node *it = node->parent; it; it = it->parent) {
		if (!xml_child(it, "addressUnitBits"))
			continue;
		if (!ipx_number(ipx->import, it, "addressUnitBits", &bits))
			return false;
		if (!bits || bits % 8 || bits > 1024) {
			spec_error(ipx->import->diags, xml_child(it, "addressUnitBits")->pos,
				   "addressUnitBits: %" PRIu64
				   "; only whole bytes can be an address's unit",
				   bits);
			return false;
		}
		break;
	}
	ipx->unit = bits / 8;
	return true;
}

static void note_lau(struct ipx *ipx)
{
	const struct xml_node *all = xml_child(ipx->import->doc->root, "busInterfaces");
	const struct xml_node *bus = all ? xml_child(all, "busInterface") : NULL;
	uint64_t bits;

	for (; bus; bus = xml_again(bus)) {
		if (ipx_number(ipx->import, bus, "bitsInLau", &bits) && bits != ipx->unit * 8)
			import_note(
				ipx->block, &ipx->block->notes,
				"an address of bus interface %s means %" PRIu64
				" bits; offsets here are in bytes",
				import_show(ipx->block->arena, xml_child_text(bus, "name")
								       ? xml_child_text(bus, "name")
								       : "?"),
				bits);
	}
}

static void read_block(struct import *import, unsigned int source, struct block *block)
{
	const struct source *it = &g_array_index(import->sources, struct source, source);
	const char *component = xml_child_text(import->doc->root, "name");
	struct ipx ipx = { .import = import, .block = block };
	static const struct ipx_defaults none;
	struct ipx_defaults defaults;
	uint64_t range = 0;

	block->pos = it->node->pos;
	block->name = import_identifier(block->arena, it->name);
	block->desc = block_text(block, it->desc);
	block->source = spec_arena_printf(
		block->arena, "address block %s of %s, component %s",
		import_show(block->arena, it->name), import_show(block->arena, import->file),
		import_show(block->arena, component ? component : "without a name"));
	if (!take_unit(&ipx, it->node))
		return;
	note_lau(&ipx);
	if (ipx_number(import, it->node, "range", &range) && range <= UINT32_MAX)
		block->size = range * ipx.unit;
	block->instances = spec_arena_alloc(block->arena, 1, sizeof(*block->instances));
	block->instances->name = block->name;
	block->instances->base = it->base * ipx.unit;
	block->instances->has_base = it->has_base && it->base <= UINT32_MAX;
	if (it->node->parent && !strcmp(it->node->parent->name, "bank"))
		import_lost(block, &block->notes, it->node->pos, "address block",
			    "it stands in a bank: its base address is not worked out");
	defaults = ipx_inherit(&ipx, &none, it->node, &block->notes, "address block");
	ipx_registers(&ipx, it->node, &defaults);
}

static void free_data(struct import *import)
{
	struct component *component = import->data;

	if (component)
		g_hash_table_destroy(component->parameters);
	g_free(component);
}

const struct format format_ipxact = {
	.root = "component",
	.list = list,
	.read = read_block,
	.free = free_data,
};
