/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device at run time: the model's state, its registers and PCI function, and
 * the chain of taps between them and a backend. One file per concern; this
 * header is what they share, and nobody outside src/device/ includes it.
 */
#ifndef DEVICE_DEVICE_H
#define DEVICE_DEVICE_H

#include <ersatz/tap.h>

#include "pci/pci.h"
#include "regs/regs.h"

/* Why an access or a DMA was refused; each is said once per register, then counted. */
enum log_reason {
	LOG_READ_WIDTH,
	LOG_WRITE_WIDTH,
	LOG_READ_ALIGNMENT,
	LOG_WRITE_ALIGNMENT,
	LOG_READ_WRITE_ONLY,
	LOG_WRITE_READ_ONLY,
	LOG_WRITE_RESERVED,
	LOG_UNIMPLEMENTED,
	LOG_REGISTER_REASONS,
	/* of a BAR */
	LOG_READ_UNMAPPED = LOG_REGISTER_REASONS,
	LOG_WRITE_UNMAPPED,
	LOG_READ_BEYOND,
	LOG_WRITE_BEYOND,
	LOG_READ_WINDOW,
	LOG_WRITE_WINDOW,
	LOG_READ_MSIX,
	LOG_WRITE_MSIX,
	LOG_ACCESS_REASONS,
	/* of a field, or of a register's bits of no field */
	LOG_FIELD_RESERVED = 0,
	LOG_FIELD_LOCKED,
	LOG_FIELD_ONCE,
	LOG_FIELD_CONSTRAINT,
	LOG_FIELD_UNIMPLEMENTED,
	LOG_FIELD_REASONS,
	/* of the function */
	LOG_NESTED = 0,
	LOG_DMA_MASTER,
	LOG_DMA_FAULT,
	LOG_DMA_RANGE,
	LOG_DMA_DEADLOCK,
	LOG_DMA_POWER,
	LOG_MSI_MASTER,
	LOG_MSI_BOTH,
	LOG_FUNCTION_REASONS
};

struct job_engine;

/* What windows are made of: what a backend can map, see struct ez_window. */
#define WINDOW_PAGE 4096u

struct ez_function {
	struct ez_device *dev;
	const struct ez_spec *spec;
	void *state; /* the model's state struct */
	unsigned int number;
	bool shut; /* no access reaches the model: gone, or in D3hot */
	bool gone; /* the card is pulled */
	bool busy; /* in a callback of the model, or in a DMA of its own */
	bool reset_due; /* asked for while busy: reset_kind, as soon as it is not */
	enum ez_reset_kind reset_kind;
	bool hidden; /* the backend was told that what it maps of BARs cannot be reached */
	bool intx; /* level that the backend was told */
	bool levels; /* there is a source that can be held */
	struct regs_map map[EZ_BARS];
	struct pci_function pci;
	void **windows; /* per ez_spec.windows: its memory; NULL where there are none */
	int window_file[EZ_BARS]; /* a BAR's windows; -1: it has none */
	uint8_t *raised; /* per interrupt source without a status register: pending */
	uint16_t *route; /* per interrupt source: the vector that it uses */
	uint16_t *sent; /* and the one that its latest message went out by, or waits at */
	uint8_t *told; /* per interrupt source: its message has gone out, and it still is active */
	uint64_t *deadline; /* per timer, then per job where time is virtual; EZ_NEVER: not armed */
	uint32_t *said; /* counts of messages, see log.c */
	uint32_t *said_field; /* the same of fields, and where those of each register begin */
	uint32_t *field_base;
	uint64_t lanes; /* bits that the access in hand carries, while a hook runs */
	uint32_t
		coincide; /* source to raise in the moment of the next access that matters, or EZ_NONE */
};

struct ez_device {
	const struct ez_model *model;
	const struct ez_spec *spec;
	const struct ez_backend *backend;
	void *be;
	char *id;
	uint64_t born; /* ns on the device's clock */
	struct ez_tap *taps; /* NULL: crossings go straight through */
	struct job_engine *jobs;
	bool created; /* the model's create has succeeded */
	struct ez_function function;
};

/* ---- device.c ---- */

