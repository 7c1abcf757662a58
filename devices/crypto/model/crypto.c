/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crypto: registers, events and interrupts. What a command does is in work.c;
 * README.md has the whole of what a driver may rely on.
 */
#include "work.h"

#include <nettle/aes.h>
#include <nettle/sha2.h>
#include <string.h>

#define MAX_HASH (UINT64_C(1) << 61) /* bytes: FIPS 180-4 counts bits in 64 bits */

/* ---- events ---- */

/*
 * INTx is a latch that any event sets and only a write of an Msi*Flag clears,
 * whatever the mask is by then: so sources have no registers, and what is enabled
 * is decided here. A message is an event and leaves nothing pending behind.
 */
static void event(struct crypto *s, uint8_t *flag, uint8_t enable, uint32_t source)
{
	unsigned int vectors = ez_irq_vectors(s->ez);

	*flag = 1;
	if (!(s->InterruptFlag & enable))
		return;
	if (vectors < CRYPTO_MSI_VECTORS)
		source = CRYPTO_IRQ_SHARED;
	ez_irq_raise(s->ez, source);
	if (vectors)
		ez_irq_lower(s->ez, source);
}

static void look_at_line(struct crypto *s)
{
	if (!s->MsiErrorFlag && !s->MsiReadyFlag)
		ez_irq_lower(s->ez, CRYPTO_IRQ_SHARED);
}

static void crypto_MsiErrorFlag_swmod(struct crypto *s, uint8_t value)
{
	look_at_line(s);
}

static void crypto_MsiReadyFlag_swmod(struct crypto *s, uint8_t value)
{
	look_at_line(s);
}

static void crypto_MsiResetFlag_swmod(struct crypto *s, uint8_t value)
{
	look_at_line(s);
}

static uint8_t code_of(uint8_t reason)
{
	if (reason <= CRYPTO_ERROR_DETAIL_REASON_BUSY)
		return CRYPTO_ERRORCODE_CODE_WRITE;
	if (reason < CRYPTO_ERROR_DETAIL_REASON_INTERNAL)
		return CRYPTO_ERRORCODE_CODE_DMA;
	return CRYPTO_ERRORCODE_CODE_INTERNAL;
}

static void error(struct crypto *s, uint8_t reason, uint8_t side, uint32_t entry)
{
	s->ErrorCode = code_of(reason);
	s->ERROR_DETAIL = reason | (uint32_t)side << CRYPTO_ERROR_DETAIL_SIDE_SHIFT;
	s->ERROR_ENTRY = entry;
	event(s, &s->MsiErrorFlag, CRYPTO_INTERRUPTFLAG_ERROR_MASK, CRYPTO_IRQ_ERROR);
}

static void crypto_ErrorCode_onwrite(struct crypto *s, uint8_t value)
{
	error(s, CRYPTO_ERROR_DETAIL_REASON_READ_ONLY, IN, 0);
}

static void crypto_State_onwrite(struct crypto *s, uint8_t value)
{
	error(s, CRYPTO_ERROR_DETAIL_REASON_READ_ONLY, IN, 0);
}

/* ---- commands ---- */

/* No key stays behind in what is saved. */
static void forget(struct crypto_work *w)
{
	memset(w->key, 0, sizeof(w->key));
}

static void reset(struct crypto *s)
{
	ez_job_cancel(s->ez, CRYPTO_JOB_WORK);
	forget(&s->work);
	ez_reset(s->ez);
	event(s, &s->MsiResetFlag, CRYPTO_INTERRUPTFLAG_RESET_MASK, CRYPTO_IRQ_RESET);
}

/* What registers alone show. Returns the reason, or none; what it is about in ret_side. */
static uint8_t look_over(const struct crypto_work *w, uint8_t *ret_side)
{
	bool aes = w->op != CRYPTO_COMMAND_CODE_SHA256;
	uint64_t align = w->extended ? EXTENDED_ENTRY : CLASSIC_PAGE;

	*ret_side = IN;
	if (aes && (!w->left || (w->extended && w->left % AES_BLOCK_SIZE)))
		return CRYPTO_ERROR_DETAIL_REASON_SIZE;
	if (!aes && ((!w->last && w->left % SHA256_BLOCK_SIZE) ||
		     w->hash_length % SHA256_BLOCK_SIZE || w->hash_length >= MAX_HASH - w->left))
		return CRYPTO_ERROR_DETAIL_REASON_SIZE;
	/* Rounding up may have passed 32 bits: no output has room for so much. */
	if (aes && w->written < w->left)
		return CRYPTO_ERROR_DETAIL_REASON_ROOM;
	if (w->size[OUT] < w->written)
		return CRYPTO_ERROR_DETAIL_REASON_ROOM;
	if (w->size[IN] && (!w->table[IN] || w->table[IN] % align))
		return CRYPTO_ERROR_DETAIL_REASON_TABLE_ADDRESS;
	*ret_side = OUT;
	if (w->written && (!w->table[OUT] || w->table[OUT] % align))
		return CRYPTO_ERROR_DETAIL_REASON_TABLE_ADDRESS;
	return CRYPTO_ERROR_DETAIL_REASON_NONE;
}

