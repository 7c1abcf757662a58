/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CMSIS-SVD, 1.3.10: devices and peripherals; what all levels share:
 * derivedFrom, dim, numbers, access.
 */
#include "spec/import/svd.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- derivedFrom ---- */

static bool is_owner(const struct xml_node *node)
{
	static const char *const owners[] = { "device",	  "peripheral", "cluster",
					      "register", "field",	"enumeratedValues" };

	for (unsigned int i = 0; i < G_N_ELEMENTS(owners); i++)
		if (!strcmp(node->name, owners[i]))
			return true;
	return false;
}

static const struct xml_node *owner_of(const struct xml_node *node)
{
	for (node = node->parent; node && !is_owner(node);)
		node = node->parent;
	return node;
}

struct index_key {
	const struct xml_node *owner;
	const char *name;
	const struct xml_node *node;
};

static guint hash_key(const void *data)
{
	const struct index_key *key = data;

	return g_direct_hash(key->owner) * 31 ^ g_str_hash(key->name);
}

static gboolean same_key(const void *a, const void *b)
{
	const struct index_key *x = a, *y = b;

	return x->owner == y->owner && !strcmp(x->name, y->name);
}

/* Depth is bounded by that of the document. */
static void index_children(GHashTable *index, const struct xml_node *owner,
			   const struct xml_node *node)
{
	for (const struct xml_node *child = node->first; child; child = child->next) {
		const char *name;

		if (!is_owner(child)) {
			if (child->first)
				index_children(index, owner, child);
			continue;
		}
		name = xml_child_text(child, "name");
		if (name) {
			struct index_key key = { owner, name, child };

			/* The first of a name is what is meant. */
			if (!g_hash_table_contains(index, &key))
				g_hash_table_add(index, g_memdup2(&key, sizeof(key)));
		}
		index_children(index, child, child);
	}
}

static const struct xml_node *member(struct svd *svd, const struct xml_node *owner,
				     const char *name, unsigned int depth);

/* A path of names, "UART0.CR.EN", from one owner on. */
static const struct xml_node *follow(struct svd *svd, const struct xml_node *owner,
				     const char *path, unsigned int depth)
{
	g_auto(GStrv) names = g_strsplit(path, ".", 8);

	for (unsigned int i = 0; owner && names[i]; i++)
		owner = member(svd, owner, names[i], depth);
	return owner;
}

/* Sets of values are also named alone, by those of other fields of the same register. */
static const struct xml_node *find_values(const struct xml_node *reg, const char *name)
{
	const struct xml_node *fields = reg ? xml_child(reg, "fields") : NULL;

	for (const struct xml_node *field = fields ? fields->first : NULL; field;
	     field = field->next) {
		const struct xml_node *values = xml_child(field, "enumeratedValues");

		for (; values; values = xml_again(values))
			if (!g_strcmp0(xml_child_text(values, "name"), name))
				return values;
	}
	return NULL;
}

/* What derivedFrom of this node names, or NULL. */
static const struct xml_node *base_of(struct svd *svd, const struct xml_node *node,
				      unsigned int depth)
{
	const char *path = xml_attr(node, "derivedFrom");
	const struct xml_node *found = NULL;

	if (!path || depth == SVD_MAX_DERIVE)
		return NULL;
	/* From where it stands outwards: a sibling, an uncle, then the whole device. */
	for (const struct xml_node *owner = owner_of(node); owner && !found;
	     owner = owner_of(owner)) {
		found = follow(svd, owner, path, depth + 1);
		if (!found && !strcmp(node->name, "enumeratedValues") &&
		    !strcmp(owner->name, "register"))
			found = find_values(owner, path);
		if (found && (found == node || strcmp(found->name, node->name)))
			found = NULL;
	}
	return found;
}

static const struct xml_node *member(struct svd *svd, const struct xml_node *owner,
				     const char *name, unsigned int depth)
{
	struct index_key key = { owner, name, NULL };
	const struct index_key *found;
	const struct xml_node *base;

	if (!svd->index) {
		svd->index = g_hash_table_new_full(hash_key, same_key, g_free, NULL);
		index_children(svd->index, svd->import->doc->root, svd->import->doc->root);
	}
	found = g_hash_table_lookup(svd->index, &key);
	if (found)
		return found->node;
	/* It may be one of those that the owner is derived from. */
	base = depth < SVD_MAX_DERIVE ? base_of(svd, owner, depth + 1) : NULL;
	return base ? member(svd, base, name, depth + 1) : NULL;
}

