/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/ktap.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TESTS 1000000 /* in one plan; more is not meant */
#define SKIP_STATUS 4 /* the kernel's own tests end with it when they cannot run */

struct ktap *ktap_new(const char *name)
{
	struct ktap *test = g_new0(struct ktap, 1);

	test->name = g_strdup(name);
	test->seconds = -1;
	test->text = g_string_new(NULL);
	test->subtests = g_ptr_array_new_with_free_func((GDestroyNotify)ktap_free);
	return test;
}

void ktap_free(struct ktap *test)
{
	if (!test)
		return;
	g_free(test->name);
	g_free(test->reason);
	g_string_free(test->text, TRUE);
	g_ptr_array_unref(test->subtests);
	g_free(test);
}

void ktap_fail(struct ktap *test, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_free(test->reason);
	test->reason = g_strdup_vprintf(format, args);
	va_end(args);
	test->verdict = KTAP_FAIL;
}

/* ---- reading ---- */

/* Tests of one level while they are read. */
struct level {
	guint indent;
	GPtrArray *tests; /* borrowed from the test that holds them, or owned until it comes */
	GString *text; /* for the next result */
	int planned; /* -1: not said */
	guint count;
	struct ktap *last; /* diagnosis behind a result is that result's */
};

static struct level *level_new(guint indent)
{
	struct level *level = g_new0(struct level, 1);

	level->indent = indent;
	level->tests = g_ptr_array_new_with_free_func((GDestroyNotify)ktap_free);
	level->text = g_string_new(NULL);
	level->planned = -1;
	return level;
}

static void level_free(struct level *level)
{
	g_ptr_array_unref(level->tests);
	g_string_free(level->text, TRUE);
	g_free(level);
}

/* "1..N"; -1: another line. */
static int parse_plan(const char *line)
{
	char *end;
	long n;

	if (strncmp(line, "1..", 3) || !g_ascii_isdigit(line[3]))
		return -1;
	n = strtol(line + 3, &end, 10);
	return *end == 0 || *end == ' ' ? (int)MIN(n, MAX_TESTS) : -1;
}

/* Cuts a trailing "# SKIP reason" and the like off a description. */
static void parse_directive(struct ktap *test, char *text)
{
	char *mark = NULL;

	for (char *at = text; (at = strchr(at, '#')); at++)
		if (at == text || at[-1] == ' ')
			mark = at;
	if (mark) {
		char *word = g_strchug(mark + 1);
		gsize size = strcspn(word, " :");

		if (g_ascii_strncasecmp(word, "skip", 4) == 0 && size <= 7) {
			test->verdict = KTAP_SKIP;
		} else if (size == 4 && g_ascii_strncasecmp(word, "todo", 4) == 0) {
			test->verdict = KTAP_SKIP;
		} else if (size == 5 && g_ascii_strncasecmp(word, "xfail", 5) == 0) {
			test->verdict = KTAP_SKIP;
		} else if (size == 7 && g_ascii_strncasecmp(word, "timeout", 7) == 0) {
			test->verdict = KTAP_FAIL;
			test->reason = g_strdup("timed out");
		} else {
			mark = NULL;
		}
		if (mark) {
			*mark = 0;
			if (!test->reason)
				test->reason = g_strdup(g_strstrip(word + size));
		}
	}
	g_free(test->name);
	test->name = g_strdup(g_strstrip(text));
}

/* "ok 3 - name # SKIP why", "not ok 3 name"; NULL: another line. */
static struct ktap *parse_result(const char *line)
{
	gboolean bad = g_str_has_prefix(line, "not ok");
	const char *at = line + (bad ? 6 : 2);
	g_autofree char *text = NULL;
	struct ktap *test;

	if ((!bad && strncmp(line, "ok", 2)) || (*at && *at != ' '))
		return NULL;
	while (*at == ' ')
		at++;
	while (g_ascii_isdigit(*at))
		at++;
	while (*at == ' ')
		at++;
	if (*at == '-' && (at[1] == ' ' || !at[1]))
		at++;
	test = ktap_new("");
	test->verdict = bad ? KTAP_FAIL : KTAP_PASS;
	text = g_strdup(at);
	parse_directive(test, text);
	if (!*test->name) {
		g_free(test->name);
		test->name = g_strdup("unnamed");
	}
	return test;
}

static void note_plan(struct level *level, struct ktap *into)
{
	if (level->planned >= 0 && level->count < (guint)level->planned)
		ktap_fail(into, "%u of %d planned tests were run", level->count, level->planned);
}

static gboolean any(GPtrArray *tests, enum ktap_verdict verdict)
{
	for (guint i = 0; i < tests->len; i++)
		if (((struct ktap *)tests->pdata[i])->verdict == verdict)
			return TRUE;
	return FALSE;
}

