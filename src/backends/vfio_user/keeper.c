/* SPDX-License-Identifier: BSD-2-Clause */
#include "backends/vfio_user/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

#define STOP_MS 3000
#define ABORT_MS 500

static pid_t keeper_pid;

void keeper_init(struct vu_child *child)
{
	*child = (struct vu_child){ .pidfd = -1, .control = -1, .client = -1 };
	windows_init(child->files);
}

/* ---- in the serving process ---- */

static const struct vu_listener *our_listener;

/* A hook that does not come back, and nobody who would take the socket away. */
static void on_alarm(int signal_)
{
	listen_unlink(our_listener);
	signal(SIGALRM, SIG_DFL);
	raise(SIGALRM);
}

/*
 * A process group's signals come to both of us; whether to end is for our keeper to
 * say. If it is gone, the control socket says so too, and the loop ends in
 * order; a hook that does not come back gets this long.
 */
static void on_term(int signal_)
{
	if (getppid() != keeper_pid)
		alarm(STOP_MS / 1000);
}

/* Leaves in order, and tells the keeper, if it still is there, what it came to. */
__attribute__((noreturn)) static void leave(const struct vu_listener *listener,
					    struct vu_page *page, int result)
{
	/* Nobody else is left to take the socket away. */
	if (result == -EPIPE)
		listen_unlink(listener);
	page_set(&page->ended, 1 + (uint32_t)-result);
	_exit(0);
}

static void settle(const struct vu_listener *listener, struct vu_page *page)
{
	struct sigaction term = { .sa_handler = on_term, .sa_flags = SA_RESTART };

	sigaction(SIGTERM, &term, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	our_listener = listener;
	signal(SIGALRM, on_alarm);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	close(listener->fd);
	/* It went before we asked to be told. */
	if (getppid() != keeper_pid)
		leave(listener, page, -EPIPE);
}

/* The client's connection; -EPIPE: our keeper is gone; -ECANCELED: it wants us to end. */
static int receive_client(int control)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} ancillary;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	do {
		msg.msg_control = &ancillary;
		msg.msg_controllen = sizeof(ancillary);
		n = recvmsg(control, &msg, MSG_CMSG_CLOEXEC);
		c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
		/* Orders before there is a client have nothing to act on. */
	} while ((n < 0 && errno == EINTR) || (n > 0 && !c && byte != 's'));
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return n > 0 ? -ECANCELED : -EPIPE;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static bool is_traced(void)
{
	char line[128];
	int tracer = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && !tracer && fgets(line, sizeof(line), f))
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	if (f)
		fclose(f);
	return tracer != 0;
}

/*
 * Until a debugger is there, and lets us go on. It may be no parent of ours,
 * which is what Yama asks for, so whoever may, may.
 */
static void await_gdb(const struct vu_listener *listener, struct vu_page *page, int control)
{
	struct pollfd p = { .fd = control, .events = POLLIN };

	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	while (!is_traced())
		/* The only order there is now is to end. */
		if (poll(&p, 1, 50) > 0)
			leave(listener, page, p.revents & POLLHUP ? -EPIPE : -ECANCELED);
	/* It stops us before it lets us go: not that we are on our way in between. */
	poll(NULL, 0, 50);
}

__attribute__((noreturn)) static void serve(const struct vu_recipe *recipe,
					    const struct vu_listener *listener, int control,
					    struct vu_page *page)
{
	struct ez_error error = { "" };
	struct vu_session *s;
	int client, result;

	settle(listener, page);
	crash_install(page);
	if (recipe->await_gdb)
		await_gdb(listener, page, control);
	s = vu_session_new(recipe->model, recipe->id, recipe->settings, recipe->n_settings, page,
			   &error);
	if (s) {
		error.text[0] = '\0';
		s->info_fd = recipe->info_fd;
	}
	/* From here on it is the keeper who brings us work. */
	page_set(&page->awake, 0);
	windows_tell(control, error.text, s ? s->dev : NULL);
	if (!s)
		leave(listener, page, -EINVAL);
	client = receive_client(control);
	result = client;
	if (client < 0)
		close(control);
	else
		result = vu_session_attach(s, client, control, recipe->stall_ms);
	if (client >= 0 && !result)
		result = vu_session_serve(s);
	vu_session_part(s);
	/* Its last hooks may still fail. */
	vu_session_free(s);
	leave(listener, page, result);
}

/* ---- in the keeper ---- */

static int fork_it(struct vu_child *child, const struct vu_recipe *recipe,
		   const struct vu_listener *listener)
{
	int pair[2];

	keeper_init(child);
	child->page = page_new();
	if (!child->page || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -ENOMEM;
	/* It begins with work: to make the device. */
	page_set(&child->page->awake, 1);
	child->control = pair[0];
	keeper_pid = getpid();
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		close(pair[0]);
		serve(recipe, listener, pair[1], child->page);
	}
	close(pair[1]);
	if (child->pid < 0) {
		child->pid = 0;
		return -errno;
	}
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return child->pidfd < 0 ? -errno : 0;
}

