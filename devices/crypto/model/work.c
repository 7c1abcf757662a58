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

static bool aes_piece(struct ez_job *job, struct crypto_work *w)
{
	bool encrypt = w->op == CRYPTO_COMMAND_CODE_AES_CBC_ENCRYPT;
	uint32_t n = w->left < PIECE ? w->left : PIECE;
	uint32_t padded = (n + AES_BLOCK_SIZE - 1) & ~(AES_BLOCK_SIZE - 1u);
	uint8_t buf[PIECE];

	if (!table_move(job, w, IN, buf, n))
		return false;
	memset(buf + n, 0, padded - n);
	switch (w->key_bytes) {
	case AES128_KEY_SIZE:
		cipher_128(w, encrypt, buf, padded);
		break;
	case AES192_KEY_SIZE:
		cipher_192(w, encrypt, buf, padded);
		break;
	default:
		cipher_256(w, encrypt, buf, padded);
		break;
	}
	if (!table_move(job, w, OUT, buf, padded))
		return false;
	w->left -= n;
	return w->left;
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

/* All pieces but the last are whole blocks, so between them the state is the eight words. */
static bool sha_piece(struct ez_job *job, struct crypto_work *w)
{
	uint32_t n = w->left < PIECE ? w->left : PIECE;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	uint8_t buf[PIECE];
	unsigned int i;

	if (!table_move(job, w, IN, buf, n))
		return false;
	sha256_init(&ctx);
	memcpy(ctx.state, w->hash, sizeof(ctx.state));
	ctx.count = w->hash_length / SHA256_BLOCK_SIZE;
	sha256_update(&ctx, n, buf);
	memcpy(w->hash, ctx.state, sizeof(w->hash));
	w->hash_length += n;
	w->left -= n;
	if (w->left)
		return true;
	if (w->last) {
		sha256_digest(&ctx, sizeof(digest), digest);
		for (i = 0; i < 8; i++) {
			memcpy(&w->hash[i], digest + 4 * i, sizeof(w->hash[i]));
			w->hash[i] = be32toh(w->hash[i]);
		}
	}
	hash_bytes(w, digest);
	if (w->written)
		table_move(job, w, OUT, digest, sizeof(digest));
	return false;
}

/* ---- the way through ---- */

static bool check_piece(struct ez_job *job, struct crypto_work *w)
{
	if (!table_check(job, w))
		return false;
	if (table_checked(w, IN) && table_checked(w, OUT))
		w->phase = w->size[IN] && w->written ? PHASE_OVERLAP : PHASE_DATA;
	return true;
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

static bool data_piece(struct ez_job *job, struct crypto_work *w)
{
	if (w->op == CRYPTO_COMMAND_CODE_SHA256)
		return sha_piece(job, w);
	return aes_piece(job, w);
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
