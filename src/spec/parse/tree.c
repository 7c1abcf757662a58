/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/parse/tree.h"

#include <libfyaml.h>
#include <string.h>

/*
 * How far libfyaml may read before it comes up with the next event. It keeps
 * all that it has not made up its mind about, at some hundred bytes for each:
 * without a bound, 16 MiB of brackets take gigabytes.
 */
#define MAX_AHEAD (256u << 10)

/*
 * We take libfyaml's events rather than its documents: a document would
 * resolve aliases (billion laughs) and give up at the first duplicate key.
 */
struct builder {
	struct spec_arena *arena;
	struct spec_diags *diags;
	struct tree *root;
	struct tree *open[TREE_MAX_DEPTH]; /* lists and maps not yet closed */
	const struct tree *key[TREE_MAX_DEPTH]; /* map: key that waits for its value */
	bool bad_key[TREE_MAX_DEPTH]; /* map: its key was unusable; drop the value */
	unsigned int depth;
	unsigned int skip; /* inside a part that is dropped: its depth */
	unsigned int nodes;
	unsigned int documents;
	struct spec_pos last; /* for what has no position, as an empty value */
	bool stop;
	/* what libfyaml reads from */
	const char *text;
	size_t len, at;
	size_t ahead; /* bytes read since the last event */
	bool cut; /* too many: it was told that the text ends here */
};

static struct spec_pos token_pos(const struct builder *b, struct fy_token *token)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

	if (!mark)
		return b->last;
	return (struct spec_pos){ .line = mark->line + 1,
				  .column = mark->column + 1,
				  .file = b->last.file };
}

/* libfyaml's mark stands behind the quote, the & or the *; a reader wants it in front. */
static struct spec_pos before(struct spec_pos pos)
{
	pos.column -= pos.column > 1;
	return pos;
}

/* Puts a finished or just opened node where it belongs. */
static void place(struct builder *b, struct tree *node)
{
	struct tree *parent = b->depth ? b->open[b->depth - 1] : NULL;

	if (!parent) {
		if (!b->root)
			b->root = node;
		return;
	}
	if (parent->kind == TREE_MAP) {
		const struct tree **key = &b->key[b->depth - 1];

		if (!*key) {
			*key = node;
			return;
		}
		node->key = *key;
		*key = NULL;
	}
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	parent->count++;
}

/* Is a map waiting for a key here? */
static bool wants_key(const struct builder *b)
{
	return b->depth && b->open[b->depth - 1]->kind == TREE_MAP && !b->key[b->depth - 1] &&
	       !b->bad_key[b->depth - 1];
}

/* The value of a key that could not be used goes with it. */
static bool take_bad_key(struct builder *b)
{
	if (!b->depth || !b->bad_key[b->depth - 1])
		return false;
	b->bad_key[b->depth - 1] = false;
	return true;
}

static struct tree *make(struct builder *b, enum tree_kind kind, struct spec_pos pos)
{
	struct tree *node;

	if (++b->nodes > TREE_MAX_NODES) {
		spec_error(b->diags, pos, "more than %u values; a device is not that large",
			   TREE_MAX_NODES);
		b->stop = true;
		return NULL;
	}
	node = spec_arena_alloc(b->arena, 1, sizeof(*node));
	node->kind = kind;
	node->pos = pos;
	return node;
}

static void no_extras(struct builder *b, struct fy_token *anchor, struct fy_token *tag)
{
	if (anchor)
		spec_error(b->diags, before(token_pos(b, anchor)),
			   "anchors (&name) are not supported: write the value out");
	if (tag)
		spec_error(b->diags, token_pos(b, tag),
			   "tags (!name) are not supported: the key decides the type");
}

static void open_node(struct builder *b, enum tree_kind kind, struct fy_token *token)
{
	struct spec_pos pos = token_pos(b, token);
	struct tree *node;

	b->last = pos;
	if (b->skip ? b->skip == TREE_MAX_DEPTH : b->depth == TREE_MAX_DEPTH) {
		spec_error(b->diags, pos, "nested more than %u deep", TREE_MAX_DEPTH);
		b->stop = true;
		return;
	}
	if (b->skip) {
		b->skip++;
		return;
	}
	if (take_bad_key(b)) {
		b->skip = 1;
		return;
	}
	if (wants_key(b)) {
		spec_error(b->diags, pos, "a key must be a name, not %s",
			   kind == TREE_LIST ? "a list" : "a mapping");
		b->bad_key[b->depth - 1] = true;
		b->skip = 1;
		return;
	}
	node = make(b, kind, pos);
	if (!node)
		return;
	place(b, node);
	b->open[b->depth] = node;
	b->key[b->depth] = NULL;
	b->bad_key[b->depth] = false;
	b->depth++;
}

static void close_node(struct builder *b)
{
	if (b->skip)
		b->skip--;
	else if (b->depth)
		b->depth--;
}

