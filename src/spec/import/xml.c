/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libxml2 decides what is well-formed; a scanner of our own walks the text in
 * step with it. The scanner knows where each tag begins, to the column, and
 * before that refuses what would take libxml2 long: document types (with them
 * go all entities but the five predefined ones) and tags with a multitude of
 * attributes.
 */
#include "spec/import/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <string.h>

#define SLAB 1024

struct scanner {
	const char *text;
	size_t len;
	size_t at; /* beyond what has been looked at */
	size_t counted; /* up to where pos is right */
	struct spec_pos pos;
};

struct builder {
	struct xml_doc *doc;
	struct spec_diags *diags;
	struct scanner scan;
	xmlParserCtxtPtr ctxt;
	struct xml_node *open[XML_MAX_DEPTH]; /* elements around this place */
	struct xml_node *last[XML_MAX_DEPTH]; /* the latest child of each */
	unsigned int namespaces[XML_MAX_DEPTH]; /* in scope */
	unsigned int depth, n_nodes, slab_used;
	GString *text;
	bool failed;
};

/* ---- scanner ---- */

static struct spec_pos position(struct scanner *s, size_t at)
{
	for (; s->counted < at; s->counted++) {
		unsigned char c = s->text[s->counted];

		if (c == '\n') {
			s->pos.line++;
			s->pos.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			s->pos.column++;
		}
	}
	return s->pos;
}

/* Behind the next `end`, or the end of the text. */
static size_t behind(const struct scanner *s, size_t at, const char *end)
{
	const char *found = memmem(s->text + at, s->len - at, end, strlen(end));

	return found ? found - s->text + strlen(end) : s->len;
}

static bool starts(const struct scanner *s, size_t at, const char *what)
{
	return s->len - at >= strlen(what) && !memcmp(s->text + at, what, strlen(what));
}

struct tag {
	size_t at, len;
	unsigned int attributes;
	bool doctype;
};

/* The next start tag or document type; false: no more. */
static bool next_tag(struct scanner *s, struct tag *ret_tag)
{
	while (s->at < s->len) {
		const char *found = memchr(s->text + s->at, '<', s->len - s->at);
		size_t at, end;
		char quote = 0;

		if (!found)
			break;
		at = found - s->text;
		if (starts(s, at, "<!--")) {
			s->at = behind(s, at + 4, "-->");
			continue;
		}
		if (starts(s, at, "<![CDATA[")) {
			s->at = behind(s, at, "]]>");
			continue;
		}
		if (starts(s, at, "<?")) {
			s->at = behind(s, at, "?>");
			continue;
		}
		if (starts(s, at, "</")) {
			s->at = behind(s, at, ">");
			continue;
		}
		*ret_tag = (struct tag){ .at = at, .doctype = starts(s, at, "<!") };
		for (end = at; end < s->len; end++) {
			char c = s->text[end];

			if (quote) {
				if (c == quote)
					quote = 0;
			} else if (c == '"' || c == '\'') {
				quote = c;
			} else if (c == '=') {
				ret_tag->attributes++;
			} else if (c == '>') {
				break;
			}
		}
		ret_tag->len = end - at;
		s->at = end;
		return true;
	}
	s->at = s->len;
	return false;
}

/* Looks at all tags before libxml2 does. */
static bool harmless(struct spec_diags *diags, const char *text, size_t len)
{
	struct scanner s = { .text = text, .len = len, .pos = { 1, 1 } };
	struct tag tag;

	while (next_tag(&s, &tag)) {
		if (tag.doctype) {
			spec_error(diags, position(&s, tag.at),
				   "a document type declaration (<!DOCTYPE ...>) is not read, for "
				   "the entities that it may define; take it out");
			return false;
		}
		if (tag.attributes > XML_MAX_ATTRIBUTES) {
			spec_error(diags, position(&s, tag.at),
				   "%u attributes in one tag; at most %u are read", tag.attributes,
				   XML_MAX_ATTRIBUTES);
			return false;
		}
		if (tag.len > XML_MAX_TAG) {
			spec_error(diags, position(&s, tag.at),
				   "a tag of more than %u KiB: is a quote not closed?",
				   XML_MAX_TAG >> 10);
			return false;
		}
	}
	return true;
}

/* ---- tree ---- */

static void stop(struct builder *b, struct spec_pos pos, const char *text)
{
	if (!b->failed)
		spec_error(b->diags, pos, "%s", text);
	b->failed = true;
	xmlStopParser(b->ctxt);
}

static void *take(struct builder *b)
{
	size_t size = MAX(sizeof(struct xml_node), sizeof(struct xml_attr));

	if (!b->doc->slabs->len || b->slab_used == SLAB) {
		g_ptr_array_add(b->doc->slabs, g_malloc0_n(SLAB, size));
		b->slab_used = 0;
	}
	return (char *)b->doc->slabs->pdata[b->doc->slabs->len - 1] + size * b->slab_used++;
}

