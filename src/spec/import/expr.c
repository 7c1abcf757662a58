/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/import/expr.h"

#include <string.h>

/* Wide enough that nothing of 64 bits overflows before it is looked at. */
typedef __int128 wide;

#define LIMIT ((wide)1 << 100)
/* Of parentheses and of parameters that name parameters. */
#define MAX_DEPTH 32
/* Of one evaluation, parameters included: they may name each other many times. */
#define MAX_STEPS 10000

struct eval {
	const char *at;
	expr_lookup lookup;
	void *user;
	unsigned int depth, *steps;
	char **why;
};

static wide ternary(struct eval *e);

static G_GNUC_PRINTF(2, 3) wide fail(struct eval *e, const char *format, ...)
{
	va_list args;

	if (!*e->why) {
		va_start(args, format);
		*e->why = g_strdup_vprintf(format, args);
		va_end(args);
	}
	return 0;
}

static void blanks(struct eval *e)
{
	while (g_ascii_isspace(*e->at))
		e->at++;
}

static bool take(struct eval *e, const char *operator)
{
	blanks(e);
	if (!g_str_has_prefix(e->at, operator))
		return false;
	e->at += strlen(operator);
	return true;
}

static wide bounded(struct eval *e, wide value)
{
	if (value > LIMIT || value < -LIMIT)
		return fail(e, "a number of more than 64 bits on the way");
	return value;
}

/* Digits of a base, with _ between them. */
static wide digits(struct eval *e, unsigned int base)
{
	wide value = 0;
	unsigned int n = 0;

	for (; *e->at; e->at++) {
		int digit = g_ascii_xdigit_value(*e->at);

		if (*e->at == '_' && n)
			continue;
		if (digit < 0 || digit >= (int)base)
			break;
		value = value * base + digit;
		n++;
		if (value > LIMIT)
			return fail(e, "a number of more than 64 bits");
	}
	if (!n)
		return fail(e, "a number without digits");
	return value;
}

/* 'h10, 8'hff, 'sb11; the quote is where e->at stands. */
static wide based(struct eval *e)
{
	char base;

	e->at++;
	if (g_ascii_tolower(*e->at) == 's')
		e->at++;
	base = g_ascii_tolower(*e->at);
	if (*e->at)
		e->at++;
	blanks(e);
	switch (base) {
	case 'h':
		return digits(e, 16);
	case 'd':
		return digits(e, 10);
	case 'o':
		return digits(e, 8);
	case 'b':
		return digits(e, 2);
	default:
		return fail(e, "a base that is none of 'h 'd 'o 'b");
	}
}

static wide number(struct eval *e)
{
	static const char units[] = "KMGT";
	const char *unit;
	wide value;

	if (*e->at == '\'')
		return based(e);
	/* The notations of 1685-2009, in which 0x and # open hexadecimal ones. */
	if (*e->at == '#') {
		e->at++;
		return digits(e, 16);
	}
	if (!g_ascii_strncasecmp(e->at, "0x", 2)) {
		e->at += 2;
		value = digits(e, 16);
	} else {
		value = digits(e, 10);
	}
	if (*e->at == '\'')
		return based(e); /* the width before it says nothing of the value */
	unit = *e->at ? strchr(units, g_ascii_toupper(*e->at)) : NULL;
	if (unit && !g_ascii_isalnum(e->at[1])) {
		e->at++;
		value <<= 10 * (unit - units + 1);
	}
	return bounded(e, value);
}

static wide multiply(struct eval *e, wide a, wide b)
{
	wide value;

	if (__builtin_mul_overflow(a, b, &value))
		value = LIMIT + 1;
	return bounded(e, value);
}

static wide raise_to(struct eval *e, wide base, wide power)
{
	wide value = 1;

	if (power < 0 || power > 128)
		return fail(e, "a power that is too large");
	while (power-- && !*e->why)
		value = multiply(e, value, base);
	return value;
}

static wide call(struct eval *e)
{
	const char *start = e->at;
	wide value, second, log = 0;

	e->at++;
	while (g_ascii_isalnum(*e->at) || *e->at == '_')
		e->at++;
	if (e->at - start == 6 && !strncmp(start, "$clog2", 6) && take(e, "(")) {
		value = ternary(e);
		while (((wide)1 << log) < value && log < 100)
			log++;
	} else if (e->at - start == 4 && !strncmp(start, "$pow", 4) && take(e, "(")) {
		value = ternary(e);
		if (!take(e, ","))
			return fail(e, "a , is missing in $pow(x, y)");
		second = ternary(e);
		log = raise_to(e, value, second);
	} else {
		return fail(e, "the function %.*s is not read", (int)MIN(e->at - start, 40), start);
	}
	if (!take(e, ")"))
		return fail(e, "a ) is missing");
	return log;
}

static wide parameter(struct eval *e)
{
	const char *start = e->at, *text;
	g_autofree char *name = NULL;
	struct eval inner = *e;
	wide value;

	while (g_ascii_isalnum(*e->at) || *e->at == '_' || *e->at == '-' || *e->at == '.') {
		/* A UUID has -; a - before a blank is a minus. */
		if (*e->at == '-' && !g_ascii_isalnum(e->at[1]))
			break;
		e->at++;
	}
	name = g_strndup(start, MIN(e->at - start, 256));
	text = e->lookup ? e->lookup(name, e->user) : NULL;
	if (!text) {
		/* not a name with a minus in it, then. */
		char *minus = strchr(name, '-');

		if (minus) {
			*minus = 0;
			text = e->lookup ? e->lookup(name, e->user) : NULL;
			e->at = start + strlen(name);
		}
	}
	if (!strcmp(name, "true") || !strcmp(name, "false"))
		return *name == 't';
	if (!text)
		return fail(e, "there is no parameter %.40s", name);
	if (e->depth >= MAX_DEPTH - 1)
		return fail(e, "parameter %.40s is defined by itself", name);
	inner.at = text;
	inner.depth++;
	value = ternary(&inner);
	blanks(&inner);
	if (*inner.at)
		return fail(e, "parameter %.40s is no number", name);
	return value;
}

