/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Output that overlaps input would be read again as input. It is legal only in
 * place: where a byte is both, it is at the same position in both buffers.
 *
 * A byte's address minus its position is the same all over an entry; call that
 * its shift. So: no input entry and output entry of different shift may have a
 * byte in common.
 */
#include "work.h"

#include <stdlib.h>

struct extent {
	uint64_t first, last; /* addresses */
	uint64_t shift;
	enum side side;
};

static int by_address(const void *a, const void *b)
{
	const struct extent *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* The entries that are here, up to `end` in the buffer; neighbours become one. */
static uint32_t collect(const struct crypto_work *w, enum side side, uint32_t end,
			struct extent *extents)
{
	uint64_t position = w->position[side * CHUNKS + w->chunk[side]];
	uint32_t n = 0;
	uint32_t i;

	for (i = 0; i < w->entries[side] && position < end; i++) {
		uint64_t first = w->address[side * CHUNK + i];
		uint64_t length = w->length[side * CHUNK + i];

		if (length > end - position)
			length = end - position;
		if (n && extents[n - 1].last + 1 == first)
			extents[n - 1].last += length;
		else
			extents[n++] = (struct extent){ .first = first,
							.last = first + (length - 1),
							.shift = first - position,
							.side = side };
		position += length;
	}
	return n;
}

/*
 * Of the extents of one side that have begun: the one that reaches furthest, and
 * of those with another shift again the one that reaches furthest. These two
 * can tell whether any with another shift than a given one reaches an address.
 */
struct reach {
	struct {
		uint64_t last, shift;
		bool any;
	} far, other;
};

static void reach_add(struct reach *r, const struct extent *e)
{
	bool same = r->far.any && e->shift == r->far.shift;

	/* Of the same shift they have no byte in common: who begins later ends later. */
	if (!r->far.any || same || e->last > r->far.last) {
		if (!same)
			r->other = r->far;
		r->far.last = e->last;
		r->far.shift = e->shift;
		r->far.any = true;
	} else if (!r->other.any || e->last > r->other.last) {
		r->other.last = e->last;
		r->other.shift = e->shift;
		r->other.any = true;
	}
}

static bool reach_hits(const struct reach *r, const struct extent *e)
{
	if (r->far.any && r->far.shift != e->shift)
		return r->far.last >= e->first;
	return r->other.any && r->other.last >= e->first;
}

/* What of memory they lie in, from the first byte to the last. */
static struct extent around(const struct extent *extents, uint32_t n)
{
	struct extent all = { .first = UINT64_MAX };
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (extents[i].first < all.first)
			all.first = extents[i].first;
		if (extents[i].last > all.last)
			all.last = extents[i].last;
	}
	return all;
}

bool overlap_check(struct crypto_work *w)
{
	struct extent extents[2 * CHUNK];
	struct reach reach[2] = { 0 };
	uint32_t n_in = collect(w, IN, w->size[IN], extents);
	uint32_t n = n_in + collect(w, OUT, w->written, extents + n_in);
	struct extent in = around(extents, n_in);
	struct extent out = around(extents + n_in, n - n_in);
	uint32_t i;

	/* Often that is all there is to know. */
	if (in.last < out.first || out.last < in.first)
		return true;
	qsort(extents, n, sizeof(extents[0]), by_address);
	for (i = 0; i < n; i++) {
		if (reach_hits(&reach[!extents[i].side], &extents[i]))
			return work_fail(w, CRYPTO_ERROR_DETAIL_REASON_OVERLAP, OUT, 0);
		reach_add(&reach[extents[i].side], &extents[i]);
	}
	return true;
}
