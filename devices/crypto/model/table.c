/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables: from entries in guest memory to transfers. */
#include "work.h"

#include <endian.h>
#include <nettle/sha2.h>
#include <string.h>

static uint32_t entry_bytes(const struct crypto_work *w)
{
	return w->extended ? EXTENDED_ENTRY : CLASSIC_ENTRY;
}

static uint64_t *addresses(struct crypto_work *w, enum side side)
{
	return &w->address[side * CHUNK];
}

static uint32_t *lengths(struct crypto_work *w, enum side side)
{
	return &w->length[side * CHUNK];
}

static uint64_t digest(const uint8_t *raw, size_t len)
{
	struct sha256_ctx ctx;
	uint64_t value;

	sha256_init(&ctx);
	sha256_update(&ctx, len, raw);
	sha256_digest(&ctx, sizeof(value), (uint8_t *)&value);
	return value;
}

/* n entries of a chunk. A table that runs past the end of all addresses goes on nowhere. */
static struct ez_range range_of(const struct crypto_work *w, enum side side, uint32_t chunk,
				uint32_t n)
{
	uint64_t at = w->table[side] + (uint64_t)chunk * CHUNK * entry_bytes(w);

	return (struct ez_range){ .addr = at < w->table[side] ? UINT64_MAX : at,
				  .len = (size_t)n * entry_bytes(w) };
}

static bool decode_classic(const uint8_t *raw, bool first, uint64_t *ret_address,
			   uint32_t *ret_length, uint8_t *ret_reason)
{
	uint64_t address;
	uint32_t offset;

	memcpy(&address, raw, sizeof(address));
	address = le64toh(address);
	offset = address % CLASSIC_PAGE;
	*ret_reason = address ? CRYPTO_ERROR_DETAIL_REASON_BAD_ENTRY
			      : CRYPTO_ERROR_DETAIL_REASON_ZERO_ENTRY;
	*ret_address = address;
	*ret_length = CLASSIC_PAGE - offset;
	return address && (first || !offset);
}

static bool decode_extended(const uint8_t *raw, uint64_t *ret_address, uint32_t *ret_length,
			    uint8_t *ret_reason)
{
	uint64_t address;
	uint32_t length, flags;

	memcpy(&address, raw, sizeof(address));
	memcpy(&length, raw + 8, sizeof(length));
	memcpy(&flags, raw + 12, sizeof(flags));
	address = le64toh(address);
	length = le32toh(length);
	*ret_reason = address && length ? CRYPTO_ERROR_DETAIL_REASON_BAD_ENTRY
					: CRYPTO_ERROR_DETAIL_REASON_ZERO_ENTRY;
	*ret_address = address;
	*ret_length = length;
	return address && length && !flags && address + (length - 1) >= address;
}

/* Takes as many of n entries as the size needs; the rest is not looked at. */
static bool decode(struct crypto_work *w, enum side side, uint32_t chunk, const uint8_t *raw,
		   uint32_t n)
{
	uint32_t left = w->size[side] - w->position[side * CHUNKS + chunk];
	uint64_t *address = addresses(w, side);
	uint32_t *length = lengths(w, side);
	uint8_t reason;
	uint32_t i;
	bool good;

	for (i = 0; i < n && left; i++) {
		good = w->extended ? decode_extended(raw, &address[i], &length[i], &reason)
				   : decode_classic(raw, !chunk && !i, &address[i], &length[i],
						    &reason);
		if (!good)
			return work_fail(w, reason, side, chunk * CHUNK + i);
		if (length[i] > left)
			length[i] = left;
		left -= length[i];
		raw += entry_bytes(w);
	}
	w->chunk[side] = chunk;
	w->entries[side] = i;
	w->at[side] = 0;
	w->skip[side] = 0;
	return true;
}

/* Where the chunk that is here ends in the buffer. */
static uint32_t end_position(const struct crypto_work *w, enum side side)
{
	uint32_t position = w->position[side * CHUNKS + w->chunk[side]];
	uint32_t i;

	for (i = 0; i < w->entries[side]; i++)
		position += w->length[side * CHUNK + i];
	return position;
}

bool table_checked(const struct crypto_work *w, enum side side)
{
	return !w->size[side] || (w->chunks[side] && end_position(w, side) == w->size[side]);
}

/* What of the table comes next, in ret_range. */
static bool next_chunk(struct crypto_work *w, enum side side, struct ez_range *ret_range)
{
	uint32_t chunk = w->chunks[side];
	uint32_t before = chunk * CHUNK;
	uint32_t n = w->count[side] - before < CHUNK ? w->count[side] - before : CHUNK;

	if (before >= w->count[side])
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_TOO_FEW, side, before);
	w->position[side * CHUNKS + chunk] = chunk ? end_position(w, side) : 0;
	*ret_range = range_of(w, side, chunk, n);
	return true;
}

