/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Run a model: the two-way interface between a backend and a device, the
 * seam. Down: accesses, reset, save and load, which are the functions here.
 * Up: DMA, interrupts, clock, timers, random numbers and log, which the
 * backend provides in struct ez_backend.
 *
 * Lifecycle: ez_model_open -> ez_device_new -> accesses, resets, ... ->
 * ez_device_free -> ez_model_close.
 *
 * Threads: a backend calls these functions for one device from one thread at
 * a time (QEMU: under its big lock), and is called back on that same thread,
 * but for `kick`, which may come from a worker. Two devices are independent.
 *
 * `fn` is the PCI function number; today only 0 exists, and any other reads
 * all-ones, ignores writes and gives -ENODEV.
 *
 * Calls return 0 or a negative errno unless they say otherwise; those with a
 * struct ez_error fill it in when, and only when, they fail.
 */
#ifndef ERSATZ_BACKEND_H
#define ERSATZ_BACKEND_H

#include <ersatz/model.h>
#include <sys/types.h>

#pragma GCC visibility push(default)

/* A message for the user: what, where, and what to do next. No newline at its end. */
struct ez_error {
	char text[768];
};

/* ---- models ---- */

/*
 * Loads the model at path. NULL with an error: not there, not a shared
 * object, no EZ_MODEL_SYMBOL in it, or built for another EZ_ABI. A path
 * opened twice gives the same model; each open wants a close.
 */
const struct ez_model *ez_model_open(const char *path, struct ez_error *error);
void ez_model_close(const struct ez_model *model);

/* ---- up: what a backend provides ---- */

/* Deadline of a timer that is not armed. */
#define EZ_NEVER UINT64_MAX

/* What a backend is, beyond what it provides. */
enum ez_backend_flags {
	/* Config space of record is the backend's: it answers the guest, ours mirrors. */
	EZ_BACKEND_CONFIG = 1 << 0,
	/*
	 * MSI and MSI-X masks, pending bits and MSI-X tables are the backend's: every
	 * message is handed to it. Accesses to MSI-X structures had better not come to
	 * ez_device_read and write: they reach a plain copy, which delivery ignores.
	 */
	EZ_BACKEND_MSI = 1 << 1,
	/* Time is virtual: jobs run on the device's thread when their time has passed. */
	EZ_BACKEND_VIRTUAL_TIME = 1 << 2,
};

/*
 * All members are required but those that say "may be NULL". `be` is what was
 * given to ez_device_new.
 */
struct ez_backend {
	size_t size; /* sizeof(struct ez_backend); another size is refused */
	const char *name; /* "bench", "qemu", "vfio-user" */
	uint32_t flags; /* enum ez_backend_flags */

