/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first message: which protocol, and the capabilities of both sides as
 * JSON. The answer may hold only what the client proposed. write_multiple is
 * understood but never offered: QEMU 10.x takes the slow path for every
 * message when it is.
 */
#include <errno.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "backends/vfio_user/session.h"

#define PAGE_SIZES 4096u

static const struct {
	const char *name;
	uint64_t ours;
} offered[] = {
	{ "max_msg_fds", VU_MAX_FDS },
	{ "max_data_xfer_size", VU_MAX_TRANSFER },
	{ "max_dma_maps", VU_MAX_REGIONS },
	{ "pgsizes", PAGE_SIZES },
};

/* A number of the client's capabilities: false if it is there and is none. */
static bool number(JsonObject *caps, const char *name, uint64_t *ret_value)
{
	JsonNode *node = json_object_get_member(caps, name);
	gint64 value;

	if (!node)
		return true;
	if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
		return false;
	value = json_node_get_int(node);
	if (value < 0)
		return false;
	*ret_value = (uint64_t)value;
	return true;
}

/* What both sides have, as the text of the answer. */
static int agree(struct vu_session *s, JsonObject *caps, char *text, size_t size)
{
	uint64_t transfer = VU_MAX_TRANSFER;
	uint64_t ignored = 0;
	size_t at = (size_t)snprintf(text, size, "{\"capabilities\":{");
	const char *comma = "";
	size_t i;

	for (i = 0; caps && i < sizeof(offered) / sizeof(offered[0]); i++) {
		if (!number(caps, offered[i].name, &ignored))
			return -EINVAL;
		if (!json_object_has_member(caps, offered[i].name))
			continue;
		at += (size_t)snprintf(text + at, size - at, "%s\"%s\":%llu", comma,
				       offered[i].name, (unsigned long long)offered[i].ours);
		comma = ",";
	}
	if (caps && !number(caps, "max_data_xfer_size", &transfer))
		return -EINVAL;
	if (!transfer)
		return -EINVAL;
	s->peer_transfer = transfer < VU_MAX_TRANSFER ? (uint32_t)transfer : VU_MAX_TRANSFER;
	snprintf(text + at, size - at, "}}");
	return 0;
}

static int read_capabilities(struct vu_session *s, const char *json, size_t length, char *text,
			     size_t size)
{
	JsonParser *parser = json_parser_new();
	JsonObject *caps = NULL;
	JsonNode *root, *node;
	int err = -EINVAL;

	if (!json_parser_load_from_data(parser, json, (gssize)length, NULL))
		goto out;
	root = json_parser_get_root(parser);
	if (!root || !JSON_NODE_HOLDS_OBJECT(root))
		goto out;
	node = json_object_get_member(json_node_get_object(root), "capabilities");
	if (node) {
		if (!JSON_NODE_HOLDS_OBJECT(node))
			goto out;
		caps = json_node_get_object(node);
	}
	err = agree(s, caps, text, size);
out:
	g_object_unref(parser);
	return err;
}

int version_negotiate(struct vu_session *s, struct vu_message *m)
{
	struct vu_version version;
	const char *json = (const char *)m->payload + sizeof(version);
	char text[256];
	size_t length;
	int err;

	if (s->negotiated || m->length < sizeof(version))
		return -EINVAL;
	memcpy(&version, m->payload, sizeof(version));
	if (version.major != 0) {
		vu_drop(s, -EPROTO, "the client speaks version %u.%u of the protocol, we speak 0.x",
			version.major, version.minor);
		return -ENOTSUP;
	}
	length = m->length - sizeof(version);
	if (length > VU_MAX_VERSION)
		err = -E2BIG;
	else if (!length)
		err = agree(s, NULL, text, sizeof(text));
	else if (json[length - 1])
		err = -EINVAL;
	else
		err = read_capabilities(s, json, length - 1, text, sizeof(text));
	if (err) {
		vu_drop(s, -EPROTO, "the client's version message is malformed");
		return err;
	}
	version.minor = 0;
	memcpy(m->reply, &version, sizeof(version));
	memcpy(m->reply + sizeof(version), text, strlen(text) + 1);
	m->reply_length = (uint32_t)(sizeof(version) + strlen(text) + 1);
	s->negotiated = true;
	return 0;
}
