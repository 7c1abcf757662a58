/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program says to /dev/ersatz_crypto (ersatz_crypto1, ... for further
 * devices): AES-256-CBC with the device's own key and IV, and SHA-256, straight
 * from and to the program's memory.
 *
 * The memory is pinned while the device works on it, as for direct I/O, and not
 * counted against RLIMIT_MEMLOCK. It must not be written meanwhile; what is in
 * the output if an operation fails is not defined.
 *
 * An open file has one operation at a time; several open files wait for each
 * other in the driver. Closing the last descriptor of a file, or the end of its
 * process, cancels its operation.
 *
 * Any call:
 *	ENODEV	the device is gone, or was while it worked
 *	EFAULT	the argument is not there
 *	ENOTTY	no such call
 */
#ifndef ERSATZ_CRYPTO_H
#define ERSATZ_CRYPTO_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* Bytes of input that one operation takes at most. */
#define ERSATZ_CRYPTO_MAX_SIZE 0x40000000u

#define ERSATZ_CRYPTO_BLOCK_SIZE 16 /* AES */
#define ERSATZ_CRYPTO_DIGEST_SIZE 32 /* SHA-256 */

/*
 * An operation. Set all of it to 0 first.
 *
 * ENCRYPT, DECRYPT: input of 1 byte or more, taken as if it were followed by
 * zeros up to a multiple of 16; `out_size` is at least so much, and so much is
 * written. SHA256: any input, 0 bytes included; `out_size` is at least 32, which
 * are written. Nothing needs any alignment. Output may be the input (`in` equal
 * to `out`; all of it is then memory that may be written), but must not overlap
 * it in another way.
 *
 * The call returns when the output is complete, or with
 *	EINVAL		`in_size` is 0 for AES; output overlaps input; `reserved` is not 0
 *	EFBIG		`in_size` is more than ERSATZ_CRYPTO_MAX_SIZE
 *	ENOSPC		`out_size` is too small
 *	EFAULT		the buffers are not memory that may be read (written)
 *	ENOMEM		no memory for the tables of pages, or for bounce buffers
 *	EBUSY		this open file has an operation
 *	EINTR		a signal has come: the operation was cancelled
 *	ECANCELED	ERSATZ_CRYPTO_IOC_CANCEL, or a reset, whoever asked for it
 *	ETIMEDOUT	the device did not answer, and was reset
 *	EIO		the device reports an error; some are EINVAL or EFAULT: `error_code` tells
 *	EINPROGRESS	only with O_NONBLOCK, where it is no error: the operation has begun
 *
 * What is refused before it has begun does not set anything.
 *
 * With O_NONBLOCK nothing waits: poll() says POLLIN when the operation has
 * ended, ERSATZ_CRYPTO_IOC_RESULT how. Until that has been asked the next one is EBUSY.
 */
struct ersatz_crypto_op {
	__u64 in; /* address */
	__u64 in_size; /* bytes */
	__u64 out; /* address; may be `in` */
	__u64 out_size; /* bytes that there is room for */
	__u64 written; /* set: bytes of output, 0 unless it went well */
	__u32 error_code; /* set: the device's ErrorCode, 0 unless it has reported an error */
	__u32 error_detail; /* set: ERROR_DETAIL, 0 if the device has none */
	__u32 error_entry; /* set: ERROR_ENTRY */
	__u32 reserved; /* 0 */
};

/* How the driver's interrupts come. */
enum { ERSATZ_CRYPTO_IRQ_INTX = 1, ERSATZ_CRYPTO_IRQ_MSI = 2, ERSATZ_CRYPTO_IRQ_MULTI = 3 };

struct ersatz_crypto_info {
	__u32 irq_mode; /* ERSATZ_CRYPTO_IRQ_* */
	__u32 vectors; /* granted */
	__u32 version; /* of the device's extension: 31:16 major, 15:0 minor; 0: it has none */
	__u32 features; /* of the extension, as in FEATURES */
	__u64 max_size; /* bytes that one operation takes at most */
	__u64 reserved;
};

#define ERSATZ_CRYPTO_IOC_ENCRYPT _IOWR('e', 1, struct ersatz_crypto_op)
#define ERSATZ_CRYPTO_IOC_DECRYPT _IOWR('e', 2, struct ersatz_crypto_op)
#define ERSATZ_CRYPTO_IOC_SHA256 _IOWR('e', 3, struct ersatz_crypto_op)

/*
 * How the operation of this open file has ended: what the call would have
 * returned, with O_NONBLOCK, and the `set` members. EAGAIN: it has not. ENOENT:
 * there is none, or another call waits for it.
 */
#define ERSATZ_CRYPTO_IOC_RESULT _IOR('e', 4, struct ersatz_crypto_op)

/*
 * Cancels the operation of this open file, from another thread, or a process
 * that has inherited it; the device is reset if it has begun. Returns when the
 * device does not touch the memory any more. 0, also if there was none.
 */
#define ERSATZ_CRYPTO_IOC_CANCEL _IO('e', 5)

/*
 * Resets the device. What it works on ends with ECANCELED, whoever's it is; what
 * waits goes on.
 */
#define ERSATZ_CRYPTO_IOC_RESET _IO('e', 6)

#define ERSATZ_CRYPTO_IOC_INFO _IOR('e', 7, struct ersatz_crypto_info)

#ifndef __cplusplus
_Static_assert(sizeof(struct ersatz_crypto_op) == 56, "a uapi struct has one layout");
_Static_assert(sizeof(struct ersatz_crypto_info) == 32, "a uapi struct has one layout");
#endif

#endif
