/* SPDX-License-Identifier: BSD-2-Clause */
/* The bench backend: see <ersatz/bench.h>. */
#include "backends/bench/bus.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mistake in the test itself. */
__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

/* ---- what the device asks of its backend ---- */

static uint64_t up_now(void *be)
{
	struct ez_bench *b = be;

	return b->bus->now;
}

static void up_timer(void *be, unsigned int fn, uint32_t timer, uint64_t when)
{
	struct ez_bench *b = be;

	b->deadline[timer] = when;
}

static int up_dma(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len, bool write)
{
	struct ez_bench *b = be;

	return bus_dma(b, addr, buf, len, write);
}

static void up_intx(void *be, unsigned int fn, bool level)
{
	struct ez_bench *b = be;

	b->intx = level;
	b->intx_count += level;
}

static void up_msi(void *be, unsigned int fn, uint32_t vector)
{
	struct ez_bench *b = be;

	b->msi_count[vector]++;
}

/* A linear congruential generator (Knuth's MMIX constants), top byte: enough for a test's dice. */
static void up_random(void *be, void *buf, size_t len)
{
	struct ez_bench *b = be;
	uint8_t *p = buf;

	while (len--) {
		b->chance =
			b->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		*p++ = (uint8_t)(b->chance >> 56);
	}
}

static void up_log(void *be, unsigned int fn, enum ez_log_kind kind, const char *text)
{
	static const char *const kinds[] = { "spec violation", "unimplemented", "info" };
	struct ez_bench *b = be;

	b->log_count[kind]++;
	snprintf(b->log_last[kind], sizeof(b->log_last[kind]), "%s", text);
	if (getenv("ERSATZ_VERBOSE"))
		fprintf(stderr, "%s: %s: %s\n", b->model->spec->name, kinds[kind], text);
}

static const struct ez_backend backend = {
	.size = sizeof(backend),
	.name = "bench",
	.flags = EZ_BACKEND_VIRTUAL_TIME,
	.now = up_now,
	.timer = up_timer,
	.dma = up_dma,
	.intx = up_intx,
	.msi = up_msi,
	.random = up_random,
	.log = up_log,
};

/* ---- making one ---- */

#define MAX_SETTINGS 64

/* Cuts "a=1,b=2" in place. */
static int parse(char *text, struct ez_setting *settings, size_t *ret_n, struct ez_error *error)
{
	char *save = NULL;
	char *one, *equals;
	size_t n = 0;

	for (one = strtok_r(text, ",", &save); one; one = strtok_r(NULL, ",", &save)) {
		equals = strchr(one, '=');
		if (!equals || n == MAX_SETTINGS) {
			snprintf(error->text, sizeof(error->text),
				 "settings: \"%.64s\" is not name=value, or there are more than %d",
				 one, MAX_SETTINGS);
			return -EINVAL;
		}
		*equals = '\0';
		settings[n++] = (struct ez_setting){ .name = one, .text = equals + 1 };
	}
	*ret_n = n;
	return 0;
}

static int make_device(struct ez_bench *b, const char *settings, struct ez_error *error)
{
	struct ez_setting list[MAX_SETTINGS];
	const struct ez_spec *spec = b->model->spec;
	char *text = strdup(settings ? settings : "");
	char id[128];
	size_t n = 0;
	uint32_t i;
	int err;

	b->n_deadlines = spec->n_timers + spec->n_jobs;
	b->deadline = calloc(b->n_deadlines + 1, sizeof(*b->deadline));
	if (!text || !b->deadline) {
		snprintf(error->text, sizeof(error->text), "out of memory");
		free(text);
		return -ENOMEM;
	}
	for (i = 0; i < b->n_deadlines; i++)
		b->deadline[i] = EZ_NEVER;
	err = parse(text, list, &n, error);
	if (!err) {
		snprintf(id, sizeof(id), "%s", spec->name);
		b->dev = ez_device_new(b->model, id, &backend, b, list, n, error);
	}
	free(text);
	return b->dev ? 0 : -EINVAL;
}

static void destroy(struct ez_bench *b)
{
	ez_device_free(b->dev);
	if (b->model)
		ez_model_close(b->model);
	bus_release(b->bus);
	free(b->deadline);
	free(b);
}

static struct ez_bench *make(struct bus *bus, const char *model, const char *settings,
			     struct ez_error *error)
{
	struct ez_bench *b = calloc(1, sizeof(*b));

