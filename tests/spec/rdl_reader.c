/* SPDX-License-Identifier: BSD-2-Clause */
#include "rdl_reader.h"

#include <inttypes.h>
#include <string.h>

/* ---- tokens (4.1 to 4.6) ---- */

enum kind { END, ID, WORD, NUMBER, STRING, SIGN };

struct reader {
	const char *at;
	unsigned int line;
	enum kind kind; /* of the token in hand */
	char *text; /* of it: names without their backslash, strings without quotes */
	uint64_t number;
	unsigned int size; /* bits of a number that says so, else 0 */
	struct rdl_file *file;
	GHashTable *udps; /* user-defined properties: name -> their components */
	GPtrArray *trash; /* definitions */
};

/* Annex B and table 3: words that are no names. */
static const char keywords[] =
	" abstract accesstype addressingtype addrmap alias all bit boolean bothedge "
	"compact component componentwidth constraint default encode enum external "
	"false field fullalign hw inside internal level longint mem na negedge "
	"nonsticky number onreadtype onwritetype posedge property r rclr ref reg "
	"regalign regfile rset ruser rw rw1 signal string struct sw this true type "
	"unsigned w w1 wclr woclr woset wot wr wset wuser wzc wzs wzt ";

static void fail(struct reader *r, const char *what)
{
	if (!r->file->error)
		r->file->error = g_strdup_printf("%u: %s, at '%.20s'", r->line, what,
						 r->text ? r->text : "");
	r->kind = END;
	r->at = "";
}

static void skip(struct reader *r)
{
	for (;;) {
		if (*r->at == '\n')
			r->line++;
		if (g_ascii_isspace(*r->at)) {
			r->at++;
		} else if (r->at[0] == '/' && r->at[1] == '/') {
			r->at += strcspn(r->at, "\n");
		} else if (r->at[0] == '/' && r->at[1] == '*') {
			const char *end = strstr(r->at + 2, "*/");

			if (!end) {
				fail(r, "a comment without an end");
				return;
			}
			for (; r->at < end + 2; r->at++)
				r->line += *r->at == '\n';
		} else {
			return;
		}
	}
}

static void scan_number(struct reader *r)
{
	char *end;

	r->kind = NUMBER;
	r->size = 0;
	r->number =
		g_ascii_strtoull(r->at, &end, r->at[0] == '0' && (r->at[1] | 32) == 'x' ? 16 : 10);
	if (*end == '\'') {
		char letter = end[1] | 32;
		unsigned int base = letter == 'h' ? 16 : letter == 'd' ? 10 : letter == 'b' ? 2 : 0;

		r->size = r->number;
		r->at = end + 2;
		if (!base || !g_ascii_isxdigit(*r->at)) {
			fail(r, "a number that is none");
			return;
		}
		r->number = g_ascii_strtoull(r->at, &end, base);
		/* 4.6.2: it must fit. */
		if (!r->size || r->size > 64 || (r->size < 64 && r->number >> r->size))
			fail(r, "a number that does not fit its size");
	}
	r->at = end;
	if (g_ascii_isalnum(*r->at) || *r->at == '_')
		fail(r, "a number with letters");
}

static void next(struct reader *r)
{
	const char *start;

	g_clear_pointer(&r->text, g_free);
	skip(r);
	start = r->at;
	if (!*start) {
		r->kind = END;
		r->text = g_strdup("the end");
	} else if (g_ascii_isalpha(*start) || *start == '_' || *start == '\\') {
		bool escaped = *start == '\\';
		g_autofree char *word = NULL;

		r->at += escaped;
		while (g_ascii_isalnum(*r->at) || *r->at == '_')
			r->at++;
		r->text = g_strndup(start + escaped, r->at - start - escaped);
		r->kind = ID;
		word = g_strdup_printf(" %s ", r->text);
		if (!escaped && strstr(keywords, word))
			r->kind = WORD;
		if (!*r->text || g_ascii_isdigit(*r->text))
			fail(r, "a name that is none");
	} else if (g_ascii_isdigit(*start)) {
		scan_number(r);
		if (r->kind == NUMBER)
			r->text = g_strndup(start, r->at - start);
	} else if (*start == '"') {
		GString *text = g_string_new(NULL);

		for (r->at++; *r->at && *r->at != '"'; r->at++) {
			if (*r->at == '\\' && r->at[1])
				r->at++;
			g_string_append_c(text, *r->at);
			r->line += *r->at == '\n';
		}
		r->text = g_string_free(text, FALSE);
		r->kind = STRING;
		if (*r->at)
			r->at++;
		else
			fail(r, "a string without an end");
	} else {
		static const char *const longer[] = { "->", "+=", "%=", "::" };
		size_t n = 1;

		for (unsigned int i = 0; i < G_N_ELEMENTS(longer); i++)
			if (!strncmp(start, longer[i], 2))
				n = 2;
		r->at += n;
		r->text = g_strndup(start, n);
		r->kind = SIGN;
	}
}

