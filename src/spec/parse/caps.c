/* SPDX-License-Identifier: BSD-2-Clause */
/* capabilities: of the conventional list */
#include "spec/parse/parse.h"

/* A list of numbers from 0 to 255 in place; false with an error reported. */
static bool parse_bytes(struct parser *p, const struct tree *node, const char *what, uint8_t *out)
{
	bool ok = true;

	for (const struct tree *item = node->first; item; item = item->next) {
		uint64_t byte = 0;

		ok &= value_number(p, item, what, 0, 0xff, &byte);
		*out++ = byte;
	}
	return ok;
}

bool parse_body(struct parser *p, const struct tree **values, const struct parse_body *body)
{
	const struct tree *bytes = values[KEY_BODY], *wmask = values[KEY_WMASK];
	unsigned int length;
	bool ok;

	if (!bytes || !value_list(p, bytes, "body"))
		return false;
	if (bytes->count < body->least) {
		spec_error(p->diags, bytes->pos, "body: %u bytes; at least %u are needed",
			   bytes->count, body->least);
		return false;
	}
	if (bytes->count > body->most) {
		spec_error(p->diags, bytes->pos, "body: %u bytes; at most %u fit", bytes->count,
			   body->most);
		return false;
	}
	length = body->before + bytes->count;
	length += -length % body->multiple;
	*body->ret_length = length;
	*body->ret_body = spec_arena_alloc(p->arena, length, 1);
	ok = parse_bytes(p, bytes, "body", *body->ret_body + body->before);
	if (wmask && !value_list(p, wmask, "wmask")) {
		ok = false;
	} else if (wmask && wmask->count != bytes->count) {
		spec_error(p->diags, wmask->pos, "wmask: %u bytes for a body of %u", wmask->count,
			   bytes->count);
		spec_note(p->diags, bytes->pos, "the body is here");
		ok = false;
	} else if (wmask) {
		*body->ret_wmask = spec_arena_alloc(p->arena, length, 1);
		ok &= parse_bytes(p, wmask, "wmask", *body->ret_wmask + body->before);
	}
	return ok;
}

static void parse_vendor(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	/* PCI code and id assignment: a vendor's capability begins id, next, length. */
	struct parse_body body = {
		.before = 1,
		.most = 0xff - 3,
		.multiple = 1,
		.ret_length = &cap->length,
		.ret_body = &cap->body,
		.ret_wmask = &cap->wmask,
	};

	cap->bad = !parse_body(p, values, &body);
	if (!cap->body)
		return;
	cap->length += 2;
	cap->body[0] = cap->length;
}

static void parse_msi(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	static const struct word counts[] = {
		{ "1", 1 },   { "2", 2 },   { "4", 4 }, { "8", 8 },
		{ "16", 16 }, { "32", 32 }, { NULL },
	};

	cap->vectors = 1;
	cap->address64 = true;
	parse_flag(p, values, KEY_ADDRESS64, &cap->address64);
	parse_flag(p, values, KEY_MASKABLE, &cap->maskable);
	/* PCI 3.0, 6.8.1: the four layouts. */
	cap->length = (cap->address64 ? 14 : 10) + (cap->maskable ? 10 : 0);
	cap->bad = values[KEY_VECTORS] &&
		   !value_word(p, values[KEY_VECTORS], "vectors", counts, &cap->vectors);
}

/* {bar, offset}; false: not there, or reported. */
static bool parse_place(struct parser *p, const struct tree *node, struct spec_place *place)
{
	const struct tree *values[KEYS];
	uint64_t bar;
	bool ok;

	if (!node)
		return false;
	place->pos = node->pos;
	if (!value_keys(p, node, SECTION_PLACE, values) || !values[KEY_BAR] || !values[KEY_OFFSET])
		return false;
	place->bar_pos = values[KEY_BAR]->pos;
	place->offset_pos = values[KEY_OFFSET]->pos;
	ok = value_number(p, values[KEY_BAR], "bar", 0, EZ_BARS - 1, &bar);
	if (ok)
		place->bar = bar;
	return value_size(p, values[KEY_OFFSET], "offset", &place->offset) && ok;
}

static void parse_msix(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	uint64_t vectors = 1;
	bool ok;

	cap->length = 12; /* PCI 3.0, 6.8.2 */
	ok = !values[KEY_VECTORS] ||
	     value_number(p, values[KEY_VECTORS], "vectors", 1, 2048, &vectors);
	cap->vectors = vectors;
	ok &= parse_place(p, values[KEY_TABLE], &cap->table);
	if (values[KEY_PBA]) {
		ok &= parse_place(p, values[KEY_PBA], &cap->pba);
	} else if (ok) {
		cap->pba = cap->table;
		cap->pba.offset += spec_msix_table_size(cap);
	}
	cap->bad = !ok;
}

