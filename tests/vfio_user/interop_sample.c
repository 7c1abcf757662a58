/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our server under a client that others wrote: libvfio-user's samples/client,
 * unchanged. It is made for the sample server beside it, and goes, in this order:
 *
 *   version; a read of a region that there is not (must be EINVAL); device
 *   info (must be ten regions); each region's info; 64 bytes of config space
 *   at once (must be dead:beef, subsystem cafe:babe); reset; twice as many DMA
 *   maps as descriptors go with a message, all of one file; info of all five
 *   kinds of interrupt (must be no error); an eventfd for INTx; start of dirty
 *   page logging
 *
 * and there it ends here: dirty pages are logged for migration, in a form that
 * the protocol has since dropped, and we refuse both. What would come next can
 * not be had from any server that maps the memory that this client hands out: it
 * waits for DMA by message into it.
 *
 * Skipped where `scripts/peers build libvfio-user` has not been run; PEERS names the script.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"
#include "client.h"

static char program[4096];

/* What it says, both kinds; its wait status. */
static int run_client(const char *path, char *said, size_t size)
{
	size_t at = 0;
	int out[2], status;
	pid_t pid;
	ssize_t n;

	assert_int_equal(pipe(out), 0);
	pid = fork();
	if (!pid) {
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		close(out[0]);
		close(out[1]);
		alarm(60);
		execl(program, program, path, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	while (at < size - 1 && (n = read(out[0], said + at, size - 1 - at)) > 0)
		at += (size_t)n;
	said[at] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void expect(const char *said, const char *text)
{
	if (!strstr(said, text))
		fail_msg("the client did not say \"%s\" but: %s", text, said);
}

static void goes_up_to_dirty_pages(void **state)
{
	struct bed *bed = bed_start(getenv("SAMPLE"), true, true);
	static char said[65536];
	int status = run_client(bed->path, said, sizeof(said));

	expect(said, "client: devinfo: flags 0x3, num_regions 10, num_irqs 5\n");
	expect(said, "region_info[0] offset 0 flags 0x3 size 4096 ");
	expect(said, "region_info[7] offset 0 flags 0x3 size 4096 ");
	expect(said, "region_info[9] offset 0 flags 0 size 0 ");
	expect(said, "client: IRQ INTx: count=1 ");
	expect(said, "client: IRQ ERR: count=1 ");
	expect(said, "client: IRQ REQ: count=1 ");
	/* Where it ends, and no earlier: the last thing it says. */
	expect(said, "failed to start dirty page logging: Inappropriate ioctl for device\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
	/* We had no complaint, and took its leave for what it was. */
	assert_string_equal(bed_said(bed), "");
	assert_int_equal(bed_stop(bed, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_up_to_dirty_pages),
	};

	if (!peer_path("libvfio-user", program, sizeof(program))) {
		printf("SKIP: libvfio-user has not been built here; `scripts/peers build "
		       "libvfio-user` does it\n");
		return 77;
	}
	strcat(program, "/client");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