static bool is(const struct reader *r, const char *text)
{
	return (r->kind == SIGN || r->kind == WORD) && !strcmp(r->text, text);
}

static bool take(struct reader *r, const char *text)
{
	if (!is(r, text))
		return false;
	next(r);
	return true;
}

static void want(struct reader *r, const char *text)
{
	g_autofree char *what = NULL;

	if (take(r, text))
		return;
	what = g_strdup_printf("'%s' is missing", text);
	fail(r, what);
}

static char *want_id(struct reader *r)
{
	char *text;

	if (r->kind != ID) {
		fail(r, "a name is missing");
		return g_strdup("?");
	}
	text = g_steal_pointer(&r->text);
	next(r);
	return text;
}

static uint64_t want_number(struct reader *r)
{
	uint64_t number = r->number;

	if (r->kind != NUMBER)
		fail(r, "a number is missing");
	else
		next(r);
	return number;
}

/* ---- definitions ---- */

struct inst {
	char *name;
	struct def *def;
	bool array, range, has_reset, has_address;
	uint64_t count, msb, lsb, reset, address, stride;
	unsigned int reset_size;
};

struct def {
	const char *type; /* "addrmap", "regfile", "reg", "field", "mem" */
	char *name; /* or NULL */
	struct def *outer;
	GHashTable *props;
	GHashTable *enums; /* name -> (name -> uint64_t *) */
	GHashTable *defs; /* name -> struct def * */
	GPtrArray *insts; /* struct inst */
	GPtrArray *refs; /* "A[1].B->p = C.D" */
	GPtrArray *fields; /* of a reg, elaborated: struct rdl_field */
};

static void free_inst(void *data)
{
	struct inst *inst = data;

	g_free(inst->name);
	g_free(inst);
}

static void free_field(void *data)
{
	struct rdl_field *field = data;

	g_free(field->name);
	g_free(field);
}

static void free_def(void *data)
{
	struct def *def = data;

	g_free(def->name);
	g_hash_table_destroy(def->props);
	g_hash_table_destroy(def->enums);
	g_hash_table_destroy(def->defs);
	g_ptr_array_free(def->insts, TRUE);
	g_ptr_array_free(def->refs, TRUE);
	if (def->fields)
		g_ptr_array_free(def->fields, TRUE);
	g_free(def);
}

static struct def *new_def(struct reader *r, const char *type, struct def *outer)
{
	struct def *def = g_new0(struct def, 1);

	def->type = type;
	def->outer = outer;
	def->props = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	def->enums = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   (GDestroyNotify)g_hash_table_destroy);
	def->defs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	def->insts = g_ptr_array_new_with_free_func(free_inst);
	def->refs = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(r->trash, def);
	return def;
}

static const char *component_type(const struct reader *r)
{
	static const char *const types[] = { "addrmap", "regfile", "reg", "field", "mem" };

	for (unsigned int i = 0; i < G_N_ELEMENTS(types); i++)
		if (is(r, types[i]))
			return types[i];
	return NULL;
}