	/* The device's clock, ns. Never goes back. */
	uint64_t (*now)(void *be);
	/*
	 * Run ez_device_timer(dev, fn, timer) once at `when` on that clock;
	 * EZ_NEVER: not at all. Timers count from 0 to ez_spec.n_timers + n_jobs - 1:
	 * behind the spec's come the jobs' deadlines, where time is virtual.
	 */
	void (*timer)(void *be, unsigned int fn, uint32_t timer, uint64_t when);
	/*
	 * Bus-master access; the range does not wrap and is at most 1 GiB.
	 * 0, or -EFAULT (see ez_dma_read), -EPERM, -EDEADLK. On failure of a read,
	 * what did not move is filled with all-ones.
	 */
	int (*dma)(void *be, unsigned int fn, uint64_t addr, void *buf, size_t len, bool write);
	/* The interrupt pin's level; called when it changes. */
	void (*intx)(void *be, unsigned int fn, bool level);
	/*
	 * Send the message of this MSI or, if that is what is on, MSI-X vector,
	 * always below the number granted or the table's size. Without
	 * EZ_BACKEND_MSI a masked message never gets here.
	 */
	void (*msi)(void *be, unsigned int fn, uint32_t vector);
	/* Fill with random bytes. */
	void (*random)(void *be, void *buf, size_t len);
	/* A line for the user. */
	void (*log)(void *be, unsigned int fn, enum ez_log_kind kind, const char *text);
	/*
	 * These bits of the status register are to be set in the config space
	 * of record. May be NULL without EZ_BACKEND_CONFIG.
	 */
	void (*status)(void *be, unsigned int fn, uint16_t bits);
	/*
	 * From a worker, or the device's thread: arrange for ez_device_poll(dev) soon, on
	 * the device's thread. May be NULL with EZ_BACKEND_VIRTUAL_TIME: there are no workers.
	 */
	void (*kick)(void *be);
	/*
	 * Bytes that the PCI rules want changed in the config space of record:
	 * a function level reset, or D3hot to D0 (PM 1.2, 5.4.1); MSI pending bits of
	 * what is not pending any more are cleared (PCI 3.0, 6.8.1.10).
	 * Writes `len` bytes at `offset`. Without EZ_BACKEND_CONFIG ours has changed already, and
	 * this only tells of the reset, every one of them; may be NULL then.
	 */
	void (*config_put)(void *be, unsigned int fn, uint32_t offset, const uint8_t *bytes,
			   uint32_t len);
	/*
	 * What this MSI-X vector stands for is not pending any more: clear its
	 * pending bit, if it is set (PCI 3.0, 6.8.2.10 and 6.8.3.5). Only while
	 * MSI-X is enabled. May be NULL without EZ_BACKEND_MSI, and where pending
	 * bits cannot be reached.
	 */
	void (*msix_forget)(void *be, unsigned int fn, uint32_t vector);
	/*
	 * What a guest reaches without us, memory windows and a backend's own MSI-X
	 * table, is to be reached (shown) or not: D3hot, pulled card, a device that
	 * is being freed. Called when it changes, whether or not the function has
	 * any of it; a device starts shown. What the command register says of a BAR
	 * is not in it. Not shown, it reads all-ones and ignores writes, as
	 * ez_device_read and write do. May be NULL where the backend maps nothing.
	 */
	void (*windows)(void *be, unsigned int fn, bool shown);
	/*
	 * Of several transfers that a worker asks for, may this one follow the one
	 * before it at once? If not, ez_device_poll leaves it, and all behind it, to be
	 * seen by ez_device_dma_wanted; no further kick comes for it. The first is asked about
	 * too: one that may not is done by a poll only when ez_device_dma_wanted has told of
	 * it, for which a kick comes. A write that may not has only been sent on when `dma` returns: the poll
	 * ends with it, and the backend polls again when it has arrived, so that no completion
	 * overtakes it. May be NULL: all of them may.
	 */
	bool (*dma_at_once)(void *be, unsigned int fn, uint64_t addr, size_t len, bool write);
};

/* ---- a device's life ---- */

struct ez_device;

/* A property as a user wrote it: NAME=TEXT. */
struct ez_setting {
	const char *name;
	const char *text;
};

/*
 * Makes a device of this model: properties, the taps that the environment's
 * ERSATZ_TAPS names, reset values, create, then a power-on reset. `id` is how messages
 * and traces call it ("my_rng0"); copied. Settings are checked against the
 * spec's properties; those not given take their defaults. NULL with an error.
 * The model must stay open, and be valid, until ez_device_free.
 */
struct ez_device *ez_device_new(const struct ez_model *model, const char *id,
				const struct ez_backend *backend, void *be,
				const struct ez_setting *settings, size_t n_settings,
				struct ez_error *error);

/*
 * Cancels jobs, prints the counts of repeated messages, calls destroy, frees.
 * Lowers an asserted INTx and hides memory windows first; who has mapped them
 * from their file keeps what they held. NULL is fine. Not while ez_device_is_busy().
 */
void ez_device_free(struct ez_device *dev);

/* Is the device in a callback or a DMA of its own, further up this stack? */
bool ez_device_is_busy(const struct ez_device *dev);

const struct ez_spec *ez_device_spec(const struct ez_device *dev);
const char *ez_device_id(const struct ez_device *dev);

/* Checks one setting against a spec without making a device. */
int ez_setting_check(const struct ez_spec *spec, const char *name, const char *text,
		     struct ez_error *error);

/* ---- down: accesses ---- */

/*
 * One access to a BAR, already decoded: width 1, 2, 4 or 8 bytes at `offset`,
 * any alignment. Little endian values. Anything that is not there or not
 * legal gets the answer that the spec declares; an access may not change
 * memory outside its register, whatever its offset.
 */