/* Function fn of the device, or NULL. */
static inline struct ez_function *device_function(struct ez_device *dev, unsigned int fn)
{
	return fn == 0 ? &dev->function : NULL;
}

/* A hook that models before its ABI's size does not have is NULL. */
#define device_hook(dev, member)                                                                   \
	((dev)->model->size >= offsetof(struct ez_model, member) + sizeof((dev)->model->member)    \
		 ? (dev)->model->member                                                            \
		 : NULL)

/* Resets without a crossing: model state, timers, jobs, interrupts; not PCI config. */
void device_reset(struct ez_function *f, enum ez_reset_kind kind);
/* Resets through the taps: at once, or when the function is not busy any more. */
void device_ask_reset(struct ez_function *f, enum ez_reset_kind kind);
/* Cancels jobs, disarms timers. */
void device_quiesce(struct ez_function *f);

/* What a reset waits for that came while the function was busy. Slow path of device_leave. */
void device_run_due(struct ez_function *f);

/*
 * Around everything that runs the model's code or moves its data: callbacks
 * do not nest, and resets wait. Pairs; leave takes what enter gave.
 */
static inline bool device_enter(struct ez_function *f)
{
	bool was = f->busy;

	f->busy = true;
	return was;
}

static inline void device_leave(struct ez_function *f, bool was)
{
	f->busy = was;
	if (__builtin_expect(f->reset_due, false) && !was)
		device_run_due(f);
}
/* Recomputes `shut` from power state and presence, and shows or hides windows. */
void device_gate(struct ez_function *f);

/* ---- chain.c ---- */

/*
 * Sends a crossing through the taps to its destination. Callers with a hot
 * path test dev->taps themselves.
 */
void chain_send(struct ez_device *dev, struct ez_crossing *crossing);
void chain_free(struct ez_device *dev);

/* ---- destinations of crossings, called at the end of the chain ---- */

/* Is there such a BAR, and can a bus make such an access? */
static inline bool access_legal(const struct ez_device *dev, unsigned int fn, unsigned int bar,
				unsigned int width)
{
	return fn == 0 && bar < EZ_BARS && dev->function.map[bar].bar && width && width <= 8 &&
	       !(width & (width - 1));
}

uint64_t access_read(struct ez_function *f, unsigned int bar, uint64_t offset, unsigned int width);
void access_write(struct ez_function *f, unsigned int bar, uint64_t offset, unsigned int width,
		  uint64_t value);
bool config_legal(const struct ez_function *f, uint64_t offset, unsigned int width);
uint32_t config_read(struct ez_function *f, uint32_t offset, unsigned int width);
void config_write(struct ez_function *f, uint32_t offset, unsigned int width, uint32_t value);
void timer_fire(struct ez_function *f, uint32_t timer);
void job_done(struct ez_function *f, uint32_t job);
int dma_move(struct ez_function *f, uint64_t addr, void *buf, size_t len, bool write);

/* ---- config.c ---- */

/* Our config bytes changed: act on it. `power` is the state before. */
void config_changed(struct ez_function *f, unsigned int power);
/* Tells the backend that our config bytes have changed as a whole, as by a reset. */
void config_tell(struct ez_function *f);
/* Is config space of record in the backend, and not here? */
static inline bool config_is_theirs(const struct ez_device *dev)
{
	return dev->backend->flags & EZ_BACKEND_CONFIG;
}

/* Are MSI and MSI-X masks and pending bits the backend's? */
static inline bool msi_is_theirs(const struct ez_device *dev)
{
	return dev->backend->flags & EZ_BACKEND_MSI;
}

/* ---- dma.c ---- */

#define DMA_MAX (UINT64_C(1) << 30) /* bytes of a transfer */

/* From the device's thread, on behalf of a callback or a worker. */
int dma_request(struct ez_function *f, uint64_t addr, void *buf, size_t len, bool write);
/* Would it reach the bus? */
bool dma_allowed(const struct ez_function *f, uint64_t addr, size_t len);

/* ---- irq.c ---- */

