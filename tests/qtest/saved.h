/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine saved to a file, and restored into another QEMU. */
#ifndef ERSATZ_TESTS_QTEST_SAVED_H
#define ERSATZ_TESTS_QTEST_SAVED_H

#include "test.h"

#include <sys/mman.h>
#include <unistd.h>

static int saved_fd = -1;
static char
	saved_file[64]; /* of the saved state: memory of ours, that QEMU can open by this name */

static inline int open_file(void **state)
{
	(void)state;
	saved_fd = memfd_create("saved", MFD_CLOEXEC);
	snprintf(saved_file, sizeof(saved_file), "/proc/%d/fd/%d", (int)getpid(), saved_fd);
	return saved_fd < 0 ? -1 : 0;
}

static inline int close_file(void **state)
{
	(void)state;
	return close(saved_fd);
}

static inline void completed(struct qt *qt)
{
	for (;;) {
		const char *reply = qt_qmp(qt, "{'execute':'query-migrate'}");

		if (strstr(reply, "\"status\": \"completed\""))
			return;
		if (strstr(reply, "\"status\": \"failed\""))
			fail_msg("migration failed: %s\n%s", reply, qt_stderr(qt));
		usleep(1000);
	}
}

static inline void save(struct qt *qt)
{
	qt_qmp(qt, "{'execute':'migrate','arguments':{'uri':'file:%s'}}", saved_file);
	completed(qt);
	qt_stop(qt);
}

/* Into a QEMU of these arguments, whose clock is where the other's was. */
static inline struct qt *restore(const char *arguments, uint64_t clock)
{
	struct qt *qt = qt_start("%s -incoming defer", arguments);

	if (clock)
		qt_clock_set(qt, clock);
	qt_qmp(qt, "{'execute':'migrate-incoming','arguments':{'uri':'file:%s'}}", saved_file);
	completed(qt);
	qt_qmp_try(qt, "{'execute':'cont'}");
	return qt;
}

#endif