bool svd_derive(struct svd *svd, const struct xml_node *node, struct svd_chain *ret_chain)
{
	struct svd_chain chain = { .node = { node }, .n = 1 };
	struct spec_diags *diags = svd->import->diags;
	struct spec_arena *arena = svd->import->arena;

	while (xml_attr(node, "derivedFrom")) {
		const char *path = xml_attr(node, "derivedFrom");
		const struct xml_node *base = base_of(svd, node, 0);

		if (!base) {
			bool self = !g_strcmp0(path, xml_child_text(node, "name"));

			spec_error(diags, node->pos,
				   self ? "derivedFrom=\"%s\": derived from itself"
					: "derivedFrom=\"%s\": there is no such element",
				   import_show(arena, path));
			return false;
		}
		for (unsigned int i = 0; i < chain.n; i++) {
			if (chain.node[i] != base)
				continue;
			spec_error(diags, node->pos,
				   "derivedFrom=\"%s\": derived from itself, in a circle",
				   import_show(arena, path));
			return false;
		}
		if (chain.n == SVD_MAX_DERIVE) {
			spec_error(diags, node->pos, "derivedFrom: more than %u steps",
				   SVD_MAX_DERIVE);
			return false;
		}
		chain.node[chain.n++] = base;
		node = base;
	}
	*ret_chain = chain;
	return true;
}

const struct xml_node *svd_find(const struct svd_chain *chain, const char *name)
{
	for (unsigned int i = 0; i < chain->n; i++) {
		const struct xml_node *child = xml_child(chain->node[i], name);

		if (child)
			return child;
	}
	return NULL;
}

const char *svd_text(const struct svd_chain *chain, const char *name)
{
	const struct xml_node *node = svd_find(chain, name);

	return node ? node->text : NULL;
}

GPtrArray *svd_members(const struct svd_chain *chain, const char *container)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTable *seen = chain->n > 1 ? g_hash_table_new(g_str_hash, g_str_equal) : NULL;

	for (unsigned int i = 0; i < chain->n; i++) {
		const struct xml_node *from = xml_child(chain->node[i], container);
		guint before = all->len;

		for (const struct xml_node *node = from ? from->first : NULL; node;
		     node = node->next) {
			const char *name = xml_child_text(node, "name");

			/* What is said again, nearer, hides what is derived. */
			if (i && name && g_hash_table_contains(seen, name))
				continue;
			g_ptr_array_add(all, (void *)node);
		}
		for (guint k = before; seen && k < all->len; k++) {
			const char *name = xml_child_text(all->pdata[k], "name");

			if (name)
				g_hash_table_add(seen, (void *)name);
		}
	}
	if (seen)
		g_hash_table_destroy(seen);
	return all;
}

/* ---- numbers ---- */

bool svd_scan(const char *text, uint64_t *ret_value)
{
	static const char units[] = "kmgt";
	unsigned int base = 10, shift = 0;
	uint64_t value;
	char *end;

	if (*text == '+')
		text++;
	if (g_ascii_strncasecmp(text, "0x", 2) == 0) {
		base = 16;
		text += 2;
	} else if (*text == '#') {
		base = 2;
		text++;
	} else if (g_ascii_strncasecmp(text, "0b", 2) == 0) {
		base = 2;
		text += 2;
	}
	if (!g_ascii_isxdigit(*text))
		return false;
	errno = 0;
	value = g_ascii_strtoull(text, &end, base);
	if (errno || end == text)
		return false;
	if (*end) {
		const char *unit = strchr(units, g_ascii_tolower(*end));

		if (!unit || end[1])
			return false;
		shift = 10 * (unit - units + 1);
		if (value > UINT64_MAX >> shift)
			return false;
	}
	*ret_value = value << shift;
	return true;
}

bool svd_number(struct svd *svd, const struct svd_chain *chain, const char *name,
		uint64_t *ret_value)
{
	const struct xml_node *node = svd_find(chain, name);

	/* Some write an empty element for one that is not there. */
	if (!node || !*node->text)
		return false;
	if (svd_scan(node->text, ret_value))
		return true;
	spec_error(svd->import->diags, node->pos, "%s: '%s' is not a number", name,
		   import_show(svd->import->arena, node->text));
	return false;
}

