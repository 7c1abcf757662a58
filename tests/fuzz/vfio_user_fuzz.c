/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client gone mad: messages with any contents, in any order and any cut,
 * with descriptors where they belong and where they do not, replies to
 * questions of ours, true and false; in between workers and timers get their
 * turn. The model is the one that ERSATZ_MODEL names (gadget.so, panel.so). No
 * descriptor may be left over.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define GUEST (64 * 4096)

static unsigned long long messages;

static void tell(void)
{
	printf("%llu messages\n", messages);
}

struct input {
	const uint8_t *at;
	size_t left;
};

static uint64_t number(struct input *in, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes-- && in->left) {
		value = value << 8 | *in->at++;
		in->left--;
	}
	return value;
}

/* What is received next; as long as there is room. */
static void feed(struct vu_session *s, const void *bytes, uint32_t size)
{
	struct vu_page *page = s->page;
	uint32_t tail = page_tail(page);

	if (size > VU_RECEIVE_SIZE - tail)
		return;
	memcpy(page->received + tail, bytes, size);
	page_set_window(page, page_head(page), tail + size);
}

static int guest = -1;

static void attach_fds(struct vu_session *s, unsigned int what, unsigned int n)
{
	s->link.fds_at = page_tail(s->page);
	while (s->link.n_fds < n)
		s->link.fds[s->link.n_fds++] =
			what & 1 ? dup(guest) : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/*
 * A payload: in words that are small, or near the ends of things, more often
 * than chance would have them.
 */
static uint32_t payload(struct input *in, uint8_t *to, uint32_t most)
{
	static const uint32_t favourites[] = {
		0,    1,      4,      7,       8,	   16,	       20,    24,     32,
		0x60, 0x1000, 0xa000, 0x10000, 0xffffffff, 0x80000000, 0x7ff, 0x2000,
	};
	uint32_t words = (uint32_t)number(in, 1) % (most / 4 + 1);
	uint32_t i;

	for (i = 0; i < words; i++) {
		uint32_t how = (uint32_t)number(in, 1);
		uint32_t word = how & 1	  ? favourites[(how >> 1) % 17]
				: how & 2 ? how >> 2
					  : (uint32_t)number(in, 4);

		memcpy(to + 4 * i, &word, 4);
	}
	return 4 * words;
}

static void message(struct vu_session *s, struct input *in, uint32_t flags, uint16_t id)
{
	uint8_t buf[sizeof(struct vu_header) + 256];
	uint8_t fds = (uint8_t)number(in, 1);
	struct vu_header h = { .id = id,
			       .command = (uint16_t)(number(in, 1) % (VU_COMMANDS + 1)),
			       .flags = flags };

	h.size = (uint32_t)sizeof(h) + payload(in, buf + sizeof(h), 256);
	/* Often as long as it says. */
	if (fds & 0x80 && (h.command == VU_REGION_WRITE || h.command == VU_REGION_READ))
		h.size = sizeof(h) + sizeof(struct vu_access) +
			 (h.command == VU_REGION_WRITE ? 4 : 0);
	memcpy(buf, &h, sizeof(h));
	if (!s->link.n_fds && fds & 0x40)
		attach_fds(s, fds, (fds >> 1) % (fds & 0x20 ? 6 : VU_MAX_FDS + 1));
	feed(s, buf, h.size);
	messages++;
}

/* One that is well formed, and mostly legal, but for its contents: it gets further. */
static void reasonable(struct vu_session *s, struct input *in)
{
	static const uint32_t data[] = { VFIO_IRQ_SET_DATA_NONE, VFIO_IRQ_SET_DATA_EVENTFD,
					 VFIO_IRQ_SET_DATA_EVENTFD, VFIO_IRQ_SET_DATA_BOOL };
	uint8_t what = (uint8_t)number(in, 1);
	struct {
		struct vu_header h;
		union {
			struct {
				struct vu_access a;
				uint64_t value;
			} access;
			struct vu_irq_set set;
			struct vu_region_info info;
		} u;
	} m = { .h = { .id = what, .flags = what & 0x80 ? VU_FLAG_NO_REPLY : 0 } };

	switch (what % 4) {
	case 0:
		m.h.command = VU_GET_REGION_INFO;
		m.h.size = sizeof(m.h) + sizeof(m.u.info);
		m.u.info.index = (uint32_t)number(in, 1) % 10;
		m.u.info.argsz = 32 + (uint32_t)number(in, 1);
		break;
	case 1:
		m.h.command = VU_SET_IRQS;
		m.h.size = sizeof(m.h) + sizeof(m.u.set);
		m.u.set.argsz = sizeof(m.u.set);
		m.u.set.index = what & 0x10 ? VFIO_PCI_MSIX_IRQ_INDEX : (what >> 5) % 5u;
		m.u.set.start = (uint32_t)number(in, 2) & 0xfff;
		m.u.set.count = (uint32_t)number(in, 1) % (VU_MAX_FDS + 2);
		m.u.set.flags = data[what >> 2 & 3] | VFIO_IRQ_SET_ACTION_TRIGGER;
		if (!s->link.n_fds && m.u.set.flags & VFIO_IRQ_SET_DATA_EVENTFD &&
		    m.u.set.count <= VU_MAX_FDS && what & 0x40)
			attach_fds(s, 0, m.u.set.count);
		break;
	default:
		m.h.command = what & 1 ? VU_REGION_READ : VU_REGION_WRITE;
		m.u.access.a.region = (uint32_t)number(in, 1) % 8;
		m.u.access.a.offset = number(in, 2);
		/* Registers are at small offsets, what config space does below 0x90. */
		if (what & 0x10)
			m.u.access.a.offset &= 0x9c;
		m.u.access.a.count = 1u << (what >> 5 & 3);
		m.u.access.value = number(in, what & 0x40 ? 8 : 1);
		m.h.size = sizeof(m.h) + sizeof(m.u.access.a) + (what & 1 ? 0 : m.u.access.a.count);
		break;
	}
	feed(s, &m, m.h.size);
	messages++;
}

static void version(struct vu_session *s)
{
	struct {
		struct vu_header h;
		struct vu_version v;
		char json[64];
	} m = { { 1, VU_VERSION, sizeof(m.h) + sizeof(m.v), 0, 0 }, { 0, 0 }, "" };

	feed(s, &m, m.h.size);
}

static void step(struct vu_session *s, struct input *in)
{
	static const char orders[] = "pryuqx";
	uint8_t raw[300];
	uint8_t what = (uint8_t)number(in, 1);
	uint32_t i, n;

	switch (what % 16) {
	case 0:
		n = (uint32_t)number(in, 1);
		for (i = 0; i < n; i++)
			raw[i] = (uint8_t)number(in, 1);
		feed(s, raw, n);
		break;
	case 1:
		message(s, in, VU_FLAG_REPLY, s->xfer.id);
		break;
	case 2:
		message(s, in, (uint32_t)number(in, 1), what);
		break;
	case 3:
		vu_session_order(s, orders[number(in, 1) % 6]);
		break;
	case 4:
		backend_timers(s);
		break;
	case 5:
		xfer_poll(s);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		reasonable(s, in);
		break;
	default:
		message(s, in, what & 0x10 ? VU_FLAG_NO_REPLY : 0, what);
		break;
	}
	vu_session_handle(s);
}

/* The lowest number that is free grows when one is not closed; the fuzzer opens a few of its own. */
static void check_descriptors(void)
{
	static int first = -1;
	int now = dup(guest);

	if (first < 0)
		first = now;
	if (now < 0 || now > first + 32) {
		printf("file descriptors are left over: %d are taken\n", now);
		abort();
	}
	close(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ez_model *model;
	static struct vu_page *page;
	struct input in = { data, size };
	struct ez_error error;
	struct vu_session *s;

	if (!model) {
		model = ez_model_open(getenv("ERSATZ_MODEL"), &error);
		page = page_new();
		guest = memfd_create("guest", MFD_CLOEXEC);
		if (!model || !page || guest < 0 || ftruncate(guest, GUEST))
			abort();
		atexit(tell);
	}
	s = vu_session_new(model, "fuzz", NULL, 0, page, &error);
	if (!s || vu_session_attach(s, -1, -1, 1))
		abort();
	if (number(&in, 1) & 0xf)
		version(s);
	vu_session_handle(s);
	while (in.left && !s->over)
		step(s, &in);
	vu_session_free(s);
	check_descriptors();
	page_set_window(page, 0, 0);
	memset(page->received, 0, 2 * VU_MAX_VERSION);
	return 0;
}
