/* SPDX-License-Identifier: BSD-2-Clause */
/* extended_capabilities: PCIe 7.6.3. */
#include "spec/parse/parse.h"

/* Bytes of the space that the list is in. */
#define EXTENDED_SPACE (EZ_CONFIG_SIZE_EXPRESS - EZ_CONFIG_SIZE)

static void parse_aer(struct parser *p, const struct tree **values, struct spec_ext_cap *cap)
{
	cap->id = 0x0001;
	cap->version = 2;
	cap->length = EZ_AER_LENGTH;
	cap->bad = false;
}

static void parse_serial(struct parser *p, const struct tree **values, struct spec_ext_cap *cap)
{
	cap->id = 0x0003;
	cap->version = 1;
	cap->length = EZ_SERIAL_LENGTH;
	cap->bad = !values[KEY_NUMBER] ||
		   !value_number(p, values[KEY_NUMBER], "number", 0, UINT64_MAX, &cap->number);
}

/* Its body; `before` bytes of it are ours, `least` are the file's. */
static void parse_ext_body(struct parser *p, const struct tree **values, unsigned int before,
			   unsigned int least, struct spec_ext_cap *cap)
{
	struct parse_body body = {
		.before = before,
		.least = least,
		.most = EXTENDED_SPACE - 4 - before,
		.multiple = 4,
		.ret_length = &cap->length,
		.ret_body = &cap->body,
		.ret_wmask = &cap->wmask,
	};

	cap->bad = !parse_body(p, values, &body);
	cap->length += 4;
}

/* PCIe 7.9.5: the vendor's own id, revision and length, then whatever it likes. */
static void parse_ext_vendor(struct parser *p, const struct tree **values, struct spec_ext_cap *cap)
{
	uint64_t id = 0, revision = 0;
	bool ok = true;

	if (values[KEY_ID])
		ok = value_number(p, values[KEY_ID], "id", 0, 0xffff, &id);
	if (values[KEY_REVISION])
		ok &= value_number(p, values[KEY_REVISION], "revision", 0, 15, &revision);
	cap->id = 0x000b;
	cap->version = 1;
	parse_ext_body(p, values, 4, 0, cap);
	cap->bad |= !ok;
	if (!cap->body)
		return;
	cap->body[0] = id;
	cap->body[1] = id >> 8;
	cap->body[2] = revision | cap->length << 4;
	cap->body[3] = cap->length >> 4;
}

static void parse_raw(struct parser *p, const struct tree **values, struct spec_ext_cap *cap)
{
	uint64_t id = 0, version = 1;
	bool ok = true;

	if (values[KEY_ID])
		ok = value_number(p, values[KEY_ID], "id", 1, 0xffff, &id);
	if (values[KEY_VERSION])
		ok &= value_number(p, values[KEY_VERSION], "version", 1, 15, &version);
	cap->id = id;
	cap->version = version;
	parse_ext_body(p, values, 0, 4, cap);
	cap->bad |= !ok;
	/* What has a kind of its own has effects, which bytes have not. */
	if (ok && (id == 0x0001 || id == 0x0003)) {
		spec_error(p->diags, values[KEY_ID]->pos, "id: 0x%04x has its own key: %s",
			   (unsigned int)id, id == 0x0001 ? "aer" : "serial");
		cap->bad = true;
	}
}

static void parse_extended(struct parser *p, const struct tree *node, void *item)
{
	static const struct {
		enum key key;
		enum key_section section;
		void (*parse)(struct parser *p, const struct tree **values,
			      struct spec_ext_cap *cap);
	} kinds[] = {
		{ KEY_AER, SECTION_AER, parse_aer },
		{ KEY_SERIAL, SECTION_SERIAL, parse_serial },
		{ KEY_VENDOR, SECTION_EXT_VENDOR, parse_ext_vendor },
		{ KEY_RAW, SECTION_RAW, parse_raw },
	};
	const struct tree *values[KEYS], *inner[KEYS];
	struct spec_ext_cap *cap = item;

	cap->pos = node->pos;
	cap->bad = true;
	if (!value_keys(p, node, SECTION_EXTENDED, values))
		return;
	if (node->count != 1) {
		spec_error(p->diags, node->pos,
			   "an extended capability is one of aer, serial, vendor, raw; found %u",
			   node->count);
		return;
	}
	for (unsigned int i = 0; i < G_N_ELEMENTS(kinds); i++) {
		const struct tree *value = values[kinds[i].key];

		if (!value)
			continue;
		cap->kind = key_names[kinds[i].key];
		if (!value_keys(p, value, kinds[i].section, inner))
			return;
		kinds[i].parse(p, inner, cap);
		if (!inner[KEY_OFFSET] || !value_number(p, inner[KEY_OFFSET], "offset", 0,
							EZ_CONFIG_SIZE_EXPRESS - 1, &cap->offset)) {
			cap->bad = true;
			return;
		}
		cap->offset_pos = inner[KEY_OFFSET]->pos;
	}
}

void parse_extended_capabilities(struct parser *p, const struct tree *node)
{
	p->dev->ext_caps =
		parse_items(p, node, KEY_EXTENDED_CAPABILITIES, 480, sizeof(*p->dev->ext_caps),
			    parse_extended, &p->dev->n_ext_caps);
}
