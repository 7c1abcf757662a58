/* SPDX-License-Identifier: BSD-2-Clause */
/* The one command that runs: its processes, its three streams, its status. */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct stream {
	enum wire_type type;
	int fd; /* our end of the pipe, or -1 */
	uint32_t credit; /* output: bytes that we may still send */
};

static struct {
	pid_t pid; /* 0: none runs */
	bool ended; /* reaped; what it left in the pipes is still to be sent */
	int status;
	struct stream output[2];
	int in; /* -1: closed */
	uint8_t *input; /* what the command has not read yet; at most WIRE_WINDOW */
	size_t input_fill;
	uint32_t consumed; /* of the input since the last grant */
	bool input_end;
} command = { .output = { { .fd = -1 }, { .fd = -1 } }, .in = -1 };

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* In the child: becomes the command, or says why not. */
static void child(char **argv, char **env, const int fds[3], bool tty)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (tty) {
		int fd = open(system_tty(), O_RDWR);

		ioctl(fd, TIOCSCTTY, 1);
		for (int i = 0; i < 3; i++)
			dup2(fd, i);
		if (fd > 2)
			close(fd);
	} else {
		for (int i = 0; i < 3; i++)
			dup2(fds[i], i);
	}
	for (char **e = env; *e; e++)
		putenv(*e);
	if (chdir("/root"))
		chdir("/");
	execvp(argv[0], argv);
	dprintf(2, "ersatz: the guest cannot run %s: %s\n", argv[0],
		errno == ENOENT ? "no such program there" : strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* argc + envc strings from an EXEC's payload into two NULL-terminated arrays; NULL if broken. */
static char **split(const uint8_t *data, size_t size, uint32_t argc, uint32_t envc)
{
	char **strings;
	size_t at = 0;

	if (argc == 0 || argc > WIRE_PAYLOAD || envc > WIRE_PAYLOAD)
		return NULL;
	strings = calloc(argc + envc + 2, sizeof(*strings));
	for (uint32_t i = 0; strings && i < argc + envc; i++) {
		const uint8_t *end = at < size ? memchr(data + at, 0, size - at) : NULL;

		if (!end) {
			free(strings);
			return NULL;
		}
		strings[i < argc ? i : i + 1] = (char *)(data + at);
		at = (size_t)(end - data) + 1;
	}
	return strings;
}

static void refuse(const char *why)
{
	uint32_t status = 126;

	agent_log("%s", why);
	agent_send32(WIRE_EXIT, &status, 1);
}

void command_start(const uint8_t *data, size_t size)
{
	int in[2] = { -1, -1 }, output[2] = { -1, -1 }, error[2] = { -1, -1 };
	uint32_t flags, argc;
	char **strings;
	pid_t pid;

	if (command.pid || size < 12) {
		refuse("a command runs already");
		return;
	}
	flags = wire_get32(data);
	argc = wire_get32(data + 4);
	strings = split(data + 12, size - 12, argc, wire_get32(data + 8));
	if (!command.input)
		command.input = malloc(WIRE_WINDOW);
	if (!strings || !command.input || pipe2(in, O_CLOEXEC) || pipe2(output, O_CLOEXEC) ||
	    pipe2(error, O_CLOEXEC)) {
		refuse("cannot start a command");
		free(strings);
		return;
	}
	pid = fork();
	if (pid == 0)
		child(strings, strings + argc + 1, (int[3]){ in[0], output[1], error[1] },
		      flags & WIRE_EXEC_TTY);
	free(strings);
	close(in[0]);
	close(output[1]);
	close(error[1]);
	if (pid < 0) {
		refuse("cannot start a process");
		return;
	}
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(error[0], F_SETFL, O_NONBLOCK);
	command.pid = pid;
	command.ended = false;
	command.in = in[1];
	command.input_fill = 0;
	command.consumed = 0;
	command.input_end = false;
	command.output[0] = (struct stream){ WIRE_STDOUT, output[0], WIRE_WINDOW };
	command.output[1] = (struct stream){ WIRE_STDERR, error[0], WIRE_WINDOW };
}

static void grant_input(void)
{
	if (command.consumed >= WIRE_WINDOW / 4) {
		agent_send32(WIRE_GRANT, (uint32_t[]){ WIRE_STDIN, command.consumed }, 2);
		command.consumed = 0;
	}
}

/* Gives the command what it takes. */
static void feed(void)
{
	while (command.in >= 0 && command.input_fill > 0) {
		ssize_t n = write(command.in, command.input, command.input_fill);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0) { /* nobody reads it any more: swallow, so that the host can go on */
			close_fd(&command.in);
			break;
		}
		command.input_fill -= (size_t)n;
		memmove(command.input, command.input + n, command.input_fill);
		command.consumed += (uint32_t)n;
	}
	if (command.in < 0) {
		command.consumed += (uint32_t)command.input_fill;
		command.input_fill = 0;
	}
	grant_input();
	if (command.input_end && command.input_fill == 0)
		close_fd(&command.in);
}

