/* SPDX-License-Identifier: BSD-2-Clause */
/* The command itself, piece by piece, and the ciphers. */
#include "work.h"

#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/sha2.h>
#include <endian.h>
#include <string.h>

bool work_fail(struct crypto_work *w, uint8_t reason, enum side side, uint32_t entry)
{
	w->reason = reason;
	w->side = side;
	w->entry = entry;
	return false;
}

/* ---- AES-CBC ---- */

#define CIPHER(bits)                                                                               \
	static void cipher_##bits(struct crypto_work *w, bool encrypt, uint8_t *buf, size_t len)   \
	{                                                                                          \
		struct aes##bits##_ctx ctx;                                                        \
                                                                                                   \
		if (encrypt) {                                                                     \
			aes##bits##_set_encrypt_key(&ctx, w->key);                                 \
			cbc_aes##bits##_encrypt(&ctx, w->iv, len, buf, buf);                       \
		} else {                                                                           \
			aes##bits##_set_decrypt_key(&ctx, w->key);                                 \
			cbc_decrypt(&ctx, (nettle_cipher_func *)aes##bits##_decrypt,               \
				    AES_BLOCK_SIZE, w->iv, len, buf, buf);                         \
		}                                                                                  \
	}

CIPHER(128)
CIPHER(192)
CIPHER(256)

static void cipher(struct crypto_work *w, uint8_t *buf, uint32_t len)
{
	bool encrypt = w->op == CRYPTO_COMMAND_CODE_AES_CBC_ENCRYPT;

	switch (w->key_bytes) {
	case AES128_KEY_SIZE:
		cipher_128(w, encrypt, buf, len);
		break;
	case AES192_KEY_SIZE:
		cipher_192(w, encrypt, buf, len);
		break;
	default:
		cipher_256(w, encrypt, buf, len);
		break;
	}
}

/* ---- SHA-256 ---- */

static void hash_bytes(const struct crypto_work *w, uint8_t bytes[SHA256_DIGEST_SIZE])
{
	unsigned int i;
	uint32_t word;

	for (i = 0; i < 8; i++) {
		word = htobe32(w->hash[i]);
		memcpy(bytes + 4 * i, &word, sizeof(word));
	}
}

/* All steps but the last are whole blocks, so between them the state is the eight words. */
static void hash(struct crypto_work *w, uint8_t *buf, uint32_t len, bool last)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	unsigned int i;

	sha256_init(&ctx);
	memcpy(ctx.state, w->hash, sizeof(ctx.state));
	ctx.count = w->hash_length / SHA256_BLOCK_SIZE;
	sha256_update(&ctx, len, buf);
	memcpy(w->hash, ctx.state, sizeof(w->hash));
	w->hash_length += len;
	if (!last || !w->last)
		return;
	sha256_digest(&ctx, sizeof(digest), digest);
	for (i = 0; i < 8; i++) {
		memcpy(&w->hash[i], digest + 4 * i, sizeof(w->hash[i]));
		w->hash[i] = be32toh(w->hash[i]);
	}
}

/* ---- data: in steps, with memory kept busy meanwhile ---- */

static bool is_hash(const struct crypto_work *w)
{
	return w->op == CRYPTO_COMMAND_CODE_SHA256;
}

/* Bytes of output that a step of so many bytes of input has. */
static uint32_t out_bytes(const struct crypto_work *w, uint32_t len)
{
	return is_hash(w) ? 0 : (len + AES_BLOCK_SIZE - 1) & ~(AES_BLOCK_SIZE - 1u);
}

struct step {
	uint32_t len; /* of its input; only the last one is not in whole blocks */
	struct extent_list in, out;
};

/* How long the next step had better be, of the `left` bytes of a piece. */
static uint32_t step_length(uint32_t left, bool first)
{
	uint32_t len;

	if (first)
		return left > FEW ? EDGE : left;
	if (left <= EDGE)
		return left;
	len = (left - EDGE + SHA256_BLOCK_SIZE - 1) & ~(SHA256_BLOCK_SIZE - 1u);
	return len < STEP ? len : STEP;
}

/*
 * The next step, of the `left` bytes of a piece from the cursors on; it may be a short
 * one. False: they are not in the chunks that are here, or a block of them is in too
 * many extents.
 */
static bool plan(struct crypto_work *w, uint32_t left, bool first, struct step *ret_step)
{
	uint32_t block = is_hash(w) ? SHA256_BLOCK_SIZE : AES_BLOCK_SIZE;
	uint32_t len = step_length(left, first);
	uint32_t in = table_room(w, IN, len);
	uint32_t out = table_room(w, OUT, out_bytes(w, len));

	if (in < len || out < out_bytes(w, len)) {
		if (!is_hash(w) && out < in)
			in = out;
		len = in & ~(block - 1);
	}
	if (!len)
		return false;
	ret_step->len = len;
	table_take(w, IN, len, &ret_step->in);
	table_take(w, OUT, out_bytes(w, len), &ret_step->out);
	return true;
}

static void compute(struct crypto_work *w, uint8_t *buf, uint32_t len)
{
	uint32_t padded = out_bytes(w, len);

	if (is_hash(w)) {
		hash(w, buf, len, len == w->left);
	} else {
		memset(buf + len, 0, padded - len);
		cipher(w, buf, padded);
	}
	w->left -= len;
}

