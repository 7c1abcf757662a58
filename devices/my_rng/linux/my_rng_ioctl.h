/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program says to /dev/my_rng_driver. Both calls take a pointer to an
 * unsigned int.
 */
#ifndef MY_RNG_IOCTL_H
#define MY_RNG_IOCTL_H

#include <linux/ioctl.h>

/* Store the next number at the pointer. */
#define MY_RNG_IOCTL_RAND _IOR('q', 1, unsigned int)
/* Start the sequence that belongs to the number at the pointer. */
#define MY_RNG_IOCTL_SEED _IOW('q', 1, unsigned int)

/*
 * Programs that nobody here has seen carry these numbers. A few architectures
 * encode ioctls in another way; there they are others.
 */
#if !defined(__cplusplus) && _IOC_SIZEBITS == 14
_Static_assert(MY_RNG_IOCTL_RAND == 0x80047101, "RAND is a frozen interface");
_Static_assert(MY_RNG_IOCTL_SEED == 0x40047101, "SEED is a frozen interface");
#endif

#endif
