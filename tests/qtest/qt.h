/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bus-level tests of the qemu backend without a guest: a QEMU under
 * `-accel qtest`, where the test program is the CPU, and time stands still
 * but for qt_clock_step(). Its qtest and QMP channels are socket pairs, so
 * that nothing is left in the file system and parallel tests do not meet.
 *
 * What goes wrong in the harness itself (QEMU ended, no answer within
 * QT_PATIENCE) prints what QEMU said and ends the test program as failed.
 */
#ifndef ERSATZ_TESTS_QT_H
#define ERSATZ_TESTS_QT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QT_PATIENCE 60 /* seconds until a QEMU that does not answer is taken for dead */

struct qt;

/*
 * Our QEMU: the environment's ERSATZ_QEMU, or the one in the build folder. If
 * it is not there, ends the program with status 77, which meson counts as
 * skipped. Call first in main().
 */
void qt_need_qemu(void);

/* Where the build has put a model: build folder/NAME.so, from the environment's QT_MODELS. */
const char *qt_model(const char *name);

/*
 * Starts QEMU with these arguments (separated by blanks) behind those for the
 * channels. ERSATZ_PATH is the models' folder.
 */
struct qt *qt_start(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends it, and checks that it ended well. */
void qt_stop(struct qt *qt);
/* The same; `text` is all that it has written to its standard error. */
void qt_stop_said(struct qt *qt, char *text, size_t size);
/* What QEMU has written to its standard error so far; valid until the next call. */
const char *qt_stderr(struct qt *qt);

/*
 * Runs QEMU to its end, without channels; `path` is ERSATZ_PATH, NULL: unset.
 * Output and errors in `text` (cut at size). Returns its exit status, or -1 if a
 * signal ended it.
 */
int qt_run(const char *path, const char *arguments, char *text, size_t size);

/* ---- accesses, as a CPU's; width 1, 2, 4 or 8, any alignment, one access ---- */

uint64_t qt_read(struct qt *qt, uint64_t address, unsigned int width);
void qt_write(struct qt *qt, uint64_t address, unsigned int width, uint64_t value);
/* width up to 4 */
uint32_t qt_in(struct qt *qt, uint16_t port, unsigned int width);
void qt_out(struct qt *qt, uint16_t port, unsigned int width, uint32_t value);
/* Guest memory. */
void qt_fetch(struct qt *qt, uint64_t address, void *buf, size_t len);
void qt_store(struct qt *qt, uint64_t address, const void *buf, size_t len);
void qt_fill(struct qt *qt, uint64_t address, size_t len, uint8_t byte);

/* Many accesses in one go: some microseconds each instead of tens. */
struct qt_access {
	bool write;
	uint8_t width;
	uint64_t address;
	uint64_t value; /* of a write; of a read afterwards */
};
void qt_batch(struct qt *qt, struct qt_access *accesses, size_t n);

/*
 * Commands of the qtest protocol as they are, one a line, and the reply to each, in order:
 * what stands behind its OK, valid until the next call; and the interrupt inputs that were
 * up then, as bits. Not so many at once that both sides block: some ten KiB of replies.
 */
void qt_send(struct qt *qt, const char *text, size_t len);
const char *qt_reply(struct qt *qt, uint32_t *ret_lines);

/* ---- time ---- */

/* Guest time goes on by ns; timers that fall due run. */
void qt_clock_step(struct qt *qt, uint64_t ns);
/* To this moment, from 0 at the start of QEMU. */
void qt_clock_set(struct qt *qt, uint64_t ns);

/* ---- interrupt lines ---- */

/* Watch the inputs of the IOAPIC; machine q35. */
void qt_watch_irqs(struct qt *qt);
/* Is any input up that a PCI device can reach (16 to 23)? */
bool qt_irq(struct qt *qt);

/* ---- QMP ---- */

/*
 * One command in JSON with its arguments; the reply's "return" member as
 * JSON text, valid until the next call. qt_qmp fails the test on an error;
 * qt_qmp_try returns the reply's "error" member behind a '!'.
 */
const char *qt_qmp(struct qt *qt, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *qt_qmp_try(struct qt *qt, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Waits for an event of this name, that may have come already. */
void qt_event(struct qt *qt, const char *name);
/* A reset as the guest's or the user's: power-on for all devices. */
void qt_reset(struct qt *qt);

/* ---- PCI (qt_pci.c) ---- */

struct qt_pci {
	struct qt *qt;
	uint8_t bus, slot, fn;
	uint64_t bar[6]; /* where qt_pci_setup has put it */
};

/* From offset 256 on through q35's window for that, which then is in the way of nothing else. */
uint32_t qt_config_read(struct qt_pci *pci, uint32_t offset, unsigned int width);
void qt_config_write(struct qt_pci *pci, uint32_t offset, unsigned int width, uint32_t value);
/* The first `size` bytes at once, through the same window. */
void qt_config_fetch(struct qt_pci *pci, uint8_t *bytes, size_t size);
/* The device of these ids on this bus; fails the test if there is none. `nth` from 0. */
struct qt_pci qt_pci_find(struct qt *qt, uint8_t bus, uint16_t vendor, uint16_t device,
			  unsigned int nth);
/* Gives its BARs addresses and switches memory, I/O and bus mastering on, as firmware does. */
void qt_pci_setup(struct qt_pci *pci);
/* Makes a bridge lead to bus `behind`, with windows for what qt_pci_setup assigns there. */
void qt_pci_setup_bridge(struct qt_pci *bridge, uint8_t behind);
/* Offset of a capability of the list, or 0. */
uint32_t qt_pci_cap(struct qt_pci *pci, uint8_t id);
/* MSI for this many vectors, with messages to guest memory at `address`; 0 switches it off. */
void qt_pci_msi(struct qt_pci *pci, unsigned int vectors, uint64_t address, uint16_t data);
/* The command register's bits. */
void qt_pci_command(struct qt_pci *pci, uint16_t set, uint16_t clear);
/* Config space as the model's side has it, of the device that QOM knows as `path`. */
void qt_pci_mirror(struct qt *qt, const char *path, uint8_t *bytes, size_t size);

/* A register of a memory BAR. */
uint64_t qt_get(struct qt_pci *pci, unsigned int bar, uint64_t offset, unsigned int width);
void qt_put(struct qt_pci *pci, unsigned int bar, uint64_t offset, unsigned int width,
	    uint64_t value);

#endif