/* One step by itself, from wherever its bytes are. */
static bool single_step(struct ez_job *job, struct crypto_work *w)
{
	uint32_t len = w->left < STEP ? w->left : STEP;
	uint8_t buf[STEP];

	if (!table_move(job, w, IN, buf, len))
		return false;
	compute(w, buf, len);
	return table_move(job, w, OUT, buf, out_bytes(w, len));
}

static struct ez_vector vector(const struct extent_list *list, bool write, uint8_t *buf)
{
	return (struct ez_vector){
		.ranges = list->ranges, .n = list->n, .write = write, .buf = buf
	};
}

static uint32_t piece_length(const struct crypto_work *w)
{
	return w->left < PIECE ? w->left : PIECE;
}

/*
 * Steps, the first of which has been planned. There are two buffers: while one is worked
 * on, what is in the other goes out, and then what is next comes into it.
 */
static bool steps(struct ez_job *job, struct crypto_work *w, struct step step[3])
{
	uint8_t buf[2][STEP];
	uint32_t left = piece_length(w) - step[0].len;
	struct step *prev = NULL, *cur = &step[0], *next;
	struct ez_vector v[2];
	bool fetched = true;
	uint32_t i = 0;

	v[1] = vector(&cur->in, false, buf[0]);
	if (ez_job_dma_begin(job, &v[1], 1) || ez_job_dma_end(job))
		return table_data_fault(w, IN, &cur->in, v[1].done);
	for (;;) {
		next = &step[(i + 1) % 3];
		if (!plan(w, left, false, next))
			next = NULL;
		v[0] = vector(&step[(i + 2) % 3].out, true, buf[(i + 1) % 2]);
		v[1] = vector(&step[(i + 1) % 3].in, false, buf[(i + 1) % 2]);
		if (!prev)
			v[0].n = 0;
		if (!next)
			v[1].n = 0;
		ez_job_dma_begin(job, v, 2);
		compute(w, buf[i % 2], cur->len);
		ez_job_dma_end(job);
		if (v[0].status)
			return table_data_fault(w, OUT, &prev->out, v[0].done);
		fetched = !v[1].status;
		prev = cur;
		if (!next || !fetched)
			break;
		left -= next->len;
		cur = next;
		i++;
	}
	/* What was worked on before an error of the input is stored all the same. */
	v[0] = vector(&prev->out, true, buf[i % 2]);
	if (ez_job_dma_begin(job, v, 1) || ez_job_dma_end(job))
		return table_data_fault(w, OUT, &prev->out, v[0].done);
	if (!fetched)
		return table_data_fault(w, IN, &next->in, v[1].done);
	return true;
}

static bool data_piece(struct ez_job *job, struct crypto_work *w)
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct step step[3];
	bool good;

	good = plan(w, piece_length(w), true, &step[0]) ? steps(job, w, step) : single_step(job, w);
	if (!good || w->left)
		return good;
	if (is_hash(w) && w->written) {
		hash_bytes(w, digest);
		table_move(job, w, OUT, digest, sizeof(digest));
	}
	return false;
}

/* ---- the way through ---- */

static bool check_piece(struct ez_job *job, struct crypto_work *w)
{
	if (!table_check(job, w))
		return false;
	if (!table_checked(w, IN) || !table_checked(w, OUT))
		return true;
	if (w->size[IN] && w->written) {
		w->phase = PHASE_OVERLAP;
		return true;
	}
	/* Nothing to be held against each other; of a long table the last chunk is here. */
	w->phase = PHASE_DATA;
	return (!w->size[IN] || table_load(job, w, IN, 0)) &&
	       (!w->size[OUT] || table_load(job, w, OUT, 0));
}

/* One chunk against one chunk. */
static bool overlap_piece(struct ez_job *job, struct crypto_work *w)
{
	if (!table_load(job, w, OUT, w->row) || !table_load(job, w, IN, w->column) ||
	    !overlap_check(w))
		return false;
	w->column++;
	if (w->column < w->chunks[IN])
		return true;
	w->column = 0;
	w->row++;
	if (w->row < w->chunks[OUT] && w->position[OUT * CHUNKS + w->row] < w->written)
		return true;
	w->phase = PHASE_DATA;
	return table_load(job, w, IN, 0) && table_load(job, w, OUT, 0);
}

bool crypto_work_run(struct ez_job *job, struct crypto_work *w)
{
	switch ((enum phase)w->phase) {
	case PHASE_CHECK:
		return check_piece(job, w);
	case PHASE_OVERLAP:
		return overlap_piece(job, w);
	case PHASE_DATA:
		return data_piece(job, w);
	case PHASES:
		break;
	}
	return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_INTERNAL, IN, 0);
}

/* ---- saved work ---- */

static bool side_is_sane(const struct crypto_work *w, enum side side)
{
	uint32_t i;

	if (w->count[side] > MAX_ENTRIES || w->chunks[side] > CHUNKS || w->chunk[side] >= CHUNKS ||
	    w->tail[side] > CHUNK || w->entries[side] > CHUNK || w->at[side] > w->entries[side])
		return false;
	for (i = 0; i < w->entries[side]; i++)
		if (!w->length[side * CHUNK + i])
			return false;
	if (w->at[side] == w->entries[side])
		return !w->skip[side];
	return w->skip[side] < w->length[side * CHUNK + w->at[side]];
}

bool work_is_sane(const struct crypto_work *w)
{
	return w->phase < PHASES && w->row <= CHUNKS && w->column <= CHUNKS &&
	       side_is_sane(w, IN) && side_is_sane(w, OUT);
}