static void add_scalar(struct builder *b, struct fy_token *token)
{
	struct spec_pos pos = token_pos(b, token);
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
	const char *text = "";
	struct tree *node;
	size_t len = 0;

	if (!token && b->depth && b->key[b->depth - 1])
		pos = b->key[b->depth - 1]->pos;
	if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
		pos = before(pos);
	b->last = pos;
	if (b->skip || take_bad_key(b))
		return;
	if (token)
		text = fy_token_get_text(token, &len);
	if (!text) {
		text = "";
		len = 0;
	}
	node = make(b, TREE_SCALAR, pos);
	if (!node)
		return;
	if (memchr(text, '\0', len)) {
		spec_error(b->diags, pos, "a NUL character in a string");
		len = strlen(text);
	}
	node->text = spec_arena_strndup(b->arena, text, len);
	node->quoted = style != FYSS_PLAIN && style != FYSS_ANY;
	place(b, node);
}

static void add_alias(struct builder *b, struct fy_token *token)
{
	struct spec_pos pos = before(token_pos(b, token));
	struct tree *node;

	b->last = pos;
	if (b->skip || take_bad_key(b))
		return;
	spec_error(b->diags, pos, "aliases (*name) are not supported: write the value out");
	if (wants_key(b)) {
		b->bad_key[b->depth - 1] = true;
		return;
	}
	node = make(b, TREE_SCALAR, pos);
	if (!node)
		return;
	node->text = "";
	place(b, node);
}

static void take_event(struct builder *b, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		if (++b->documents > 1) {
			spec_error(b->diags, token_pos(b, event->document_start.document_start),
				   "a second document: one file describes one device");
			b->stop = true;
		}
		break;
	case FYET_MAPPING_START:
		no_extras(b, event->mapping_start.anchor, event->mapping_start.tag);
		open_node(b, TREE_MAP, event->mapping_start.mapping_start);
		break;
	case FYET_SEQUENCE_START:
		no_extras(b, event->sequence_start.anchor, event->sequence_start.tag);
		open_node(b, TREE_LIST, event->sequence_start.sequence_start);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		close_node(b);
		break;
	case FYET_SCALAR:
		no_extras(b, event->scalar.anchor, event->scalar.tag);
		add_scalar(b, event->scalar.value);
		break;
	case FYET_ALIAS:
		add_alias(b, event->alias.anchor);
		break;
	default:
		break;
	}
}

/* What libfyaml has to say, in our words' form. */
static bool take_diags(struct builder *b, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *iter = NULL;
	bool any = false;

	while ((error = fy_diag_errors_iterate(diag, &iter))) {
		struct spec_pos pos = {
			.line = MAX(error->line, 1),
			.column = MAX(error->column, 1),
			.file = b->last.file,
		};

		spec_error(b->diags, pos, "not YAML: %s", error->msg ? error->msg : "syntax error");
		any = true;
	}
	return any;
}

/* libfyaml asks for more. */
static ssize_t feed(void *user, void *buf, size_t count)
{
	struct builder *b = user;
	size_t n = MIN(count, b->len - b->at);

	if (n && b->ahead >= MAX_AHEAD) {
		b->cut = true;
		return 0;
	}
	memcpy(buf, b->text + b->at, n);
	b->at += n;
	b->ahead += n;
	return n;
}

struct tree *tree_parse(struct spec_arena *arena, struct spec_diags *diags, const char *text,
			size_t len)
{
	struct builder b = {
		.arena = arena,
		.diags = diags,
		.last = { 1, 1, spec_diags_current(diags) },
		.text = text,
		.len = len,
	};
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
			 FYPCF_JSON_NONE,
	};
	struct fy_diag_cfg diag_config;
	struct fy_parser *parser = NULL;
	struct fy_event *event;
	struct fy_diag *diag;
	bool failed = true;

	fy_diag_cfg_default(&diag_config);
	diag_config.fp = NULL;
	diag_config.colorize = false;
	diag = fy_diag_create(&diag_config);
	if (!diag) {
		spec_error(diags, b.last, "the YAML parser does not start: out of memory?");
		return NULL;
	}
	fy_diag_set_collect_errors(diag, true);
	config.diag = diag;
	parser = fy_parser_create(&config);
	if (!parser || fy_parser_set_input_callback(parser, &b, feed)) {
		spec_error(diags, b.last, "the YAML parser does not start: out of memory?");
		goto out;
	}
	while (!b.stop && (event = fy_parser_parse(parser))) {
		b.ahead = 0;
		if (!b.cut)
			take_event(&b, event);
		fy_parser_event_free(parser, event);
	}
	if (b.cut && !b.stop) {
		spec_error(diags, b.last,
			   "%u KiB after this without an end: is a quote or a bracket not closed?",
			   MAX_AHEAD >> 10);
		goto out;
	}
	failed = take_diags(&b, diag) || b.stop;
	if (!failed && fy_parser_get_stream_error(parser)) {
		spec_error(diags, b.last, "not YAML: syntax error near here");
		failed = true;
	}
out:
	if (parser)
		fy_parser_destroy(parser);
	fy_diag_destroy(diag);
	return failed ? NULL : b.root;
}
