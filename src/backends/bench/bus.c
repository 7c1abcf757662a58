/* SPDX-License-Identifier: BSD-2-Clause */
#include "backends/bench/bus.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define MEM64_BASE (UINT64_C(1) << 32)

struct bus *bus_new(void)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return NULL;
	/* Mapped, not allocated: a test that touches little costs little. */
	bus->ram = mmap(NULL, EZ_BENCH_RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	if (bus->ram == MAP_FAILED) {
		free(bus);
		return NULL;
	}
	bus->next_mem32 = EZ_BENCH_BAR_BASE;
	bus->next_mem64 = MEM64_BASE;
	bus->next_io = EZ_BENCH_IO_BASE;
	return bus;
}

void bus_release(struct bus *bus)
{
	if (bus->benches)
		return;
	munmap(bus->ram, EZ_BENCH_RAM);
	free(bus);
}

const struct ez_bar *bus_bar(const struct ez_bench *bench, unsigned int number)
{
	const struct ez_spec *spec = ez_device_spec(bench->dev);
	uint32_t i;

	for (i = 0; i < spec->n_bars; i++)
		if (spec->bars[i].number == number)
			return &spec->bars[i];
	return NULL;
}

void bus_assign(struct ez_bench *bench)
{
	unsigned int i;

	for (i = 0; i < EZ_BARS; i++) {
		const struct ez_bar *bar = bus_bar(bench, i);
		uint64_t *next;

		if (!bar || bench->address[i])
			continue;
		next = bar->kind == EZ_BAR_IO	   ? &bench->bus->next_io
		       : bar->kind == EZ_BAR_MEM64 ? &bench->bus->next_mem64
						   : &bench->bus->next_mem32;
		/* BARs are aligned to their size. */
		bench->address[i] = (*next + bar->size - 1) & ~(bar->size - 1);
		*next = bench->address[i] + bar->size;
	}
}

/* The device and BAR that answer at this address. */
static struct ez_bench *find(struct bus *bus, bool io, uint64_t address, unsigned int *ret_bar,
			     uint64_t *ret_offset)
{
	struct ez_bench *b;
	uint64_t base;
	unsigned int i;

	for (b = bus->benches; b; b = b->next) {
		for (i = 0; i < EZ_BARS; i++) {
			const struct ez_bar *bar = bus_bar(b, i);

			if (!bar || (bar->kind == EZ_BAR_IO) != io ||
			    !ez_device_bar_address(b->dev, 0, i, &base) || address < base ||
			    address - base >= bar->size)
				continue;
			*ret_bar = i;
			*ret_offset = address - base;
			return b;
		}
	}
	return NULL;
}

static bool in_ram(uint64_t address, size_t len)
{
	return address < EZ_BENCH_RAM && len <= EZ_BENCH_RAM - address;
}

uint64_t bus_read(struct bus *bus, bool io, uint64_t address, unsigned int width)
{
	uint64_t value = UINT64_MAX >> (64 - 8 * width);
	struct ez_bench *b;
	unsigned int bar;
	uint64_t offset;

	if (!io && in_ram(address, width)) {
		value = 0;
		memcpy(&value, bus->ram + address, width);
		return value;
	}
	b = find(bus, io, address, &bar, &offset);
	return b ? ez_device_read(b->dev, 0, bar, offset, width) : value;
}

void bus_write(struct bus *bus, bool io, uint64_t address, unsigned int width, uint64_t value)
{
	struct ez_bench *b;
	unsigned int bar;
	uint64_t offset;

	if (!io && in_ram(address, width)) {
		memcpy(bus->ram + address, &value, width);
		return;
	}
	b = find(bus, io, address, &bar, &offset);
	if (b)
		ez_device_write(b->dev, 0, bar, offset, width, value);
}

int bus_dma(struct ez_bench *master, uint64_t address, uint8_t *buf, size_t len, bool write)
{
	struct bus *bus = master->bus;
	struct ez_bench *target;
	unsigned int bar;
	uint64_t offset;
	size_t n;

	while (len) {
		target = address < EZ_BENCH_RAM ? NULL : find(bus, false, address, &bar, &offset);
		if (address < EZ_BENCH_RAM) {
			n = len < EZ_BENCH_RAM - address ? len : EZ_BENCH_RAM - address;
			memcpy(write ? bus->ram + address : buf, write ? buf : bus->ram + address,
			       n);
		} else if (target && target != master) {
			uint64_t value = 0;

			/* Another device's registers, in the pieces that a bus would use. */
			n = len >= 4 && !(address & 3) ? 4 : 1;
			if (write) {
				memcpy(&value, buf, n);
				bus_write(bus, false, address, (unsigned int)n, value);
			} else {
				value = bus_read(bus, false, address, (unsigned int)n);
				memcpy(buf, &value, n);
			}
		} else {
			if (!write)
				memset(buf, 0xff, len);
			return -EFAULT;
		}
		address += n;
		buf += n;
		len -= n;
	}
	return 0;
}

/* The event that is due first, of all devices. */
static struct ez_bench *first(struct bus *bus, uint32_t *ret_index)
{
	struct ez_bench *found = NULL;
	struct ez_bench *b;
	uint32_t i;

	for (b = bus->benches; b; b = b->next) {
		for (i = 0; i < b->n_deadlines; i++) {
			if (b->deadline[i] == EZ_NEVER ||
			    (found && b->deadline[i] >= found->deadline[*ret_index]))
				continue;
			found = b;
			*ret_index = i;
		}
	}
	return found;
}

bool bus_run(struct bus *bus, uint64_t until, bool once)
{
	struct ez_bench *b;
	bool any = false;
	uint32_t i;

	while ((b = first(bus, &i)) && b->deadline[i] <= until) {
		if (b->deadline[i] > bus->now)
			bus->now = b->deadline[i];
		b->deadline[i] = EZ_NEVER;
		ez_device_timer(b->dev, 0, i);
		any = true;
		if (once)
			break;
	}
	return any;
}