/* Properties of the standard that we know of, and where they may stand (annex G). */
static bool known_property(struct reader *r, const struct def *def, const char *name)
{
	static const char *const known[][2] = {
		{ "addrmap", " desc name ispresent littleendian " },
		{ "regfile", " desc name ispresent " },
		{ "reg", " desc name ispresent regwidth accesswidth " },
		{ "field", " desc name ispresent sw hw onread onwrite swmod singlepulse precedence "
			   "counter incrsaturate decrsaturate encode intr swwe swwel enable "
			   "donttest dontcompare " },
		{ "mem", " desc name ispresent mementries memwidth sw " },
	};
	const char *udp = g_hash_table_lookup(r->udps, name);
	g_autofree char *word = g_strdup_printf(" %s ", name);
	g_auto(GStrv) words = NULL;

	for (unsigned int i = 0; i < G_N_ELEMENTS(known) && !udp; i++)
		if (!strcmp(known[i][0], def->type))
			return strstr(known[i][1], word);
	words = g_strsplit(udp ? udp : "", " ", -1);
	return g_strv_contains((const char *const *)words, def->type);
}

static void set_property(struct reader *r, struct def *def, char *name, char *value)
{
	if (!known_property(r, def, name))
		fail(r, "a property that is not defined for this component");
	/* 5.1.3: in one scope only once. */
	if (g_hash_table_contains(def->props, name))
		fail(r, "a property twice");
	g_hash_table_insert(def->props, name, value);
}

/* property NAME { component = A | B; type = T; }; */
static void read_udp(struct reader *r)
{
	g_autofree char *name = NULL;
	GString *components = g_string_new(NULL);
	bool typed = false;

	next(r);
	name = want_id(r);
	want(r, "{");
	while (r->kind != END && !is(r, "}")) {
		if (take(r, "component")) {
			want(r, "=");
			do {
				g_string_append_printf(components, "%s ", r->text);
				if (!component_type(r))
					fail(r, "a component is missing");
				next(r);
			} while (take(r, "|"));
		} else {
			want(r, "type");
			want(r, "=");
			if (take(r, "longint"))
				take(r, "unsigned");
			else if (!take(r, "boolean") && !take(r, "number"))
				want(r, "string");
			typed = true;
		}
		want(r, ";");
	}
	want(r, "}");
	want(r, ";");
	if (!typed || !components->len)
		fail(r, "a property without a type or a component");
	g_hash_table_insert(r->udps, g_steal_pointer(&name), g_string_free(components, FALSE));
}

static void read_enum(struct reader *r, struct def *def)
{
	GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GHashTable *seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

	next(r);
	g_hash_table_insert(def->enums, want_id(r), values);
	want(r, "{");
	while (r->kind != END && !is(r, "}")) {
		char *name = want_id(r);
		uint64_t value;

		want(r, "=");
		value = want_number(r);
		want(r, ";");
		if (!g_hash_table_add(seen, g_memdup2(&value, sizeof(value))))
			fail(r, "a value twice in an enumeration");
		if (!g_hash_table_insert(values, name, g_memdup2(&value, sizeof(value))))
			fail(r, "a name twice in an enumeration");
	}
	want(r, "}");
	want(r, ";");
	g_hash_table_destroy(seen);
}

static void read_insts(struct reader *r, struct def *scope, struct def *def)
{
	do {
		struct inst *inst = g_new0(struct inst, 1);

		inst->def = def;
		inst->name = want_id(r);
		inst->count = 1;
		g_ptr_array_add(scope->insts, inst);
		if (take(r, "[")) {
			inst->count = inst->msb = want_number(r);
			inst->array = true;
			if (take(r, ":")) {
				inst->lsb = want_number(r);
				inst->array = false;
				inst->range = true;
				inst->count = 1;
			}
			want(r, "]");
		}
		if (take(r, "=")) {
			inst->has_reset = true;
			inst->reset_size = r->size;
			inst->reset = want_number(r);
		}
		if (take(r, "@")) {
			inst->has_address = true;
			inst->address = want_number(r);
		}
		if (take(r, "+="))
			inst->stride = want_number(r);
		if (strcmp(def->type, "field") ? !inst->has_address : !inst->range)
			fail(r, "an instance without its place");
	} while (take(r, ","));
	want(r, ";");
}

static struct def *find_def(struct def *scope, const char *name)
{
	struct def *def = NULL;

	for (; scope && !def; scope = scope->outer)
		def = g_hash_table_lookup(scope->defs, name);
	return def;
}

