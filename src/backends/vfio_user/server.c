/* SPDX-License-Identifier: BSD-2-Clause */
#include "backends/vfio_user/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/vfio_user/keeper.h"
#include "backends/vfio_user/session.h"

struct vu_server {
	struct vu_recipe recipe;
	struct vu_listener listener;
	bool contain, once;
	int ready_fd;
	/* Orders, and 's' for stop, go in at one end; who serves or keeps reads the other. */
	int orders_in, orders_out;
	int outside; /* orders from another process; -1: none come */
	struct vu_child child;
};

static int copy_recipe(struct vu_recipe *r, const struct ez_model *model,
		       const struct ez_setting *settings, size_t n,
		       const struct vu_options *options, struct ez_error *error)
{
	size_t i;

	r->model = model;
	/* In a debugger hours go by. */
	r->stall_ms = options->await_gdb ? 1000 * 86400 : options->stall_ms;
	r->hang_ms = options->await_gdb ? 0 : options->hang_ms;
	r->await_gdb = options->await_gdb;
	r->info_fd = options->info_fd > 0 ? options->info_fd : -1;
	r->end_fd = options->end_fd > 0 ? options->end_fd : -1;
	r->id = strdup(options->id ? options->id : model->spec->name);
	r->settings = calloc(n + 1, sizeof(*r->settings));
	if (!r->id || !r->settings)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		int err = ez_setting_check(model->spec, settings[i].name, settings[i].text, error);

		if (err)
			return err;
		r->settings[i].name = strdup(settings[i].name);
		r->settings[i].text = strdup(settings[i].text);
		r->n_settings = i + 1;
		if (!r->settings[i].name || !r->settings[i].text)
			return -ENOMEM;
	}
	return 0;
}

static void free_recipe(struct vu_recipe *r)
{
	size_t i;

	for (i = 0; i < r->n_settings; i++) {
		free((void *)(uintptr_t)r->settings[i].name);
		free((void *)(uintptr_t)r->settings[i].text);
	}
	free(r->settings);
	free(r->id);
}

struct vu_server *vu_server_new(const struct ez_model *model, const struct ez_setting *settings,
				size_t n_settings, const struct vu_options *options,
				struct ez_error *error)
{
	struct vu_server *server = calloc(1, sizeof(*server));
	int pair[2];

	snprintf(error->text, sizeof(error->text), "%s: out of memory or descriptors",
		 model->spec->name);
	if (!server || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		free(server);
		return NULL;
	}
	server->orders_in = pair[0];
	server->orders_out = pair[1];
	server->contain = options->contain;
	server->once = options->once;
	server->ready_fd = options->ready_fd;
	server->outside = options->orders_fd > 0 ? options->orders_fd : -1;
	server->listener.fd = -1;
	server->listener.folder = -1;
	keeper_init(&server->child);
	if (copy_recipe(&server->recipe, model, settings, n_settings, options, error) ||
	    listen_open(&server->listener, options->socket, error)) {
		vu_server_free(server);
		return NULL;
	}
	return server;
}

void vu_server_free(struct vu_server *server)
{
	if (!server)
		return;
	keeper_free(&server->child);
	listen_unlink(&server->listener);
	listen_close(&server->listener);
	close(server->orders_in);
	close(server->orders_out);
	free_recipe(&server->recipe);
	free(server);
}

