/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace: a line for every crossing, while it happens:
 *
 *   +1.203 ms W BAR0 SEED 0x42
 *   +1.207 ms R BAR0 INFO 0x100 ALGORITHM=GLIBC SEEDED=1
 *   +1.300 ms R BAR2 BUFFER+0x40/8 0x1
 *   +1.311 ms DMA to 0x12000 4096 bytes
 *   +1.312 ms MSI 0
 *
 * A line is one write(2), so that lines of several devices do not mix.
 */
#include "taps/taps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct trace {
	int fd;
	bool ours; /* we opened it */
	bool id; /* begin with the device's id */
	bool broken; /* it could not be written, which has been said */
};

struct line {
	char text[512];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->used - 1; /* the newline's */
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line->text + line->used, room, format, ap);
	va_end(ap);
	if (n > 0)
		line->used += (size_t)n < room ? (size_t)n : room - 1;
}

static void begin(struct ez_tap *tap, struct line *line)
{
	struct trace *t = ez_tap_data(tap);
	uint64_t ns = ez_tap_now(tap);

	line->used = 0;
	add(line, "+%" PRIu64 ".%03u ms ", ns / 1000000, (unsigned int)(ns / 1000 % 1000));
	if (t->id)
		add(line, "%s ", ez_device_id(ez_tap_device(tap)));
}

/* write(2), but a reader that went away is an error and no signal. */
static ssize_t quiet_write(int fd, const void *buf, size_t len)
{
	struct timespec none = { 0 };
	sigset_t pipe, old, pending;
	ssize_t n;
	int err;

	sigpending(&pending);
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	n = write(fd, buf, len);
	err = errno;
	/* Ours only: one that was pending before is somebody else's. */
	if (n < 0 && err == EPIPE && !sigismember(&pending, SIGPIPE))
		sigtimedwait(&pipe, NULL, &none);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = err;
	return n;
}

/* The device goes on; whoever reads the trace has to know that it does not. */
static void give_up(struct ez_tap *tap, struct trace *t)
{
	t->broken = true;
	/* Not as a message of the device: that would come through here again. */
	dprintf(STDERR_FILENO, "%s: the trace ends here: it cannot be written: %m\n",
		ez_device_id(ez_tap_device(tap)));
}