static const char *local_name(const xmlChar *name)
{
	const char *colon = strchr((const char *)name, ':');

	/* A prefix that is declared nowhere stays on it. */
	return colon ? colon + 1 : (const char *)name;
}

/* Five pointers each: name, prefix, namespace, value, its end. */
static const struct xml_attr *take_attributes(struct builder *b, int n, const xmlChar **attrs)
{
	const struct xml_attr *list = NULL;

	for (; n > 0; n--, attrs += 5) {
		struct xml_attr *attr = take(b);

		attr->name = g_string_chunk_insert_const(b->doc->strings, local_name(attrs[0]));
		attr->value = g_string_chunk_insert_len(b->doc->strings, (const char *)attrs[3],
							attrs[4] - attrs[3]);
		attr->next = list;
		list = attr;
	}
	return list;
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix,
			  const xmlChar *uri, int n_namespaces, const xmlChar **namespaces,
			  int n_attributes, int n_defaulted, const xmlChar **attributes)
{
	struct builder *b = user;
	struct spec_pos pos = { 1, 1 };
	struct xml_node *node;
	struct tag tag;

	if (b->failed)
		return;
	if (next_tag(&b->scan, &tag))
		pos = position(&b->scan, tag.at);
	if (b->depth == XML_MAX_DEPTH) {
		stop(b, pos, "elements are nested more than 64 deep");
		return;
	}
	if (b->n_nodes++ == XML_MAX_NODES) {
		stop(b, pos, "more than 4000000 elements");
		return;
	}
	/* libxml2 looks through all of them for each name. */
	b->namespaces[b->depth] = n_namespaces + (b->depth ? b->namespaces[b->depth - 1] : 0);
	if (b->namespaces[b->depth] > XML_MAX_NAMESPACES) {
		stop(b, pos, "more than 256 namespaces (xmlns) at one place");
		return;
	}
	node = take(b);
	node->name = g_string_chunk_insert_const(b->doc->strings, local_name(name));
	node->text = "";
	node->pos = pos;
	node->attrs = take_attributes(b, n_attributes, attributes);
	if (b->depth) {
		struct xml_node **last = &b->last[b->depth - 1];

		node->parent = b->open[b->depth - 1];
		if (*last)
			(*last)->next = node;
		else
			node->parent->first = node;
		*last = node;
	} else {
		b->doc->root = node;
	}
	b->open[b->depth] = node;
	b->last[b->depth] = NULL;
	b->depth++;
	g_string_truncate(b->text, 0);
}

static void end_element(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct builder *b = user;
	struct xml_node *node;

	if (b->failed || !b->depth)
		return;
	node = b->open[--b->depth];
	if (!node->first) {
		char *text = g_strstrip(b->text->str);

		if (*text)
			node->text = g_string_chunk_insert(b->doc->strings, text);
	}
	g_string_truncate(b->text, 0);
}

static void characters(void *user, const xmlChar *text, int len)
{
	struct builder *b = user;

	if (!b->failed)
		g_string_append_len(b->text, (const char *)text, len);
}

static void internal_subset(void *user, const xmlChar *name, const xmlChar *external,
			    const xmlChar *system)
{
	struct spec_pos start = { 1, 1 };

	stop(user, start, "a document type declaration (<!DOCTYPE ...>) is not read");
}

/* libxml2 2.12 made the error const. */
#if LIBXML_VERSION >= 21200
typedef const xmlError *error_ptr;
#else
typedef xmlErrorPtr error_ptr;
#endif

static void take_error(void *user, error_ptr error)
{
	struct builder *b = user;
	struct spec_pos pos = { MAX(error->line, 1), MAX(error->int2, 1) };
	g_autofree char *text = NULL;

	if (b->failed || error->level < XML_ERR_ERROR || error->domain == XML_FROM_NAMESPACE)
		return;
	text = g_strdup_printf("not XML: %s", error->message ? error->message : "syntax error");
	stop(b, pos, g_strchomp(text));
}

/* ---- bytes ---- */

/* The encoding that the XML declaration names, or NULL. Freed by the caller. */
static char *declared_encoding(const char *text, size_t len)
{
	size_t n = MIN(len, 512);
	g_autofree char *head = g_strndup(text, n);
	char *end = strstr(head, "?>"), *at, quote;

	if (!g_str_has_prefix(head, "<?xml") || !end)
		return NULL;
	*end = 0;
	at = strstr(head, "encoding");
	at = at ? strpbrk(at, "\"'") : NULL;
	if (!at)
		return NULL;
	quote = *at++;
	end = strchr(at, quote);
	return end ? g_strndup(at, end - at) : NULL;
}

