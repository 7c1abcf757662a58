/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Saved state. A stream of entries, each {tag, name, payload}, all numbers
 * little endian, so that what is there can be matched by name with what the
 * model has now. Loading trusts no byte of it.
 *
 *   magic "ERSATZ" 0 | u8 format | u32 size of the whole | entries | tag END
 *   entry: u8 tag | u8 length of name | name | u32 length of payload | payload
 *
 * Formats 2 and 3 have entries that the ones before did not know: what reads 3
 * reads those.
 */
#include "device/device.h"

#include <string.h>

#define FORMAT 3

static const char magic[8] = { 'E', 'R', 'S', 'A', 'T', 'Z', 0, FORMAT };

enum tag {
	TAG_END,
	TAG_MODEL, /* name: the spec's; no payload */
	TAG_ROW, /* payload: u8 element size, elements */
	TAG_TIMER, /* u64 ns left; only what is armed */
	TAG_JOB, /* u8 enum job_saved, u64 ns left (virtual time) */
	TAG_RAISED, /* u8; a source without a status register */
	TAG_TOLD, /* u8; a source whose message has gone out */
	TAG_CONFIG, /* no name; config space */
	TAG_MSIX, /* no name; u16 vectors, table, pending bits, as the BAR shows them */
	TAG_WINDOW, /* u64 size of the window, u64 offset, bytes; the rest of it is zeros */
	TAG_ROUTE, /* u16 vector; only of a source that does not use the spec's */
};

/* ---- writing ---- */

struct out {
	uint8_t *buf;
	size_t size;
	size_t at; /* goes on past size, to say how much it would take */
};

static void put(struct out *o, const void *bytes, size_t len)
{
	if (o->at < o->size)
		memcpy(o->buf + o->at, bytes, len < o->size - o->at ? len : o->size - o->at);
	o->at += len;
}

