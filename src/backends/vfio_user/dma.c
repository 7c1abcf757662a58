/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client's memory. Regions that come with a file are mapped and moved to
 * and from at once; the others (ROM, another card's BAR, a client that shares
 * nothing) can only be reached by message, from jobs: see xfer.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/vfio_user/session.h"

static void unmap(struct vu_region *r)
{
	if (r->map)
		munmap(r->map, r->map_length);
}

void dma_free(struct vu_dma *dma)
{
	size_t i;

	for (i = 0; i < dma->n; i++)
		unmap(&dma->regions[i]);
	free(dma->regions);
	*dma = (struct vu_dma){ 0 };
}

/* The first region that ends at or after addr; n if there is none. */
static size_t search(const struct vu_dma *dma, uint64_t addr)
{
	size_t low = 0;
	size_t high = dma->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dma->regions[middle].last < addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct vu_region *find(struct vu_dma *dma, uint64_t addr)
{
	const struct vu_region *r;

	if (dma->hit >= dma->n || addr < dma->regions[dma->hit].first ||
	    addr > dma->regions[dma->hit].last)
		dma->hit = search(dma, addr);
	if (dma->hit == dma->n)
		return NULL;
	r = &dma->regions[dma->hit];
	return addr >= r->first ? r : NULL;
}

/* ---- mapping ---- */

/*
 * With private memory on the client's side we would see zeros for ever, and
 * nobody would say why. So look how it maps the file.
 */
static int check_shared(struct vu_session *s, const struct stat *st)
{
	struct vu_dma *dma = &s->dma;

	if (dma->shared_known && dma->shared_dev == st->st_dev && dma->shared_ino == st->st_ino)
		return 0;
	if (share_check(s->peer, st->st_dev, st->st_ino) == SHARE_NO) {
		vu_drop(s, -EPROTO,
			"the client maps the guest's memory privately, so DMA could not be seen by "
			"either side; give it shared memory (QEMU: -object "
			"memory-backend-memfd,...,share=on)");
		return -EINVAL;
	}
	dma->shared_dev = st->st_dev;
	dma->shared_ino = st->st_ino;
	dma->shared_known = true;
	return 0;
}

/* Files on huge pages are mapped in theirs. */
static uint64_t granule(const struct stat *st)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t block = st->st_blksize > 0 ? (uint64_t)st->st_blksize : page;

	return block > page && !(block & (block - 1)) ? block : page;
}

static int map_file(struct vu_session *s, int fd, const struct vu_dma_map *map, struct vu_region *r)
{
	int prot = r->write ? PROT_READ | PROT_WRITE : PROT_READ;
	uint64_t grain, skip, length;
	struct stat st;
	void *at;
	int err;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return -EINVAL;
	/* Pages past the end of the file would be there to die on. */
	if (map->offset > (uint64_t)st.st_size || map->size > (uint64_t)st.st_size - map->offset)
		return -EINVAL;
	err = check_shared(s, &st);
	if (err)
		return err;
	grain = granule(&st);
	skip = map->offset & (grain - 1);
	length = (skip + map->size + grain - 1) & ~(grain - 1);
	at = mmap(NULL, length, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)(map->offset - skip));
	if (at == MAP_FAILED)
		return -errno;
	/* A process of ours that forks must not share the guest's memory with its child. */
	madvise(at, length, MADV_DONTFORK);
	r->map = at;
	r->map_length = length;
	r->at = (uint8_t *)at + skip;
	return 0;
}

static int make_room(struct vu_dma *dma)
{
	size_t room = dma->room ? dma->room * 2 : 16;
	struct vu_region *regions;

	if (dma->n == VU_MAX_REGIONS)
		return -ENOSPC;
	if (dma->n < dma->room)
		return 0;
	regions = realloc(dma->regions, room * sizeof(*regions));
	if (!regions)
		return -ENOMEM;
	dma->regions = regions;
	dma->room = room;
	return 0;
}

int dma_map(struct vu_session *s, struct vu_message *m)
{
	const uint32_t known = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct vu_dma *dma = &s->dma;
	struct vu_dma_map map;
	struct vu_region r;
	size_t at;
	int err;

	if (m->length != sizeof(map) || m->n_fds > 1)
		return -EINVAL;
	memcpy(&map, m->payload, sizeof(map));
	if (map.argsz < sizeof(map) || map.flags & ~known || !map.flags || !map.size ||
	    map.address + (map.size - 1) < map.address || map.offset + (map.size - 1) < map.offset)
		return -EINVAL;
	r = (struct vu_region){ .first = map.address,
				.last = map.address + (map.size - 1),
				.write = map.flags & VFIO_DMA_MAP_FLAG_WRITE };
	at = search(dma, r.first);
	if (at < dma->n && dma->regions[at].first <= r.last)
		return -EEXIST;
	err = make_room(dma);
	if (!err && m->n_fds)
		err = map_file(s, m->fds[0], &map, &r);
	if (err)
		return err;
	memmove(&dma->regions[at + 1], &dma->regions[at], (dma->n - at) * sizeof(r));
	dma->regions[at] = r;
	dma->n++;
	return 0;
}

