/* SPDX-License-Identifier: BSD-2-Clause */
/* A model that dies in every way a model can. */
#ifndef TESTS_VFIO_USER_CRASHER_H
#define TESTS_VFIO_USER_CRASHER_H

/* BAR0 */
enum {
	WELL = 0x0, /* reads 0x600d */
	BAD_READ = 0x4, /* reading it follows a null pointer */
	BAD_WRITE = 0x8, /* writing it does one of these */
};

enum death { FOLLOW_NULL = 1, CALL_ABORT, CALL_EXIT, DIVIDE, RECURSE, HANG, IN_TIMER, IN_JOB };

#endif
