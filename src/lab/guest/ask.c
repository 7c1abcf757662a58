/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What ersatz(1) asks for beside the command: cards come and go while it runs.
 * Whatever may take its time, a driver's remove() above all, is done by a
 * process of its own, so that the channel never waits for it.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARCHIVE "/run/ersatz.cpio"
#define CHILDREN 32

/* Processes whose end somebody waits for. */
static struct {
	pid_t pid; /* 0: free */
	uint32_t serial; /* to be answered; 0: a modprobe that nobody asked for */
} children[CHILDREN];

static int archive = -1;
static int archive_error;

static void answer(uint32_t serial, int error, const char *text)
{
	uint8_t data[8 + 256];
	size_t size = strlen(text);

	if (size > sizeof(data) - 8)
		size = sizeof(data) - 8;
	wire_put32(data, serial);
	wire_put32(data + 4, (uint32_t)error);
	memcpy(data + 8, text, size);
	agent_send(WIRE_ANSWER, data, 8 + size);
}

static bool remember(pid_t pid, uint32_t serial)
{
	for (int i = 0; i < CHILDREN; i++) {
		if (children[i].pid == 0) {
			children[i].pid = pid;
			children[i].serial = serial;
			return true;
		}
	}
	return false;
}

void ask_loading(pid_t pid)
{
	if (pid > 0)
		remember(pid, 0);
}

void ask_reaped(pid_t pid, int status)
{
	for (int i = 0; i < CHILDREN; i++) {
		if (children[i].pid != pid)
			continue;
		children[i].pid = 0;
		if (children[i].serial)
			answer(children[i].serial, WIFEXITED(status) ? WEXITSTATUS(status) : EIO,
			       "");
	}
}

static bool is_loading(void)
{
	for (int i = 0; i < CHILDREN; i++)
		if (children[i].pid && !children[i].serial)
			return true;
	return false;
}

static void look(uint32_t serial, const char *address)
{
	char path[128], target[256], text[300];
	ssize_t n;

	/* Not that a device is seen whose module we have not been told to load yet. */
	system_catch_up();
	if (strchr(address, '/') || strlen(address) > 64) {
		answer(serial, EINVAL, "");
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s", address);
	if (access(path, F_OK)) {
		answer(serial, 0, "absent");
		return;
	}
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%.64s/driver", address);
	n = readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		const char *name;

		target[n] = 0;
		name = strrchr(target, '/');
		snprintf(text, sizeof(text), "driver %s", name ? name + 1 : target);
		answer(serial, 0, text);
		return;
	}
	answer(serial, 0, is_loading() ? "loading" : "none");
}

/* Of sysfs, which answers at once. */
static void get(uint32_t serial, const char *path)
{
	char text[200] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	int error = n < 0 ? errno : 0;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	text[strcspn(text, "\n")] = 0;
	answer(serial, error, text);
}

/* In the child: nothing of ours but what it needs. */
static void settle(void)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
}

static void unpack(void)
{
	int fd = open(ARCHIVE, O_RDONLY);
	char *argv[] = { "cpio", "-idmu", NULL };

	settle();
	unlink(ARCHIVE);
	if (fd < 0 || chdir("/"))
		_exit(EIO);
	dup2(fd, 0);
	execv("/bin/busybox", argv);
	_exit(ENOENT);
}

static void put(const char *path, const char *text, size_t size)
{
	int fd;

	settle();
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, size) < 0)
		_exit(errno & 0xff ? errno & 0xff : EIO);
	_exit(0);
}

void ask_file(const uint8_t *data, size_t size)
{
	if (size == 0) {
		if (archive >= 0)
			close(archive);
		archive = open(ARCHIVE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		archive_error = archive < 0 ? errno : 0;
		return;
	}
	while (size > 0 && !archive_error) {
		ssize_t n = write(archive, data, size);

		if (n <= 0) {
			archive_error = n < 0 ? errno : ENOSPC;
			break;
		}
		data += n;
		size -= (size_t)n;
	}
}

/* Starts what the question is about. */
static pid_t start(enum wire_question what, const char *argument, size_t size)
{
	const char *end = memchr(argument, 0, size);
	pid_t pid;

	if (what == WIRE_WRITE && !end) {
		errno = EINVAL;
		return -1;
	}
	if (what == WIRE_UNPACK && archive >= 0) {
		close(archive);
		archive = -1;
	}
	if (what == WIRE_UNPACK && archive_error) {
		errno = archive_error;
		return -1;
	}
	pid = fork();
	if (pid == 0 && what == WIRE_UNPACK)
		unpack();
	if (pid == 0 && what == WIRE_LOAD) {
		settle();
		system_load_modules();
		_exit(0);
	}
	if (pid == 0)
		put(argument, end + 1, size - (size_t)(end + 1 - argument));
	return pid;
}

void ask(const uint8_t *data, size_t size)
{
	static char argument[WIRE_PAYLOAD + 1];
	uint32_t serial;
	pid_t pid;

	if (size < 5)
		return;
	serial = wire_get32(data);
	memcpy(argument, data + 5, size - 5);
	argument[size - 5] = 0;
	switch (data[4]) {
	case WIRE_LOOK:
		look(serial, argument);
		return;
	case WIRE_READ:
		get(serial, argument);
		return;
	case WIRE_UNPACK:
	case WIRE_LOAD:
	case WIRE_WRITE:
		break;
	default:
		answer(serial, ENOSYS, "");
		return;
	}
	pid = start(data[4], argument, size - 5);
	if (pid < 0 || !remember(pid, serial))
		answer(serial, pid < 0 ? errno : EAGAIN, "");
}
