/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a build: a command whose result stands until the command, its
 * compiler or a file that it read changes.
 *
 * What was true when a step last succeeded is kept in a stamp: the command,
 * and time and size of every input. A step is stale when the stamp says
 * something else, so a file put back with an older time is noticed too, and
 * nothing depends on the order of clocks.
 */
#ifndef ERSATZ_PROJECT_STEP_H
#define ERSATZ_PROJECT_STEP_H

#include <glib.h>

struct step {
	char *what; /* for messages: "my_rng: model" */
	char *stamp; /* file that keeps what was true */
	char *output; /* what it makes */
	char *depfile; /* written by the compiler (-MD -MF); NULL: none */
	char *hint; /* what to say when it fails; NULL: just that */
	GPtrArray *argv; /* of char * */
	GPtrArray *inputs; /* of char *: files known beforehand; those of the depfile join them */
	char *temporary; /* the command writes this, and it becomes output; NULL: writes output */
};

struct step *step_new(const char *what, const char *stamp, const char *output);
void step_free(struct step *step);
void step_cleanup(struct step **step); /* for AUTO_STEP */
#define AUTO_STEP __attribute__((cleanup(step_cleanup))) struct step *

/* Adds arguments; ends with NULL. */
void step_add(struct step *step, const char *argument, ...) G_GNUC_NULL_TERMINATED;
void step_add_all(struct step *step, GPtrArray *arguments);
void step_input(struct step *step, const char *path);
/* Adds the compiler's file: $CC or cc. NULL with an error if there is none. */
char *step_compiler(GError **error);

gboolean step_fresh(struct step *step);
/*
 * Runs the command if the step is stale, its output and messages on our
 * stderr. ret_ran may be NULL. SIGINT, SIGTERM and SIGHUP end the command and
 * all that it started; the error's code is then 128 and the signal's number.
 */
gboolean step_run(struct step *step, gboolean *ret_ran, GError **error);
/* For steps that are not one command: what step_run does after the command. */
gboolean step_done(struct step *step, gint64 started, GError **error);
/* Time now as files' times have it, ns; take it before reading inputs. */
gint64 step_clock(void);

/* Files that a depfile names; of char *. */
GPtrArray *step_parse_depfile(const char *text);

#endif