static void init_hash(struct crypto_work *w)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	memcpy(w->hash, ctx.state, sizeof(w->hash));
	w->hash_length = 0;
}

/* More than the sizes need is not read, as far as that can be known before. */
static uint32_t entries_at_most(const struct crypto_work *w, enum side side)
{
	uint64_t needed = ((uint64_t)w->size[side] + 2 * (CLASSIC_PAGE - 1)) / CLASSIC_PAGE;
	uint32_t most = w->count[side] < MAX_ENTRIES ? w->count[side] : MAX_ENTRIES;

	return w->extended || most < needed ? most : (uint32_t)needed;
}

/* The work has its operation, key, tables and sizes. */
static void begin(struct crypto *s)
{
	struct crypto_work *w = &s->work;
	bool aes = w->op != CRYPTO_COMMAND_CODE_SHA256;
	uint8_t reason, side;

	w->left = w->size[IN];
	if (aes)
		w->written = (w->left + AES_BLOCK_SIZE - 1) & ~(AES_BLOCK_SIZE - 1u);
	else
		w->written =
			w->extended && !w->count[OUT] && !w->size[OUT] ? 0 : SHA256_DIGEST_SIZE;
	reason = look_over(w, &side);
	if (reason) {
		forget(w);
		error(s, reason, side, 0);
		return;
	}
	w->count[IN] = entries_at_most(w, IN);
	w->count[OUT] = entries_at_most(w, OUT);
	s->Command = w->op;
	s->State = aes ? CRYPTO_STATE_CODE_AES : CRYPTO_STATE_CODE_SHA;
	/* Where time is virtual: a microsecond, and a byte a nanosecond. */
	if (ez_job_submit(s->ez, CRYPTO_JOB_WORK, 1000 + (uint64_t)w->left)) {
		s->work.reason = CRYPTO_ERROR_DETAIL_REASON_INTERNAL;
		crypto_work_done(s);
	}
}

/* Empty work; the arrays of chunks are filled in as they are checked. */
static struct crypto_work *fresh(struct crypto *s, uint8_t op)
{
	struct crypto_work *w = &s->work;

	memset(w, 0, offsetof(struct crypto_work, address));
	w->op = op;
	return w;
}

static void start_classic(struct crypto *s, uint8_t op)
{
	static const uint8_t iv[AES_BLOCK_SIZE] = { 50,	 173, 92,  223, 82,  154, 174, 43,
						    225, 92,  126, 46,	161, 158, 81,  99 };
	struct crypto_work *w = fresh(s, op);
	struct sha256_ctx ctx;

	w->last = true;
	w->table[IN] = (uint64_t)s->DmaInAddress * CLASSIC_PAGE;
	w->count[IN] = s->DmaInPagesCount;
	w->size[IN] = s->DmaInSizeInBytes;
	w->table[OUT] = (uint64_t)s->DmaOutAddress * CLASSIC_PAGE;
	w->count[OUT] = s->DmaOutPagesCount;
	w->size[OUT] = s->DmaOutSizeInBytes;
	if (op == CRYPTO_COMMAND_CODE_SHA256) {
		init_hash(w);
	} else {
		memcpy(w->iv, iv, sizeof(iv));
		sha256_init(&ctx);
		sha256_update(&ctx, strlen(s->prop.aes_cbc_256),
			      (const uint8_t *)s->prop.aes_cbc_256);
		sha256_digest(&ctx, sizeof(w->key), w->key);
		w->key_bytes = sizeof(w->key);
	}
	begin(s);
}

static void crypto_Command_onwrite(struct crypto *s, uint8_t value)
{
	switch (value) {
	case CRYPTO_COMMAND_CODE_RESET:
		reset(s);
		break;
	case CRYPTO_COMMAND_CODE_AES_CBC_ENCRYPT:
	case CRYPTO_COMMAND_CODE_AES_CBC_DECRYPT:
	case CRYPTO_COMMAND_CODE_SHA256:
		if (ez_job_busy(s->ez, CRYPTO_JOB_WORK))
			error(s, CRYPTO_ERROR_DETAIL_REASON_BUSY, IN, 0);
		else
			start_classic(s, value);
		break;
	default:
		error(s, CRYPTO_ERROR_DETAIL_REASON_BAD_COMMAND, IN, 0);
		break;
	}
}