/* A[1].B: the text of it, names joined. */
static char *read_path(struct reader *r, char *first)
{
	GString *path = g_string_new(first);

	g_free(first);
	for (;;) {
		if (take(r, "[")) {
			g_string_append_printf(path, "[%" PRIu64 "]", want_number(r));
			want(r, "]");
		} else if (take(r, ".")) {
			g_autofree char *name = want_id(r);

			g_string_append_printf(path, ".%s", name);
		} else {
			return g_string_free(path, FALSE);
		}
	}
}

static void read_body(struct reader *r, struct def *def);

static void read_component(struct reader *r, struct def *scope)
{
	struct def *def = new_def(r, component_type(r), scope);

	/* What may stand in what (tables 9, 20, 24). */
	if (!strcmp(def->type, "field") ? strcmp(scope->type, "reg")
	    : !strcmp(def->type, "mem") ? strcmp(scope->type, "addrmap")
	    : !strcmp(def->type, "addrmap")
		    ? strcmp(scope->type, "root") && strcmp(scope->type, "addrmap")
		    : strcmp(scope->type, "addrmap") && strcmp(scope->type, "regfile"))
		fail(r, "a component that cannot stand here");
	next(r);
	if (r->kind == ID) {
		def->name = want_id(r);
		if (g_hash_table_contains(scope->defs, def->name))
			fail(r, "a definition of a name that is taken");
	}
	want(r, "{");
	read_body(r, def);
	want(r, "}");
	if (def->name)
		g_hash_table_insert(scope->defs, g_strdup(def->name), def);
	if (def->name && !strcmp(scope->type, "root") && !strcmp(def->type, "addrmap")) {
		g_free(r->file->root);
		r->file->root = g_strdup(def->name);
	}
	if (def->name && take(r, ";"))
		return;
	read_insts(r, scope, def);
}

static char *property_value(struct reader *r)
{
	char *value;

	if (r->kind == END || r->kind == SIGN)
		fail(r, "a value is missing");
	value = r->kind == NUMBER ? g_strdup_printf("%" PRIu64, r->number) : g_strdup(r->text);
	next(r);
	return value;
}

static void read_statement(struct reader *r, struct def *def)
{
	static const char *const modifiers[] = { "posedge", "negedge", "bothedge", "level",
						 "nonsticky" };
	struct def *type;
	char *name;

	/* 11.2: memories, and here nothing else, are external. */
	if (take(r, "external") ? !is(r, "mem") : is(r, "mem"))
		fail(r, "a memory that is not external, or something else that is");
	if (component_type(r)) {
		read_component(r, def);
		return;
	}
	if (is(r, "enum")) {
		read_enum(r, def);
		return;
	}
	for (unsigned int i = 0; i < G_N_ELEMENTS(modifiers); i++) {
		if (!take(r, modifiers[i]))
			continue;
		name = want_id(r);
		set_property(r, def, name, g_strdup(modifiers[i]));
		want(r, ";");
		return;
	}
	if (take(r, "encode")) {
		want(r, "=");
		set_property(r, def, g_strdup("encode"), want_id(r));
		want(r, ";");
		return;
	}
	if (is(r, "sw") || is(r, "hw")) {
		name = g_strdup(r->text);
		next(r);
	} else {
		name = want_id(r);
	}
	type = r->kind == ID ? find_def(def, name) : NULL;
	if (type) {
		g_free(name);
		read_insts(r, def, type);
		return;
	}
	if (is(r, "[") || is(r, ".") || is(r, "->")) {
		g_autofree char *path = read_path(r, name);
		g_autofree char *property = NULL;
		g_autofree char *target = NULL;

		want(r, "->");
		property = want_id(r);
		want(r, "=");
		target = read_path(r, want_id(r));
		want(r, ";");
		g_ptr_array_add(def->refs, g_strdup_printf("%s->%s = %s", path, property, target));
		return;
	}
	set_property(r, def, name, take(r, "=") ? property_value(r) : g_strdup("true"));
	want(r, ";");
}

static void read_body(struct reader *r, struct def *def)
{
	while (r->kind != END && !is(r, "}"))
		read_statement(r, def);
}

/* ---- elaboration ---- */

static void free_reg(void *data)
{
	struct rdl_reg *reg = data;

	g_free(reg->path);
	g_free(reg);
}

