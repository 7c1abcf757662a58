/* SPDX-License-Identifier: BSD-2-Clause */
#include "qt.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A channel of lines. */
struct channel {
	int fd;
	char *buf;
	size_t size, used, at; /* buf[at..used) has not been taken yet */
};

struct qt {
	pid_t pid;
	struct channel qtest, qmp;
	int errors; /* a memory file that is QEMU's standard error */
	char *said;
	char *reply; /* the latest QMP reply */
	char *events; /* names of events that came, each with a blank behind it */
	uint32_t lines; /* interrupt inputs that are up */
};

static const char *qemu_path(void)
{
	const char *path = getenv("ERSATZ_QEMU");

	return path && *path ? path : QT_QEMU;
}

void qt_need_qemu(void)
{
	if (access(qemu_path(), X_OK) == 0)
		return;
	fprintf(stderr, "skipped: %s is not there; `ersatz qemu build` makes it\n", qemu_path());
	exit(77);
}

const char *qt_model(const char *name)
{
	static char path[4096];
	const char *folder = getenv("QT_MODELS");

	snprintf(path, sizeof(path), "%s/%s.so", folder ? folder : ".", name);
	return path;
}

static void __attribute__((noreturn)) broken(struct qt *qt, const char *what)
{
	fprintf(stderr, "qtest: %s", what);
	if (errno)
		fprintf(stderr, ": %s", strerror(errno));
	fprintf(stderr, "\nQEMU said:\n%s\n", qt_stderr(qt));
	kill(qt->pid, SIGKILL);
	exit(1);
}

const char *qt_stderr(struct qt *qt)
{
	off_t size = lseek(qt->errors, 0, SEEK_END);

	free(qt->said);
	qt->said = calloc(1, (size_t)size + 1);
	if (pread(qt->errors, qt->said, (size_t)size, 0) < 0)
		return "";
	return qt->said;
}

/* ---- lines ---- */

static void send_all(struct qt *qt, struct channel *ch, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(ch->fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			broken(qt, "QEMU does not listen");
		text += n;
		len -= (size_t)n;
	}
}

/* The next line, without its end; valid until the next call. */
static char *receive(struct qt *qt, struct channel *ch)
{
	struct pollfd p = { .fd = ch->fd, .events = POLLIN };
	char *end, *line;
	ssize_t n;

	while (!(end = memchr(ch->buf + ch->at, '\n', ch->used - ch->at))) {
		memmove(ch->buf, ch->buf + ch->at, ch->used - ch->at);
		ch->used -= ch->at;
		ch->at = 0;
		if (ch->used == ch->size) {
			ch->size *= 2;
			ch->buf = realloc(ch->buf, ch->size);
		}
		errno = 0;
		if (poll(&p, 1, QT_PATIENCE * 1000) == 0)
			broken(qt, "QEMU does not answer");
		n = recv(ch->fd, ch->buf + ch->used, ch->size - ch->used, 0);
		if (n <= 0)
			broken(qt, "QEMU has ended");
		ch->used += (size_t)n;
	}
	*end = 0;
	line = ch->buf + ch->at;
	ch->at = (size_t)(end - ch->buf) + 1;
	return line;
}

/* A line of the qtest channel that is no interrupt. */
static char *answer(struct qt *qt)
{
	for (;;) {
		char *line = receive(qt, &qt->qtest);
		unsigned int n;

		if (sscanf(line, "IRQ raise %u", &n) == 1) {
			qt->lines |= n < 32 ? 1u << n : 0;
			continue;
		}
		if (sscanf(line, "IRQ lower %u", &n) == 1) {
			qt->lines &= n < 32 ? ~(1u << n) : ~0u;
			continue;
		}
		if (strncmp(line, "OK", 2)) {
			errno = 0;
			fprintf(stderr, "qtest: %s\n", line);
			broken(qt, "a command was refused");
		}
		return line[2] ? line + 3 : line + 2;
	}
}

static char *command(struct qt *qt, const char *format, ...)
{
	char text[256];
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	send_all(qt, &qt->qtest, text, (size_t)len);
	return answer(qt);
}

/* ---- start and stop ---- */

static void open_channel(struct channel *ch, int *ret_theirs)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		perror("socketpair");
		exit(1);
	}
	*ch = (struct channel){ .fd = fds[0], .size = 65536, .buf = malloc(65536) };
	*ret_theirs = fds[1];
}

static char **split(char *text, char **argv, size_t max)
{
	size_t n = 0;
	char *word;

	while (argv[n])
		n++;
	for (word = strtok(text, " "); word && n + 1 < max; word = strtok(NULL, " "))
		argv[n++] = word;
	argv[n] = NULL;
	return argv;
}

/* In the child: never to outlive the test, whatever happens to it. */
static void become_qemu(char **argv)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