void irq_update(struct ez_function *f);
/* After MSI or MSI-X state changed: sends what was held back by masks. */
void irq_unmask(struct ez_function *f);
/* Messages that the driver lets us send: MSI vectors granted, or the size of the MSI-X table. */
unsigned int irq_vectors(const struct ez_function *f);
bool irq_source_pending(const struct ez_function *f, uint32_t source);

/* The status bits of a level that is raised are set again before the hooks look. */
void irq_hold(struct ez_function *f);
/* Nothing is pending, nothing was told, every source has the vector of the spec. */
void irq_reset(struct ez_function *f);
/* Sources and config space are from a saved state: so are the messages that were told. */
void irq_loaded(struct ez_function *f);
/* As a one written to its test bits. */
void irq_test(struct ez_function *f, uint32_t source);

/* ---- rules.c ---- */

/* A legal write to a register with EZ_REG_RULES, or while an event waits for an access. */
void rules_write(struct ez_function *f, const struct regs_hit *hit, unsigned int width,
		 uint64_t value);
/* A legal read with an effect while an event waits for an access. */
uint64_t rules_read(struct ez_function *f, const struct regs_hit *hit, unsigned int width);
/* Ones written to bits that must be zero. */
void rules_must_be_zero(struct ez_function *f, const struct regs_hit *hit, uint64_t bad);

/* ---- window.c ---- */

int window_init(struct ez_function *f, struct ez_error *error);
void window_free(struct ez_function *f);
/* The window at this offset of a BAR, or NULL. */
const struct ez_window *window_find(const struct ez_function *f, unsigned int bar, uint64_t offset,
				    uint32_t *ret_index);
/* Accesses that lie within window `index`, `at` bytes into it. */
uint64_t window_read(const struct ez_function *f, uint32_t index, uint64_t at, unsigned int width);
void window_write(struct ez_function *f, uint32_t index, uint64_t at, unsigned int width,
		  uint64_t value);
/*
 * The next stretch at or behind *at that was ever written: whole pages from
 * *at to *ret_end. The rest is zeros, and has no memory as long as nobody looks.
 */
bool window_data(const struct ez_function *f, uint32_t index, uint64_t *at, uint64_t *ret_end);
/* Zeros where this kind of reset says so. */
void window_reset(struct ez_function *f, enum ez_reset_kind kind);
/* All-ones: the card is pulled, and some guest may still have it mapped. */
void window_pulled(struct ez_function *f);

/* ---- timer.c ---- */

void timer_arm(struct ez_function *f, uint32_t timer, uint64_t when);
void timer_disarm_all(struct ez_function *f);

/* ---- job.c ---- */

int job_init(struct ez_device *dev);
void job_free(struct ez_device *dev);
/* Index of a job's own deadline among the timers, where time is virtual. */
static inline uint32_t job_timer(const struct ez_function *f, uint32_t job)
{
	return f->spec->n_timers + job;
}
void job_due(struct ez_function *f, uint32_t job);
void job_cancel_all(struct ez_function *f);
/* Does a worker wait for what it reads? */
bool job_read_outstanding(struct ez_function *f);
enum job_saved { JOB_IDLE, JOB_PENDING, JOB_FINISHED };
enum job_saved job_save(struct ez_function *f, uint32_t job);
int job_restore(struct ez_function *f, uint32_t job, enum job_saved how, uint64_t when);

/* ---- log.c ---- */

int log_init(struct ez_function *f);
/* True the first time for this register (or BAR) and reason: say it. */
bool log_first_access(struct ez_function *f, const struct ez_reg *reg, unsigned int bar,
		      enum log_reason reason);
bool log_first(struct ez_function *f, enum log_reason reason);
/* Of a field, by its index; n_fields: the register's bits of no field. */
bool log_first_field(struct ez_function *f, const struct ez_reg *reg, uint32_t field,
		     enum log_reason reason);
void log_summary(struct ez_function *f);
void log_line(struct ez_function *f, enum ez_log_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- setting.c ---- */

int setting_init(struct ez_function *f, const struct ez_setting *settings, size_t n,
		 struct ez_error *error);
void setting_free(struct ez_function *f);

/* ---- small things ---- */

void error_set(struct ez_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
