/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <string.h>

#define CUT_HERE "------------[ cut here ]------------"

/* How reports start. An oops ends the guest, or at least should be known. */
static const struct {
	const char *words;
	bool anywhere; /* as a word in the line; else at its start */
	const char *also; /* has to be in the line too; NULL: nothing */
	enum report_end end;
} starts[] = {
	{ "BUG: KASAN: ", false, NULL, REPORT_RULE },
	{ "UBSAN: ", false, NULL, REPORT_RULE },
	{ "WARNING: CPU: ", false, NULL, REPORT_MARK },
	{ "BUG: unable to handle ", false, NULL, REPORT_MARK },
	{ "BUG: kernel NULL pointer ", false, NULL, REPORT_MARK },
	{ "kernel BUG at ", false, NULL, REPORT_MARK },
	{ "general protection fault", false, NULL, REPORT_MARK },
	{ "Oops: ", false, NULL, REPORT_MARK },
	{ "divide error: ", false, NULL, REPORT_MARK },
	{ "stack segment: ", false, NULL, REPORT_MARK },
	/* Lock checking, sleeping where it is not allowed, lists, pages, lock-ups, slabs. */
	{ "WARNING: ", false, NULL, REPORT_TRACE },
	{ "BUG: ", true, NULL, REPORT_TRACE },
	{ "BUG ", false, "(", REPORT_TRACE },
	{ "INFO: task ", false, " blocked for more than ", REPORT_TRACE },
	{ "INFO: trying to register non-static key", false, NULL, REPORT_TRACE },
	{ "rcu: INFO: ", false, "stall", REPORT_TRACE },
	{ "irq ", false, ": nobody cared", REPORT_TRACE },
	{ "sysfs: cannot create duplicate filename", false, NULL, REPORT_TRACE },
	{ "list_add corruption", false, NULL, REPORT_MARK },
	{ "list_del corruption", false, NULL, REPORT_MARK },
	{ "alg: ", false, " failed", REPORT_LINE },
	{ "DMA-API: debugging out of memory", false, NULL, REPORT_LINE },
	{ "kmemleak: Cannot allocate", false, NULL, REPORT_LINE },
	{ "kmemleak: Kernel memory leak detector disabled", false, NULL, REPORT_LINE },
	{ "BUG: MAX_LOCKDEP_", false, NULL, REPORT_LINE },
};

#define STARTS (sizeof(starts) / sizeof(starts[0]))

/* Do the words stand in the line, and not as the end of a longer one (DEBUG: ...)? */
static bool has_words(const char *line, const char *words)
{
	const char *at = strstr(line, words);

	return at && (at == line || strchr(" [", at[-1]));
}

static enum report_end start_of(const char *line)
{
	for (size_t i = 0; i < STARTS; i++) {
		const char *words = starts[i].words;

		if (starts[i].anywhere ? !has_words(line, words)
				       : strncmp(line, words, strlen(words)) != 0)
			continue;
		if (!starts[i].also || strstr(line, starts[i].also))
			return starts[i].end;
	}
	return REPORT_NONE;
}

static void keep(struct report *report, const char *line)
{
	size_t size = strlen(line);

	if (report->size + size + 2 > sizeof(report->text))
		return;
	memcpy(report->text + report->size, line, size);
	report->size += size;
	report->text[report->size++] = '\n';
	report->text[report->size] = 0;
}

static bool is_rule(const char *line)
{
	return strlen(line) > 20 && line[strspn(line, "=")] == 0;
}

/* Is this the last line of the report that is being read? */
static bool ends(const struct report *report, const char *line)
{
	switch (report->end) {
	case REPORT_RULE:
		return is_rule(line);
	case REPORT_TRACE:
		return strstr(line, "</TASK>") || strstr(line, "---[ end trace");
	case REPORT_MARK:
		return strstr(line, "---[ end trace");
	case REPORT_NONE:
	case REPORT_LINE:
		break;
	}
	return true;
}

static bool finish(struct report *report)
{
	report->end = REPORT_NONE;
	report->cut = false;
	return report->size > 0;
}

bool report_line(struct report *report, const char *line)
{
	enum report_end end;

	if (report->end != REPORT_NONE) {
		if (!is_rule(line))
			keep(report, line);
		return ends(report, line) && finish(report);
	}
	if (strcmp(line, CUT_HERE) == 0) {
		report->cut = true;
		return false;
	}
	end = start_of(line);
	/* What a warning has to say comes before the line that says where. */
	if (report->cut)
		end = REPORT_MARK;
	report->cut = false;
	if (end == REPORT_NONE)
		return false;
	report->size = 0;
	keep(report, line);
	report->end = end;
	return end == REPORT_LINE && finish(report);
}

bool report_flush(struct report *report)
{
	return report->end != REPORT_NONE && finish(report);
}