/* ---- dim ---- */

/* dimIndex: "A,B,C", "3-6" or "A-D". NULL: not one of them, or not n. */
static char **index_names(const char *text, uint64_t n)
{
	g_auto(GStrv) words = g_strsplit(text, ",", n + 1);
	GPtrArray *names;

	for (char **word = words; *word; word++)
		g_strstrip(*word);
	if (g_strv_length(words) == n)
		return g_steal_pointer(&words);
	if (g_strv_length(words) != 1)
		return NULL;
	names = g_ptr_array_new_with_free_func(g_free);
	if (g_ascii_isalpha(words[0][0]) && words[0][1] == '-' && g_ascii_isalpha(words[0][2]) &&
	    !words[0][3]) {
		for (char c = words[0][0]; c <= words[0][2] && names->len < n; c++)
			g_ptr_array_add(names, g_strdup_printf("%c", c));
		if (names->len && (uint64_t)(words[0][2] - words[0][0]) != n - 1)
			g_ptr_array_set_size(names, 0);
	} else if (g_ascii_isdigit(words[0][0])) {
		char *dash, *end;
		uint64_t first = g_ascii_strtoull(words[0], &dash, 10);
		uint64_t last = *dash == '-' ? g_ascii_strtoull(dash + 1, &end, 10) : 0;

		if (*dash == '-' && !*end && last >= first && last - first == n - 1)
			for (uint64_t i = first; i <= last && names->len < n; i++)
				g_ptr_array_add(names, g_strdup_printf("%" PRIu64, i));
	}
	if (names->len != n) {
		g_ptr_array_free(names, TRUE);
		return NULL;
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(names, FALSE);
}

static bool counts_from_zero(char **names)
{
	for (unsigned int i = 0; names && names[i]; i++) {
		g_autofree char *number = g_strdup_printf("%u", i);

		if (strcmp(names[i], number))
			return false;
	}
	return true;
}

bool svd_take_dim(struct svd *svd, const struct svd_chain *chain, const char *what,
		  struct svd_dim *ret_dim)
{
	/* dim belongs to the element itself: deriving from a list makes no list. */
	const struct svd_chain self = { .node = { chain->node[0] }, .n = 1 };
	const struct svd_chain *from = xml_child(chain->node[0], "dim") ? &self : chain;
	const struct xml_node *node = svd_find(from, "dim");
	struct spec_diags *diags = svd->import->diags;
	const char *name = svd_text(chain, "name"), *index, *hole;
	struct svd_dim dim = { .there = node };

	dim.pattern = name ? name : "";
	hole = strstr(dim.pattern, "%s");
	if (!node || !hole) {
		if (node && from == &self)
			spec_warning(diags, node->pos,
				     "%s: dim, but no %%s in its name: read as one element", what);
		dim.there = false;
		*ret_dim = dim;
		return true;
	}
	if (!svd_number(svd, from, "dim", &dim.n))
		return false;
	if (!dim.n || dim.n > IMPORT_MAX_DIM) {
		spec_error(diags, node->pos, "dim: %" PRIu64 "; from 1 to %u can be read", dim.n,
			   IMPORT_MAX_DIM);
		return false;
	}
	if (!svd_number(svd, from, "dimIncrement", &dim.increment)) {
		if (!svd_find(from, "dimIncrement"))
			spec_error(diags, node->pos, "dim without dimIncrement");
		return false;
	}
	dim.array = hole > dim.pattern && hole[-1] == '[' && hole[2] == ']';
	index = svd_text(from, "dimIndex");
	if (index && *index) {
		dim.names = index_names(index, dim.n);
		if (!dim.names)
			spec_warning(diags, svd_find(from, "dimIndex")->pos,
				     "%s: dimIndex '%s' does not give %" PRIu64
				     " names: numbers are taken",
				     what, import_show(svd->import->arena, index), dim.n);
	}
	if (dim.array || counts_from_zero(dim.names)) {
		g_autofree char *head = g_strndup(dim.pattern, hole - dim.pattern - dim.array);
		const char *tail = hole + 2 + dim.array;

		/* GPIO_%s_CFG: one separator is enough. */
		if (*tail == '_' && (!*head || g_str_has_suffix(head, "_")))
			tail++;
		dim.name = spec_arena_printf(svd->import->arena, "%s%s", head, tail);
		if (!*tail && g_str_has_suffix(dim.name, "_"))
			((char *)dim.name)[strlen(dim.name) - 1] = 0;
		if (!*dim.name)
			dim.name = NULL;
	}
	*ret_dim = dim;
	return true;
}

const char *svd_dim_name(struct svd *svd, const struct svd_dim *dim, uint64_t i)
{
	const char *hole = strstr(dim->pattern, "%s");
	int head = hole - dim->pattern;
	g_autofree char *number = g_strdup_printf("%" PRIu64, i);

	return spec_arena_printf(svd->import->arena, "%.*s%s%s", dim->array ? head - 1 : head,
				 dim->pattern, dim->names ? dim->names[i] : number,
				 hole + 2 + dim->array);
}

void svd_dim_clear(struct svd_dim *dim)
{
	g_strfreev(dim->names);
	dim->names = NULL;
}

/* ---- access ---- */

bool svd_take_access(struct svd *svd, const struct xml_node *node, struct block_access *access)
{
	static const struct {
		const char *word;
		bool r, w, once;
	} words[] = {
		{ "read-only", true, false, false },	 { "write-only", false, true, false },
		{ "read-write", true, true, false },	 { "writeOnce", false, true, true },
		{ "read-writeOnce", true, true, true },	 { "read-writeonce", true, true, true },
		{ "writeonce", false, true, true },	 { "write-once", false, true, true },
		{ "read-write-once", true, true, true },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(words); i++) {
		if (strcmp(node->text, words[i].word))
			continue;
		access->r = words[i].r;
		access->w = words[i].w;
		access->once = words[i].once;
		return true;
	}
	spec_error(svd->import->diags, node->pos,
		   "access: '%s' is none of read-only, write-only, read-write, writeOnce, "
		   "read-writeOnce",
		   import_show(svd->import->arena, node->text));
	return false;
}

void svd_take_effects(struct svd *svd, const struct svd_chain *chain, struct block_access *access,
		      struct notes **notes, const char *what)
{
	static const struct {
		const char *word;
		enum spec_onwrite onwrite;
	} writes[] = {
		{ "oneToClear", SPEC_WOCLR },	 { "oneToSet", SPEC_WOSET },
		{ "oneToToggle", SPEC_WOT },	 { "zeroToClear", SPEC_WZC },
		{ "zeroToSet", SPEC_WZS },	 { "zeroToToggle", SPEC_WZT },
		{ "clear", SPEC_WCLR },		 { "set", SPEC_WSET },
		{ "modify", SPEC_ONWRITE_NONE }, /* the standard's default: what is written */
	};
	static const struct {
		const char *word;
		enum spec_onread onread;
	} reads[] = {
		{ "clear", SPEC_RCLR },
		{ "set", SPEC_RSET },
		{ "modify", SPEC_RUSER },
		{ "modifyExternal", SPEC_RUSER },
	};
	const struct xml_node *node = svd_find(chain, "modifiedWriteValues");
	unsigned int i = 0;

	if (node) {
		while (i < G_N_ELEMENTS(writes) && strcmp(node->text, writes[i].word))
			i++;
		if (i < G_N_ELEMENTS(writes))
			access->onwrite = writes[i].onwrite;
		else
			import_lost(svd->block, notes, node->pos, what,
				    "modifiedWriteValues '%s' is unknown, and left out",
				    import_show(svd->import->arena, node->text));
	}
	node = svd_find(chain, "readAction");
	if (!node)
		return;
	for (i = 0; i < G_N_ELEMENTS(reads) && strcmp(node->text, reads[i].word);)
		i++;
	if (i == G_N_ELEMENTS(reads)) {
		import_lost(svd->block, notes, node->pos, what,
			    "readAction '%s' is unknown, and left out",
			    import_show(svd->import->arena, node->text));
		return;
	}
	access->onread = reads[i].onread;
	if (access->onread == SPEC_RUSER)
		import_note(svd->block, notes, "a read changes %s: the model says what (onread)",
			    i == 3 ? "something else" : "it");
}

void svd_take_constraint(struct svd *svd, const struct svd_chain *chain, enum block_limit *limit,
			 uint64_t *min, uint64_t *max, struct notes **notes, const char *what)
{
	const struct xml_node *node = svd_find(chain, "writeConstraint");
	const struct xml_node *range = node ? xml_child(node, "range") : NULL;
	const char *text;

	if (!node)
		return;
	if (range) {
		const struct svd_chain self = { .node = { range }, .n = 1 };

		if (svd_number(svd, &self, "minimum", min) &&
		    svd_number(svd, &self, "maximum", max))
			*limit = BLOCK_LIMIT_RANGE;
		else
			import_lost(
				svd->block, notes, range->pos, what,
				"writeConstraint: a range without minimum and maximum is left out");
		return;
	}
	text = xml_child_text(node, "writeAsRead");
	if (text && (!strcmp(text, "true") || !strcmp(text, "1"))) {
		*limit = BLOCK_LIMIT_AS_READ;
		return;
	}
	text = xml_child_text(node, "useEnumeratedValues");
	if (text && (!strcmp(text, "true") || !strcmp(text, "1")))
		*limit = BLOCK_LIMIT_VALUES;
}

void svd_take_props(struct svd *svd, const struct svd_chain *chain, struct svd_props *props)
{
	const struct xml_node *node;

	svd_number(svd, chain, "size", &props->size);
	node = svd_find(chain, "access");
	if (node && *node->text)
		props->access = node;
	if (svd_number(svd, chain, "resetValue", &props->reset))
		props->has_reset = true;
	svd_number(svd, chain, "resetMask", &props->mask);
	node = svd_find(chain, "protection");
	if (node)
		props->protection = node->text;
}

/* ---- the device ---- */

/* Of a chain of derived ones, the one that has the registers. */
static void follow_sources(struct import *import)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < import->sources->len; i++) {
		struct source *it = &g_array_index(import->sources, struct source, i);

		g_hash_table_insert(names, (void *)it->name, it);
	}
	for (guint i = 0; i < import->sources->len; i++) {
		struct source *it = &g_array_index(import->sources, struct source, i);
		const struct source *base = it;
		unsigned int n = 0;

		while (base && base->of && n++ < SVD_MAX_DERIVE)
			base = g_hash_table_lookup(names, base->of);
		/* Nowhere, or a circle: reading it will say so. */
		it->of = base && base != it && !base->of ? base->name : NULL;
	}
	g_hash_table_destroy(names);
}

