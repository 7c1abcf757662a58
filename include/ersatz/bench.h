/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test a device without a VM: the bench backend. The test program is the
 * driver, the bus and the clock. Nothing here depends on real time, threads
 * or chance, so a test gives the same result every time.
 *
 * Guest memory is EZ_BENCH_RAM bytes at bus address 0; BARs are assigned above
 * it when the bench is made, as firmware does, and memory, I/O and bus
 * mastering are switched on. Where nothing answers, reads give all-ones (QEMU
 * gives 0 where no device decodes: a driver had better not depend on either). A second device can be put on the same bus.
 *
 * Functions that cannot fail in a correct test print a message with the
 * reason and abort() when they do: a wrong BAR number, a bad model.
 */
#ifndef ERSATZ_BENCH_H
#define ERSATZ_BENCH_H

#include <ersatz/backend.h>

#pragma GCC visibility push(default)

#define EZ_BENCH_RAM (UINT64_C(64) << 20) /* bytes */
#define EZ_BENCH_BAR_BASE UINT64_C(0xe0000000) /* memory BARs from here on */
#define EZ_BENCH_IO_BASE UINT64_C(0xc000) /* I/O BARs from here on */

struct ez_bench;

/*
 * A bench with one device. `model` is the path of a model's shared object, or
 * NULL for the one that the environment's ERSATZ_MODEL names, as it does under
 * `ersatz test`. `settings` is "name=value,name=value", or NULL.
 */
struct ez_bench *ez_bench_new(const char *model, const char *settings);
/* The same, for tests of failure: NULL with an error instead of abort(). */
struct ez_bench *ez_bench_try(const char *model, const char *settings, struct ez_error *error);
/* Another device on the bus (and in the clock and memory) of `bench`. */
struct ez_bench *ez_bench_beside(struct ez_bench *bench, const char *model, const char *settings);
/* Frees one device, and what it shares with others when it is the last. NULL is fine. */
void ez_bench_free(struct ez_bench *bench);

struct ez_device *ez_bench_device(struct ez_bench *bench);

/* ---- the driver's accesses ---- */

/*
 * By BAR and offset, as one access of `width` bytes, through the BAR's present
 * address: what is switched off or moved away is not hit.
 */
uint64_t ez_bench_read(struct ez_bench *bench, unsigned int bar, uint64_t offset,
		       unsigned int width);
void ez_bench_write(struct ez_bench *bench, unsigned int bar, uint64_t offset, unsigned int width,
		    uint64_t value);

/* By bus address, to whatever answers there: RAM, a BAR of any device, or nothing (all-ones). */
uint64_t ez_bench_mem_read(struct ez_bench *bench, uint64_t address, unsigned int width);
void ez_bench_mem_write(struct ez_bench *bench, uint64_t address, unsigned int width,
			uint64_t value);
uint64_t ez_bench_io_read(struct ez_bench *bench, uint64_t port, unsigned int width);
void ez_bench_io_write(struct ez_bench *bench, uint64_t port, unsigned int width, uint64_t value);

uint32_t ez_bench_config_read(struct ez_bench *bench, uint32_t offset, unsigned int width);
void ez_bench_config_write(struct ez_bench *bench, uint32_t offset, unsigned int width,
			   uint32_t value);
/* Offset of a capability in the list, by its id, or 0. */
uint32_t ez_bench_capability(struct ez_bench *bench, uint8_t id);
/* The same of the extended list, PCIe 7.6.3: 0x100 or more, or 0. */
uint32_t ez_bench_ext_capability(struct ez_bench *bench, uint16_t id);

/*
 * Programs MSI for `vectors` (a power of two) and switches it on; 0 switches
 * it off. -ENODEV: no such capability; -EINVAL: more than it asks for.
 */
int ez_bench_msi(struct ez_bench *bench, unsigned int vectors);

/*
 * Programs the first `vectors` entries of the MSI-X table as a driver does, and
 * switches it on with these unmasked, all others masked; 0 switches it off.
 * -ENODEV: no such capability; -EINVAL: more than the table has.
 */
int ez_bench_msix(struct ez_bench *bench, unsigned int vectors);
/* Masks one entry of the table, or not; the rest of it stays. */
void ez_bench_msix_mask(struct ez_bench *bench, unsigned int vector, bool masked);
/* Its pending bit. */
bool ez_bench_msix_pending(struct ez_bench *bench, unsigned int vector);

/* ---- guest memory ---- */

/* EZ_BENCH_RAM bytes, zeroed at the start; index is the bus address. */
uint8_t *ez_bench_ram(struct ez_bench *bench);

/* ---- interrupts that arrived ---- */

bool ez_bench_intx(struct ez_bench *bench); /* level of the pin */
uint32_t ez_bench_intx_count(struct ez_bench *bench); /* times it went up */
/* Messages that came, of MSI or MSI-X, by vector: 0 to 2047. */
uint32_t ez_bench_msi_count(struct ez_bench *bench, unsigned int vector);

/*
 * Raises the source of this name in the very moment of the next access that
 * changes a bit of its status register: see ez_device_coincide(). NULL: not
 * any more.
 */
void ez_bench_coincide(struct ez_bench *bench, const char *source);

/* ---- time ---- */

uint64_t ez_bench_now(struct ez_bench *bench); /* ns */
/* Lets time pass, running what falls due in its order. */
void ez_bench_advance(struct ez_bench *bench, uint64_t ns);
/* Lets time pass to the next event, and runs it; false if nothing is due, ever. */
bool ez_bench_step(struct ez_bench *bench);

/* ---- reset, save, load ---- */

/* Clears BARs and the command register too, whatever the kind: ez_bench_setup puts them back. */
void ez_bench_reset(struct ez_bench *bench, enum ez_reset_kind kind);
/* Assigns BARs and switches memory, I/O and bus mastering on, as firmware does. */
void ez_bench_setup(struct ez_bench *bench);
/* Saves into memory that the caller frees with free(). */
void *ez_bench_save(struct ez_bench *bench, size_t *ret_size);
int ez_bench_load(struct ez_bench *bench, const void *buf, size_t size, struct ez_error *error);

/* ---- what was said ---- */

/* Lines of this kind so far, repeated ones not counted again. */
uint32_t ez_bench_log_count(struct ez_bench *bench, enum ez_log_kind kind);
/* The latest line of this kind, or "". Valid until the next one. */
const char *ez_bench_log_last(struct ez_bench *bench, enum ez_log_kind kind);
/* Seed of ez_random()'s sequence; 1 at the start. */
void ez_bench_seed(struct ez_bench *bench, uint64_t seed);

#pragma GCC visibility pop

#endif