/* What it says of the device, as windows_hear. -ECANCELED: an order came first. */
static ssize_t hear(struct vu_child *child, const struct vu_recipe *recipe, int orders,
		    struct ez_error *ret_said)
{
	struct pollfd p[] = {
		{ .fd = child->control, .events = POLLIN },
		{ .fd = orders, .events = POLLIN },
	};
	char what;

	for (;;) {
		if (poll(p, 2, watch_look(child, recipe)) <= 0)
			continue;
		if (p[0].revents)
			return windows_hear(child->control, ret_said->text,
					    sizeof(ret_said->text) - 1, recipe->model->spec,
					    child->files);
		/* Others are for a device, and there is none yet. */
		if (recv(orders, &what, 1, MSG_DONTWAIT) == 1 && what == 's')
			return -ECANCELED;
	}
}

int keeper_start(struct vu_child *child, const struct vu_recipe *recipe,
		 const struct vu_listener *listener, int orders, struct ez_error *error)
{
	struct ez_error said = { "" };
	ssize_t n;
	int err = fork_it(child, recipe, listener);

	if (err) {
		snprintf(error->text, sizeof(error->text), "%s: cannot start a process: %s",
			 recipe->id, strerror(-err));
		keeper_stop(child, recipe);
		return err;
	}
	if (recipe->await_gdb && recipe->awaits)
		recipe->awaits(recipe->data, child->pid);
	n = hear(child, recipe, orders, &said);
	if (n > 0 && !said.text[0])
		return 0;
	if (n == -ECANCELED) {
		keeper_stop(child, recipe);
		return -ECANCELED;
	}
	if (n > 0)
		*error = said;
	else
		snprintf(error->text, sizeof(error->text),
			 "%s: the model died while the device was being made", recipe->id);
	keeper_bury(child, recipe);
	return n > 0 ? -EINVAL : -EOWNERDEAD;
}

int keeper_serve(struct vu_child *child, int client)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} ancillary = { .buf = { 0 } };
	struct iovec iov = { .iov_base = (char[]){ 'c' }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &ancillary,
			      .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(client));
	memcpy(CMSG_DATA(c), &client, sizeof(client));
	child->client = client;
	/* What was due before it came is done without a sleep before, from which it would rise. */
	page_set(&child->page->awake, 1);
	return sendmsg(child->control, &msg, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* Whoever ends a run tells by it what it came to. In one write: lines of several do not mix. */
static void tell_end(const struct vu_recipe *recipe, bool blamed, const char *why, bool pulled)
{
	char line[640];
	int n = snprintf(line, sizeof(line) - 1, "%d %s%s", blamed ? 1 : 125, why,
			 pulled ? "; its keeper took over, and for the guest the card was pulled"
				: "");

	if (recipe->end_fd < 0)
		return;
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	line[n] = '\n';
	while (write(recipe->end_fd, line, (size_t)n + 1) < 0 && errno == EINTR)
		;
}

void keeper_told(const struct vu_recipe *recipe)
{
	tell_end(recipe, false, "its server was told to end (SIGTERM) before the guest was", false);
}

int keeper_bury(struct vu_child *child, const struct vu_recipe *recipe)
{
	struct vu_page *page = child->page;
	bool blamed, served;
	char what[320], brief[560];
	int status = 0;
	int result;

	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
	watch_end(child, recipe);
	if (page->ended) {
		result = 1 - (int)page->ended;
		if (result == -EPROTO || result == -ETIMEDOUT)
			tell_end(recipe, true, "its client was dropped; what it did is said above",
				 false);
	} else {
		result = -EOWNERDEAD;
		served = child->client >= 0 && page->doing != VU_DOING_FREE;
		report_doing(page, recipe->model->spec, what, sizeof(what));
		/* Its CPUs may see all-ones in registers and then look at the windows. */
		windows_fill(recipe->model->spec, child->files);
		/* The client first: it waits. */
		if (child->client >= 0)
			dead_answer(page, child->client);
		child->client = -1;
		report_death(page, recipe->model->spec, recipe->id, what, status);
		blamed = report_brief(page, what, status, child->watch.ended != 0, brief,
				      sizeof(brief));
		tell_end(recipe, blamed, brief, served);
	}
	keeper_free(child);
	return result;
}

int keeper_stop(struct vu_child *child, const struct vu_recipe *recipe)
{
	struct pollfd p = { .fd = child->pidfd, .events = POLLIN };

	if (!child->pid) {
		keeper_free(child);
		return 0;
	}
	send(child->control, "s", 1, MSG_NOSIGNAL);
	if (child->pidfd < 0 || poll(&p, 1, STOP_MS) <= 0) {
		fprintf(stderr, "%s: the model does not come back from a hook; killed\n",
			recipe->id);
		child->watch.ended = vu_monotonic();
		/* This leaves an account of where it is. */
		kill(child->pid, SIGABRT);
		if (child->pidfd < 0 || poll(&p, 1, ABORT_MS) <= 0)
			kill(child->pid, SIGKILL);
	}
	return keeper_bury(child, recipe);
}

void keeper_free(struct vu_child *child)
{
	if (child->pidfd >= 0)
		close(child->pidfd);
	if (child->control >= 0)
		close(child->control);
	if (child->client >= 0)
		close(child->client);
	page_free(child->page);
	windows_close(child->files);
	keeper_init(child);
}