static void list(struct import *import)
{
	const struct xml_node *all = xml_child(import->doc->root, "peripherals");

	if (!all || !xml_child(all, "peripheral")) {
		spec_error(import->diags, all ? all->pos : import->doc->root->pos,
			   "there is no <peripheral> in it");
		return;
	}
	for (const struct xml_node *node = xml_child(all, "peripheral"); node;
	     node = xml_again(node)) {
		const char *base = xml_child_text(node, "baseAddress");
		struct source source = {
			.node = node,
			.name = xml_child_text(node, "name"),
			.desc = xml_child_text(node, "description"),
		};

		if (!source.name || !*source.name) {
			spec_error(import->diags, node->pos, "a <peripheral> without a <name>");
			continue;
		}
		source.has_base = base && svd_scan(base, &source.base);
		/* With registers of its own it is another block. */
		if (xml_attr(node, "derivedFrom") && !xml_child(node, "registers"))
			source.of = xml_attr(node, "derivedFrom");
		g_array_append_val(import->sources, source);
	}
	follow_sources(import);
}

static void read_interrupts(struct svd *svd, const struct svd_chain *chain)
{
	struct block *block = svd->block;
	bool first = true;

	/* Of all elements: each instance has its own. */
	for (unsigned int i = 0; i < chain->n; i++) {
		for (const struct xml_node *node = xml_child(chain->node[i], "interrupt"); node;
		     node = xml_again(node)) {
			const char *name = xml_child_text(node, "name");
			const char *value = xml_child_text(node, "value");
			const char *desc =
				import_tidy(block->arena, xml_child_text(node, "description"));

			if (first)
				import_note(block, &block->notes,
					    "its interrupts, to be given status and enable under "
					    "interrupts: in device.yaml:");
			first = false;
			import_note(block, &block->notes, "  - {name: %s}  (%s%s%s)",
				    import_identifier(block->arena, name),
				    import_show(block->arena, value ? value : "?"),
				    desc ? ": " : "", desc ? import_show(block->arena, desc) : "");
		}
		if (!first)
			break;
	}
}