	if (!model)
		model = getenv("ERSATZ_MODEL");
	if (!bus)
		bus = bus_new();
	if (!b || !bus)
		die("out of memory");
	b->bus = bus;
	b->chance = 1;
	if (!model)
		snprintf(error->text, sizeof(error->text),
			 "no model: name one, or set ERSATZ_MODEL (`ersatz test` does)");
	else
		b->model = ez_model_open(model, error);
	if (!b->model || make_device(b, settings, error)) {
		destroy(b);
		return NULL;
	}
	b->next = bus->benches;
	bus->benches = b;
	ez_bench_setup(b);
	return b;
}

struct ez_bench *ez_bench_try(const char *model, const char *settings, struct ez_error *error)
{
	return make(NULL, model, settings, error);
}

struct ez_bench *ez_bench_new(const char *model, const char *settings)
{
	struct ez_error error = { "" };
	struct ez_bench *b = make(NULL, model, settings, &error);

	if (!b)
		die("%s", error.text);
	return b;
}

struct ez_bench *ez_bench_beside(struct ez_bench *bench, const char *model, const char *settings)
{
	struct ez_error error = { "" };
	struct ez_bench *b = make(bench->bus, model, settings, &error);

	if (!b)
		die("%s", error.text);
	return b;
}

void ez_bench_free(struct ez_bench *b)
{
	struct ez_bench **at;

	if (!b)
		return;
	for (at = &b->bus->benches; *at != b;)
		at = &(*at)->next;
	*at = b->next;
	destroy(b);
}

struct ez_device *ez_bench_device(struct ez_bench *b)
{
	return b->dev;
}

/* ---- accesses ---- */

static void check_access(struct ez_bench *b, unsigned int bar, unsigned int width)
{
	if (!bus_bar(b, bar))
		die("%s has no BAR%u", ez_device_id(b->dev), bar);
	if (width != 1 && width != 2 && width != 4 && width != 8)
		die("an access is 1, 2, 4 or 8 bytes wide, not %u", width);
}

uint64_t ez_bench_read(struct ez_bench *b, unsigned int bar, uint64_t offset, unsigned int width)
{
	uint64_t address;

	check_access(b, bar, width);
	if (!ez_device_bar_address(b->dev, 0, bar, &address))
		return UINT64_MAX >> (64 - 8 * width);
	return ez_device_read(b->dev, 0, bar, offset, width);
}

void ez_bench_write(struct ez_bench *b, unsigned int bar, uint64_t offset, unsigned int width,
		    uint64_t value)
{
	uint64_t address;

	check_access(b, bar, width);
	if (ez_device_bar_address(b->dev, 0, bar, &address))
		ez_device_write(b->dev, 0, bar, offset, width, value);
}

uint64_t ez_bench_mem_read(struct ez_bench *b, uint64_t address, unsigned int width)
{
	return bus_read(b->bus, false, address, width);
}

void ez_bench_mem_write(struct ez_bench *b, uint64_t address, unsigned int width, uint64_t value)
{
	bus_write(b->bus, false, address, width, value);
}

uint64_t ez_bench_io_read(struct ez_bench *b, uint64_t port, unsigned int width)
{
	return bus_read(b->bus, true, port, width);
}

void ez_bench_io_write(struct ez_bench *b, uint64_t port, unsigned int width, uint64_t value)
{
	bus_write(b->bus, true, port, width, value);
}

/* ---- config space ---- */

enum { COMMAND = 0x04, STATUS = 0x06, BAR0 = 0x10, CAPABILITIES = 0x34, EXTENDED = 0x100 };
enum { COMMAND_ALL = 0x7, STATUS_CAP_LIST = 0x10, CAP_MSI = 0x05, CAP_MSIX = 0x11 };
/* MSI-X, PCI 3.0, 6.8.2. */
enum { MSIX_CONTROL = 2, MSIX_TABLE = 4, MSIX_PBA = 8, MSIX_SIZE = 0x7ff, MSIX_BAR = 0x7 };
enum { MSIX_MASK_ALL = 0x4000, MSIX_ENABLE = 0x8000, MSIX_ENTRY = 16 };

uint32_t ez_bench_config_read(struct ez_bench *b, uint32_t offset, unsigned int width)
{
	return ez_device_config_read(b->dev, 0, offset, width);
}

