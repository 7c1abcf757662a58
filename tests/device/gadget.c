/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>

#include <string.h>

#include "gadget.h"

struct job_data {
	uint64_t address;
	uint32_t left;
	int32_t status;
};

struct list_data {
	uint32_t way;
};

struct gadget {
	struct ez_function *ez;
	uint32_t size_limit; /* property */
	const char *title; /* property */
	uint32_t id, ctrl, fx[10], isr, ier, doorbell, status, length, events, survivor, array[4],
		gap;
	uint64_t address;
	uint8_t io0, io1;
	uint16_t io2;
	uint32_t io4;
	uint64_t wide;
	uint32_t beside;
	uint8_t buffer[4096];
	struct job_data job;
	struct list_data list;
};

#define AT(member) ((uint32_t)offsetof(struct gadget, member))
#define RW (EZ_REG_READ | EZ_REG_WRITE)

static int dma(struct gadget *s, bool write)
{
	if (s->length > sizeof(s->buffer))
		return -E2BIG;
	return write ? ez_dma_write(s->ez, s->address, s->buffer, s->length)
		     : ez_dma_read(s->ez, s->address, s->buffer, s->length);
}

static int copy(struct gadget *s, bool out)
{
	uint8_t *ram = ez_window(s->ez, 0);

	if (s->length > sizeof(s->buffer) || s->address > RAM_SIZE - s->length)
		return -E2BIG;
	memcpy(out ? ram + s->address : s->buffer, out ? s->buffer : ram + s->address, s->length);
	return 0;
}

static int command(struct gadget *s, uint64_t value)
{
	switch (value) {
	case RAISE_A:
	case RAISE_B:
	case RAISE_C:
		ez_irq_raise(s->ez, (uint32_t)value - RAISE_A);
		return 0;
	case LOWER_C:
		ez_irq_lower(s->ez, 2);
		return 0;
	case TIMER:
		ez_timer_set(s->ez, 0, s->length);
		return 0;
	case JOB:
		if (ez_job_busy(s->ez, 0))
			return -EBUSY;
		s->job = (struct job_data){ .address = s->address, .left = s->length };
		return ez_job_submit(s->ez, 0, 1000);
	case CANCEL:
		ez_job_cancel(s->ez, 0);
		return 0;
	case SOFT_RESET:
		ez_reset(s->ez);
		return 0;
	case DMA_IN:
	case DMA_OUT:
		return dma(s, value == DMA_OUT);
	case SAY:
		ez_log(s->ez, EZ_LOG_INFO, "said %u", s->length);
		return 0;
	case DICE:
		ez_random(s->ez, s->buffer, 4);
		return 0;
	case RAISE_D:
		ez_irq_raise(s->ez, 3);
		return 0;
	case LOWER_D:
		ez_irq_lower(s->ez, 3);
		return 0;
	case WINDOW_IN:
	case WINDOW_OUT:
		return copy(s, value == WINDOW_OUT);
	case ROUTE:
		ez_irq_route(s->ez, (uint32_t)s->address, s->length);
		return 0;
	case VECTORS:
		return (int)ez_irq_vectors(s->ez);
	case LIST:
		if (ez_job_busy(s->ez, 1))
			return -EBUSY;
		s->list.way = s->length;
		return ez_job_submit(s->ez, 1, 1000);
	case CANCEL_LIST:
		ez_job_cancel(s->ez, 1);
		return 0;
	default:
		return -ENOSYS;
	}
}

static void doorbell(void *state, uint32_t index, uint64_t value)
{
	struct gadget *s = state;

	s->status = (uint32_t)command(s, value);
}

static void fired(void *state)
{
	struct gadget *s = state;

	s->events += 1;
}

static bool piece(struct ez_job *job, void *data)
{
	struct job_data *d = data;
	uint32_t value;

	if (!d->left)
		return false;
	/* Data may come from a saved state that somebody else wrote: no work without end. */
	if (d->left > MAX_PIECES)
		d->left = MAX_PIECES;
	d->status = ez_job_dma_read(job, d->address, &value, sizeof(value));
	value++;
	if (!d->status)
		d->status = ez_job_dma_write(job, d->address, &value, sizeof(value));
	return --d->left && !d->status;
}

