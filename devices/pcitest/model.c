/* SPDX-License-Identifier: BSD-2-Clause */
#include <ersatz/model.h>

#include <string.h>
#include <zlib.h>
#include <Random123/philox.h>

#include "pcitest_spec.h"

/* Bytes of one step of a transfer: on the worker's stack, and nobody waits long for its end. */
#define PIECE 65536u

/* ---- interrupts ---- */

/*
 * Can the driver be told in this way, by this vector? It may have asked for
 * something else than it has set up: then nothing is sent.
 */
static bool can_tell(struct pcitest *s, uint32_t type)
{
	unsigned int vectors = ez_irq_vectors(s->ez);
	/* Only the table of MSI-X has more than 32, and it always has them all. */
	bool msix = vectors == PCITEST_MSIX_VECTORS;

	switch (type) {
	case PCITEST_IRQ_TYPE_TYPE_INTX:
		return !vectors;
	case PCITEST_IRQ_TYPE_TYPE_MSI:
		return vectors && !msix && s->IRQ_NUMBER - 1 < vectors;
	case PCITEST_IRQ_TYPE_TYPE_MSIX:
		return msix && s->IRQ_NUMBER - 1 < vectors;
	default:
		return false;
	}
}

static void tell(struct pcitest *s, uint32_t type)
{
	if (!can_tell(s, type)) {
		ez_log(s->ez, EZ_LOG_VIOLATION,
		       "no interrupt: IRQ_TYPE %u, IRQ_NUMBER %u, and the driver has %u vectors",
		       type, s->IRQ_NUMBER, ez_irq_vectors(s->ez));
		return;
	}
	if (type != PCITEST_IRQ_TYPE_TYPE_INTX)
		ez_irq_route(s->ez, PCITEST_IRQ_RAISED, s->IRQ_NUMBER - 1);
	ez_irq_raise(s->ez, PCITEST_IRQ_RAISED);
}

/* ---- transfers ---- */

/* `n` bytes of an endless sequence, from `at` on, which is a multiple of PIECE. */
static void fill(uint8_t *bytes, uint32_t n, uint64_t seed, uint32_t at)
{
	philox4x32_key_t key = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };

	for (uint32_t i = 0; i < n; i += 16) {
		philox4x32_ctr_t block = { { (at + i) / 16 } };
		philox4x32_ctr_t random = philox4x32(block, key);

		memcpy(bytes + i, &random, n - i < 16 ? n - i : 16);
	}
}

static bool pcitest_transfer_run(struct ez_job *job, struct pcitest_transfer *t)
{
	uint8_t bytes[PIECE];
	uint32_t left, n;

	/* From a saved state it may be anybody's. */
	if (t->moved > t->size)
		t->moved = t->size;
	left = t->size - t->moved;
	n = left < PIECE ? left : PIECE;
	if (!n)
		return false;
	if (t->op == PCITEST_COMMAND_WRITE_MASK) {
		fill(bytes, n, t->seed, t->moved);
	} else if (ez_job_dma_read(job, t->src + t->moved, bytes, n)) {
		t->status = PCITEST_STATUS_SRC_ADDR_INVALID_MASK;
		return false;
	}
	if (t->op != PCITEST_COMMAND_READ_MASK &&
	    ez_job_dma_write(job, t->dst + t->moved, bytes, n)) {
		t->status = PCITEST_STATUS_DST_ADDR_INVALID_MASK;
		return false;
	}
	t->crc = (uint32_t)crc32(t->crc, bytes, n);
	t->moved += n;
	return t->moved < t->size;
}

static void pcitest_transfer_done(struct pcitest *s)
{
	const struct pcitest_transfer *t = &s->transfer;
	bool failed = t->status;

	s->STATE &= ~PCITEST_STATE_BUSY_MASK;
	s->MOVED = t->moved;
	s->STATUS |= t->status;
	switch (t->op) {
	case PCITEST_COMMAND_READ_MASK:
		failed |= ~t->crc != t->wanted;
		s->STATUS |=
			failed ? PCITEST_STATUS_READ_FAIL_MASK : PCITEST_STATUS_READ_SUCCESS_MASK;
		break;
	case PCITEST_COMMAND_WRITE_MASK:
		s->CHECKSUM = ~t->crc;
		s->STATUS |=
			failed ? PCITEST_STATUS_WRITE_FAIL_MASK : PCITEST_STATUS_WRITE_SUCCESS_MASK;
		break;
	default:
		s->STATUS |=
			failed ? PCITEST_STATUS_COPY_FAIL_MASK : PCITEST_STATUS_COPY_SUCCESS_MASK;
	}
	tell(s, s->IRQ_TYPE);
}