/* A result takes the level below it, if one is open, as its subtests. */
static void add_result(GPtrArray *levels, struct level *level, struct ktap *test)
{
	struct level *top = levels->pdata[levels->len - 1];

	if (top != level) {
		struct ktap *sub;

		for (guint i = 0; i < top->tests->len; i++) {
			sub = top->tests->pdata[i];
			g_ptr_array_add(test->subtests, sub);
		}
		g_ptr_array_set_free_func(top->tests, NULL);
		if (test->verdict == KTAP_PASS) {
			if (any(test->subtests, KTAP_FAIL))
				ktap_fail(test, "a subtest failed");
			note_plan(top, test);
		}
		g_string_append_len(test->text, top->text->str, (gssize)top->text->len);
		g_ptr_array_set_size(levels, (int)levels->len - 1);
	}
	g_string_append_len(test->text, level->text->str, (gssize)level->text->len);
	g_string_truncate(level->text, 0);
	g_ptr_array_add(level->tests, test);
	level->count++;
	level->last = test;
}

static gboolean is_header(const char *line)
{
	return g_str_has_prefix(line, "KTAP version ") || g_str_has_prefix(line, "TAP version ");
}

/* The level that a line of this indentation belongs to; deeper ones that lack a result end. */
static struct level *find_level(GPtrArray *levels, guint indent, gboolean opens)
{
	struct level *top = levels->pdata[levels->len - 1];

	if (opens && indent > top->indent && levels->len < 16) {
		top = level_new(indent);
		g_ptr_array_add(levels, top);
		return top;
	}
	for (guint i = levels->len; i-- > 0;) {
		struct level *level = levels->pdata[i];

		/* Only the level right above may take a result's subtests. */
		if (level->indent <= indent) {
			while (levels->len > i + 2) {
				struct level *above = levels->pdata[levels->len - 2];
				struct ktap *group = ktap_new("subtests without a result");

				ktap_fail(group, "the test ended before its result");
				add_result(levels, above, group);
			}
			return level;
		}
	}
	return levels->pdata[0];
}

static void parse_line(GPtrArray *levels, char *line)
{
	guint indent = 0;
	struct level *level;
	struct ktap *test;
	int plan;

	g_strchomp(line);
	while (*line == ' ' || *line == '\t') {
		indent += *line == '\t' ? 8 : 1;
		line++;
	}
	if (!*line)
		return;
	plan = parse_plan(line);
	if (is_header(line) || plan >= 0) {
		level = find_level(levels, indent, TRUE);
		if (plan >= 0) /* programs with several groups print several */
			level->planned = MIN(MAX(level->planned, 0) + plan, MAX_TESTS);
		return;
	}
	test = parse_result(line);
	if (test) {
		/* A first result may be indented as a whole. */
		level = find_level(levels, indent, FALSE);
		add_result(levels, level, test);
		return;
	}
	level = levels->pdata[levels->len - 1];
	if (*line == '#') {
		line++;
		if (*line == ' ')
			line++;
		/* What says nothing that the results do not: a title, cmocka's last line
		 * of a group. */
		if (g_str_has_prefix(line, "Subtest: ") || g_str_has_prefix(line, "ok - ") ||
		    g_str_has_prefix(line, "not ok - "))
			return;
	}
	/* Behind a failure it explains that failure; else it is the next result's. */
	if (level->last && level->last->verdict == KTAP_FAIL)
		g_string_append_printf(level->last->text, "%s\n", line);
	else
		g_string_append_printf(level->text, "%s\n", line);
}

static const char *status_text(int status, char *buf, gsize size)
{
	if (status > 128 && status < 160)
		g_snprintf(buf, size, "died of signal %d (%s)", status - 128,
			   g_strsignal(status - 128));
	else
		g_snprintf(buf, size, "ended with status %d", status);
	return buf;
}

struct ktap *ktap_parse(const char *name, const char *output, int status)
{
	g_autoptr(GPtrArray) levels = g_ptr_array_new_with_free_func((GDestroyNotify)level_free);
	g_autofree char *valid = g_utf8_make_valid(output, -1);
	g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
	struct ktap *test = ktap_new(name);
	struct level *level = level_new(0);
	char buf[96];

	g_ptr_array_add(levels, level);
	for (char **line = lines; *line; line++)
		parse_line(levels, *line);
	while (levels->len > 1) {
		struct ktap *group = ktap_new("subtests without a result");

		ktap_fail(group, "the test ended before its result");
		add_result(levels, levels->pdata[levels->len - 2], group);
	}
	g_ptr_array_unref(test->subtests);
	test->subtests = g_ptr_array_ref(level->tests);
	g_string_append_len(test->text, level->text->str, (gssize)level->text->len);
	if (test->subtests->len && !any(test->subtests, KTAP_PASS) &&
	    !any(test->subtests, KTAP_FAIL)) {
		test->verdict = KTAP_SKIP;
		test->reason = g_strdup("all were skipped");
	}
	if (level->planned == 0 && !test->subtests->len)
		test->verdict = KTAP_SKIP;
	if (any(test->subtests, KTAP_FAIL))
		ktap_fail(test, "a subtest failed");
	note_plan(level, test);
	if (status == SKIP_STATUS && !any(test->subtests, KTAP_FAIL))
		test->verdict = KTAP_SKIP;
	else if (status && !any(test->subtests, KTAP_FAIL))
		ktap_fail(test, "%s", status_text(status, buf, sizeof(buf)));
	return test;
}