/* The list is anybody's: nothing of it may lead out of our memory. */
static void take_list(struct ez_job *job, struct list *list, struct ez_vector *vectors,
		      struct ez_range *ranges)
{
	uint8_t *ram = ez_job_window(job, 0);
	uint32_t i, k, r = 0;

	memcpy(list, ez_job_window(job, 1), sizeof(*list));
	for (i = 0; i < LIST_RANGES; i++)
		ranges[i] = (struct ez_range){ .addr = list->ranges[i].addr,
					       .len = (size_t)list->ranges[i].len };
	for (i = 0; i < LIST_VECTORS; i++) {
		uint64_t at = list->vectors[i].at;
		uint32_t n = list->vectors[i].n;

		if (i >= list->n || at > RAM_SIZE)
			n = 0;
		vectors[i] = (struct ez_vector){ .ranges = &ranges[r],
						 .write = list->vectors[i].write,
						 .buf = n ? ram + at : NULL };
		for (k = 0; k < n && r < LIST_RANGES; k++, r++) {
			/* What is too long for any transfer is refused, and needs no room. */
			if (ranges[r].len <= 1u << 30)
				at += ranges[r].len;
			vectors[i].n++;
		}
		if (at > RAM_SIZE)
			vectors[i].n = 0;
	}
}

static void tell(struct ez_job *job, struct list *list, int end, const struct ez_vector *vectors)
{
	uint32_t i;

	list->end = end;
	for (i = 0; i < LIST_VECTORS; i++) {
		list->status[i] = vectors[i].status;
		list->done[i] = vectors[i].done;
	}
	memcpy(ez_job_window(job, 1), list, sizeof(*list));
}

static bool list_piece(struct ez_job *job, void *data)
{
	struct list_data *d = data;
	struct ez_range ranges[LIST_RANGES];
	struct ez_vector vectors[LIST_VECTORS];
	struct ez_vector *v = vectors;
	struct list list;
	uint32_t i, k, bytes = 0;
	int err;

	take_list(job, &list, vectors, ranges);
	switch (d->way) {
	case LIST_SYNC:
		err = v->write ? ez_job_dma_writev(job, v->ranges, v->n, v->buf, &v->done)
			       : ez_job_dma_readv(job, v->ranges, v->n, v->buf, &v->done);
		tell(job, &list, err, vectors);
		return false;
	case LIST_BACKGROUND:
		err = ez_job_dma_begin(job, vectors, list.n);
		list.meanwhile = ez_job_dma_read(job, 0, &i, 4);
		if (!err)
			err = ez_job_dma_end(job);
		tell(job, &list, err, vectors);
		return false;
	case LIST_NO_END:
		ez_job_dma_begin(job, vectors, list.n);
		d->way = LIST_BACKGROUND;
		return true;
	default:
		break;
	}
	if (d->way > LIST_COUNT + MAX_PIECES)
		d->way = LIST_COUNT + MAX_PIECES;
	err = ez_job_dma_readv(job, v->ranges, v->n, v->buf, NULL);
	for (k = 0; k < v->n; k++)
		bytes += (uint32_t)v->ranges[k].len;
	for (i = 0; i < bytes; i++)
		((uint8_t *)v->buf)[i]++;
	if (!err)
		err = ez_job_dma_writev(job, v->ranges, v->n, v->buf, &v->done);
	tell(job, &list, err, vectors);
	return --d->way > LIST_COUNT && !err;
}

static void list_done(void *state)
{
	struct gadget *s = state;

	s->events += 0x100;
}

static void done(void *state)
{
	struct gadget *s = state;

	s->events += 0x100;
	s->status = (uint32_t)s->job.status;
	ez_irq_raise(s->ez, 0);
}

static void reset(void *state, enum ez_reset_kind kind)
{
	struct gadget *s = state;

	s->events += 0x10000;
	/* title=eager: what a reset begins must not survive a load that knows nothing of it. */
	if (strcmp(s->title, "eager") == 0) {
		ez_timer_set(s->ez, 0, 500);
		s->job = (struct job_data){ .left = 1 };
		ez_job_submit(s->ez, 0, 700);
	}
}