static void end(struct ez_tap *tap, struct line *line)
{
	struct trace *t = ez_tap_data(tap);
	size_t done = 0;
	ssize_t n;

	line->text[line->used++] = '\n';
	while (done < line->used && !t->broken) {
		n = quiet_write(t->fd, line->text + done, line->used - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			give_up(tap, t);
	}
}

static const char *value_name(const struct ez_field *field, uint64_t value)
{
	uint32_t i;

	for (i = 0; i < field->n_values; i++)
		if (field->values[i].value == value)
			return field->values[i].name;
	return NULL;
}

/* Fields by name; only where the access carries the whole register. */
static void add_fields(struct line *line, const struct ez_reg *reg, uint64_t value)
{
	uint32_t i;

	for (i = 0; i < reg->n_fields; i++) {
		const struct ez_field *field = &reg->fields[i];
		uint64_t ones = field->width >= 64 ? UINT64_MAX : (UINT64_C(1) << field->width) - 1;
		uint64_t bits = value >> field->lsb & ones;
		const char *name = value_name(field, bits);

		/* One field over all bits says nothing that the value did not. */
		if (field->width == reg->width * 8u && !name)
			continue;
		if (name)
			add(line, " %s=%s", field->name, name);
		else
			add(line, " %s=%s%" PRIx64, field->name, bits > 9 ? "0x" : "", bits);
	}
}

/* The memory window at this place, or NULL. */
static const struct ez_window *window_at(const struct ez_spec *spec, unsigned int bar,
					 uint64_t offset)
{
	uint32_t i;

	for (i = 0; i < spec->n_windows; i++)
		if (spec->windows[i].bar == bar && offset >= spec->windows[i].offset &&
		    offset - spec->windows[i].offset < spec->windows[i].size)
			return &spec->windows[i];
	return NULL;
}

static void say_access(struct ez_tap *tap, const struct ez_crossing *x)
{
	bool write = x->kind == EZ_CROSSING_WRITE;
	const struct ez_reg *reg = x->reg;
	const struct ez_window *window;
	struct line line;
	uint64_t at;

	begin(tap, &line);
	add(&line, "%c BAR%u ", write ? 'W' : 'R', x->bar);
	if (reg) {
		at = x->offset - ez_reg_offset(reg, x->element);
		add(&line, "%s", reg->name);
		if (reg->count > 1)
			add(&line, "[%u]", x->element);
		if (at)
			add(&line, "+%" PRIu64, at);
		if (x->width != reg->width)
			add(&line, "/%u", x->width);
		add(&line, " 0x%" PRIx64, x->value);
		if (!at && x->width == reg->width)
			add_fields(&line, reg, x->value);
	} else {
		window = window_at(ez_device_spec(ez_tap_device(tap)), x->bar, x->offset);
		if (window)
			add(&line, "%s+", window->name);
		add(&line, "0x%" PRIx64 "/%u 0x%" PRIx64, x->offset - (window ? window->offset : 0),
		    x->width, x->value);
	}
	end(tap, &line);
}

static void say_other(struct ez_tap *tap, const struct ez_crossing *x)
{
	static const char *const resets[] = { "power-on", "bus", "function", "software" };
	const struct ez_spec *spec = ez_device_spec(ez_tap_device(tap));
	struct line line;

	begin(tap, &line);
	switch (x->kind) {
	case EZ_CROSSING_CONFIG_READ:
	case EZ_CROSSING_CONFIG_WRITE:
		add(&line, "%c config 0x%" PRIx64 "/%u 0x%" PRIx64,
		    x->kind == EZ_CROSSING_CONFIG_READ ? 'R' : 'W', x->offset, x->width, x->value);
		break;
	case EZ_CROSSING_RESET:
		add(&line, "reset %s", resets[x->reset]);
		break;
	case EZ_CROSSING_TIMER:
		add(&line, "timer %s", spec->timers[x->index].name);
		break;
	case EZ_CROSSING_JOB:
		add(&line, "job %s done", spec->jobs[x->index].name);
		break;
	case EZ_CROSSING_PLUG:
		add(&line, "plug");
		break;
	case EZ_CROSSING_UNPLUG:
		add(&line, "unplug");
		break;
	case EZ_CROSSING_DMA_READ:
	case EZ_CROSSING_DMA_WRITE:
		add(&line, "DMA %s 0x%" PRIx64 " %zu bytes",
		    x->kind == EZ_CROSSING_DMA_READ ? "from" : "to", x->address, x->length);
		if (x->status)
			add(&line, ": %s", strerror(-x->status));
		break;
	case EZ_CROSSING_INTX:
		add(&line, "INTx %s", x->level ? "up" : "down");
		break;
	case EZ_CROSSING_MSI:
		add(&line, "MSI %u", x->index);
		break;
	case EZ_CROSSING_RANDOM:
		add(&line, "random %zu bytes", x->length);
		break;
	case EZ_CROSSING_LOG:
		add(&line, "log %s", x->text);
		break;
	default:
		break;
	}
	end(tap, &line);
}

/*
 * What gives an answer is said when it has one; the rest before it takes
 * effect, so that a line stands before the lines that follow from it.
 */
static void cross(struct ez_tap *tap, struct ez_crossing *x)
{
	switch (x->kind) {
	case EZ_CROSSING_WRITE:
		say_access(tap, x);
		ez_tap_next(tap, x);
		break;
	case EZ_CROSSING_READ:
		ez_tap_next(tap, x);
		say_access(tap, x);
		break;
	case EZ_CROSSING_CONFIG_READ:
	case EZ_CROSSING_DMA_READ:
	case EZ_CROSSING_DMA_WRITE:
		ez_tap_next(tap, x);
		say_other(tap, x);
		break;
	default:
		say_other(tap, x);
		ez_tap_next(tap, x);
		break;
	}
}

static int open_trace(struct ez_tap *tap, const char *options, struct ez_error *error)
{
	struct trace *t = ez_tap_data(tap);
	char text[4096];
	char *end;
	long fd;

	t->fd = STDERR_FILENO;
	t->id = ez_tap_option(options, "id", text, sizeof(text)) && !strcmp(text, "on");
	if (ez_tap_option(options, "fd", text, sizeof(text))) {
		errno = 0;
		fd = strtol(text, &end, 10);
		if (errno || *end || end == text || fd < 0 || fd > 1 << 20 ||
		    fcntl((int)fd, F_GETFD) < 0) {
			snprintf(error->text, sizeof(error->text),
				 "tap trace: fd=%.32s is not an open file descriptor", text);
			return -EINVAL;
		}
		t->fd = (int)fd;
	} else if (ez_tap_option(options, "file", text, sizeof(text))) {
		t->fd = open(text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
		if (t->fd < 0) {
			snprintf(error->text, sizeof(error->text), "tap trace: %.600s: %m", text);
			return -EINVAL;
		}
		t->ours = true;
	}
	return 0;
}

static void close_trace(struct ez_tap *tap)
{
	struct trace *t = ez_tap_data(tap);

	if (t->ours)
		close(t->fd);
}

static const char *const options_of_trace[] = { "fd", "file", "id", NULL };

const struct ez_tap_type trace_tap = {
	.name = "trace",
	.help = "a line for every crossing; file=PATH or fd=N (default: stderr), id=on: begin with "
		"the device's id",
	.options = options_of_trace,
	.size = sizeof(struct trace),
	.open = open_trace,
	.cross = cross,
	.close = close_trace,
};
