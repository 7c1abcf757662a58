/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts, by eventfd.
 *
 * INTx masks itself when it has been signalled: the client lowers its line at
 * any access to a BAR, because that may have been the acknowledgement, and then
 * unmasks, by message or by eventfd. A level that is still up must be
 * signalled again at that moment, or the interrupt is lost.
 *
 * Of MSI-X the client keeps the table to itself, masks included, and asks us only
 * for pending bits. What we see of a vector that is masked from its start is that it
 * has no eventfd. So, as in the kernel's VFIO, SET_IRQS is what opens and masks the
 * vectors of our own table: what cannot be signalled is pending, can be read as
 * that, and is signalled once there is an eventfd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

#define DATA_FLAGS VFIO_IRQ_SET_DATA_TYPE_MASK
#define ACTION_FLAGS VFIO_IRQ_SET_ACTION_TYPE_MASK

/* Of config space: PCI 3.0, 6.2.2 and 6.8.2.3. */
enum { COMMAND_HIGH = 0x05, INTX_DISABLE_BIT = 0x04 };
enum { MSIX_CONTROL_HIGH = 3, MSIX_ENABLE_BIT = 0x80 };

static void put(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* A client may set each vector; what there is by default need not be enough for that. */
static void raise_limit(uint32_t vectors)
{
	const rlim_t wanted = vectors + 512;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int irq_init(struct vu_session *s)
{
	struct vu_irq *irq = &s->irq;
	unsigned int i;

	*irq = (struct vu_irq){ .intx = -1, .unmask = -1, .error = -1, .request = -1 };
	for (i = 0; i < VU_MSI_VECTORS; i++)
		irq->msi[i] = -1;
	irq->n_msix = info_irq_count(s, VFIO_PCI_MSIX_IRQ_INDEX);
	irq->msix = malloc((irq->n_msix + 1) * sizeof(*irq->msix));
	if (!irq->msix)
		return -ENOMEM;
	for (i = 0; i < irq->n_msix; i++)
		irq->msix[i] = -1;
	raise_limit(irq->n_msix);
	return 0;
}

void irq_free(struct vu_irq *irq)
{
	unsigned int i;

	put(&irq->intx, -1);
	put(&irq->unmask, -1);
	put(&irq->error, -1);
	put(&irq->request, -1);
	for (i = 0; i < VU_MSI_VECTORS; i++)
		put(&irq->msi[i], -1);
	for (i = 0; irq->msix && i < irq->n_msix; i++)
		put(&irq->msix[i], -1);
	free(irq->msix);
	irq->msix = NULL;
}

static void signal_fd(int fd)
{
	static const uint64_t one = 1;
	ssize_t n;

	if (fd < 0)
		return;
	do {
		n = write(fd, &one, sizeof(one));
	} while (n < 0 && errno == EINTR);
	/* EAGAIN: the counter is full, so the client has one to see already. */
}

static void drive(struct vu_irq *irq)
{
	if (!irq->level || irq->disabled || irq->masked || irq->intx < 0)
		return;
	irq->masked = true;
	signal_fd(irq->intx);
}

void irq_level(struct vu_session *s, bool level)
{
	s->irq.level = level;
	drive(&s->irq);
}

static uint32_t msix_cap(const struct vu_session *s)
{
	uint32_t i;

	for (i = 0; i < s->spec->n_caps; i++)
		if (s->spec->caps[i].id == PCI_CAP_ID_MSIX)
			return s->spec->caps[i].offset;
	return 0;
}

void irq_config(struct vu_session *s, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	uint32_t msix = msix_cap(s);
	uint32_t at = COMMAND_HIGH;

	if (offset <= at && len > at - offset) {
		s->irq.disabled = bytes[at - offset] & INTX_DISABLE_BIT;
		drive(&s->irq);
	}
	at = msix + MSIX_CONTROL_HIGH;
	if (msix && offset <= at && len > at - offset)
		s->irq.msix_on = bytes[at - offset] & MSIX_ENABLE_BIT;
}

void irq_message(struct vu_session *s, uint32_t vector)
{
	const struct vu_irq *irq = &s->irq;

	if (irq->msix_on) {
		if (vector < irq->n_msix)
			signal_fd(irq->msix[vector]);
	} else if (vector < VU_MSI_VECTORS) {
		signal_fd(irq->msi[vector]);
	}
}

void irq_request(struct vu_session *s)
{
	signal_fd(s->irq.request);
}

static void unmask(struct vu_irq *irq)
{
	irq->masked = false;
	drive(irq);
}

void irq_unmask_event(struct vu_session *s)
{
	uint64_t count;

	if (read(s->irq.unmask, &count, sizeof(count)) == sizeof(count))
		unmask(&s->irq);
}

/*
 * Anything else that can be written to could stop us in the write, or end us
 * with a signal. The flag belongs to the client's descriptor too; every
 * client we know sets it itself.
 */
static bool is_eventfd(int fd)
{
	char path[64], name[32];
	ssize_t n;
	int flags = fcntl(fd, F_GETFL);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	if (n < 0 || flags < 0)
		return false;
	name[n] = '\0';
	if (strcmp(name, "anon_inode:[eventfd]"))
		return false;
	return flags & O_NONBLOCK || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

static int *slot(struct vu_irq *irq, uint32_t index, uint32_t sub)
{
	switch (index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return &irq->intx;
	case VFIO_PCI_MSI_IRQ_INDEX:
		return &irq->msi[sub];
	case VFIO_PCI_MSIX_IRQ_INDEX:
		return &irq->msix[sub];
	case VFIO_PCI_ERR_IRQ_INDEX:
		return &irq->error;
	default:
		return &irq->request;
	}
}

/* Descriptors for [start, start + count), or none to take them back. */
static int set_fds(struct vu_session *s, const struct vu_irq_set *set, struct vu_message *m)
{
	bool trigger = set->flags & VFIO_IRQ_SET_ACTION_TRIGGER;
	bool intx = set->index == VFIO_PCI_INTX_IRQ_INDEX;
	uint32_t i;

	if ((m->n_fds && m->n_fds != set->count) || m->length != sizeof(*set))
		return -EINVAL;
	/* Nobody but we masks, so there is no event of masking to tell. */
	if (!trigger && !(intx && set->flags & VFIO_IRQ_SET_ACTION_UNMASK))
		return -ENOTSUP;
	for (i = 0; i < m->n_fds; i++)
		if (!is_eventfd(m->fds[i]))
			return -EINVAL;
	for (i = 0; i < set->count; i++) {
		int *at = trigger ? slot(&s->irq, set->index, set->start + i) : &s->irq.unmask;

		put(at, m->n_fds ? m->fds[i] : -1);
		if (m->n_fds)
			m->fds[i] = -1;
		/* Last: what was pending comes at once. */
		if (set->index == VFIO_PCI_MSIX_IRQ_INDEX)
			ez_device_msix_taken(s->dev, 0, set->start + i, *at >= 0);
	}
	if (intx && trigger)
		unmask(&s->irq);
	return 0;
}

static void act(struct vu_session *s, const struct vu_irq_set *set, uint32_t sub)
{
	struct vu_irq *irq = &s->irq;

	if (set->flags & VFIO_IRQ_SET_ACTION_MASK)
		irq->masked = true;
	else if (set->flags & VFIO_IRQ_SET_ACTION_UNMASK)
		unmask(irq);
	else
		signal_fd(*slot(irq, set->index, sub));
}

/* Mask, unmask, or fire as a test. */
static int set_state(struct vu_session *s, const struct vu_irq_set *set, const struct vu_message *m)
{
	const uint8_t *data = m->payload + sizeof(*set);
	uint32_t bytes = m->length - (uint32_t)sizeof(*set);
	bool some = set->flags & VFIO_IRQ_SET_DATA_BOOL;
	uint32_t i;

	if (m->n_fds || bytes != (some ? set->count : 0))
		return -EINVAL;
	if (!(set->flags & VFIO_IRQ_SET_ACTION_TRIGGER) && set->index != VFIO_PCI_INTX_IRQ_INDEX)
		return -ENOTSUP;
	for (i = 0; i < set->count; i++)
		if (!some || data[i])
			act(s, set, set->start + i);
	return 0;
}

/* All interrupts of the index. */
static int disable(struct vu_session *s, const struct vu_irq_set *set, const struct vu_message *m)
{
	uint32_t i, count = info_irq_count(s, set->index);

	if (set->start || m->n_fds || m->length != sizeof(*set) ||
	    (set->flags & DATA_FLAGS) != VFIO_IRQ_SET_DATA_NONE ||
	    !(set->flags & VFIO_IRQ_SET_ACTION_TRIGGER))
		return -EINVAL;
	for (i = 0; i < count; i++) {
		put(slot(&s->irq, set->index, i), -1);
		if (set->index == VFIO_PCI_MSIX_IRQ_INDEX)
			ez_device_msix_taken(s->dev, 0, i, false);
	}
	if (set->index == VFIO_PCI_INTX_IRQ_INDEX) {
		put(&s->irq.unmask, -1);
		s->irq.masked = false;
	}
	return 0;
}

static bool one_bit(uint32_t flags)
{
	return flags && !(flags & (flags - 1));
}

int irq_set(struct vu_session *s, struct vu_message *m)
{
	struct vu_irq_set set;
	uint32_t count;

	if (m->length < sizeof(set))
		return -EINVAL;
	memcpy(&set, m->payload, sizeof(set));
	if (set.argsz < sizeof(set) || set.index >= VU_IRQS ||
	    set.flags & ~(uint32_t)(DATA_FLAGS | ACTION_FLAGS) ||
	    !one_bit(set.flags & DATA_FLAGS) || !one_bit(set.flags & ACTION_FLAGS))
		return -EINVAL;
	count = info_irq_count(s, set.index);
	if (!set.count)
		return disable(s, &set, m);
	if (set.start >= count || set.count > count - set.start)
		return -EINVAL;
	if (set.flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return set_fds(s, &set, m);
	return set_state(s, &set, m);
}
