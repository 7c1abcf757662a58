/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accesses to regions. The config region is answered by our own config space:
 * the client writes everything there first and keeps a copy of what it is of
 * record for, so ours mirrors the guest's writes.
 */
#include <errno.h>
#include <string.h>

#include "backends/vfio_user/session.h"

/* The largest natural piece at `offset` of what is left: how a bus cuts an odd length. */
static unsigned int natural(uint64_t offset, uint32_t left, unsigned int most)
{
	while (most > left || offset & (most - 1))
		most /= 2;
	return most;
}

/* One access as the guest made it, whatever its alignment; else pieces. */
static unsigned int piece(uint32_t region, uint64_t offset, uint32_t count, uint32_t at)
{
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return natural(offset + at, count - at, 4);
	if (at == 0 && count <= 8 && !(count & (count - 1)))
		return count;
	return natural(offset + at, count - at, 8);
}

static bool legal(const struct vu_session *s, const struct vu_access *a)
{
	uint64_t size = info_region_size(s, a->region);

	return a->count && a->count <= VU_MAX_TRANSFER && a->offset < size &&
	       a->count <= size - a->offset;
}

int region_read(struct vu_session *s, struct vu_message *m)
{
	struct vu_access a;
	unsigned int width;
	uint64_t value;
	uint32_t at;

	if (m->length != sizeof(a) || m->n_fds)
		return -EINVAL;
	memcpy(&a, m->payload, sizeof(a));
	if (!legal(s, &a))
		return -EINVAL;
	memcpy(m->reply, &a, sizeof(a));
	for (at = 0; at < a.count; at += width) {
		width = piece(a.region, a.offset, a.count, at);
		page_set(&s->page->detail, at);
		if (a.region == VFIO_PCI_CONFIG_REGION_INDEX)
			value = ez_device_config_read(s->dev, 0, (uint32_t)a.offset + at, width);
		else
			value = ez_device_read(s->dev, 0, a.region, a.offset + at, width);
		/* Little endian on both sides: the low bytes come first. */
		memcpy(m->reply + sizeof(a) + at, &value, width);
	}
	m->reply_length = (uint32_t)sizeof(a) + a.count;
	return 0;
}

static void write_config(struct vu_session *s, uint32_t offset, unsigned int width, uint32_t value)
{
	uint8_t bytes[4];

	memcpy(bytes, &value, sizeof(bytes));
	irq_config(s, offset, bytes, width);
	ez_device_config_write(s->dev, 0, offset, width, value);
}

static void write_pieces(struct vu_session *s, const struct vu_access *a, const uint8_t *data)
{
	unsigned int width;
	uint64_t value;
	uint32_t at;

	for (at = 0; at < a->count; at += width) {
		width = piece(a->region, a->offset, a->count, at);
		value = 0;
		memcpy(&value, data + at, width);
		if (a->region == VFIO_PCI_CONFIG_REGION_INDEX)
			write_config(s, (uint32_t)a->offset + at, width, (uint32_t)value);
		else
			ez_device_write(s->dev, 0, a->region, a->offset + at, width, value);
	}
}

int region_write(struct vu_session *s, struct vu_message *m)
{
	struct vu_access a;

	if (m->length < sizeof(a) || m->n_fds)
		return -EINVAL;
	memcpy(&a, m->payload, sizeof(a));
	if (!legal(s, &a) || m->length - sizeof(a) != a.count)
		return -EINVAL;
	write_pieces(s, &a, m->payload + sizeof(a));
	memcpy(m->reply, &a, sizeof(a));
	m->reply_length = sizeof(a);
	return 0;
}

/* All are checked before the first is done: a bad message changes nothing. */
static bool check_multi(const struct vu_session *s, const struct vu_message *m, uint64_t n)
{
	struct vu_multi_write w;
	uint64_t i;

	for (i = 0; i < n; i++) {
		struct vu_access a;

		memcpy(&w, m->payload + sizeof(n) + i * sizeof(w), sizeof(w));
		a = (struct vu_access){ .offset = w.offset, .region = w.region, .count = w.count };
		if (w.count > sizeof(w.data) || !legal(s, &a))
			return false;
	}
	return true;
}

int region_write_multi(struct vu_session *s, struct vu_message *m)
{
	struct vu_multi_write w;
	uint64_t n, i;

	if (m->length < sizeof(n) || m->n_fds)
		return -EINVAL;
	memcpy(&n, m->payload, sizeof(n));
	if (n > m->length / sizeof(w) || m->length != sizeof(n) + n * sizeof(w) ||
	    !check_multi(s, m, n))
		return -EINVAL;
	for (i = 0; i < n; i++) {
		struct vu_access a;

		memcpy(&w, m->payload + sizeof(n) + i * sizeof(w), sizeof(w));
		a = (struct vu_access){ .offset = w.offset, .region = w.region, .count = w.count };
		page_set(&s->page->detail, (uint32_t)i);
		write_pieces(s, &a, w.data);
	}
	memcpy(m->reply, &n, sizeof(n));
	m->reply_length = sizeof(n);
	return 0;
}

int region_reset(struct vu_session *s, struct vu_message *m)
{
	if (m->length || m->n_fds)
		return -EINVAL;
	/* The client resets its copy of config space; config_put tells what became of ours. */
	return ez_device_reset(s->dev, 0, EZ_RESET_BUS);
}