static void put_number(struct out *o, uint64_t value, unsigned int width)
{
	uint8_t bytes[8];
	unsigned int i;

	for (i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put(o, bytes, width);
}

static void put_entry(struct out *o, enum tag tag, const char *name, size_t payload)
{
	put_number(o, tag, 1);
	put_number(o, strlen(name), 1);
	put(o, name, strlen(name));
	put_number(o, payload, 4);
}

static uint64_t left(struct ez_function *f, uint32_t timer)
{
	uint64_t now = ez_now(f);

	if (f->deadline[timer] == EZ_NEVER || f->deadline[timer] < now)
		return 0;
	return f->deadline[timer] - now;
}

/* Ours only where it is of record: a backend with a table of its own saves that. */
static void save_msix(struct ez_function *f, struct out *o)
{
	uint32_t table = pci_msix_table_size(&f->pci);
	uint32_t pending = pci_msix_pba_size(&f->pci);

	if (!table || msi_is_theirs(f->dev))
		return;
	put_entry(o, TAG_MSIX, "", 2 + (size_t)table + pending);
	put_number(o, pci_msix_vectors(&f->pci), 2);
	put(o, f->pci.msix_table, table);
	put(o, f->pci.msix_pending, pending);
}

static bool all_zero(const char *at, size_t len)
{
	return !*at && !memcmp(at, at + 1, len - 1);
}

/*
 * What is not zero, in runs of whole pages. A guest may be writing meanwhile:
 * what has been decided of a page is not asked again.
 */
static void save_window(struct ez_function *f, uint32_t index, struct out *o)
{
	const struct ez_window *window = &f->spec->windows[index];
	const char *bytes = f->windows[index];
	uint64_t at = 0, end, from;

	while (window_data(f, index, &at, &end)) {
		while (at < end) {
			for (from = at; at < end && !all_zero(bytes + at, WINDOW_PAGE);)
				at += WINDOW_PAGE;
			if (at > from) {
				put_entry(o, TAG_WINDOW, window->name, 16 + (at - from));
				put_number(o, window->size, 8);
				put_number(o, from, 8);
				put(o, bytes + from, at - from);
			}
			/* It ended before a page of zeros, or where the data does. */
			at += at < end ? WINDOW_PAGE : 0;
		}
	}
}

static void save_all(struct ez_function *f, struct out *o)
{
	const struct ez_spec *spec = f->spec;
	uint32_t i, e, size;

	put(o, magic, sizeof(magic));
	put_number(o, 0, 4);
	put_entry(o, TAG_MODEL, spec->name, 0);
	for (i = 0; i < spec->n_rows; i++) {
		const struct ez_row *row = &spec->rows[i];

		size = regs_type_size(row->type);
		put_entry(o, TAG_ROW, row->name, 1 + (size_t)row->count * size);
		put_number(o, size, 1);
		for (e = 0; e < row->count; e++)
			put_number(o, regs_row_get(row, e, f->state), size);
	}
	for (i = 0; i < spec->n_timers; i++) {
		if (f->deadline[i] == EZ_NEVER)
			continue;
		put_entry(o, TAG_TIMER, spec->timers[i].name, 8);
		put_number(o, left(f, i), 8);
	}
	for (i = 0; i < spec->n_jobs; i++) {
		put_entry(o, TAG_JOB, spec->jobs[i].name, 9);
		put_number(o, job_save(f, i), 1);
		put_number(o, left(f, job_timer(f, i)), 8);
	}
	for (i = 0; i < spec->n_irqs; i++) {
		put_entry(o, TAG_RAISED, spec->irqs[i].name, 1);
		put_number(o, f->raised[i], 1);
		put_entry(o, TAG_TOLD, spec->irqs[i].name, 1);
		put_number(o, f->told[i], 1);
		if (f->route[i] == spec->irqs[i].vector)
			continue;
		put_entry(o, TAG_ROUTE, spec->irqs[i].name, 2);
		put_number(o, f->route[i], 2);
	}
	put_entry(o, TAG_CONFIG, "", f->pci.size);
	put(o, f->pci.bytes, f->pci.size);
	save_msix(f, o);
	for (i = 0; i < spec->n_windows; i++)
		save_window(f, i, o);
	put_number(o, TAG_END, 1);
}

ssize_t ez_device_save(struct ez_device *dev, void *buf, size_t size)
{
	struct out o = { .buf = buf, .size = buf ? size : 0 };
	struct out head = { .buf = buf, .size = o.size, .at = sizeof(magic) };

	save_all(&dev->function, &o);
	if (o.at > UINT32_MAX)
		return -EFBIG;
	put_number(&head, o.at, 4);
	return (ssize_t)o.at;
}

/* ---- reading ---- */

struct in {
	const uint8_t *buf;
	size_t size;
	size_t at;
};

struct entry {
	enum tag tag;
	char name[256];
	struct in payload;
};

static bool take(struct in *in, uint64_t *ret, unsigned int width)
{
	unsigned int i;

	if (in->size - in->at < width)
		return false;
	*ret = 0;
	for (i = 0; i < width; i++)
		*ret |= (uint64_t)in->buf[in->at++] << (8 * i);
	return true;
}

static bool take_entry(struct in *in, struct entry *entry)
{
	uint64_t tag, len;

	if (!take(in, &tag, 1))
		return false;
	*entry = (struct entry){ .tag = (enum tag)tag };
	if (tag == TAG_END)
		return true;
	if (!take(in, &len, 1) || in->size - in->at < len)
		return false;
	memcpy(entry->name, in->buf + in->at, len);
	in->at += len;
	if (!take(in, &len, 4) || in->size - in->at < len)
		return false;
	entry->payload = (struct in){ .buf = in->buf + in->at, .size = len };
	in->at += len;
	return true;
}

/* Index of the element of this name in a table whose elements begin with theirs, or EZ_NONE. */
static uint32_t find(const void *table, size_t stride, uint32_t n, const char *name)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(*(const char *const *)((const char *)table + i * stride), name))
			return i;
	return EZ_NONE;
}

