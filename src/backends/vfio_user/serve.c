/* SPDX-License-Identifier: BSD-2-Clause */
/* A model's file and its properties, served until a signal: `ersatz serve`, whoever builds it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vfio_user/server.h"

static struct vu_server *serving;

static void on_signal(int number)
{
	if (serving)
		vu_server_stop(serving);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/*
 * "a=1,b=x,,y" as a=1 and b=x,y: a comma in a value is written twice. The text
 * is changed, and stays with the settings. Returns how many; there is room for
 * as many as the text has commas, and one.
 */
static size_t split(char *text, struct ez_setting *settings)
{
	bool in_value = false;
	size_t n = 0;
	char *to = text;

	if (!*text)
		return 0;
	settings[n++] = (struct ez_setting){ .name = text, .text = "" };
	for (; *text; text++) {
		struct ez_setting *last = &settings[n - 1];

		if (*text == ',' && text[1] != ',') {
			*to++ = '\0';
			settings[n++] = (struct ez_setting){ .name = to, .text = "" };
			in_value = false;
		} else if (*text == '=' && !in_value) {
			*to++ = '\0';
			last->text = to;
			in_value = true;
		} else {
			text += *text == ',';
			*to++ = *text;
		}
	}
	*to = '\0';
	return n;
}

int vu_serve(const char *file, const char *properties, const struct vu_options *options,
	     struct ez_error *error)
{
	const struct ez_model *model = ez_model_open(file, error);
	size_t commas = 0;
	struct ez_setting *settings;
	char *text = strdup(properties);
	const char *at;
	struct vu_server *server = NULL;
	int err = -EINVAL;

	for (at = properties; *at; at++)
		commas += *at == ',';
	settings = calloc(commas + 1, sizeof(*settings));
	if (model && text && settings)
		server = vu_server_new(model, settings, split(text, settings), options, error);
	if (server) {
		serving = server;
		catch_signals();
		err = vu_server_run(server, error);
		/* A signal that comes late finds nothing. */
		serving = NULL;
		vu_server_free(server);
	}
	if (model)
		ez_model_close(model);
	free(settings);
	free(text);
	return err;
}

int vu_serve_status(int err)
{
	if (!err)
		return 0;
	return err == -EOWNERDEAD || err == -EPROTO || err == -ETIMEDOUT ? 1 : 125;
}
