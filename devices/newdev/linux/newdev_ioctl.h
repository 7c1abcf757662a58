/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program says to /dev/newdev0 (newdev1, ...) besides read and write.
 *
 * Any call gives ENODEV once the device or its driver is gone.
 */
#ifndef NEWDEV_IOCTL_H
#define NEWDEV_IOCTL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* How bytes are moved. */
#define NEWDEV_MODE_AUTO 0 /* short ones by MMIO, long ones by DMA */
#define NEWDEV_MODE_PIO 1
#define NEWDEV_MODE_MMIO 2
#define NEWDEV_MODE_DMA 3

/* How interrupts come. */
#define NEWDEV_BY_INTX 1
#define NEWDEV_BY_MSI 2

/* Interrupt sources; the numbers are those of newdev_spec.h. */
#define NEWDEV_SOURCE_LINE 0 /* the paper's */
#define NEWDEV_SOURCE_DONE 1
#define NEWDEV_SOURCE_ERROR 2
#define NEWDEV_SOURCE_BELL 3
#define NEWDEV_SOURCES 4

struct newdev_info {
	__u32 size; /* bytes of memory */
	__u32 used; /* bytes that have been written; where reads end */
	__u32 irq; /* NEWDEV_BY_* */
	__u32 vectors; /* granted */
	__u32 mode; /* of this file, NEWDEV_MODE_* */
	__u32 follow; /* of this file */
	__u32 event[NEWDEV_SOURCES]; /* how often each source has interrupted */
	__u32 vector[NEWDEV_SOURCES]; /* interrupts that each vector has brought */
	__u32 unclaimed; /* calls of the handler that found nothing to do */
	__u32 missed; /* ends of transfers that no interrupt told of */
	__u32 storms; /* times that interrupts were held off because there were too many */
	__u32 resets; /* of the device, under the driver */
};

/*
 * Waits until the source's count is another than `count`, which is set to the new
 * one. ETIMEDOUT; EINTR; EAGAIN: O_NONBLOCK, and it has not happened.
 */
struct newdev_wait {
	__u32 source;
	__u32 count;
	__u32 timeout_ms; /* 0: for ever */
	__u32 zero;
};

#define NEWDEV_IOC_INFO _IOR('N', 1, struct newdev_info)
/* For this file from now on. EINVAL: no NEWDEV_MODE_*. */
#define NEWDEV_IOC_MODE _IOW('N', 2, __u32)
/* 1: reads of this file wait at the end until somebody writes more; 0: they end there. */
#define NEWDEV_IOC_FOLLOW _IOW('N', 3, __u32)
/* Has the device raise this source: LINE or BELL. */
#define NEWDEV_IOC_RAISE _IOW('N', 4, __u32)
#define NEWDEV_IOC_WAIT _IOWR('N', 5, struct newdev_wait)

#ifndef __cplusplus
_Static_assert(sizeof(struct newdev_info) == 72, "a uapi struct has one layout");
_Static_assert(sizeof(struct newdev_wait) == 16, "a uapi struct has one layout");
_Static_assert(NEWDEV_IOC_INFO == 0x80484e01, "a number that programs have compiled in");
_Static_assert(NEWDEV_IOC_WAIT == 0xc0104e05, "a number that programs have compiled in");
#endif

#endif
