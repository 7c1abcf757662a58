/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory windows: RAM of the device in a BAR. The windows of a BAR are one
 * memfd, laid out as the BAR is, so that a backend can map it to a guest, which
 * then reaches it without us; what was not mapped comes through here.
 */
#include "device/device.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static bool legal(const struct ez_spec *spec, const struct ez_window *window)
{
	uint32_t i;

	for (i = 0; i < spec->n_bars; i++)
		if (spec->bars[i].number == window->bar)
			return spec->bars[i].kind != EZ_BAR_IO && window->size &&
			       !((window->offset | window->size) % WINDOW_PAGE) &&
			       window->offset < spec->bars[i].size &&
			       window->size <= spec->bars[i].size - window->offset;
	return false;
}

/* Where the last window of this BAR ends; 0: it has none. */
static uint64_t end_of(const struct ez_spec *spec, unsigned int bar)
{
	uint64_t end = 0;
	uint32_t i;

	for (i = 0; i < spec->n_windows; i++)
		if (spec->windows[i].bar == bar &&
		    spec->windows[i].offset + spec->windows[i].size > end)
			end = spec->windows[i].offset + spec->windows[i].size;
	return end;
}

/* The file of a BAR's windows. 0 or -errno. */
static int make_file(struct ez_function *f, unsigned int bar, uint64_t size)
{
	char name[160];

	snprintf(name, sizeof(name), "%s BAR%u", f->dev->id, bar);
	f->window_file[bar] = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f->window_file[bar] < 0 || ftruncate(f->window_file[bar], (off_t)size))
		return -errno;
	/* Who gets it can neither cut it off under our mapping nor add to it. */
	if (fcntl(f->window_file[bar], F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

/* 0 or -errno. */
static int map(struct ez_function *f, uint32_t index)
{
	const struct ez_window *window = &f->spec->windows[index];
	int err = 0;
	void *at;

	if (f->window_file[window->bar] < 0)
		err = make_file(f, window->bar, end_of(f->spec, window->bar));
	if (err)
		return err;
	at = mmap(NULL, window->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		  f->window_file[window->bar], (off_t)window->offset);
	if (at == MAP_FAILED)
		return -errno;
	f->windows[index] = at;
	return 0;
}

int window_init(struct ez_function *f, struct ez_error *error)
{
	const struct ez_spec *spec = f->spec;
	uint32_t i;
	int err;

	if (!spec->n_windows)
		return 0;
	for (i = 0; i < EZ_BARS; i++)
		f->window_file[i] = -1;
	f->windows = calloc(spec->n_windows, sizeof(*f->windows));
	if (!f->windows) {
		error_set(error, "%s: out of memory", f->dev->id);
		return -ENOMEM;
	}
	for (i = 0; i < spec->n_windows; i++) {
		if (legal(spec, &spec->windows[i]))
			continue;
		error_set(error,
			  "%s: window %s is not whole pages of a memory BAR; run `ersatz spec "
			  "check` and rebuild",
			  f->dev->id, spec->windows[i].name);
		return -EINVAL;
	}
	for (i = 0; i < spec->n_windows; i++) {
		err = map(f, i);
		if (!err)
			continue;
		error_set(error, "%s: no memory for window %s, %llu bytes: %s", f->dev->id,
			  spec->windows[i].name, (unsigned long long)spec->windows[i].size,
			  strerror(-err));
		return err;
	}
	return 0;
}

void window_free(struct ez_function *f)
{
	uint32_t i;

	if (!f->windows)
		return;
	for (i = 0; i < f->spec->n_windows; i++)
		if (f->windows[i])
			munmap(f->windows[i], f->spec->windows[i].size);
	for (i = 0; i < EZ_BARS; i++)
		if (f->window_file[i] >= 0)
			close(f->window_file[i]);
	free(f->windows);
}

const struct ez_window *window_find(const struct ez_function *f, unsigned int bar, uint64_t offset,
				    uint32_t *ret_index)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_windows; i++) {
		const struct ez_window *window = &f->spec->windows[i];

		if (window->bar != bar || offset < window->offset ||
		    offset - window->offset >= window->size)
			continue;
		*ret_index = i;
		return window;
	}
	return NULL;
}

/* The bus is little endian, whatever the host is. An aligned access is one load or store. */
static uint64_t swap(uint64_t value, unsigned int width)
{
	switch (width) {
	case 2:
		return le16toh((uint16_t)value);
	case 4:
		return le32toh((uint32_t)value);
	case 8:
		return le64toh(value);
	default:
		return value;
	}
}

uint64_t window_read(const struct ez_function *f, uint32_t index, uint64_t at, unsigned int width)
{
	return swap(regs_load((const char *)f->windows[index] + at, width), width);
}

void window_write(struct ez_function *f, uint32_t index, uint64_t at, unsigned int width,
		  uint64_t value)
{
	regs_store((char *)f->windows[index] + at, width, swap(value, width));
}

bool window_data(const struct ez_function *f, uint32_t index, uint64_t *at, uint64_t *ret_end)
{
	const struct ez_window *window = &f->spec->windows[index];
	int file = f->window_file[window->bar];
	off_t start, end;

	if (*at >= window->size)
		return false;
	start = lseek(file, (off_t)(window->offset + *at), SEEK_DATA);
	if (start < 0 && errno == ENXIO)
		return false;
	end = start < 0 ? -1 : lseek(file, start, SEEK_HOLE);
	/* Where nobody can tell, all of it may hold something. */
	if (start >= 0)
		*at = (uint64_t)start - window->offset;
	*ret_end = end < 0 ? window->size : (uint64_t)end - window->offset;
	/* Another window's, further on. */
	if (*ret_end > window->size)
		*ret_end = window->size;
	return *at < window->size;
}

/*
 * Writes zeros where anything is. Not by a hole in the file: whoever has its
 * pages pinned, as an assigned device's DMA does, would keep the old ones.
 */
static void clear(struct ez_function *f, uint32_t index)
{
	uint64_t at = 0, end;

	while (window_data(f, index, &at, &end)) {
		memset((char *)f->windows[index] + at, 0, end - at);
		at = end;
	}
}

void window_reset(struct ez_function *f, enum ez_reset_kind kind)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_windows; i++)
		if (f->spec->windows[i].resets & (1u << kind))
			clear(f, i);
}

void window_pulled(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_windows; i++)
		memset(f->windows[i], 0xff, f->spec->windows[i].size);
}

void *ez_window(struct ez_function *f, uint32_t window)
{
	return window < f->spec->n_windows ? f->windows[window] : NULL;
}

int ez_device_window(struct ez_device *dev, unsigned int fn, uint32_t index, void **ret_at,
		     int *ret_fd)
{
	struct ez_function *f = device_function(dev, fn);

	if (!f || index >= f->spec->n_windows)
		return -ENODEV;
	if (ret_at)
		*ret_at = f->windows[index];
	if (ret_fd)
		*ret_fd = f->window_file[f->spec->windows[index].bar];
	return 0;
}
