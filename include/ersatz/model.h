/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Write a device: everything that a model may call.
 *
 * A model is one C file that includes this header and then the one generated
 * from its device.yaml (NAME_spec.h). The generated header declares the state
 * struct and, at the end of the file, the model's last line NAME_MODEL; binds
 * one function per hook that the spec asks for:
 *
 *   onread: ruser       uintN_t NAME_REG_onread(struct NAME *s)
 *   onwrite: wuser      void NAME_REG_onwrite(struct NAME *s, uintN_t value)
 *   swmod: true         void NAME_REG_swmod(struct NAME *s, uintN_t value)
 *   timers: - name: T   void NAME_T_timer(struct NAME *s)
 *   jobs: - name: J     bool NAME_J_run(struct ez_job *job, struct NAME_J *data)
 *                       void NAME_J_done(struct NAME *s)
 *   hooks: [create, destroy, reset, load]
 *                       int NAME_create(struct NAME *s), ...
 *
 * (arrays of registers take a uint32_t index after s; with two dimensions it is
 * that of all elements, row by row). A missing or misspelt hook does not
 * compile. For a field with counter: true the header defines
 * NAME_REG_FIELD_incr(s, n) and NAME_REG_FIELD_decr(s, n), with the index after
 * s for arrays.
 *
 * Rules. Callbacks of one device never overlap or nest; a reset that a callback's
 * own DMA brings about waits until the callback has returned. Everything here may be
 * called from any callback, and from no other thread, but for the ez_job_*
 * calls marked "worker". The state struct holds no pointers that must survive
 * a save; what is not a register or declared state is lost by save and load.
 *
 * Calls return 0 or a negative errno unless they say otherwise.
 */
#ifndef ERSATZ_MODEL_H
#define ERSATZ_MODEL_H

#include <ersatz/tables.h>
#include <errno.h>

#pragma GCC visibility push(default)

/* One function of a device at run time; every state struct has one, `ez`. */
struct ez_function;

/*
 * Bus-master DMA, PCI 3.0, 3.2. Copies len bytes between buf and the device
 * (bus) address addr, which an IOMMU may translate. Synchronous.
 *
 * 0           all of it moved.
 * -EPERM      bus mastering is off (command register, bit 2). Nothing moved.
 * -EFAULT     part of the range is not memory; the part before it may have
 *             moved, as on a bus. Sets Received Master Abort in the status
 *             register.
 * -EINVAL     len is 0 or over 1 GiB, or addr + len wraps. Nothing moved.
 * -EDEADLK    this VMM maps no memory to us, and the guest's CPU is waiting
 *             for this very callback: do it from a job.
 * -ENODEV     the card has been pulled, or is in D3hot.
 * -ECANCELED  in a job: it has been cancelled; nothing moved.
 *
 * A device cannot reach its own BARs by DMA: that gives -EFAULT.
 *
 * After a failed read buf is all-ones from the first byte that did not move.
 * Each failure is logged.
 */
int ez_dma_read(struct ez_function *ez, uint64_t addr, void *buf, size_t len);
int ez_dma_write(struct ez_function *ez, uint64_t addr, const void *buf, size_t len);

/*
 * Interrupt sources, by the index that the generated header names
 * NAME_IRQ_SOURCE. Which message or line follows is decided by the spec and
 * by what the driver has programmed; PCI 3.0, 2.2.6 and 6.8. "MSI" stands for
 * MSI-X too: where that is enabled, it is used, with the source's own vector,
 * or vector 0 if its table has no such.
 *
 * raise makes the source pending: sets its status bits, if the spec names a
 * status register, and sends its message if it is enabled and MSI is on.
 * INTx stays asserted while any enabled source is pending. lower takes a
 * pending source back (a driver does so through the status register). A source
 * of type: level is held from raise to lower: what a driver clears of its status
 * is set again, and sends another message.
 * Raising a pending source sends its message again, as a new event does. A
 * message that cannot go out yet (MSI is off, no bus mastering, D3hot) goes out
 * as soon as it can, if the source is still pending and enabled then.
 */
void ez_irq_raise(struct ez_function *ez, uint32_t source);
void ez_irq_lower(struct ez_function *ez, uint32_t source);
/* Is it pending (whether or not it is enabled)? */
bool ez_irq_pending(struct ez_function *ez, uint32_t source);

/*
 * From now on this source uses that MSI or MSI-X vector (0 to 2047) instead of
 * the spec's: for devices whose software says, in a register or a command, which
 * vector an event comes by. One that was not granted is replaced as the spec's own
 * would be; ask ez_irq_vectors() where the device has its own rule. A message that
 * has gone out, or waits behind a mask, stays with the vector it had. Saved; any
 * reset but EZ_RESET_SOFTWARE brings the spec's back. A source or vector that
 * cannot be: nothing happens.
 */
void ez_irq_route(struct ez_function *ez, uint32_t source, unsigned int vector);

/*
 * Vectors that the driver has now: 0 while it is INTx, else those granted of
 * MSI, or the size of the MSI-X table. For a device whose own rules say what
 * goes where when it got fewer than it asked for.
 */
unsigned int ez_irq_vectors(struct ez_function *ez);

/*
 * Call after the model itself changed a status or enable register by
 * assignment, so that INTx and MSI follow. Register writes by the driver
 * and ez_irq_* need no such call.
 */
void ez_irq_update(struct ez_function *ez);

