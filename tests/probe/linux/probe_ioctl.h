/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a test says to /dev/probe0 (probe1, ... for further devices): registers
 * of any BAR, interrupts seen and waited for, DMA by way of the DMA API.
 * Registers are those of probe_spec.h.
 *
 * Any call gives ENODEV once the device is gone.
 */
#ifndef PROBE_IOCTL_H
#define PROBE_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* How the device's interrupts come. */
enum { PROBE_MODE_INTX = 1, PROBE_MODE_MSI = 2, PROBE_MODE_MSIX = 3 };

/* More than any mode has. */
#define PROBE_VECTORS 32

/* What is counted: the sources, by PROBE_IRQ_*, and one thing more. */
#define PROBE_EVENT_HELD 5 /* the handler left a source pending, as PROBE_IOC_HOLD asked */
#define PROBE_EVENT_KINDS 6

struct probe_counts {
	__u32 mode; /* PROBE_MODE_* */
	__u32 vectors; /* granted */
	__u32 unclaimed; /* calls of the handler that found nothing to do */
	__u32 event[PROBE_EVENT_KINDS];
	__u32 vector[PROBE_VECTORS]; /* calls of the handler for it that found something */
	__u32 pad;
};

/* bar, offset, width: in; value: in for a write, out for a read. EINVAL: no such place. */
struct probe_access {
	__u32 bar;
	__u32 width; /* 1, 2, 4, in memory 8 too; the offset is aligned to it */
	__u64 offset;
	__u64 value;
};

/*
 * Waits until the event's count is another than `count`, which is set to the new
 * one. ETIMEDOUT; EIO: the device was reset meanwhile; EINTR.
 */
struct probe_wait {
	__u32 event;
	__u32 count;
	__u32 timeout_ms; /* 0: for ever */
	__u32 pad;
};

/*
 * One transfer between DATA, or the window at the place that WIN_INDEX and
 * WIN_OFFSET name, and `length` bytes at `offset` of an area of two pages, mapped
 * for just that. The area is copied in before and out after, all of it. `error`:
 * what the device says in ERRNO, 0 if all went well. EINVAL: out of the area, or
 * longer than DATA; ETIMEDOUT: no interrupt came; EOPNOTSUPP: scattered, and
 * nobody makes one piece of two.
 */
#define PROBE_AREA 8192

enum { PROBE_FETCH = 1, PROBE_STORE = 2 };

struct probe_dma {
	__u64 area; /* a pointer */
	__u32 offset;
	__u32 length;
	__u32 direction;
	__u32 scattered; /* 1: the two pages are apart in memory, and one for the device */
	__u32 window; /* 1: not DATA, but a window */
	__s32 error;
};

/*
 * A job: copy, through two coherent buffers, or load, from one into the window
 * BUFFER. length: a multiple of PROBE_COPY_PIECE.
 */
#define PROBE_COPY_PIECE 256
#define PROBE_COPY_MAX 65536

struct probe_copy {
	__u64 from; /* a pointer */
	__u64 to; /* a pointer; load: an offset in BUFFER */
	__u32 length;
	__u32 load; /* 1 */
	__s32 error;
	__u32 pad;
};

#define PROBE_IOC_COUNTS _IOR('P', 1, struct probe_counts)
#define PROBE_IOC_READ _IOWR('P', 2, struct probe_access)
#define PROBE_IOC_WRITE _IOW('P', 3, struct probe_access)
#define PROBE_IOC_WAIT _IOWR('P', 4, struct probe_wait)
/* The next `*arg` calls of the handler that find a source pending leave it so. */
#define PROBE_IOC_HOLD _IOW('P', 5, __u32)
/* Raises the source without registers; the handler lowers it. */
#define PROBE_IOC_LEVEL _IO('P', 6)
#define PROBE_IOC_DMA _IOWR('P', 7, struct probe_dma)
#define PROBE_IOC_COPY _IOWR('P', 8, struct probe_copy)

#ifndef __cplusplus
_Static_assert(sizeof(struct probe_counts) == 168, "a uapi struct has one layout");
_Static_assert(sizeof(struct probe_access) == 24, "a uapi struct has one layout");
_Static_assert(sizeof(struct probe_wait) == 16, "a uapi struct has one layout");
_Static_assert(sizeof(struct probe_dma) == 32, "a uapi struct has one layout");
_Static_assert(sizeof(struct probe_copy) == 32, "a uapi struct has one layout");
#endif

#endif
