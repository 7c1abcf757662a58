/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What in a kernel's log is a report of a fault: found line by line, so that
 * each report becomes one text whose first line says what is wrong. Plain C,
 * because the agent in the guest is static and small.
 */
#ifndef ERSATZ_LAB_REPORT_H
#define ERSATZ_LAB_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_SIZE 24576u /* bytes of one report that are kept */

enum report_end {
	REPORT_NONE, /* no report is being read */
	REPORT_TRACE, /* until its list of calls is over */
	REPORT_RULE, /* until a line of nothing but "=" */
	REPORT_MARK, /* until the line that ends a warning or an oops */
	REPORT_LINE, /* one line, and that is all */
};

struct report {
	enum report_end end; /* of the report that is being read */
	bool cut; /* "cut here" has been seen: the next line is the report's first */
	size_t size;
	char text[REPORT_SIZE]; /* lines, each with a newline; ends with NUL */
};

/*
 * Takes the next line, without its newline. True: a report is complete in
 * `text`, which stays until the next call.
 */
bool report_line(struct report *report, const char *line);

/* No more lines come for now. True: a report that had no end yet is complete. */
bool report_flush(struct report *report);

#endif