static void order(struct vu_server *server, char what)
{
	int saved = errno;

	while (send(server->orders_in, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR)
		;
	errno = saved;
}

void vu_server_stop(struct vu_server *server)
{
	order(server, 's');
}

void vu_server_order(struct vu_server *server, enum vu_order what)
{
	order(server, (char)what);
}

static void tell(int fd, const char *line)
{
	while (write(fd, line, strlen(line)) < 0 && errno == EINTR)
		;
}

static void say_waits(void *data, pid_t pid)
{
	const struct vu_server *server = data;
	char line[32];

	snprintf(line, sizeof(line), "waits %d\n", (int)pid);
	if (server->ready_fd >= 0)
		tell(server->ready_fd, line);
	else
		fprintf(stderr,
			"%s: the model waits for gdb; in another terminal:\n\n    gdb -p %d\n\n",
			server->recipe.id, (int)pid);
}

static void say_ready(struct vu_server *server)
{
	if (server->ready_fd < 0)
		return;
	tell(server->ready_fd, "ready\n");
	close(server->ready_fd);
	server->ready_fd = -1;
}

static int gone(struct vu_server *server, int result, struct ez_error *error)
{
	const char *why = result == -EOWNERDEAD ? "the model died (see above)"
						: "the client was dropped (see above)";

	if (result == 0 || result == -ECANCELED)
		return 0;
	snprintf(error->text, sizeof(error->text), "%s: %s", server->recipe.id, why);
	return result;
}

/* ---- with a keeper ---- */

/* 1: go on; 0: it was stopped meanwhile. */
static int welcome(struct vu_server *server, struct ez_error *error)
{
	int client = listen_accept(&server->listener, server->recipe.id);
	int err = 0;

	if (client < 0)
		return 1;
	if (server->child.client >= 0) {
		fprintf(stderr, "%s: another client was turned away: there is one already\n",
			server->recipe.id);
		close(client);
		return 1;
	}
	if (!server->child.pid)
		err = keeper_start(&server->child, &server->recipe, &server->listener,
				   server->orders_out, error);
	if (err) {
		close(client);
		return err == -ECANCELED ? 0 : err;
	}
	/* If it has died meanwhile, its burial tells. */
	keeper_serve(&server->child, client);
	return 1;
}

enum { AT_ORDERS, AT_LISTENER, AT_CHILD, AT_WOKEN, AT_OUTSIDE, AT_COUNT };

/*
 * It has been woken, or has carried out an order, which whoever gave it may wait for.
 * After its last word its end is still to come.
 */
static void hear_child(struct vu_server *server)
{
	char what = 0;
	ssize_t n = recv(server->child.control, &what, 1, MSG_DONTWAIT);

	if (n == 0)
		server->child.over = true;
	if (n == 1 && what != VU_WOKEN && server->outside >= 0)
		send(server->outside, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Whoever gave orders may go: the client decides how long we serve. */
static void take_outside(struct vu_server *server)
{
	char what;
	ssize_t n = recv(server->outside, &what, 1, MSG_DONTWAIT);

	if (n == 0)
		server->outside = -1;
	/* To stop is for signals. */
	if (n == 1 && what != 's' && server->child.pid)
		send(server->child.control, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* 1: go on. */
static int turn(struct vu_server *server, struct ez_error *error)
{
	struct pollfd p[AT_COUNT] = {
		[AT_ORDERS] = { .fd = server->orders_out, .events = POLLIN },
		[AT_LISTENER] = { .fd = server->listener.fd, .events = POLLIN },
		[AT_CHILD] = { .fd = server->child.pidfd, .events = POLLIN },
		[AT_WOKEN] = { .fd = server->child.over ? -1 : server->child.control,
			       .events = POLLIN },
		[AT_OUTSIDE] = { .fd = server->outside, .events = POLLIN },
	};
	bool served = server->child.client >= 0;
	char what;
	int err;

	if (poll(p, AT_COUNT, watch_look(&server->child, &server->recipe)) <= 0)
		return 1;
	if (p[AT_WOKEN].revents)
		hear_child(server);
	if (p[AT_OUTSIDE].revents)
		take_outside(server);
	if (p[AT_ORDERS].revents && recv(server->orders_out, &what, 1, MSG_DONTWAIT) == 1) {
		if (what == 's') {
			if (served)
				keeper_told(&server->recipe);
			return 0;
		}
		if (server->child.pid)
			send(server->child.control, &what, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (p[AT_CHILD].revents) {
		err = keeper_bury(&server->child, &server->recipe);
		if (served && server->once)
			return gone(server, err, error);
	}
	return p[AT_LISTENER].revents ? welcome(server, error) : 1;
}

static int run_contained(struct vu_server *server, struct ez_error *error)
{
	int err, end;

	server->recipe.awaits = say_waits;
	server->recipe.data = server;
	/* The first is made ahead of its client: a device that cannot be made is said now. */
	err = keeper_start(&server->child, &server->recipe, &server->listener, server->orders_out,
			   error);
	if (err)
		return err == -ECANCELED ? 0 : err;
	say_ready(server);
	do {
		err = turn(server, error);
	} while (err > 0);
	end = keeper_stop(&server->child, &server->recipe);
	/* Stopped from outside; but its last hook may have failed, or not returned. */
	if (!err && server->once && end == -EOWNERDEAD)
		return gone(server, end, error);
	return err;
}

/* ---- without ---- */

/* A client, or -1: stopped. */
static int await_client(struct vu_server *server)
{
	struct pollfd p[] = {
		{ .fd = server->orders_out, .events = POLLIN },
		{ .fd = server->listener.fd, .events = POLLIN },
	};
	char what;
	int client;

	for (;;) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[0].revents && recv(server->orders_out, &what, 1, MSG_DONTWAIT) == 1 &&
		    what == 's')
			return -1;
		if (!p[1].revents)
			continue;
		client = listen_accept(&server->listener, server->recipe.id);
		if (client >= 0)
			return client;
	}
}

static int serve_one(struct vu_server *server, struct vu_session *s, int client)
{
	int control = dup(server->orders_out);
	int err = vu_session_attach(s, client, control, server->recipe.stall_ms);

	if (!err)
		err = vu_session_serve(s);
	vu_session_part(s);
	return err;
}

static int run_here(struct vu_server *server, struct ez_error *error)
{
	const struct vu_recipe *r = &server->recipe;
	struct vu_page *page = page_new();
	struct vu_session *s;
	int client, err;

	do {
		s = page ? vu_session_new(r->model, r->id, r->settings, r->n_settings, page, error)
			 : NULL;
		if (!s) {
			page_free(page);
			return -EINVAL;
		}
		crash_install(page);
		say_ready(server);
		client = await_client(server);
		err = client < 0 ? -ECANCELED : serve_one(server, s, client);
		vu_session_free(s);
	} while (!server->once && err != -ECANCELED);
	page_free(page);
	return gone(server, err, error);
}

int vu_server_run(struct vu_server *server, struct ez_error *error)
{
	signal(SIGPIPE, SIG_IGN);
	return server->contain ? run_contained(server, error) : run_here(server, error);
}