/* ---- the extension ---- */

/* Registers hold bytes in memory order: on any machine the first is the lowest. */
static void to_bytes(uint8_t *bytes, const uint32_t *words, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < 4 * n; i++)
		bytes[i] = (uint8_t)(words[i / 4] >> (8 * (i % 4)));
}

static void from_bytes(uint32_t *words, const uint8_t *bytes, unsigned int n)
{
	unsigned int i;

	memset(words, 0, n * sizeof(*words));
	for (i = 0; i < 4 * n; i++)
		words[i / 4] |= (uint32_t)bytes[i] << (8 * (i % 4));
}

static bool good_command(uint32_t value)
{
	uint32_t op = value & CRYPTO_EXT_COMMAND_OP_MASK;
	uint32_t key = value & CRYPTO_EXT_COMMAND_KEY_MASK;
	uint32_t span = CRYPTO_EXT_COMMAND_FIRST_MASK | CRYPTO_EXT_COMMAND_LAST_MASK;

	if (value & ~(CRYPTO_EXT_COMMAND_OP_MASK | CRYPTO_EXT_COMMAND_KEY_MASK | span))
		return false;
	if (op == CRYPTO_EXT_COMMAND_OP_SHA256)
		return !key;
	return (op == CRYPTO_EXT_COMMAND_OP_AES_CBC_ENCRYPT ||
		op == CRYPTO_EXT_COMMAND_OP_AES_CBC_DECRYPT) &&
	       key && !(value & span);
}

static void start_extended(struct crypto *s, uint32_t value)
{
	struct crypto_work *w = fresh(s, value & CRYPTO_EXT_COMMAND_OP_MASK);
	uint32_t key = (value & CRYPTO_EXT_COMMAND_KEY_MASK) >> CRYPTO_EXT_COMMAND_KEY_SHIFT;

	w->extended = true;
	w->last = value & CRYPTO_EXT_COMMAND_LAST_MASK;
	w->table[IN] = s->IN_TABLE;
	w->count[IN] = s->IN_COUNT;
	w->size[IN] = s->IN_SIZE;
	w->table[OUT] = s->OUT_TABLE;
	w->count[OUT] = s->OUT_COUNT;
	w->size[OUT] = s->OUT_SIZE;
	if (key) {
		w->key_bytes = (uint8_t)(AES128_KEY_SIZE + 8 * (key - 1));
		to_bytes(w->key, s->KEY, w->key_bytes / 4);
		to_bytes(w->iv, s->IV, CRYPTO_IV_COUNT);
	} else if (value & CRYPTO_EXT_COMMAND_FIRST_MASK) {
		init_hash(w);
	} else {
		memcpy(w->hash, s->HASH, sizeof(w->hash));
		w->hash_length = s->HASH_LENGTH;
	}
	s->EXT_COMMAND = value;
	begin(s);
	if (!s->Command)
		s->EXT_COMMAND = 0;
}

static void crypto_EXT_COMMAND_onwrite(struct crypto *s, uint32_t value)
{
	if (!good_command(value))
		error(s, CRYPTO_ERROR_DETAIL_REASON_BAD_COMMAND, IN, 0);
	else if (ez_job_busy(s->ez, CRYPTO_JOB_WORK))
		error(s, CRYPTO_ERROR_DETAIL_REASON_BUSY, IN, 0);
	else
		start_extended(s, value);
}

/* ---- the end of a command ---- */

void crypto_work_done(struct crypto *s)
{
	struct crypto_work *w = &s->work;

	forget(w);
	s->Command = CRYPTO_COMMAND_CODE_IDLE;
	s->State = CRYPTO_STATE_CODE_READY;
	s->EXT_COMMAND = 0;
	if (w->reason) {
		error(s, w->reason, w->side, w->entry);
		return;
	}
	if (w->extended && w->op == CRYPTO_COMMAND_CODE_SHA256) {
		memcpy(s->HASH, w->hash, sizeof(s->HASH));
		s->HASH_LENGTH = w->hash_length;
	} else if (w->extended) {
		from_bytes(s->IV, w->iv, CRYPTO_IV_COUNT);
	}
	event(s, &s->MsiReadyFlag, CRYPTO_INTERRUPTFLAG_READY_MASK, CRYPTO_IRQ_READY);
}

static int crypto_load(struct crypto *s)
{
	return work_is_sane(&s->work) ? 0 : -EINVAL;
}

CRYPTO_MODEL;