struct qt *qt_start(const char *format, ...)
{
	struct qt *qt = calloc(1, sizeof(*qt));
	char qtest_arg[64], qmp_arg[64], text[4096];
	char *argv[128] = { (char *)qemu_path(),
			    "-nodefaults",
			    "-display",
			    "none",
			    "-accel",
			    "qtest",
			    "-qtest-log",
			    "none",
			    "-chardev",
			    qtest_arg,
			    "-qtest",
			    "chardev:qtest",
			    "-chardev",
			    qmp_arg,
			    "-mon",
			    "chardev=qmp,mode=control" };
	int theirs[2];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	open_channel(&qt->qtest, &theirs[0]);
	open_channel(&qt->qmp, &theirs[1]);
	snprintf(qtest_arg, sizeof(qtest_arg), "socket,id=qtest,fd=%d", theirs[0]);
	snprintf(qmp_arg, sizeof(qmp_arg), "socket,id=qmp,fd=%d", theirs[1]);
	split(text, argv, 128);
	qt->errors = memfd_create("stderr", MFD_CLOEXEC);
	qt->events = strdup("");
	qt->pid = fork();
	if (qt->pid == 0) {
		dup2(qt->errors, 2);
		fcntl(theirs[0], F_SETFD, 0);
		fcntl(theirs[1], F_SETFD, 0);
		setenv("ERSATZ_PATH", getenv("QT_MODELS") ? getenv("QT_MODELS") : "", 1);
		become_qemu(argv);
	}
	close(theirs[0]);
	close(theirs[1]);
	receive(qt, &qt->qmp); /* the greeting */
	qt_qmp(qt, "{'execute':'qmp_capabilities'}");
	return qt;
}

static void free_channel(struct channel *ch)
{
	close(ch->fd);
	free(ch->buf);
}

void qt_stop_said(struct qt *qt, char *text, size_t size)
{
	int status = 0;

	qt_qmp(qt, "{'execute':'quit'}");
	while (waitpid(qt->pid, &status, 0) < 0 && errno == EINTR)
		;
	errno = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		broken(qt, "QEMU did not end well");
	if (text)
		snprintf(text, size, "%s", qt_stderr(qt));
	free_channel(&qt->qtest);
	free_channel(&qt->qmp);
	close(qt->errors);
	free(qt->said);
	free(qt->reply);
	free(qt->events);
	free(qt);
}

void qt_stop(struct qt *qt)
{
	qt_stop_said(qt, NULL, 0);
}