void command_stdin(const uint8_t *data, size_t size)
{
	if (!command.pid)
		return;
	if (size == 0)
		command.input_end = true;
	if (size > WIRE_WINDOW - command.input_fill)
		size = WIRE_WINDOW - command.input_fill; /* more than we granted */
	memcpy(command.input + command.input_fill, data, size);
	command.input_fill += size;
	feed();
}

void command_grant(uint32_t stream, uint32_t bytes)
{
	for (int i = 0; i < 2; i++)
		if (command.output[i].type == stream)
			command.output[i].credit += bytes;
}

void command_signal(int signal)
{
	if (command.pid && !command.ended)
		kill(-command.pid, signal);
}

void command_reaped(pid_t pid, int status)
{
	if (pid != command.pid || command.ended)
		return;
	command.ended = true;
	command.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Sends one chunk; false if there is nothing more to be had now. */
static bool pump(struct stream *stream)
{
	static uint8_t buf[WIRE_CHUNK];
	size_t size = stream->credit < sizeof(buf) ? stream->credit : sizeof(buf);
	ssize_t n;

	if (stream->fd < 0 || size == 0)
		return false;
	n = read(stream->fd, buf, size);
	if (n > 0) {
		agent_send(stream->type, buf, (size_t)n);
		stream->credit -= (uint32_t)n;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(&stream->fd);
	return false;
}

/*
 * The status goes out when the command has ended and its pipes are empty, not
 * when they are closed: what it left running in the background may hold them.
 */
static void finish(void)
{
	uint32_t status = (uint32_t)command.status;

	for (int i = 0; i < 2; i++) {
		struct stream *stream = &command.output[i];

		while (pump(stream))
			;
		if (stream->fd >= 0 && stream->credit == 0)
			return;
	}
	for (int i = 0; i < 2; i++)
		close_fd(&command.output[i].fd);
	close_fd(&command.in);
	command.pid = 0;
	watch_flush(); /* what it has caused is known before its end is */
	agent_send32(WIRE_EXIT, &status, 1);
}

int command_polls(struct pollfd *polls)
{
	int n = 0;

	if (!command.pid)
		return 0;
	for (int i = 0; i < 2; i++)
		if (command.output[i].fd >= 0 && command.output[i].credit > 0)
			polls[n++] =
				(struct pollfd){ .fd = command.output[i].fd, .events = POLLIN };
	if (command.in >= 0 && command.input_fill > 0)
		polls[n++] = (struct pollfd){ .fd = command.in, .events = POLLOUT };
	return n;
}

void command_polled(const struct pollfd *polls, int n)
{
	if (!command.pid)
		return;
	for (int p = 0; p < n; p++) {
		if (!polls[p].revents)
			continue;
		for (int i = 0; i < 2; i++)
			if (polls[p].fd == command.output[i].fd)
				pump(&command.output[i]);
		if (polls[p].fd == command.in)
			feed();
	}
	if (command.ended)
		finish();
}