void ez_bench_config_write(struct ez_bench *b, uint32_t offset, unsigned int width, uint32_t value)
{
	ez_device_config_write(b->dev, 0, offset, width, value);
}

uint32_t ez_bench_capability(struct ez_bench *b, uint8_t id)
{
	uint32_t at;
	int left = 48; /* as many as fit: a list that loops ends too */

	if (!(ez_bench_config_read(b, STATUS, 2) & STATUS_CAP_LIST))
		return 0;
	for (at = ez_bench_config_read(b, CAPABILITIES, 1) & 0xfcu; at && left--;
	     at = ez_bench_config_read(b, at + 1, 1) & 0xfcu)
		if (ez_bench_config_read(b, at, 1) == id)
			return at;
	return 0;
}

uint32_t ez_bench_ext_capability(struct ez_bench *b, uint16_t id)
{
	uint32_t at = EXTENDED;
	int left = 480; /* as above */
	uint32_t header;

	for (; at >= EXTENDED && left--; at = header >> 20 & 0xffc) {
		header = ez_bench_config_read(b, at, 4);
		/* All ones: no such space; zero: an empty list. */
		if (header == UINT32_MAX || !header)
			return 0;
		if ((header & 0xffff) == id)
			return at;
	}
	return 0;
}

int ez_bench_msi(struct ez_bench *b, unsigned int vectors)
{
	uint32_t at = ez_bench_capability(b, CAP_MSI);
	uint32_t control;
	unsigned int order = 0;

	if (!at)
		return -ENODEV;
	control = ez_bench_config_read(b, at + 2, 2);
	while ((1u << order) < vectors)
		order++;
	if (vectors && ((1u << order) != vectors || order > (control >> 1 & 7)))
		return -EINVAL;
	ez_bench_config_write(b, at + 4, 4, 0xfee00000);
	ez_bench_config_write(b, at + (control & 0x80 ? 12 : 8), 2, 0x40);
	control = (control & ~0x71u) | order << 4 | (vectors ? 1 : 0);
	ez_bench_config_write(b, at + 2, 2, control);
	return 0;
}

/* Where in which BAR the table or the pending bits lie; `which`: MSIX_TABLE or MSIX_PBA. */
static uint32_t msix_place(struct ez_bench *b, uint32_t which, unsigned int *ret_bar)
{
	uint32_t place = ez_bench_config_read(b, ez_bench_capability(b, CAP_MSIX) + which, 4);

	*ret_bar = place & MSIX_BAR;
	return place & ~(uint32_t)MSIX_BAR;
}

static uint32_t msix_read(struct ez_bench *b, uint32_t which, uint32_t at)
{
	unsigned int bar;
	uint32_t place = msix_place(b, which, &bar);

	return (uint32_t)ez_bench_read(b, bar, place + at, 4);
}

static void msix_write(struct ez_bench *b, uint32_t at, uint32_t value)
{
	unsigned int bar;
	uint32_t place = msix_place(b, MSIX_TABLE, &bar);

	ez_bench_write(b, bar, place + at, 4, value);
}

int ez_bench_msix(struct ez_bench *b, unsigned int vectors)
{
	uint32_t at = ez_bench_capability(b, CAP_MSIX);
	uint32_t control;
	unsigned int i;

	if (!at)
		return -ENODEV;
	control = ez_bench_config_read(b, at + MSIX_CONTROL, 2);
	if (vectors > (control & MSIX_SIZE) + 1)
		return -EINVAL;
	if (!vectors) {
		ez_bench_config_write(b, at + MSIX_CONTROL, 2, 0);
		return 0;
	}
	/* As drivers do: nothing goes out before everything is in place. */
	ez_bench_config_write(b, at + MSIX_CONTROL, 2, MSIX_ENABLE | MSIX_MASK_ALL);
	for (i = 0; i <= (control & MSIX_SIZE); i++) {
		msix_write(b, i * MSIX_ENTRY, 0xfee00000);
		msix_write(b, i * MSIX_ENTRY + 4, 0);
		msix_write(b, i * MSIX_ENTRY + 8, 0x40 + i);
		msix_write(b, i * MSIX_ENTRY + 12, i >= vectors);
	}
	ez_bench_config_write(b, at + MSIX_CONTROL, 2, MSIX_ENABLE);
	return 0;
}