static void read_address_blocks(struct svd *svd, const struct svd_chain *chain)
{
	struct block *block = svd->block;
	const struct xml_node *node = svd_find(chain, "addressBlock");
	unsigned int n = 0;

	for (; node; node = xml_again(node)) {
		const struct svd_chain self = { .node = { node }, .n = 1 };
		const char *usage = xml_child_text(node, "usage");
		uint64_t offset = 0, size = 0;

		svd_number(svd, &self, "offset", &offset);
		svd_number(svd, &self, "size", &size);
		if (offset <= UINT32_MAX && size <= UINT32_MAX)
			block->size = MAX(block->size, offset + size);
		if (n++ || (usage && strcmp(usage, "registers")))
			import_note(block, &block->notes,
				    "address block at 0x%" PRIx64 ", 0x%" PRIx64 " bytes, for %s",
				    offset, size,
				    import_show(block->arena, usage ? usage : "registers"));
		if (xml_child(node, "protection"))
			import_note(block, &block->notes, "protection: %s",
				    import_show(block->arena, xml_child_text(node, "protection")));
	}
}

/* Other peripherals of the file that have the same registers. */
static void read_instances(struct svd *svd, unsigned int source)
{
	struct import *import = svd->import;
	struct block_instance **tail = &svd->block->instances;
	const struct source *main_one = &g_array_index(import->sources, struct source, source);

	for (unsigned int i = 0; i < import->sources->len && i < 4096; i++) {
		const struct source *other = &g_array_index(import->sources, struct source, i);
		const struct svd_chain self = { .node = { other->node }, .n = 1 };
		struct svd_dim dim;

		if (i != source && g_strcmp0(other->of, main_one->name))
			continue;
		if (!svd_take_dim(svd, &self, "peripheral", &dim))
			continue;
		*tail = spec_arena_alloc(import->arena, 1, sizeof(**tail));
		(*tail)->name =
			import_identifier(import->arena, dim.there && dim.name ? dim.name
							 : dim.there ? svd_dim_name(svd, &dim, 0)
								     : other->name);
		(*tail)->base = other->base;
		(*tail)->has_base = other->has_base;
		if (dim.there) {
			(*tail)->count = dim.n;
			(*tail)->stride = dim.increment;
		}
		svd_dim_clear(&dim);
		tail = &(*tail)->next;
	}
}