#define FIND(table, n, name) find(table, sizeof((table)[0]), n, name)

_Static_assert(!offsetof(struct ez_row, name) && !offsetof(struct ez_timer, name) &&
		       !offsetof(struct ez_job_desc, name) && !offsetof(struct ez_irq, name) &&
		       !offsetof(struct ez_window, name),
	       "find() takes the name from the front");

static int load_row(struct ez_function *f, const struct entry *entry, bool apply,
		    struct ez_error *error)
{
	uint32_t index = FIND(f->spec->rows, f->spec->n_rows, entry->name);
	const struct ez_row *row;
	struct in in = entry->payload;
	uint64_t size, value = 0;
	uint32_t e;

	if (index == EZ_NONE)
		return 0;
	row = &f->spec->rows[index];
	if (!take(&in, &size, 1) || size != regs_type_size(row->type) ||
	    in.size - in.at != (size_t)row->count * size) {
		error_set(error,
			  "saved state: %s is not %u elements of %u bytes; was it saved by another "
			  "version of the model?",
			  row->name, row->count, regs_type_size(row->type));
		return -EINVAL;
	}
	for (e = 0; apply && e < row->count; e++) {
		take(&in, &value, (unsigned int)size);
		regs_row_set(row, e, f->state, value);
	}
	return 0;
}

static int bad(struct ez_error *error, const char *what, const char *name)
{
	error_set(error, "saved state: bad %s entry \"%.64s\"", what, name);
	return -EINVAL;
}

static uint64_t deadline(struct ez_function *f, uint64_t ns)
{
	uint64_t now = ez_now(f);

	return ns >= EZ_NEVER - now ? EZ_NEVER - 1 : now + ns;
}

static int load_timer(struct ez_function *f, const struct entry *entry, bool apply,
		      struct ez_error *error)
{
	uint32_t timer = FIND(f->spec->timers, f->spec->n_timers, entry->name);
	struct in in = entry->payload;
	uint64_t ns;

	if (!take(&in, &ns, 8) || in.at != in.size)
		return bad(error, "timer", entry->name);
	if (apply && timer != EZ_NONE)
		timer_arm(f, timer, deadline(f, ns));
	return 0;
}

static int load_job(struct ez_function *f, const struct entry *entry, bool apply,
		    struct ez_error *error)
{
	uint32_t job = FIND(f->spec->jobs, f->spec->n_jobs, entry->name);
	struct in in = entry->payload;
	uint64_t how, ns;

	if (!take(&in, &how, 1) || !take(&in, &ns, 8) || in.at != in.size || how > JOB_FINISHED)
		return bad(error, "job", entry->name);
	/* A name twice would submit it twice. */
	if (!apply || job == EZ_NONE || ez_job_busy(f, job))
		return 0;
	if (job_restore(f, job, (enum job_saved)how, deadline(f, ns))) {
		error_set(error, "saved state: job %s cannot be started", f->spec->jobs[job].name);
		return -EAGAIN;
	}
	return 0;
}

static int load_irq(struct ez_function *f, const struct entry *entry, bool apply,
		    struct ez_error *error)
{
	uint32_t irq = FIND(f->spec->irqs, f->spec->n_irqs, entry->name);
	struct in in = entry->payload;
	uint64_t on;

	if (!take(&in, &on, 1) || in.at != in.size || on > 1)
		return bad(error, "interrupt", entry->name);
	if (apply && irq != EZ_NONE)
		*(entry->tag == TAG_RAISED ? &f->raised[irq] : &f->told[irq]) = (uint8_t)on;
	return 0;
}

static int load_route(struct ez_function *f, const struct entry *entry, bool apply,
		      struct ez_error *error)
{
	uint32_t irq = FIND(f->spec->irqs, f->spec->n_irqs, entry->name);
	struct in in = entry->payload;
	uint64_t vector;