/* Checks a chunk of n entries, which has come, and keeps it. */
static bool take_chunk(struct crypto_work *w, enum side side, const uint8_t *raw, uint32_t n)
{
	uint32_t chunk = w->chunks[side];

	if (!decode(w, side, chunk, raw, n))
		return false;
	n = w->entries[side];
	w->digest[side * CHUNKS + chunk] = digest(raw, (size_t)n * entry_bytes(w));
	w->tail[side] = n;
	w->chunks[side] = chunk + 1;
	if (n < CHUNK && !table_checked(w, side))
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_TOO_FEW, side, chunk * CHUNK + n);
	return true;
}

/* Both tables in one trip: where they are short, trips are most of the time. */
bool table_check(struct ez_job *job, struct crypto_work *w)
{
	uint8_t raw[SIDES * CHUNK * EXTENDED_ENTRY], *at = raw;
	struct ez_range ranges[SIDES];
	uint32_t i, done, n = 0;
	enum side side, sides[SIDES];

	for (side = IN; side <= OUT; side++) {
		if (table_checked(w, side))
			continue;
		if (!next_chunk(w, side, &ranges[n]))
			return false;
		sides[n++] = side;
	}
	if (ez_job_dma_readv(job, ranges, n, raw, &done))
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_TABLE_FAULT, sides[done],
				 w->chunks[sides[done]] * CHUNK);
	for (i = 0; i < n; i++) {
		if (!take_chunk(w, sides[i], at, (uint32_t)ranges[i].len / entry_bytes(w)))
			return false;
		at += ranges[i].len;
	}
	return true;
}

bool table_load(struct ez_job *job, struct crypto_work *w, enum side side, uint32_t chunk)
{
	uint32_t n = chunk + 1 < w->chunks[side] ? CHUNK : w->tail[side];
	uint8_t raw[CHUNK * EXTENDED_ENTRY];
	struct ez_range range;

	if (chunk >= w->chunks[side])
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_INTERNAL, side, 0);
	if (w->chunk[side] == chunk) {
		w->at[side] = 0;
		w->skip[side] = 0;
		return true;
	}
	range = range_of(w, side, chunk, n);
	if (ez_job_dma_read(job, range.addr, raw, range.len))
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_TABLE_FAULT, side, chunk * CHUNK);
	if (digest(raw, (size_t)n * entry_bytes(w)) != w->digest[side * CHUNKS + chunk])
		return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_CHANGED, side, chunk * CHUNK);
	return decode(w, side, chunk, raw, n);
}

/* Bytes from the cursor on, at most `max`, that lie in one piece: pages are often neighbours. */
static uint32_t span(struct crypto_work *w, enum side side, uint32_t max)
{
	const uint64_t *address = addresses(w, side);
	const uint32_t *length = lengths(w, side);
	uint32_t i = w->at[side];
	uint64_t bytes = length[i] - w->skip[side];
	uint64_t end = address[i] + length[i];

	while (bytes < max && ++i < w->entries[side] && address[i] == end) {
		bytes += length[i];
		end += length[i];
	}
	return bytes < max ? (uint32_t)bytes : max;
}

static void advance(struct crypto_work *w, enum side side, uint32_t bytes)
{
	const uint32_t *length = lengths(w, side);

	while (bytes) {
		uint32_t rest = length[w->at[side]] - w->skip[side];

		if (bytes < rest) {
			w->skip[side] += bytes;
			return;
		}
		bytes -= rest;
		w->at[side]++;
		w->skip[side] = 0;
	}
}

uint32_t table_take(struct crypto_work *w, enum side side, uint32_t max,
		    struct extent_list *ret_list)
{
	uint32_t left = max;
	uint32_t n = 0;

	while (left && n < RANGES && w->at[side] < w->entries[side]) {
		uint32_t bytes = span(w, side, left);

		ret_list->ranges[n].addr = addresses(w, side)[w->at[side]] + w->skip[side];
		ret_list->ranges[n].len = bytes;
		ret_list->first[n++] = w->chunk[side] * CHUNK + w->at[side];
		advance(w, side, bytes);
		left -= bytes;
	}
	ret_list->n = n;
	return max - left;
}

uint32_t table_room(struct crypto_work *w, enum side side, uint32_t max)
{
	uint32_t at = w->at[side], skip = w->skip[side];
	struct extent_list list;
	uint32_t room = table_take(w, side, max, &list);

	w->at[side] = at;
	w->skip[side] = skip;
	return room;
}

bool table_data_fault(struct crypto_work *w, enum side side, const struct extent_list *list,
		      uint32_t done)
{
	return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_DATA_FAULT, side, list->first[done]);
}

bool table_move(struct ez_job *job, struct crypto_work *w, enum side side, uint8_t *buf,
		uint32_t len)
{
	struct extent_list list;
	uint32_t bytes, done;
	int err;

	for (; len; buf += bytes, len -= bytes) {
		if (w->at[side] >= w->entries[side] &&
		    !table_load(job, w, side, w->chunk[side] + 1))
			return false;
		bytes = table_take(w, side, len, &list);
		/* No more than the sizes say is ever asked for. */
		if (!bytes)
			return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_INTERNAL, side, 0);
		err = side == IN ? ez_job_dma_readv(job, list.ranges, list.n, buf, &done)
				 : ez_job_dma_writev(job, list.ranges, list.n, buf, &done);
		if (err)
			return table_data_fault(w, side, &list, done);
	}
	return true;
}