static void free_map(void *data)
{
	struct rdl_map *map = data;

	g_free(map->name);
	g_free(map);
}

static uint64_t number_of(const struct def *def, const char *property, uint64_t otherwise)
{
	const char *text = g_hash_table_lookup(def->props, property);

	return text ? g_ascii_strtoull(text, NULL, 10) : otherwise;
}

static bool is_present(const struct inst *inst)
{
	return g_strcmp0(g_hash_table_lookup(inst->def->props, "ispresent"), "false");
}

/* 9.4.1, table 12: without a property it is rw; a field that is not present does not count. */
static void check_access(struct reader *r, const struct inst *field)
{
	const char *sw = g_hash_table_lookup(field->def->props, "sw");
	const char *hw = g_hash_table_lookup(field->def->props, "hw");
	bool only_w = !g_strcmp0(sw, "w") || !g_strcmp0(sw, "w1");

	if (!is_present(field))
		return;
	if (!g_strcmp0(sw, "na") || (only_w && (!g_strcmp0(hw, "w") || !g_strcmp0(hw, "na"))))
		fail(r, "sw and hw that are meaningless together");
}

static GPtrArray *fields_of(struct reader *r, struct def *def)
{
	uint64_t taken = 0;

	if (def->fields)
		return def->fields;
	def->fields = g_ptr_array_new_with_free_func(free_field);
	for (guint i = 0; i < def->insts->len; i++) {
		const struct inst *inst = def->insts->pdata[i];
		struct rdl_field *field = g_new0(struct rdl_field, 1);
		const char *encode = g_hash_table_lookup(inst->def->props, "encode");
		uint64_t bits;

		check_access(r, inst);
		g_ptr_array_add(def->fields, field);
		field->name = g_strdup(inst->name);
		field->lsb = inst->lsb;
		field->width = inst->msb - inst->lsb + 1;
		field->has_reset = inst->has_reset;
		field->reset = inst->reset;
		field->props = inst->def->props;
		if (inst->msb < inst->lsb || inst->msb >= number_of(def, "regwidth", 32)) {
			fail(r, "a field beyond its register");
			break;
		}
		bits = (UINT64_MAX >> (64 - field->width)) << field->lsb;
		/* 10.1 d */
		if (taken & bits)
			fail(r, "fields that overlap");
		taken |= bits;
		if (inst->has_reset && inst->reset_size && inst->reset_size != field->width)
			fail(r, "a reset of another size than its field");
		if (encode) {
			field->values = g_hash_table_lookup(def->enums, encode);
			if (!field->values)
				fail(r, "an encode of no enumeration");
		}
	}
	/* 10.1 c */
	if (!def->fields->len)
		fail(r, "a register without fields");
	return def->fields;
}

static uint64_t size_of(const struct def *def)
{
	uint64_t size = 0;

	if (!strcmp(def->type, "mem"))
		return number_of(def, "mementries", 1) * number_of(def, "memwidth", 32) / 8;
	if (!strcmp(def->type, "reg"))
		return number_of(def, "regwidth", 32) / 8;
	for (guint i = 0; i < def->insts->len; i++) {
		const struct inst *inst = def->insts->pdata[i];

		size = MAX(size,
			   inst->address + (inst->count - 1) * inst->stride + size_of(inst->def));
	}
	return size;
}

/* Has any field of the register software access that begins or ends with this letter? */
static bool any_sw(const struct def *def, char letter)
{
	for (guint i = 0; i < def->insts->len; i++) {
		const struct inst *field = def->insts->pdata[i];
		const char *sw = g_hash_table_lookup(field->def->props, "sw");

		if (is_present(field) && (!sw || strchr(sw, letter)))
			return true;
	}
	return false;
}

/*
 * 10.1 h, as strictly as any tool takes it: an array is everything from its
 * first byte to its last.
 */