uint64_t ez_device_read(struct ez_device *dev, unsigned int fn, unsigned int bar, uint64_t offset,
			unsigned int width);
void ez_device_write(struct ez_device *dev, unsigned int fn, unsigned int bar, uint64_t offset,
		     unsigned int width, uint64_t value);

/*
 * The memory of window `index` of ez_spec.windows: mapped here at *ret_at, for
 * backends that give it to a guest also as a file in *ret_fd: a memfd of the
 * window's BAR, the same for all its windows, in which each lies at the offset
 * that it has in the BAR; what is between them takes no memory. It ends with the
 * last window and is sealed at that size. Both stay the device's, valid until
 * ez_device_free; either pointer may be NULL. -ENODEV: no such function or window.
 *
 * Its bytes are as on the bus, little endian. ez_device_read and write reach
 * windows too, for accesses that were not mapped; any width of theirs at any
 * alignment, as long as it lies within the window.
 */
int ez_device_window(struct ez_device *dev, unsigned int fn, uint32_t index, void **ret_at,
		     int *ret_fd);

/*
 * For a backend whose client keeps the MSI-X table to itself and says in another
 * way whose messages it takes (vfio-user: an eventfd a vector): clears the
 * vector's mask bit in our table, and sends what was pending, or sets it. A vector
 * that is taken stays unmasked over resets and loads; writes to the table count
 * as ever. Not saved. Nothing for a function or vector that is not there, and with
 * EZ_BACKEND_MSI.
 */
void ez_device_msix_taken(struct ez_device *dev, unsigned int fn, uint32_t vector, bool taken);

/*
 * For tests of a race: raises interrupt source `source` in the very moment of
 * the next access by software that changes a bit of its status register. Which
 * of the two comes first is the spec's precedence: of these bits (sw: the event,
 * so that software clears it; hw: the access, so that the event survives). It
 * is forgotten once it has been raised, and by a reset. EZ_NONE: none any more.
 * -ENODEV: no such function; -EINVAL: no such source, or it has no status register.
 */
int ez_device_coincide(struct ez_device *dev, unsigned int fn, uint32_t source);

/* Looks at a register without side effects: the storage of element `index`. */
int ez_device_peek(struct ez_device *dev, unsigned int fn, const struct ez_reg *reg, uint32_t index,
		   uint64_t *ret_value);

/*
 * Config space as the guest accesses it: PCI 3.0, 6.1. Width 1, 2 or 4,
 * aligned; else reads are all-ones and writes are ignored. With
 * EZ_BACKEND_CONFIG a write changes nothing here: it tells the taps, before
 * the sync that brings what came of it.
 */
uint32_t ez_device_config_read(struct ez_device *dev, unsigned int fn, uint32_t offset,
			       unsigned int width);
void ez_device_config_write(struct ez_device *dev, unsigned int fn, uint32_t offset,
			    unsigned int width, uint32_t value);

/*
 * Config space where another's is of record (qemu, vfio-user).
 *
 * image: what theirs is built from, one of the layers below; `ret_bytes` has
 * room for `size` bytes. Returns how many there are (256 or 4096).
 *
 * sync: theirs now holds `bytes` from `offset` on, after a write, a reset or a load; ours takes
 * them over and acts on them (gates, interrupts, power state). The bits in
 * the status register that are ours to set are not lost by it.
 */
enum ez_config_image {
	EZ_CONFIG_INITIAL, /* bytes after power-on */
	EZ_CONFIG_WRITABLE, /* bits that software writes */
	EZ_CONFIG_CLEARABLE, /* bits that software clears by writing one */
	EZ_CONFIG_STICKY, /* bits that only a power-on reset resets: PCIe 7.4 */
	EZ_CONFIG_KEPT, /* bits that a function reset keeps, those among them: PCIe 6.6.2 */
};
int ez_device_config_image(struct ez_device *dev, unsigned int fn, enum ez_config_image what,
			   uint8_t *ret_bytes, size_t size);
void ez_device_config_sync(struct ez_device *dev, unsigned int fn, uint32_t offset,
			   const uint8_t *bytes, uint32_t len);