	if (!take(&in, &vector, 2) || in.at != in.size || vector >= PCI_MSIX_VECTORS)
		return bad(error, "interrupt vector", entry->name);
	if (apply && irq != EZ_NONE)
		ez_irq_route(f, irq, (unsigned int)vector);
	return 0;
}

/* Only what software can change is taken: identity and layout are the spec's. */
static int load_config(struct ez_function *f, const struct entry *entry, bool apply,
		       struct ez_error *error)
{
	if (entry->payload.size != f->pci.size)
		return bad(error, "config space", "");
	if (apply)
		pci_restore(&f->pci, entry->payload.buf);
	return 0;
}

static int load_msix(struct ez_function *f, const struct entry *entry, bool apply,
		     struct ez_error *error)
{
	uint32_t table = pci_msix_table_size(&f->pci);
	struct in in = entry->payload;
	uint64_t vectors;

	if (!take(&in, &vectors, 2) || vectors != pci_msix_vectors(&f->pci) ||
	    in.size - in.at != (size_t)table + pci_msix_pba_size(&f->pci)) {
		error_set(error,
			  "saved state: its MSI-X table is not one of %u vectors; was it saved by "
			  "another version of the model?",
			  pci_msix_vectors(&f->pci));
		return -EINVAL;
	}
	if (apply)
		pci_msix_restore(&f->pci, in.buf + in.at, in.buf + in.at + table);
	return 0;
}

static int load_window(struct ez_function *f, const struct entry *entry, bool apply,
		       struct ez_error *error)
{
	uint32_t index = FIND(f->spec->windows, f->spec->n_windows, entry->name);
	const struct ez_window *window;
	struct in in = entry->payload;
	uint64_t size, at;

	if (index == EZ_NONE)
		return 0;
	window = &f->spec->windows[index];
	if (!take(&in, &size, 8) || !take(&in, &at, 8) || size != window->size || at > size ||
	    in.size - in.at > size - at) {
		error_set(error,
			  "saved state: window %s is not of %llu bytes; was it saved by another "
			  "version of the model?",
			  window->name, (unsigned long long)window->size);
		return -EINVAL;
	}
	if (apply)
		memcpy((char *)f->windows[index] + at, in.buf + in.at, in.size - in.at);
	return 0;
}

static int load_entry(struct ez_function *f, const struct entry *entry, bool apply,
		      struct ez_error *error)
{
	switch (entry->tag) {
	case TAG_MODEL:
		if (!strcmp(entry->name, f->spec->name))
			return 0;
		error_set(error, "saved state is of a device \"%.64s\", not of %s", entry->name,
			  f->spec->name);
		return -EINVAL;
	case TAG_ROW:
		return load_row(f, entry, apply, error);
	case TAG_TIMER:
		return load_timer(f, entry, apply, error);
	case TAG_JOB:
		return load_job(f, entry, apply, error);
	case TAG_RAISED:
	case TAG_TOLD:
		return load_irq(f, entry, apply, error);
	case TAG_CONFIG:
		return load_config(f, entry, apply, error);
	case TAG_MSIX:
		return load_msix(f, entry, apply, error);
	case TAG_WINDOW:
		return load_window(f, entry, apply, error);
	case TAG_ROUTE:
		return load_route(f, entry, apply, error);
	case TAG_END:
		break;
	}
	return bad(error, "unknown", entry->name);
}

/* Which tags a pass acts on: jobs and timers only when the rows are in place. */
static bool later(enum tag tag)
{
	return tag == TAG_TIMER || tag == TAG_JOB;
}

enum pass { PASS_CHECK, PASS_ROWS, PASS_EVENTS };

static int walk(struct ez_function *f, const uint8_t *buf, size_t size, enum pass pass,
		struct ez_error *error)
{
	struct in in = { .buf = buf, .size = size };
	struct entry entry;
	uint64_t total = 0;
	bool named = false;
	int err;