static void check_places(struct reader *r, const struct def *def)
{
	for (guint i = 0; i < def->insts->len; i++) {
		const struct inst *a = def->insts->pdata[i];
		uint64_t end = a->address + (a->count - 1) * a->stride + size_of(a->def);

		if (!strcmp(a->def->type, "field") || !is_present(a))
			continue;
		if (a->array && a->stride < size_of(a->def))
			fail(r, "an array whose elements overlap");
		for (guint k = i + 1; k < def->insts->len; k++) {
			const struct inst *b = def->insts->pdata[k];
			uint64_t last = b->address + (b->count - 1) * b->stride + size_of(b->def);

			if (!is_present(b) || b->address >= end || a->address >= last)
				continue;
			if (strcmp(a->def->type, "reg") || strcmp(b->def->type, "reg") ||
			    (any_sw(a->def, 'r') && any_sw(b->def, 'r')) ||
			    (any_sw(a->def, 'w') && any_sw(b->def, 'w')))
				fail(r, "instances that overlap");
		}
	}
}

static void elaborate(struct reader *r, const struct def *def, const char *path, uint64_t base)
{
	GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);

	check_places(r, def);
	for (guint i = 0; i < def->refs->len; i++) {
		const char *ref = def->refs->pdata[i];
		const char *target = strstr(ref, " = ") + 3;

		g_ptr_array_add(r->file->references,
				g_strdup_printf("%s%.*s%s%s", path, (int)(target - ref), ref, path,
						target));
	}
	for (guint i = 0; i < def->insts->len; i++) {
		struct inst *inst = def->insts->pdata[i];

		if (!g_hash_table_add(names, inst->name))
			fail(r, "two instances of one name");
		for (uint64_t k = 0; k < inst->count && !r->file->error; k++) {
			uint64_t at = base + inst->address + k * inst->stride;
			g_autofree char *index =
				inst->array ? g_strdup_printf("[%" PRIu64 "]", k) : g_strdup("");
			g_autofree char *whole =
				g_strdup_printf("%s%s%s.", path, inst->name, index);

			if (!strcmp(inst->def->type, "reg")) {
				struct rdl_reg *reg = g_new0(struct rdl_reg, 1);

				reg->path = g_strndup(whole, strlen(whole) - 1);
				reg->address = at;
				reg->props = inst->def->props;
				reg->fields = fields_of(r, inst->def);
				g_ptr_array_add(r->file->regs, reg);
				continue;
			}
			if (strcmp(inst->def->type, "regfile")) {
				bool is_mem = !strcmp(inst->def->type, "mem");
				struct rdl_map *map = g_new0(struct rdl_map, 1);

				map->name = is_mem ? g_strndup(whole, strlen(whole) - 1)
						   : g_strdup(inst->name);
				map->address = at;
				map->props = inst->def->props;
				g_ptr_array_add(is_mem ? r->file->mems : r->file->maps, map);
			}
			elaborate(r, inst->def, whole, at);
		}
	}
	g_hash_table_destroy(names);
}

struct rdl_file *rdl_read(const char *text)
{
	struct rdl_file *file = g_new0(struct rdl_file, 1);
	struct reader r = { .at = text, .line = 1, .file = file };
	struct def *root, *top;

	r.trash = g_ptr_array_new_with_free_func(free_def);
	r.udps = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	file->maps = g_ptr_array_new_with_free_func(free_map);
	file->mems = g_ptr_array_new_with_free_func(free_map);
	file->regs = g_ptr_array_new_with_free_func(free_reg);
	file->references = g_ptr_array_new_with_free_func(g_free);
	file->priv = r.trash;
	root = new_def(&r, "root", NULL);
	next(&r);
	while (r.kind != END) {
		if (is(&r, "property"))
			read_udp(&r);
		else if (is(&r, "addrmap"))
			read_component(&r, root);
		else
			fail(&r, "neither a property nor an address map");
	}
	top = file->root ? g_hash_table_lookup(root->defs, file->root) : NULL;
	if (top) {
		file->root_props = top->props;
		elaborate(&r, top, "", 0);
	} else {
		fail(&r, "no address map at all");
	}
	g_free(r.text);
	g_hash_table_destroy(r.udps);
	return file;
}

void rdl_file_free(struct rdl_file *file)
{
	g_ptr_array_free(file->priv, TRUE);
	g_ptr_array_free(file->maps, TRUE);
	g_ptr_array_free(file->mems, TRUE);
	g_ptr_array_free(file->regs, TRUE);
	g_ptr_array_free(file->references, TRUE);
	g_free(file->error);
	g_free(file->root);
	g_free(file);
}