/* A state with this in CTRL is not to its liking. */
static int load(void *state)
{
	struct gadget *s = state;

	return s->ctrl == REFUSED ? -EBADMSG : 0;
}

/* clang-format off: tables */
static const struct ez_effects effects[] = {
	{ .woclr = 0xffffffff }, { .woset = 0xffffffff }, { .wot = 0xffffffff },
	{ .wzc = 0xffffffff },	 { .wzs = 0xffffffff },	  { .wzt = 0xffffffff },
	{ .wclr = 0xffffffff },	 { .wset = 0xffffffff },  { .rclr = 0xffffffff },
	{ .rset = 0xffffffff },	 { .woclr = 0x3 },
};

#define FX(i, more)                                                                                \
	{                                                                                          \
		.name = "FX" #i, .offset = EFFECTS + 4 * (i), .count = 1, .stride = 4, .width = 4, \
		.access = 7, .flags = RW | (more), .state = AT(fx[i]), .reset = EFFECTS_RESET,     \
		.read = 0xffffffff, .effects = &effects[i]                                         \
	}
#define PLAIN(n, off, b, w, acc, fl, member, mask, ...)                                            \
	{                                                                                          \
		.name = n, .offset = off, .count = 1, .stride = w, .bar = b, .width = w,           \
		.access = acc, .flags = fl, .state = AT(member), .read = UINT64_MAX,               \
		.store = mask, __VA_ARGS__                                                         \
	}

static const struct ez_field survivor_fields[] = {
	{ .name = "KEPT", .lsb = 0, .width = 8, .resets = 1u << EZ_RESET_POWER_ON },
	{ .name = "LOST", .lsb = 8, .width = 8, .resets = EZ_RESET_ALL },
};

/* Sorted by BAR and offset, as the spec compiler does. */
static const struct ez_reg regs[] = {
	PLAIN("ID", ID, 0, 4, 7, EZ_REG_READ, id, 0, .reset = 0x12345678),
	PLAIN("CTRL", CTRL, 0, 4, 7, RW, ctrl, 0xff, .must_be_zero = 0xff000000),
	FX(0, 0),
	FX(1, 0),
	FX(2, 0),
	FX(3, 0),
	FX(4, 0),
	FX(5, 0),
	FX(6, 0),
	FX(7, 0),
	FX(8, EZ_REG_READ_EFFECT),
	FX(9, EZ_REG_READ_EFFECT),
	PLAIN("ISR", ISR, 0, 4, 4, RW | EZ_REG_IRQ, isr, 0, .effects = &effects[10]),
	PLAIN("IER", IER, 0, 4, 4, RW | EZ_REG_IRQ, ier, 3),
	PLAIN("DOORBELL", DOORBELL, 0, 4, 4, EZ_REG_WRITE, doorbell, 0, .onwrite = doorbell),
	PLAIN("STATUS", STATUS, 0, 4, 4, EZ_REG_READ, status, 0),
	PLAIN("ADDRESS", ADDRESS, 0, 8, 12, RW, address, UINT64_MAX),
	PLAIN("LENGTH", LENGTH, 0, 4, 4, RW, length, UINT64_MAX),
	PLAIN("EVENTS", EVENTS, 0, 4, 4, EZ_REG_READ, events, 0),
	PLAIN("SURVIVOR", SURVIVOR, 0, 4, 4, RW, survivor, UINT64_MAX, .fields = survivor_fields,
	      .n_fields = 2, .reset = 0x1122),
	{ .name = "ARRAY",
	  .offset = ARRAY,
	  .count = 4,
	  .stride = 8,
	  .width = 4,
	  .access = 4,
	  .flags = RW,
	  .state = AT(array),
	  .read = UINT64_MAX,
	  .store = UINT64_MAX },
	PLAIN("GAP", GAP, 0, 4, 4, RW | EZ_REG_UNIMPLEMENTED, gap, UINT64_MAX),
	PLAIN("BESIDE", BESIDE, 1, 4, 4, RW, beside, UINT64_MAX),
	PLAIN("IO0", 0, 2, 1, 1, RW, io0, UINT64_MAX),
	PLAIN("IO1", 1, 2, 1, 1, RW, io1, UINT64_MAX),
	PLAIN("IO2", 2, 2, 2, 2, RW, io2, UINT64_MAX),
	PLAIN("IO4", 4, 2, 4, 4, RW, io4, UINT64_MAX),
	PLAIN("WIDE", WIDE, 4, 8, 12, RW, wide, UINT64_MAX),
};