static int unmap_all(struct vu_dma *dma, const struct vu_dma_unmap *request)
{
	size_t i;

	if (request->address || request->size)
		return -EINVAL;
	for (i = 0; i < dma->n; i++)
		unmap(&dma->regions[i]);
	dma->n = 0;
	return 0;
}

/*
 * All that lies within the range, which may be more than was mapped, as the
 * kernel's own VFIO has it: QEMU clears its whole address space in one piece
 * when the guest switches its IOMMU on. A region is not cut in two, though.
 */
static int unmap_range(struct vu_dma *dma, const struct vu_dma_unmap *request)
{
	uint64_t last = request->address + (request->size - 1);
	size_t from = search(dma, request->address);
	size_t to = from;

	if (!request->size || last < request->address)
		return -EINVAL;
	while (to < dma->n && dma->regions[to].first <= last)
		to++;
	if (to == from)
		return 0;
	if (dma->regions[from].first < request->address || dma->regions[to - 1].last > last)
		return -ENOENT;
	for (size_t i = from; i < to; i++)
		unmap(&dma->regions[i]);
	memmove(&dma->regions[from], &dma->regions[to], (dma->n - to) * sizeof(*dma->regions));
	dma->n -= to - from;
	return 0;
}

int dma_unmap(struct vu_session *s, struct vu_message *m)
{
	struct vu_dma_unmap request;
	int err;

	if (m->length != sizeof(request) || m->n_fds)
		return -EINVAL;
	memcpy(&request, m->payload, sizeof(request));
	if (request.argsz < sizeof(request) || request.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	if (request.flags & VFIO_DMA_UNMAP_FLAG_ALL)
		err = unmap_all(&s->dma, &request);
	else
		err = unmap_range(&s->dma, &request);
	if (err)
		return err;
	memcpy(m->reply, &request, sizeof(request));
	m->reply_length = sizeof(request);
	return 0;
}

/* ---- moving ---- */

/* Bytes from addr on that one region has; 0: none, or it may not be done. */
static size_t reach(const struct vu_region *r, uint64_t addr, size_t len, bool write)
{
	if (!r || (write && !r->write))
		return 0;
	return len - 1 <= r->last - addr ? len : (size_t)(r->last - addr + 1);
}

/*
 * Clients announce the memory that they have mapped from us as memory for DMA,
 * without a file; a device does not reach its own BARs. Behind an IOMMU this
 * may be another's memory, at the same address: then it comes with a file.
 */
static bool own_window(struct vu_session *s, uint64_t addr, size_t len)
{
	uint64_t base, first;
	uint32_t i;

	for (i = 0; i < s->spec->n_windows; i++) {
		const struct ez_window *w = &s->spec->windows[i];

		if (!ez_device_bar_address(s->dev, 0, w->bar, &base))
			continue;
		first = base + w->offset;
		if (addr <= first + (w->size - 1) && first <= addr + (len - 1))
			return true;
	}
	return false;
}

bool dma_by_message(struct vu_session *s, uint64_t addr, size_t len, bool write)
{
	const struct vu_region *r;
	bool any = false;
	size_t n;

	while (len) {
		r = find(&s->dma, addr);
		n = reach(r, addr, len, write);
		if (!n || (!r->at && own_window(s, addr, n)))
			return false;
		any |= !r->at;
		addr += n;
		len -= n;
	}
	return any;
}

int dma_access(struct vu_session *s, uint64_t addr, uint8_t *buf, size_t len, bool write)
{
	const struct vu_region *r;
	size_t n;

	while (len) {
		r = find(&s->dma, addr);
		n = reach(r, addr, len, write);
		if (!n || !r->at)
			break;
		if (write ? !crash_copy(r->at + (addr - r->first), buf, n)
			  : !crash_copy(buf, r->at + (addr - r->first), n)) {
			vu_say(s, "the client has cut short the file of its memory at 0x%llx",
			       (unsigned long long)addr);
			break;
		}
		addr += n;
		buf += n;
		len -= n;
	}
	if (len && !write)
		memset(buf, 0xff, len);
	return len ? -EFAULT : 0;
}