static void read_block(struct import *import, unsigned int source, struct block *block)
{
	const struct source *it = &g_array_index(import->sources, struct source, source);
	struct svd svd = { .import = import, .block = block };
	const struct svd_chain device = { .node = { import->doc->root }, .n = 1 };
	struct svd_props props = { .size = 32, .mask = UINT64_MAX };
	static const char *const said[][2] = {
		{ "version", "version" },
		{ "groupName", "group" },
		{ "alternatePeripheral", "shares its addresses with peripheral" },
		{ "disableCondition", "not there if" },
		{ "prependToName", "each name begins, in the source, with" },
		{ "appendToName", "each name ends, in the source, with" },
	};
	struct svd_chain chain;

	block->pos = it->node->pos;
	if (!svd_derive(&svd, it->node, &chain))
		goto out;
	read_instances(&svd, source);
	block->name = block->instances ? block->instances->name
				       : import_identifier(import->arena, it->name);
	block->name = import_identifier(import->arena, block->name);
	block->desc = block_text(block, svd_text(&chain, "description"));
	block->source = spec_arena_printf(import->arena, "peripheral %s of %s",
					  import_show(import->arena, it->name),
					  import_show(import->arena, import->file));
	for (unsigned int i = 0; i < G_N_ELEMENTS(said); i++) {
		const char *text = svd_text(&chain, said[i][0]);

		if (text && *text)
			import_note(block, &block->notes, "%s %s", said[i][1],
				    import_show(import->arena, text));
	}
	read_address_blocks(&svd, &chain);
	read_interrupts(&svd, &chain);
	svd_take_props(&svd, &device, &props);
	svd_take_props(&svd, &chain, &props);
	if (props.protection)
		import_note(block, &block->notes, "protection: %s",
			    import_show(import->arena, props.protection));
	svd_registers(&svd, &chain, &props);
out:
	if (svd.index)
		g_hash_table_destroy(svd.index);
}

const struct format format_svd = {
	.root = "device",
	.list = list,
	.read = read_block,
};