#define REG_ROW(n, member, c, t, r)                                                                \
	{                                                                                          \
		.name = n, .offset = AT(member), .count = c, .type = t, .kind = EZ_ROW_REGISTER,   \
		.resets = EZ_RESET_ALL, .reset = r                                                 \
	}
#define FX_ROW(i) REG_ROW("FX" #i, fx[i], 1, EZ_U32, EFFECTS_RESET)

static const struct ez_row rows[] = {
	REG_ROW("ID", id, 1, EZ_U32, 0x12345678),
	REG_ROW("CTRL", ctrl, 1, EZ_U32, 0),
	FX_ROW(0),
	FX_ROW(1),
	FX_ROW(2),
	FX_ROW(3),
	FX_ROW(4),
	FX_ROW(5),
	FX_ROW(6),
	FX_ROW(7),
	FX_ROW(8),
	FX_ROW(9),
	REG_ROW("ISR", isr, 1, EZ_U32, 0),
	REG_ROW("IER", ier, 1, EZ_U32, 0),
	REG_ROW("DOORBELL", doorbell, 1, EZ_U32, 0),
	REG_ROW("STATUS", status, 1, EZ_U32, 0),
	REG_ROW("ADDRESS", address, 1, EZ_U64, 0),
	REG_ROW("LENGTH", length, 1, EZ_U32, 0),
	{ .name = "EVENTS",
	  .offset = AT(events),
	  .count = 1,
	  .type = EZ_U32,
	  .kind = EZ_ROW_REGISTER },
	REG_ROW("SURVIVOR", survivor, 1, EZ_U32, 0x1122),
	REG_ROW("ARRAY", array, 4, EZ_U32, 0),
	REG_ROW("GAP", gap, 1, EZ_U32, 0),
	REG_ROW("BESIDE", beside, 1, EZ_U32, 0),
	REG_ROW("IO0", io0, 1, EZ_U8, 0),
	REG_ROW("IO1", io1, 1, EZ_U8, 0),
	REG_ROW("IO2", io2, 1, EZ_U16, 0),
	REG_ROW("IO4", io4, 1, EZ_U32, 0),
	REG_ROW("WIDE", wide, 1, EZ_U64, 0),
	{ .name = "buffer",
	  .offset = AT(buffer),
	  .count = 4096,
	  .type = EZ_U8,
	  .kind = EZ_ROW_STATE,
	  .resets = EZ_RESET_ALL },
	{ .name = "job.address",
	  .offset = AT(job.address),
	  .count = 1,
	  .type = EZ_U64,
	  .kind = EZ_ROW_JOB,
	  .resets = EZ_RESET_ALL },
	{ .name = "job.left",
	  .offset = AT(job.left),
	  .count = 1,
	  .type = EZ_U32,
	  .kind = EZ_ROW_JOB,
	  .resets = EZ_RESET_ALL },
	{ .name = "job.status",
	  .offset = AT(job.status),
	  .count = 1,
	  .type = EZ_I32,
	  .kind = EZ_ROW_JOB,
	  .resets = EZ_RESET_ALL },
	{ .name = "list.way",
	  .offset = AT(list.way),
	  .count = 1,
	  .type = EZ_U32,
	  .kind = EZ_ROW_JOB,
	  .resets = EZ_RESET_ALL },
};

