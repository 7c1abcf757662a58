/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program says to /dev/edu0 (edu1, ... for further devices). The device has
 * one factorial unit and one DMA engine; calls that want one wait for their turn, each
 * at most as long as its `timeout_ms` says, the work itself included. 0 means
 * EDU_TIMEOUT_MS.
 *
 * With O_NONBLOCK a call that would wait gives EAGAIN. If its unit was free, the work
 * has begun: poll() says POLLIN when it is done, and the same call again then has the result.
 * That is kept for the file until it asks; the unit is free for others as soon as the work
 * is done. There is one such piece of work a unit and file at a time: another one in between
 * is EBUSY, without O_NONBLOCK too.
 *
 * Any call gives ENODEV once the device is gone; EIO if it was reset meanwhile, or
 * failed; EINTR after a signal, unless the call is restarted, from its start; ETIMEDOUT;
 * EINVAL for values that make no sense.
 */
#ifndef EDU_IOCTL_H
#define EDU_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EDU_TIMEOUT_MS 60000

/* The device's buffer, and what mmap() gives: one page, from 0, each file its own. */
#define EDU_BUFFER_BYTES 4096

enum { EDU_MODE_INTX = 1, EDU_MODE_MSI = 2 };

struct edu_info {
	__u32 id; /* of the device, 0x010000ed */
	__u32 extended; /* 1: it has error codes and a reset; 0: it is the original */
	__u32 mode; /* EDU_MODE_* */
	__u32 interrupts; /* that were for it, since the driver has it */
};

struct edu_liveness {
	__u32 value; /* in: any; out: what the device makes of it */
	__u32 pad;
};

struct edu_factorial {
	__u32 n;
	__u32 result; /* out: n! modulo 2^32 */
	__u32 timeout_ms;
	__u32 pad;
};

/* Raises an interrupt with these bits, and waits until the handler has seen them. */
struct edu_raise {
	__u32 bits;
	__u32 timeout_ms;
};

enum { EDU_TO_DEVICE = 0, EDU_FROM_DEVICE = 1 };

/* In flags: not `user`, but the page of mmap(), from `user` on as an offset in it. */
#define EDU_DMA_MAPPED 1

/*
 * Moves `length` bytes between memory and the device's buffer, which is gone round:
 * byte i is at (offset + i) modulo 4096. In chunks, each takes the device 100 ms. With
 * O_NONBLOCK, and in the page of mmap(), at most to the end of the buffer (and page).
 */
struct edu_dma {
	__u64 user; /* a pointer, or an offset */
	__u64 length; /* in: bytes; out: those moved, after an error too (but EINTR) */
	__u32 offset; /* below 4096 */
	__u32 direction; /* EDU_TO_DEVICE, EDU_FROM_DEVICE */
	__u32 flags;
	__u32 timeout_ms;
	__u32 error; /* out: what an extended device says in DMA_ERROR, after EIO */
	__u32 pad;
};

/* From one place in memory to another, through the device's buffer. EINVAL with O_NONBLOCK. */
struct edu_copy {
	__u64 from; /* a pointer */
	__u64 to; /* a pointer */
	__u64 length; /* in: bytes; out: those that are there */
	__u32 timeout_ms;
	__u32 error; /* as in struct edu_dma */
};

#define EDU_IOC_INFO _IOR('E', 1, struct edu_info)
#define EDU_IOC_LIVENESS _IOWR('E', 2, struct edu_liveness)
#define EDU_IOC_FACTORIAL _IOWR('E', 3, struct edu_factorial)
#define EDU_IOC_RAISE _IOW('E', 4, struct edu_raise)
#define EDU_IOC_DMA _IOWR('E', 5, struct edu_dma)
#define EDU_IOC_COPY _IOWR('E', 6, struct edu_copy)
/* All work ends with EIO. EOPNOTSUPP: the original has no reset. */
#define EDU_IOC_RESET _IO('E', 7)

#ifndef __cplusplus
_Static_assert(sizeof(struct edu_info) == 16, "a uapi struct has one layout");
_Static_assert(sizeof(struct edu_liveness) == 8, "a uapi struct has one layout");
_Static_assert(sizeof(struct edu_factorial) == 16, "a uapi struct has one layout");
_Static_assert(sizeof(struct edu_raise) == 8, "a uapi struct has one layout");
_Static_assert(sizeof(struct edu_dma) == 40, "a uapi struct has one layout");
_Static_assert(sizeof(struct edu_copy) == 32, "a uapi struct has one layout");
#endif

#endif
