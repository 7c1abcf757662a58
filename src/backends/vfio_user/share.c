/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process maps a file: /proc/PID/maps, see proc(5). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "backends/vfio_user/session.h"

enum share_verdict share_check(pid_t pid, uint64_t dev, uint64_t ino)
{
	enum share_verdict verdict = SHARE_UNKNOWN;
	unsigned long long inode;
	unsigned int major_, minor_;
	char path[64], line[512], flags[8];
	FILE *maps;

	if (pid <= 0)
		return SHARE_UNKNOWN;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	/* Not ours to read, or another's process numbers: then nothing can be said. */
	if (!maps)
		return SHARE_UNKNOWN;
	while (verdict != SHARE_YES && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%*x-%*x %7s %*x %x:%x %llu", flags, &major_, &minor_, &inode) !=
		    4)
			continue;
		if (makedev(major_, minor_) != dev || inode != ino)
			continue;
		verdict = flags[3] == 's' ? SHARE_YES : SHARE_NO;
	}
	fclose(maps);
	return verdict;
}