/*
 * The bytes of a memory window, by the index that the generated header names
 * NAME_WINDOW_X: as many as the spec says, owned by the device, valid until
 * destroy has returned; never NULL for an index that the spec has. The guest,
 * on another CPU, may change them at any moment: copy first, then check. Saved
 * and reset by Ersatz, before the reset hook runs. After the card was pulled
 * they are all-ones. NULL for an index that the spec does not have.
 */
void *ez_window(struct ez_function *ez, uint32_t window);

/*
 * In an onread, onwrite or swmod hook: the register's bits that the access in
 * hand carries, without those that a lock or sw: rw1 has taken out of it. All of
 * them for an access of the whole register; 0 outside of an access.
 */
uint64_t ez_access_lanes(struct ez_function *ez);

/* The device's clock in ns: the guest's virtual time (monotonic, from any base). */
uint64_t ez_now(struct ez_function *ez);

/*
 * Timers, by the index NAME_TIMER_X. One shot: runs the hook once, delay_ns
 * from now (0: as soon as this callback has returned). Setting an armed timer
 * moves it. A reset of any kind but EZ_RESET_SOFTWARE disarms all of them.
 */
void ez_timer_set(struct ez_function *ez, uint32_t timer, uint64_t delay_ns);
void ez_timer_cancel(struct ez_function *ez, uint32_t timer);
bool ez_timer_armed(struct ez_function *ez, uint32_t timer);

/*
 * Jobs, by the index NAME_JOB_X. Fill in the job's data in the state struct,
 * then submit it; from then until done runs, or it is cancelled, the data is
 * the worker's. duration_ns is the virtual time that it takes where time is
 * virtual (bench); elsewhere it takes what it takes. A pending job comes back
 * with a saved state, whose data may be anybody's: bound the work it asks for.
 *
 * submit: 0; -EBUSY: this job is in flight; -EAGAIN: no thread could be made.
 * cancel: waits for the piece in hand; then the job is gone and done is not
 * called. A job that is not in flight: nothing. Resets of any kind but
 * EZ_RESET_SOFTWARE cancel all jobs before the reset hook runs.
 */
int ez_job_submit(struct ez_function *ez, uint32_t job, uint64_t duration_ns);
void ez_job_cancel(struct ez_function *ez, uint32_t job);
bool ez_job_busy(struct ez_function *ez, uint32_t job);

/*
 * Worker: the only way from a job's run to guest memory. As ez_dma_read and
 * ez_dma_write.
 */
int ez_job_dma_read(struct ez_job *job, uint64_t addr, void *buf, size_t len);
int ez_job_dma_write(struct ez_job *job, uint64_t addr, const void *buf, size_t len);

/* A range of bus addresses. */
struct ez_range {
	uint64_t addr;
	size_t len;
};

/*
 * Worker: n transfers, one after the other, between the ranges and buf, which
 * holds their bytes without a gap. Each is what a single call would have been,
 * but all of them are one trip to the device's thread, which for scattered pages
 * is most of the time. Ends with the first that fails; the number of those that
 * went well is in *ret_done, which may be NULL. What would have been read after
 * that is all-ones, up to a range of over 1 GiB. 0 ranges: 0.
 */
int ez_job_dma_readv(struct ez_job *job, const struct ez_range *ranges, uint32_t n, void *buf,
		     uint32_t *ret_done);
int ez_job_dma_writev(struct ez_job *job, const struct ez_range *ranges, uint32_t n,
		      const void *buf, uint32_t *ret_done);

/* Transfers in one direction. Of a write buf is only read. */
struct ez_vector {
	const struct ez_range *ranges;
	uint32_t n; /* ranges */
	bool write;
	void *buf; /* their bytes without a gap */
	int status; /* out: 0, or why not all of it moved */
	uint32_t done; /* out: ranges that went well */
};

/*
 * Worker: the same in the background, while the worker goes on: n vectors, each
 * after the one before it, until the first that fails; those behind it get its status.
 * Vectors, ranges and buffers are not the worker's again before end, which waits until
 * all has been dealt with, and gives the first status that is not 0. So with a
 * write and then a read into the same buffer, and a second buffer, a worker never
 * has to wait for memory.
 *
 * begin: -EBUSY: one is under way; so says any other ez_job_dma_* call before its end.
 * end: -EINVAL: none is. A piece that returns without end loses what has not moved.
 */
int ez_job_dma_begin(struct ez_job *job, struct ez_vector *vectors, uint32_t n);
int ez_job_dma_end(struct ez_job *job);

/* Worker: as ez_window, for a job that works on the device's own memory. */
void *ez_job_window(struct ez_job *job, uint32_t window);

/*
 * len random bytes from the backend: the physical machine's entropy in qemu
 * and vfio-user, a seeded sequence in bench. Cannot fail.
 */
void ez_random(struct ez_function *ez, void *buf, size_t len);

/*
 * The device's own reset (a register that resets it), at once: rows and fields of the
 * software domain take their reset values, then the reset hook runs. PCI
 * state, timers and jobs stay: cancel what the device cancels.
 */
void ez_reset(struct ez_function *ez);

/* Kinds of message, as Simics' modelling language has them. */
enum ez_log_kind {
	EZ_LOG_VIOLATION, /* the driver did what the spec forbids */
	EZ_LOG_UNIMPLEMENTED, /* the model has a gap */
	EZ_LOG_INFO,
	EZ_LOG_KINDS
};

/* One line for the user, no newline at its end; cut at 255 characters. */
void ez_log(struct ez_function *ez, enum ez_log_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#pragma GCC visibility pop

#endif
