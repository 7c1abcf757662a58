/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's first process: sets the system up, loads the modules of the
 * devices that are there, and runs what ersatz(1) asks for over the channel
 * that wire.h describes. Linked statically, it is /init of the initramfs.
 */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is to be sent, until the port takes it. Credit bounds the streams' part of it. */
static uint8_t *out;
static size_t out_fill, out_size;
static int port = -1;

void agent_send(enum wire_type type, const void *data, size_t size)
{
	uint8_t header[WIRE_HEADER];

	if (out_fill + WIRE_HEADER + size > out_size) {
		out_size = (out_fill + WIRE_HEADER + size) * 2;
		out = realloc(out, out_size);
		if (!out)
			abort();
	}
	wire_header(header, type, size);
	memcpy(out + out_fill, header, WIRE_HEADER);
	if (size)
		memcpy(out + out_fill + WIRE_HEADER, data, size);
	out_fill += WIRE_HEADER + size;
}

void agent_send32(enum wire_type type, const uint32_t *values, size_t count)
{
	uint8_t data[16];

	for (size_t i = 0; i < count; i++)
		wire_put32(data + 4 * i, values[i]);
	agent_send(type, data, 4 * count);
}

void agent_log(const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	if (port < 0) /* nobody hears it yet */
		fprintf(stderr, "ersatz-agent: %s\n", text);
	agent_send(WIRE_LOG, text, (size_t)n);
}

static void flush_port(void)
{
	while (out_fill > 0) {
		ssize_t n = write(port, out, out_fill < WIRE_CHUNK ? out_fill : WIRE_CHUNK);

		if (n < 0)
			return;
		out_fill -= (size_t)n;
		memmove(out, out + n, out_fill);
	}
}

/* Waits until everything is out, or the host has gone. */
static void drain_port(void)
{
	while (out_fill > 0) {
		struct pollfd p = { .fd = port, .events = POLLOUT };

		if (poll(&p, 1, 2000) <= 0 || (p.revents & POLLHUP))
			return;
		flush_port();
	}
}

static void say_hello(void)
{
	struct utsname name;
	uint8_t data[4 + sizeof(name.release)];
	size_t size;

	uname(&name);
	size = strlen(name.release);
	wire_put32(data, WIRE_VERSION);
	memcpy(data + 4, name.release, size);
	agent_send(WIRE_HELLO, data, 4 + size);
	drain_port();
}

static void power_off(void)
{
	drain_port();
	system_stop();
	reboot(RB_POWER_OFF);
	/* A kernel without ACPI cannot switch off; the machine ends on a reset too. */
	reboot(RB_AUTOBOOT);
}

/*
 * The kernel says that the host's end is closed. So it does after the machine has slept,
 * until it has asked the host: that takes as long as QEMU is given to answer.
 */
static void port_closed(void)
{
	struct pollfd p = { .fd = port };

	for (int i = 0; i < 1000; i++) {
		usleep(10000);
		if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP))
			return;
	}
	power_off(); /* nobody is there any more */
}

static void handle_frame(const struct wire_frame *frame)
{
	switch (frame->type) {
	case WIRE_EXEC:
		command_start(frame->data, frame->size);
		break;
	case WIRE_STDIN:
		command_stdin(frame->data, frame->size);
		break;
	case WIRE_GRANT:
		if (frame->size == 8)
			command_grant(wire_get32(frame->data), wire_get32(frame->data + 4));
		break;
	case WIRE_SIGNAL:
		if (frame->size == 4)
			command_signal((int)wire_get32(frame->data));
		break;
	case WIRE_WINSIZE:
		if (frame->size == 8)
			system_window(wire_get32(frame->data), wire_get32(frame->data + 4));
		break;
	case WIRE_FILE:
		ask_file(frame->data, frame->size);
		break;
	case WIRE_ASK:
		ask(frame->data, frame->size);
		break;
	case WIRE_CHECK:
		watch_check();
		break;
	case WIRE_POWEROFF:
		power_off();
		break;
	default:
		agent_log("the agent does not know frame type %d", frame->type);
	}
}

static void read_port(struct wire_reader *reader)
{
	struct wire_frame frame;
	size_t room;
	uint8_t *space = wire_reader_space(reader, &room);
	ssize_t n = read(port, space, room);
	int r;

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		power_off();
	if (n == 0)
		port_closed();
	if (n <= 0)
		return;
	wire_reader_added(reader, (size_t)n);
	while ((r = wire_reader_frame(reader, &frame)) > 0) {
		handle_frame(&frame);
		wire_reader_drop(reader);
	}
	if (r < 0) {
		agent_log("the channel carries something that is not the protocol");
		power_off();
	}
}

static void reap(int signals)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(signals, &info, sizeof(info)) == sizeof(info))
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		command_reaped(pid, status);
		ask_reaped(pid, status);
	}
}

static void loop(int signals, int uevents)
{
	static struct wire_reader reader;
	struct pollfd polls[4 + COMMAND_POLLS];

	for (;;) {
		int n = 0;

		polls[n++] =
			(struct pollfd){ .fd = port,
					 .events = (short)(POLLIN | (out_fill ? POLLOUT : 0)) };
		polls[n++] = (struct pollfd){ .fd = signals, .events = POLLIN };
		polls[n++] = (struct pollfd){ .fd = uevents, .events = POLLIN };
		polls[n++] = (struct pollfd){ .fd = watch_fd(), .events = POLLIN };
		n += command_polls(polls + n);
		if (poll(polls, (nfds_t)n, -1) < 0)
			continue;
		if (polls[0].revents & POLLHUP)
			port_closed();
		else if (polls[0].revents & POLLIN)
			read_port(&reader);
		if (polls[1].revents)
			reap(signals);
		if (polls[2].revents)
			system_uevents(uevents);
		if (polls[3].revents)
			watch_read();
		command_polled(polls + 4, n - 4);
		flush_port();
	}
}

int main(void)
{
	sigset_t set;
	int signals, uevents;

	if (getpid() != 1) {
		fprintf(stderr, "ersatz-agent: only of use as the first process of a guest\n");
		return 125;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);

	system_start();
	port = system_open_port();
	if (port < 0) {
		fprintf(stderr,
			"ersatz-agent: no virtio-serial port named %s: this kernel needs "
			"virtio_pci and virtio_console\n",
			WIRE_PORT);
		sync();
		reboot(RB_POWER_OFF);
		return 1;
	}
	say_hello();
	watch_start();
	uevents = system_open_uevents();
	system_load_modules();
	system_mount_share();

	/* Only now: until here system() and friends have waited for their own children. */
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	watch_flush();
	agent_send(WIRE_READY, NULL, 0);
	flush_port();
	loop(signals, uevents);
	return 0;
}