static void begin(struct pcitest *s, uint32_t op)
{
	s->transfer = (struct pcitest_transfer){
		.op = op,
		.src = s->SRC_LOW | (uint64_t)s->SRC_HIGH << 32,
		.dst = s->DST_LOW | (uint64_t)s->DST_HIGH << 32,
		.size = s->SIZE,
		.wanted = s->CHECKSUM,
	};
	ez_random(s->ez, &s->transfer.seed, sizeof(s->transfer.seed));
	s->STATE |= PCITEST_STATE_BUSY_MASK;
	s->MOVED = 0;
	/* On the bench it moves 4 bytes a ns. */
	if (ez_job_submit(s->ez, PCITEST_JOB_TRANSFER, 1000 + s->SIZE / 4)) {
		s->transfer.status = PCITEST_STATUS_SRC_ADDR_INVALID_MASK;
		pcitest_transfer_done(s);
	}
}

/* ---- the doorbell ---- */

static void doorbell_switch(struct pcitest *s, bool on)
{
	if (on) {
		s->STATE |= PCITEST_STATE_DOORBELL_MASK;
		s->STATUS |= PCITEST_STATUS_DOORBELL_ENABLE_SUCCESS_MASK;
	} else {
		s->STATE &= ~PCITEST_STATE_DOORBELL_MASK;
		s->STATUS |= PCITEST_STATUS_DOORBELL_DISABLE_SUCCESS_MASK;
	}
	tell(s, s->IRQ_TYPE);
}

static void pcitest_DOORBELL_onwrite(struct pcitest *s, uint32_t value)
{
	if (!(s->STATE & PCITEST_STATE_DOORBELL_MASK) || value != s->DB_DATA) {
		ez_log(s->ez, EZ_LOG_VIOLATION, "doorbell rung with 0x%x; it is %s", value,
		       s->STATE & PCITEST_STATE_DOORBELL_MASK ? "another number" : "not enabled");
		return;
	}
	s->STATUS |= PCITEST_STATUS_DOORBELL_SUCCESS_MASK;
	tell(s, s->IRQ_TYPE);
}

/* ---- commands ---- */

static void pcitest_COMMAND_onwrite(struct pcitest *s, uint32_t value)
{
	uint32_t op = value & -value;

	s->COMMAND = 0;
	if (!op)
		return;
	if (s->STATE & PCITEST_STATE_BUSY_MASK) {
		ez_log(s->ez, EZ_LOG_VIOLATION, "command 0x%x while a transfer is in hand; ignored",
		       value);
		return;
	}
	s->STATUS = 0;
	ez_irq_update(s->ez);
	switch (op) {
	case PCITEST_COMMAND_RAISE_INTX_MASK:
		tell(s, PCITEST_IRQ_TYPE_TYPE_INTX);
		break;
	case PCITEST_COMMAND_RAISE_MSI_MASK:
		tell(s, PCITEST_IRQ_TYPE_TYPE_MSI);
		break;
	case PCITEST_COMMAND_RAISE_MSIX_MASK:
		tell(s, PCITEST_IRQ_TYPE_TYPE_MSIX);
		break;
	case PCITEST_COMMAND_READ_MASK:
	case PCITEST_COMMAND_WRITE_MASK:
	case PCITEST_COMMAND_COPY_MASK:
		begin(s, op);
		break;
	case PCITEST_COMMAND_ENABLE_DOORBELL_MASK:
	case PCITEST_COMMAND_DISABLE_DOORBELL_MASK:
		doorbell_switch(s, op == PCITEST_COMMAND_ENABLE_DOORBELL_MASK);
		break;
	default:
		ez_log(s->ez, EZ_LOG_VIOLATION, "there is no command 0x%x", value);
	}
}

PCITEST_MODEL;