static wide primary(struct eval *e)
{
	wide value;

	blanks(e);
	if (++*e->steps > MAX_STEPS || e->depth > MAX_DEPTH)
		return fail(e, "it is too long, or goes in circles");
	if (*e->why)
		return 0;
	if (*e->at == '(') {
		e->at++;
		e->depth++;
		value = ternary(e);
		e->depth--;
		return take(e, ")") ? value : fail(e, "a ) is missing");
	}
	if (g_ascii_isdigit(*e->at) || *e->at == '\'' || *e->at == '#')
		return number(e);
	if (*e->at == '$')
		return call(e);
	if (g_ascii_isalpha(*e->at) || *e->at == '_')
		return parameter(e);
	return fail(e, *e->at ? "'%.1s' is not read here" : "it ends too early",
		    g_ascii_isprint(*e->at) ? e->at : "?");
}

static wide unary(struct eval *e)
{
	wide value;

	blanks(e);
	if (*e->at != '-' && *e->at != '+' && *e->at != '!')
		return primary(e);
	if (++*e->steps > MAX_STEPS || ++e->depth > MAX_DEPTH)
		return fail(e, "it is too long");
	switch (*e->at++) {
	case '-':
		value = -unary(e);
		break;
	case '!':
		value = !unary(e);
		break;
	default:
		value = unary(e);
	}
	e->depth--;
	return value;
}

/* Binary operators, loosest first; longer ones before their beginnings. */
static const struct operator
{
	const char *text;
	unsigned int level;
}
operators[] = {
	{ "||", 0 }, { "&&", 1 },  { "==", 5 }, { "!=", 5 }, { "<<", 7 }, { ">>", 7 }, { "<=", 6 },
	{ ">=", 6 }, { "**", 10 }, { "|", 2 },	{ "^", 3 },  { "&", 4 },  { "<", 6 },  { ">", 6 },
	{ "+", 8 },  { "-", 8 },   { "*", 9 },	{ "/", 9 },  { "%", 9 },
};

static wide apply(struct eval *e, const char *op, wide a, wide b)
{
	if (*e->why)
		return 0;
	switch (op[0] << 8 | op[1]) {
	case '|' << 8 | '|':
		return a || b;
	case '&' << 8 | '&':
		return a && b;
	case '=' << 8 | '=':
		return a == b;
	case '!' << 8 | '=':
		return a != b;
	case '<' << 8 | '=':
		return a <= b;
	case '>' << 8 | '=':
		return a >= b;
	case '<' << 8 | '<':
		if (b < 0 || b > 64)
			return fail(e, "a shift by more than 64");
		return multiply(e, a, (wide)1 << b);
	case '>' << 8 | '>':
		return b < 0 || b > 64 ? fail(e, "a shift by more than 64") : a >> b;
	case '*' << 8 | '*':
		return raise_to(e, a, b);
	case '|' << 8:
		return a | b;
	case '^' << 8:
		return a ^ b;
	case '&' << 8:
		return a & b;
	case '<' << 8:
		return a < b;
	case '>' << 8:
		return a > b;
	case '+' << 8:
		return bounded(e, a + b);
	case '-' << 8:
		return bounded(e, a - b);
	case '*' << 8:
		return multiply(e, a, b);
	default:
		if (!b)
			return fail(e, "a division by zero");
		return *op == '/' ? a / b : a % b;
	}
}

static const struct operator* peek(struct eval *e)
{
	blanks(e);
	for (unsigned int i = 0; i < G_N_ELEMENTS(operators); i++)
		if (g_str_has_prefix(e->at, operators[i].text))
			return &operators[i];
	return NULL;
}

static wide binary(struct eval *e, unsigned int level)
{
	const struct operator* op;
	wide value = unary(e);

	while (!*e->why && (op = peek(e)) && op->level >= level) {
		wide right;

		e->at += strlen(op->text);
		right = binary(e, op->level + 1);
		value = apply(e, op->text, value, right);
	}
	return value;
}

static wide ternary(struct eval *e)
{
	wide value, yes, no;

	if (++e->depth > MAX_DEPTH + 1)
		return fail(e, "it is nested too deep, or goes in circles");
	value = binary(e, 0);
	if (!*e->why && take(e, "?")) {
		yes = ternary(e);
		if (!take(e, ":"))
			return fail(e, "a : is missing");
		no = ternary(e);
		value = value ? yes : no;
	}
	e->depth--;
	return value;
}

bool expr_eval(const char *text, expr_lookup lookup, void *user, uint64_t *ret_value,
	       char **ret_why)
{
	unsigned int steps = 0;
	char *why = NULL;
	struct eval e = {
		.at = text, .lookup = lookup, .user = user, .steps = &steps, .why = &why
	};
	wide value = ternary(&e);

	blanks(&e);
	if (!why && *e.at)
		fail(&e, "'%.10s' behind its end", g_str_is_ascii(e.at) ? e.at : "?");
	if (!why && (value < 0 || value > UINT64_MAX))
		fail(&e, value < 0 ? "it is negative" : "it has more than 64 bits");
	if (why) {
		*ret_why = why;
		return false;
	}
	*ret_value = value;
	return true;
}