static void check_msix(struct ez_bench *b, unsigned int vector)
{
	uint32_t at = ez_bench_capability(b, CAP_MSIX);

	if (!at || vector > (ez_bench_config_read(b, at + MSIX_CONTROL, 2) & MSIX_SIZE))
		die("%s has no MSI-X vector %u", ez_device_id(b->dev), vector);
}

void ez_bench_msix_mask(struct ez_bench *b, unsigned int vector, bool masked)
{
	uint32_t at = vector * MSIX_ENTRY + 12;

	check_msix(b, vector);
	/* 6.8.2.9: reserved bits are to be kept. */
	msix_write(b, at, (msix_read(b, MSIX_TABLE, at) & ~1u) | masked);
}

bool ez_bench_msix_pending(struct ez_bench *b, unsigned int vector)
{
	check_msix(b, vector);
	return msix_read(b, MSIX_PBA, vector / 32 * 4) >> vector % 32 & 1;
}

void ez_bench_setup(struct ez_bench *b)
{
	unsigned int i;

	bus_assign(b);
	for (i = 0; i < EZ_BARS; i++) {
		const struct ez_bar *bar = bus_bar(b, i);

		if (!bar)
			continue;
		ez_bench_config_write(b, BAR0 + 4 * i, 4, (uint32_t)b->address[i]);
		if (bar->kind == EZ_BAR_MEM64)
			ez_bench_config_write(b, BAR0 + 4 * i + 4, 4,
					      (uint32_t)(b->address[i] >> 32));
	}
	ez_bench_config_write(b, COMMAND, 2, COMMAND_ALL);
}

/* ---- memory, interrupts, time ---- */

uint8_t *ez_bench_ram(struct ez_bench *b)
{
	return b->bus->ram;
}

bool ez_bench_intx(struct ez_bench *b)
{
	return b->intx;
}

uint32_t ez_bench_intx_count(struct ez_bench *b)
{
	return b->intx_count;
}

uint32_t ez_bench_msi_count(struct ez_bench *b, unsigned int vector)
{
	return vector < BENCH_VECTORS ? b->msi_count[vector] : 0;
}

uint64_t ez_bench_now(struct ez_bench *b)
{
	return b->bus->now;
}

void ez_bench_advance(struct ez_bench *b, uint64_t ns)
{
	uint64_t until = b->bus->now + ns;

	bus_run(b->bus, until, false);
	b->bus->now = until;
}

bool ez_bench_step(struct ez_bench *b)
{
	return bus_run(b->bus, EZ_NEVER - 1, true);
}

/* ---- reset, save, load ---- */

void ez_bench_reset(struct ez_bench *b, enum ez_reset_kind kind)
{
	if (ez_device_reset(b->dev, 0, kind))
		die("a bench cannot do reset kind %d", kind);
}

void *ez_bench_save(struct ez_bench *b, size_t *ret_size)
{
	ssize_t size = ez_device_save(b->dev, NULL, 0);
	void *buf = size > 0 ? malloc((size_t)size) : NULL;

	if (!buf || ez_device_save(b->dev, buf, (size_t)size) != size)
		die("%s cannot be saved", ez_device_id(b->dev));
	*ret_size = (size_t)size;
	return buf;
}

int ez_bench_load(struct ez_bench *b, const void *buf, size_t size, struct ez_error *error)
{
	return ez_device_load(b->dev, buf, size, error);
}

/* ---- what was said ---- */

uint32_t ez_bench_log_count(struct ez_bench *b, enum ez_log_kind kind)
{
	return b->log_count[kind];
}

const char *ez_bench_log_last(struct ez_bench *b, enum ez_log_kind kind)
{
	return b->log_last[kind];
}

void ez_bench_seed(struct ez_bench *b, uint64_t seed)
{
	b->chance = seed;
}

void ez_bench_coincide(struct ez_bench *b, const char *source)
{
	const struct ez_spec *spec = ez_device_spec(b->dev);
	uint32_t index = EZ_NONE;
	uint32_t i;

	for (i = 0; source && i < spec->n_irqs; i++) {
		if (!strcmp(spec->irqs[i].name, source))
			index = i;
	}
	if (source && index == EZ_NONE)
		die("ez_bench_coincide: %s has no interrupt %s", spec->name, source);
	if (ez_device_coincide(b->dev, 0, index))
		die("ez_bench_coincide: %s has no status register", source);
}