/* ---- writing ---- */

static void print_text(const char *text, const char *indent, GString *out)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		if (**line)
			g_string_append_printf(out, "%s# %s\n", indent, *line);
}

void ktap_print(const struct ktap *test, guint number, guint depth, GString *out)
{
	g_autofree char *indent = g_strnfill(2 * depth, ' ');
	g_autofree char *reason =
		test->reason ? g_strdelimit(g_strdup(test->reason), "\n", ' ') : NULL;

	if (test->subtests->len) {
		g_string_append_printf(out, "%s  KTAP version 1\n%s  # Subtest: %s\n%s  1..%u\n",
				       indent, indent, test->name, indent, test->subtests->len);
		for (guint i = 0; i < test->subtests->len; i++)
			ktap_print(test->subtests->pdata[i], i + 1, depth + 1, out);
	}
	print_text(test->text->str, indent, out);
	if (test->verdict == KTAP_FAIL && reason)
		g_string_append_printf(out, "%s# %s: %s\n", indent, test->name, reason);
	g_string_append_printf(out, "%s%s %u - %s", indent,
			       test->verdict == KTAP_FAIL ? "not ok" : "ok", number, test->name);
	if (test->verdict == KTAP_SKIP)
		g_string_append_printf(out, " # SKIP%s%s", reason && *reason ? " " : "",
				       reason ? reason : "");
	g_string_append_c(out, '\n');
}

void ktap_count(const struct ktap *test, struct ktap_count *count)
{
	gboolean sub_failed = any(test->subtests, KTAP_FAIL);

	for (guint i = 0; i < test->subtests->len; i++)
		ktap_count(test->subtests->pdata[i], count);
	if (test->subtests->len && (test->verdict != KTAP_FAIL || sub_failed))
		return;
	switch (test->verdict) {
	case KTAP_PASS:
		count->passed++;
		break;
	case KTAP_FAIL:
		count->failed++;
		break;
	case KTAP_SKIP:
		count->skipped++;
		break;
	}
}

static void junit_case(const struct ktap *test, const char *suite, const char *path, GString *out)
{
	g_autofree char *full =
		path ? g_strdup_printf("%s/%s", path, test->name) : g_strdup(test->name);
	g_autofree char *line = NULL;

	for (guint i = 0; i < test->subtests->len; i++)
		junit_case(test->subtests->pdata[i], suite, full, out);
	if (test->subtests->len && (test->verdict != KTAP_FAIL || any(test->subtests, KTAP_FAIL)))
		return;
	line = g_markup_printf_escaped("    <testcase classname=\"%s\" name=\"%s\"", suite, full);
	g_string_append(out, line);
	if (test->seconds >= 0)
		g_string_append_printf(out, " time=\"%.3f\"", test->seconds);
	if (test->verdict == KTAP_PASS) {
		g_string_append(out, "/>\n");
		return;
	}
	g_free(line);
	line = g_markup_printf_escaped(
		test->verdict == KTAP_FAIL ? "><failure message=\"%s\">%s</failure></testcase>\n"
					   : "><skipped message=\"%s\"/></testcase>\n",
		test->reason ? test->reason : "", test->text->str);
	g_string_append(out, line);
}

char *ktap_junit(GPtrArray *tests)
{
	GString *out = g_string_new("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");

	for (guint i = 0; i < tests->len; i++) {
		const struct ktap *test = tests->pdata[i];
		struct ktap_count count = { 0 };
		g_autofree char *head = NULL;

		ktap_count(test, &count);
		head = g_markup_printf_escaped("  <testsuite name=\"%s\"", test->name);
		g_string_append_printf(out, "%s tests=\"%u\" failures=\"%u\" skipped=\"%u\"", head,
				       count.passed + count.failed + count.skipped, count.failed,
				       count.skipped);
		if (test->seconds >= 0)
			g_string_append_printf(out, " time=\"%.3f\"", test->seconds);
		g_string_append(out, ">\n");
		for (guint j = 0; j < test->subtests->len; j++)
			junit_case(test->subtests->pdata[j], test->name, NULL, out);
		if (!test->subtests->len ||
		    (test->verdict == KTAP_FAIL && !any(test->subtests, KTAP_FAIL))) {
			struct ktap alone = *test;
			g_autoptr(GPtrArray) none = g_ptr_array_new();

			alone.subtests = none;
			junit_case(&alone, test->name, NULL, out);
		}
		g_string_append(out, "  </testsuite>\n");
	}
	g_string_append(out, "</testsuites>\n");
	/* XML has no way to write most control characters. */
	for (gsize i = 0; i < out->len; i++)
		if ((guchar)out->str[i] < ' ' && out->str[i] != '\n' && out->str[i] != '\t')
			out->str[i] = '?';
	return g_string_free(out, FALSE);
}