int qt_run(const char *path, const char *arguments, char *text, size_t size)
{
	char *argv[64] = { (char *)qemu_path() };
	char words[1024];
	int out = memfd_create("output", MFD_CLOEXEC);
	int status = 0;
	ssize_t n;
	pid_t pid;

	snprintf(words, sizeof(words), "%s", arguments);
	split(words, argv, 64);
	pid = fork();
	if (pid == 0) {
		dup2(out, 1);
		dup2(out, 2);
		if (path)
			setenv("ERSATZ_PATH", path, 1);
		else
			unsetenv("ERSATZ_PATH");
		become_qemu(argv);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	n = pread(out, text, size - 1, 0);
	text[n < 0 ? 0 : n] = 0;
	close(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- accesses ---- */

static const char *const letters = ".bw.l...q";

static int access_text(const struct qt_access *a, char *text, size_t size)
{
	if (a->write)
		return snprintf(text, size, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n",
				letters[a->width], a->address, a->value);
	return snprintf(text, size, "read%c 0x%" PRIx64 "\n", letters[a->width], a->address);
}

/* Not so many at once that both sides block on full sockets. */
#define BATCH 256

void qt_batch(struct qt *qt, struct qt_access *accesses, size_t n)
{
	char text[BATCH * 64];
	size_t done, i, some;

	for (done = 0; done < n; done += some) {
		size_t len = 0;

		some = n - done < BATCH ? n - done : BATCH;
		for (i = 0; i < some; i++)
			len += (size_t)access_text(&accesses[done + i], text + len,
						   sizeof(text) - len);
		send_all(qt, &qt->qtest, text, len);
		for (i = 0; i < some; i++) {
			char *reply = answer(qt);

			if (!accesses[done + i].write)
				accesses[done + i].value = strtoull(reply, NULL, 16);
		}
	}
}

void qt_send(struct qt *qt, const char *text, size_t len)
{
	send_all(qt, &qt->qtest, text, len);
}

const char *qt_reply(struct qt *qt, uint32_t *ret_lines)
{
	const char *reply = answer(qt);

	*ret_lines = qt->lines;
	return reply;
}

uint64_t qt_read(struct qt *qt, uint64_t address, unsigned int width)
{
	struct qt_access a = { .width = (uint8_t)width, .address = address };

	qt_batch(qt, &a, 1);
	return a.value;
}

void qt_write(struct qt *qt, uint64_t address, unsigned int width, uint64_t value)
{
	struct qt_access a = {
		.write = true, .width = (uint8_t)width, .address = address, .value = value
	};

	qt_batch(qt, &a, 1);
}

uint32_t qt_in(struct qt *qt, uint16_t port, unsigned int width)
{
	return (uint32_t)strtoul(command(qt, "in%c 0x%x\n", letters[width], port), NULL, 16);
}

void qt_out(struct qt *qt, uint16_t port, unsigned int width, uint32_t value)
{
	command(qt, "out%c 0x%x 0x%x\n", letters[width], port, value);
}

void qt_fetch(struct qt *qt, uint64_t address, void *buf, size_t len)
{
	char *hex = command(qt, "read 0x%" PRIx64 " 0x%zx\n", address, len);
	size_t i;

	for (i = 0; i < len; i++) {
		char digits[3] = { hex[2 + 2 * i], hex[3 + 2 * i], 0 };

		((uint8_t *)buf)[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

void qt_store(struct qt *qt, uint64_t address, const void *buf, size_t len)
{
	char *text = malloc(2 * len + 64);
	int at = sprintf(text, "write 0x%" PRIx64 " 0x%zx 0x", address, len);
	size_t i;

	for (i = 0; i < len; i++)
		at += sprintf(text + at, "%02x", ((const uint8_t *)buf)[i]);
	text[at++] = '\n';
	send_all(qt, &qt->qtest, text, (size_t)at);
	free(text);
	answer(qt);
}

void qt_fill(struct qt *qt, uint64_t address, size_t len, uint8_t byte)
{
	command(qt, "memset 0x%" PRIx64 " 0x%zx 0x%x\n", address, len, byte);
}

void qt_clock_step(struct qt *qt, uint64_t ns)
{
	command(qt, "clock_step %" PRIu64 "\n", ns);
}

void qt_clock_set(struct qt *qt, uint64_t ns)
{
	command(qt, "clock_set %" PRIu64 "\n", ns);
}

void qt_watch_irqs(struct qt *qt)
{
	command(qt, "irq_intercept_in ioapic\n");
}

bool qt_irq(struct qt *qt)
{
	/* Any command flushes the notices that came before it. */
	command(qt, "readb 0x0\n");
	return qt->lines & 0xff0000;
}

/* ---- QMP ---- */

static void note_event(struct qt *qt, const char *line)
{
	const char *name = strstr(line, "\"event\": \"");
	char *more = NULL;
	int n;

	if (!name)
		return;
	name += strlen("\"event\": \"");
	n = (int)strcspn(name, "\"");
	if (asprintf(&more, "%s%.*s ", qt->events, n, name) < 0)
		return;
	free(qt->events);
	qt->events = more;
}

/* The value behind "key": up to the object's end. */
static char *member(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	char *text;

	if (!at)
		return NULL;
	at += strlen(key);
	text = strdup(at);
	if (text && *text)
		text[strcspn(text, "\r")] = 0;
	/* The object's own closing brace. */
	if (text && *text && text[strlen(text) - 1] == '}')
		text[strlen(text) - 1] = 0;
	return text;
}

static const char *qmp(struct qt *qt, const char *format, va_list ap)
{
	char text[2048];
	char *c, *line, *value;
	int len;

	len = vsnprintf(text, sizeof(text) - 1, format, ap);
	/* Quotes are written as ' in the tests. */
	for (c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	text[len++] = '\n';
	send_all(qt, &qt->qmp, text, (size_t)len);
	for (;;) {
		line = receive(qt, &qt->qmp);
		free(qt->reply);
		qt->reply = NULL;
		value = member(line, "{\"return\": ");
		if (value)
			return qt->reply = value;
		value = member(line, "{\"error\": ");
		if (value) {
			if (asprintf(&qt->reply, "!%s", value) < 0)
				abort();
			free(value);
			return qt->reply;
		}
		note_event(qt, line);
	}
}

const char *qt_qmp_try(struct qt *qt, const char *format, ...)
{
	const char *reply;
	va_list ap;

	va_start(ap, format);
	reply = qmp(qt, format, ap);
	va_end(ap);
	return reply;
}

const char *qt_qmp(struct qt *qt, const char *format, ...)
{
	const char *reply;
	va_list ap;

	va_start(ap, format);
	reply = qmp(qt, format, ap);
	va_end(ap);
	if (*reply == '!') {
		errno = 0;
		fprintf(stderr, "qmp: %s: %s\n", format, reply + 1);
		broken(qt, "a QMP command was refused");
	}
	return reply;
}

void qt_event(struct qt *qt, const char *name)
{
	char word[64];
	char *at;

	snprintf(word, sizeof(word), "%s ", name);
	while (!(at = strstr(qt->events, word)))
		note_event(qt, receive(qt, &qt->qmp));
	/* Taken: the next call waits for another one. */
	memmove(at, at + strlen(word), strlen(at + strlen(word)) + 1);
}

void qt_reset(struct qt *qt)
{
	qt_qmp(qt, "{'execute':'system_reset'}");
	qt_event(qt, "RESET");
}