static const struct ez_bar bars[] = {
	{ .name = "regs", .number = 0, .kind = EZ_BAR_MEM32, .size = 4096 },
	{ .name = "memory", .number = 1, .kind = EZ_BAR_MEM32, .size = BAR1_SIZE },
	{ .name = "ports",
	  .number = 2,
	  .kind = EZ_BAR_IO,
	  .size = 16,
	  .split = true,
	  .unmapped = EZ_ANSWER_ZERO },
	{ .name = "big", .number = 4, .kind = EZ_BAR_MEM64, .prefetchable = true, .size = 65536 },
};

static const uint8_t vendor_body[] = { 0, 0xaa, 0x55, 0xff };
static const uint8_t vendor_wmask[] = { 0, 0, 0xf0, 0 };

static const struct ez_cap caps[] = {
	{ .id = 0x01, .offset = CAP_PM_AT, .length = 8 },
	{ .id = 0x05,
	  .offset = CAP_MSI_AT,
	  .length = 24,
	  .vectors = 4,
	  .address64 = true,
	  .maskable = true },
	{ .id = 0x09,
	  .offset = CAP_VENDOR_AT,
	  .length = 6,
	  .body = vendor_body,
	  .body_wmask = vendor_wmask },
	{ .id = 0x11,
	  .offset = CAP_MSIX_AT,
	  .length = 12,
	  .vectors = TABLE_VECTORS,
	  .table_bar = 1,
	  .table_offset = TABLE,
	  .pba_bar = 1,
	  .pba_offset = PBA },
};

static const struct ez_window windows[] = {
	{ .name = "RAM",
	  .bar = 1,
	  .offset = RAM,
	  .size = RAM_SIZE,
	  .resets = 1u << EZ_RESET_POWER_ON },
	{ .name = "SCRATCH",
	  .bar = 1,
	  .offset = SCRATCH,
	  .size = SCRATCH_SIZE,
	  .resets = EZ_RESET_ALL },
};

static const struct ez_irq irqs[] = {
	{ .name = "A",
	  .vector = 0,
	  .status = 12,
	  .status_mask = 1,
	  .enable = 13,
	  .enable_mask = 1 },
	{ .name = "B",
	  .vector = 2,
	  .status = 12,
	  .status_mask = 2,
	  .enable = 13,
	  .enable_mask = 2 },
	{ .name = "C", .vector = 1, .status = EZ_NONE, .enable = EZ_NONE },
	{ .name = "D", .vector = 69, .status = EZ_NONE, .enable = EZ_NONE },
};

static const struct ez_prop props[] = {
	{ .name = "limit",
	  .type = EZ_U32,
	  .offset = AT(size_limit),
	  .initial = "7",
	  .min = 1,
	  .max = 100 },
	{ .name = "title", .type = EZ_STRING, .offset = AT(title), .initial = "none" },
};

static const struct ez_timer timers[] = { { "tick", fired } };
static const struct ez_job_desc jobs[] = { { "count", AT(job), piece, done },
					   { "list", AT(list), list_piece, list_done } };

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const struct ez_spec spec = {
	.name = "gadget",
	.desc = "test device",
	.hash = "",
	.id = { .vendor = 0x1234,
		.device = 0x5678,
		.subsystem_vendor = 0x1af4,
		.subsystem = 0x1100,
		.class_code = 0x00ff00,
		.revision = 3,
		.pin = 2 },
	.state_size = sizeof(struct gadget),
	.bars = bars,
	.regs = regs,
	.rows = rows,
	.props = props,
	.caps = caps,
	.irqs = irqs,
	.timers = timers,
	.jobs = jobs,
	.windows = windows,
	.n_windows = N(windows),
	.n_bars = N(bars),
	.n_regs = N(regs),
	.n_rows = N(rows),
	.n_props = N(props),
	.n_caps = N(caps),
	.n_irqs = N(irqs),
	.n_timers = N(timers),
	.n_jobs = N(jobs),
};
/* clang-format on */

/* Built a second time with another ABI, for the test that refuses it. */
#ifndef GADGET_ABI
#define GADGET_ABI EZ_ABI
#endif

__attribute__((visibility("default"))) extern const struct ez_model ersatz_model;
const struct ez_model ersatz_model = {
	.size = sizeof(ersatz_model),
	.abi = GADGET_ABI,
	.spec = &spec,
	.reset = reset,
	.load = load,
};