/* UTF-8 of any legal text; NULL with an error reported. *ret_copy is to be freed. */
static const char *to_utf8(struct spec_diags *diags, const char *text, size_t *len, char **ret_copy)
{
	static const struct spec_pos start = { 1, 1 };
	/* Those that an ASCII declaration can name, and that hide no markup. */
	static const char *const known[] = { "UTF-8",	     "US-ASCII",   "ISO-8859-1",
					     "ISO-8859-15",  "ISO8859-1",  "latin1",
					     "windows-1252", "ISO-8859-2", NULL };
	g_autofree char *encoding = NULL;
	const char *bad;
	gsize size;

	*ret_copy = NULL;
	if (*len >= 2 && (!memcmp(text, "\xff\xfe", 2) || !memcmp(text, "\xfe\xff", 2))) {
		encoding = g_strdup("UTF-16");
	} else if (*len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
		*len -= 3;
		text += 3;
	} else {
		unsigned int i = 0;

		encoding = declared_encoding(text, *len);
		while (encoding && known[i] && g_ascii_strcasecmp(encoding, known[i]))
			i++;
		if (encoding && !known[i]) {
			spec_error(diags, start,
				   "the encoding is not one that is read here; convert the file to "
				   "UTF-8, and name that in its first line");
			return NULL;
		}
		if (encoding && !g_ascii_strcasecmp(encoding, "UTF-8"))
			g_clear_pointer(&encoding, g_free);
	}
	if (encoding) {
		*ret_copy = g_convert(text, *len, "UTF-8", encoding, NULL, &size, NULL);
		if (!*ret_copy) {
			spec_error(diags, start, "the text is not %s, as it says", encoding);
			return NULL;
		}
		*len = size;
		text = *ret_copy;
		/* The mark that said so. */
		if (*len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
			*len -= 3;
			text += 3;
		}
	}
	if (!g_utf8_validate_len(text, *len, &bad)) {
		struct scanner s = { .text = text, .len = *len, .pos = { 1, 1 } };

		if (*bad)
			spec_error(diags, position(&s, bad - text), "not UTF-8: byte 0x%02x",
				   (unsigned char)*bad);
		else
			spec_error(diags, position(&s, bad - text), "a NUL character");
		return NULL;
	}
	return text;
}

/* ---- all of it ---- */

struct xml_doc *xml_parse(struct spec_diags *diags, const char *text, size_t len)
{
	static const struct spec_pos start = { 1, 1 };
	struct xml_doc *doc = g_new0(struct xml_doc, 1);
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC, /* or there is no serror */
		.startElementNs = start_element,
		.endElementNs = end_element,
		.characters = characters,
		.ignorableWhitespace = characters,
		.cdataBlock = characters,
		.internalSubset = internal_subset,
		.serror = take_error,
	};
	struct builder b = { .doc = doc, .diags = diags };
	g_autofree char *copy = NULL;
	size_t blank = 0;

	doc->strings = g_string_chunk_new(64 << 10);
	doc->slabs = g_ptr_array_new_with_free_func(g_free);
	b.text = g_string_new(NULL);
	text = to_utf8(diags, text, &len, &copy);
	if (!text || !harmless(diags, text, len)) {
		b.failed = true;
		goto out;
	}
	while (blank < len && strchr(" \t\r\n", text[blank]))
		blank++;
	if (blank == len) {
		spec_error(diags, start, "empty: there is no XML in it");
		b.failed = true;
		goto out;
	}
	b.scan = (struct scanner){ .text = text, .len = len, .pos = { 1, 1 } };
	b.ctxt = xmlCreateMemoryParserCtxt(text, len);
	if (!b.ctxt) {
		spec_error(diags, start, "the XML parser does not start: out of memory?");
		b.failed = true;
		goto out;
	}
	*b.ctxt->sax = sax;
	xmlCtxtUseOptions(b.ctxt, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOCDATA);
	b.ctxt->userData = &b;
	xmlParseDocument(b.ctxt);
	if (!b.failed && (!b.ctxt->wellFormed || b.depth || !doc->root)) {
		spec_error(diags, start, "not XML: no reason given");
		b.failed = true;
	}
	xmlFreeParserCtxt(b.ctxt);
out:
	g_string_free(b.text, TRUE);
	if (b.failed) {
		xml_free(doc);
		return NULL;
	}
	return doc;
}

void xml_free(struct xml_doc *doc)
{
	if (!doc)
		return;
	g_string_chunk_free(doc->strings);
	g_ptr_array_free(doc->slabs, TRUE);
	g_free(doc);
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
	for (const struct xml_node *child = node->first; child; child = child->next)
		if (!strcmp(child->name, name))
			return child;
	return NULL;
}

const struct xml_node *xml_again(const struct xml_node *node)
{
	for (const struct xml_node *next = node->next; next; next = next->next)
		if (!strcmp(next->name, node->name))
			return next;
	return NULL;
}

const char *xml_child_text(const struct xml_node *node, const char *name)
{
	const struct xml_node *child = xml_child(node, name);

	return child ? child->text : NULL;
}

const char *xml_attr(const struct xml_node *node, const char *name)
{
	for (const struct xml_attr *attr = node->attrs; attr; attr = attr->next)
		if (!strcmp(attr->name, name))
			return attr->value;
	return NULL;
}