/*
 * For the same backends: does a write of software's initiate a function level
 * reset (PCIe 6.6.2, or Advanced Features)? Then the backend is to reset its own,
 * and call ez_device_reset(). Where ours is of record the write itself does it.
 */
bool ez_device_flr_written(struct ez_device *dev, unsigned int fn, uint32_t offset,
			   unsigned int width, uint32_t value);
/*
 * And what a read gives on top of their bytes while a worker waits for what it reads:
 * Transactions Pending, PCIe 7.5.3.5.
 */
uint32_t ez_device_pending_bits(struct ez_device *dev, unsigned int fn, uint32_t offset,
				unsigned int width);

/*
 * Where a BAR decodes now, by our config space. False: not there, or switched
 * off by the command register or the power state.
 */
bool ez_device_bar_address(struct ez_device *dev, unsigned int fn, unsigned int bar,
			   uint64_t *ret_address);

/* ---- down: events ---- */

/*
 * Resets function fn (EZ_RESET_POWER_ON and EZ_RESET_BUS: every function), our
 * config space included. From within a callback of this device (its DMA hit
 * something that resets it) the reset waits until that has returned.
 * EZ_RESET_SOFTWARE is the model's own and gives -EINVAL.
 */
int ez_device_reset(struct ez_device *dev, unsigned int fn, enum ez_reset_kind kind);

/* The timer that the backend was asked for has come. Stray calls do nothing. */
void ez_device_timer(struct ez_device *dev, unsigned int fn, uint32_t timer);

/* After a kick: serves workers' DMA, completes finished jobs. */
void ez_device_poll(struct ez_device *dev);

/*
 * What a worker's DMA asks for. Serials differ between requests.
 */
struct ez_wanted {
	uint64_t serial, address;
	size_t length;
	bool write;
};

/*
 * The DMA of a worker that the next ez_device_poll will do, for a backend that
 * has to ask somebody else for the bytes first and must not block meanwhile.
 * False: there is none, or one that will be refused.
 */
bool ez_device_dma_wanted(struct ez_device *dev, struct ez_wanted *ret_wanted);

/*
 * The guest is stopped, or goes on. Pause lets the running pieces end and
 * parks the jobs; resume resubmits them. Both may be repeated.
 */
void ez_device_pause(struct ez_device *dev);
void ez_device_resume(struct ez_device *dev);

/*
 * The card is pulled without warning, or not any more: reads give all-ones,
 * writes, DMA and interrupts do nothing; jobs are cancelled, timers disarmed.
 * Memory windows are hidden and filled with ones, for those who still have them
 * mapped; back again, they are zeros, and shown. Registers and declared state come back
 * as after power-on; config space stays with whoever it belongs to.
 */
void ez_device_yank(struct ez_device *dev, bool gone);

/*
 * Describes the device as it is, as a JSON object: its registers by name and
 * field, its declared state, its interrupts. Looks only: no hook runs, nothing
 * changes. What a register's hook would give is what it gave last. Of an array
 * only the elements that are not at their reset value are there, the first 256 of
 * them; "left_out" says of which arrays there are more, and how many.
 *
 * Returns the length of the text, and writes as much of it as fits into `size`
 * bytes with a NUL at its end (buf may be NULL with size 0).
 */
size_t ez_device_info(struct ez_device *dev, char *buf, size_t size);

/* ---- down: saved state ---- */

/*
 * Saves registers, declared state, timers, jobs, interrupts, config space, and
 * what memory windows hold; the MSI-X table where it is not the backend's.
 * Returns the size of the state; writes it if it fits into `size` (buf may be
 * NULL with size 0 to ask). -EFBIG: 4 GiB or more. Jobs must be parked: between
 * pause and resume; backends with virtual time need not pause. If a guest goes on
 * writing to a window meanwhile, it may be larger when asked for again.
 *
 * load accepts any bytes: -EINVAL with an error for what is not a saved state
 * of this model, and the device is then as after power-on. Rows that the
 * state does not have keep their reset values; rows that the model does not
 * have any more are left out with a message.
 */
ssize_t ez_device_save(struct ez_device *dev, void *buf, size_t size);
int ez_device_load(struct ez_device *dev, const void *buf, size_t size, struct ez_error *error);

#pragma GCC visibility pop

#endif