	if (size < sizeof(magic) + 4 || memcmp(buf, magic, sizeof(magic) - 1)) {
		error_set(error, "this is not a saved state of Ersatz");
		return -EINVAL;
	}
	if (!buf[sizeof(magic) - 1] || buf[sizeof(magic) - 1] > FORMAT) {
		error_set(error,
			  "saved state of format %u; this Ersatz reads 1 to %u: was it saved by a "
			  "newer one?",
			  buf[sizeof(magic) - 1], FORMAT);
		return -EINVAL;
	}
	in.at = sizeof(magic);
	take(&in, &total, 4);
	if (total != size) {
		error_set(error,
			  "saved state is cut short or has a tail: %zu bytes, should be %llu", size,
			  (unsigned long long)total);
		return -EINVAL;
	}
	for (;;) {
		if (!take_entry(&in, &entry)) {
			error_set(error, "saved state ends in the middle of an entry");
			return -EINVAL;
		}
		if (entry.tag == TAG_END)
			break;
		named |= entry.tag == TAG_MODEL;
		err = load_entry(f, &entry,
				 pass != PASS_CHECK && later(entry.tag) == (pass == PASS_EVENTS),
				 error);
		if (err)
			return err;
	}
	if (!named || in.at != in.size) {
		error_set(error, "saved state names no model, or goes on after its end");
		return -EINVAL;
	}
	return 0;
}

static bool left_out(const struct ez_function *f, const struct entry *entry)
{
	if (entry->tag == TAG_WINDOW)
		return FIND(f->spec->windows, f->spec->n_windows, entry->name) == EZ_NONE;
	return entry->tag == TAG_ROW &&
	       FIND(f->spec->rows, f->spec->n_rows, entry->name) == EZ_NONE;
}

/* Rows and windows that the state has and the model does not: one line, whatever the state says. */
static void say_left_out(struct ez_function *f, const uint8_t *buf, size_t size)
{
	struct in in = { .buf = buf, .size = size, .at = sizeof(magic) + 4 };
	struct entry entry;
	char first[65] = "";
	uint32_t n = 0;
	size_t i;

	while (take_entry(&in, &entry) && entry.tag != TAG_END) {
		if (!left_out(f, &entry))
			continue;
		for (i = 0; !n && entry.name[i] && i < sizeof(first) - 1; i++)
			first[i] = entry.name[i] > ' ' && entry.name[i] < 127 ? entry.name[i] : '?';
		n++;
	}
	if (n)
		log_line(f, EZ_LOG_INFO,
			 "saved state has %u parts that this model does not have (%s, ...); left "
			 "out",
			 n, first);
}

static void as_after_power_on(struct ez_function *f)
{
	pci_reset(&f->pci, EZ_RESET_POWER_ON);
	device_gate(f);
	device_reset(f, EZ_RESET_POWER_ON);
}

/* The model's own look at what was put back. */
static int run_hook(struct ez_function *f, struct ez_error *error)
{
	int (*load)(void *state) = device_hook(f->dev, load);
	int err = 0;
	bool was;

	if (!load)
		return 0;
	was = device_enter(f);
	err = load(f->state);
	device_leave(f, was);
	if (err)
		error_set(error, "%s refused the saved state: %s", f->dev->id, strerror(-err));
	return err ? -EINVAL : 0;
}

int ez_device_load(struct ez_device *dev, const void *buf, size_t size, struct ez_error *error)
{
	struct ez_function *f = &dev->function;
	int err = walk(f, buf, size, PASS_CHECK, error);

	/* What is not in the state is as after power-on. */
	as_after_power_on(f);
	if (err)
		return err;
	/* What the reset hook has begun is not part of what was saved. */
	device_quiesce(f);
	irq_reset(f);
	say_left_out(f, buf, size);
	walk(f, buf, size, PASS_ROWS, NULL);
	irq_loaded(f);
	err = run_hook(f, error);
	if (!err)
		err = walk(f, buf, size, PASS_EVENTS, error);
	if (err) {
		as_after_power_on(f);
		return err;
	}
	device_gate(f);
	irq_update(f);
	return 0;
}
