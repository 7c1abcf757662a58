/* SPDX-License-Identifier: BSD-2-Clause */
/* What the devices of a bench share: memory, addresses and the clock. */
#ifndef BENCH_BUS_H
#define BENCH_BUS_H

#include <ersatz/bench.h>

/* PCI 3.0, 6.8.2.3: the largest MSI-X table. */
#define BENCH_VECTORS 2048

struct bus {
	uint8_t *ram; /* EZ_BENCH_RAM bytes at address 0 */
	uint64_t now; /* ns */
	uint64_t next_mem32, next_mem64, next_io; /* where the next BAR goes */
	struct ez_bench *benches; /* all devices on it */
};

struct ez_bench {
	struct bus *bus;
	struct ez_bench *next;
	const struct ez_model *model;
	struct ez_device *dev;
	uint64_t address[EZ_BARS]; /* that setup assigned; 0: none yet */
	uint64_t *deadline; /* per timer and job, EZ_NEVER: none */
	uint32_t n_deadlines;
	uint64_t chance; /* state of ez_random's generator */
	bool intx;
	uint32_t intx_count;
	uint32_t msi_count[BENCH_VECTORS];
	uint32_t log_count[EZ_LOG_KINDS];
	char log_last[EZ_LOG_KINDS][256];
};

struct bus *bus_new(void);
/* Frees it when no device is left. */
void bus_release(struct bus *bus);

const struct ez_bar *bus_bar(const struct ez_bench *bench, unsigned int number);
/* Finds room for every BAR of a device that has none yet. */
void bus_assign(struct ez_bench *bench);

uint64_t bus_read(struct bus *bus, bool io, uint64_t address, unsigned int width);
void bus_write(struct bus *bus, bool io, uint64_t address, unsigned int width, uint64_t value);
/*
 * Bus-master access of any length by this device; -EFAULT where nothing
 * answers, which is also what a device finds at its own BARs.
 */
int bus_dma(struct ez_bench *master, uint64_t address, uint8_t *buf, size_t len, bool write);

/* Runs what is due up to `until`, in order; true if anything was. */
bool bus_run(struct bus *bus, uint64_t until, bool once);

#endif