static void parse_express(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	static const struct word payloads[] = {
		{ "128", 128 },	  { "256", 256 },   { "512", 512 }, { "1024", 1024 },
		{ "2048", 2048 }, { "4096", 4096 }, { NULL },
	};
	/* PCIe 7.5.3.6 and 7.5.3.18: as a bit number of the supported speeds. */
	static const struct word speeds[] = {
		{ "2.5", 1 }, { "5", 2 },  { "8", 3 }, { "16", 4 },
		{ "32", 5 },  { "64", 6 }, { NULL },
	};
	static const struct word widths[] = {
		{ "1", 1 },   { "2", 2 },   { "4", 4 },	  { "8", 8 },
		{ "12", 12 }, { "16", 16 }, { "32", 32 }, { NULL },
	};

	cap->length = EZ_EXPRESS_LENGTH;
	cap->flr = true;
	cap->max_payload = 128;
	cap->link_speed = 1;
	cap->link_width = 1;
	parse_flag(p, values, KEY_FLR, &cap->flr);
	cap->bad =
		(values[KEY_MAX_PAYLOAD] && !value_word(p, values[KEY_MAX_PAYLOAD], "max_payload",
							payloads, &cap->max_payload));
	cap->bad |= values[KEY_LINK_SPEED] &&
		    !value_word(p, values[KEY_LINK_SPEED], "link_speed", speeds, &cap->link_speed);
	cap->bad |= values[KEY_LINK_WIDTH] &&
		    !value_word(p, values[KEY_LINK_WIDTH], "link_width", widths, &cap->link_width);
}

static void parse_af(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	cap->length = EZ_AF_LENGTH;
	cap->flr = true;
	parse_flag(p, values, KEY_FLR, &cap->flr);
	cap->bad = false;
}

static void parse_pm(struct parser *p, const struct tree **values, struct spec_cap *cap)
{
	cap->length = 8; /* PM 1.2, 3.2 */
	cap->bad = false;
	parse_flag(p, values, KEY_NO_SOFT_RESET, &cap->no_soft_reset);
	parse_flag(p, values, KEY_D1, &cap->d1);
	parse_flag(p, values, KEY_D2, &cap->d2);
}

static void parse_capability(struct parser *p, const struct tree *node, void *item)
{
	static const struct {
		enum key key;
		enum key_section section;
		uint8_t id; /* PCI code and id assignment */
		void (*parse)(struct parser *p, const struct tree **values, struct spec_cap *cap);
	} kinds[] = {
		{ KEY_PM, SECTION_PM, 0x01, parse_pm },
		{ KEY_MSI, SECTION_MSI, 0x05, parse_msi },
		{ KEY_MSIX, SECTION_MSIX, 0x11, parse_msix },
		{ KEY_EXPRESS, SECTION_EXPRESS, 0x10, parse_express },
		{ KEY_AF, SECTION_AF, 0x13, parse_af },
		{ KEY_VENDOR, SECTION_VENDOR, 0x09, parse_vendor },
	};
	const struct tree *values[KEYS], *inner[KEYS];
	struct spec_cap *cap = item;

	cap->pos = node->pos;
	cap->bad = true;
	if (!value_keys(p, node, SECTION_CAPABILITY, values))
		return;
	if (node->count != 1) {
		spec_error(p->diags, node->pos,
			   "a capability is one of pm, msi, msix, express, af, vendor; found %u",
			   node->count);
		return;
	}
	for (unsigned int i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct tree *value = values[kinds[i].key];

		if (!value)
			continue;
		cap->kind = key_names[kinds[i].key];
		cap->id = kinds[i].id;
		if (!value_keys(p, value, kinds[i].section, inner))
			return;
		kinds[i].parse(p, inner, cap);
		if (!inner[KEY_OFFSET] || !value_number(p, inner[KEY_OFFSET], "offset", 0,
							EZ_CONFIG_SIZE - 1, &cap->offset)) {
			cap->bad = true;
			return;
		}
		cap->offset_pos = inner[KEY_OFFSET]->pos;
	}
}

void parse_capabilities(struct parser *p, const struct tree *node)
{
	p->dev->caps = parse_items(p, node, KEY_CAPABILITIES, 48, sizeof(*p->dev->caps),
				   parse_capability, &p->dev->n_caps);
}
