/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/rundir.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Sockets go in there, whose names the kernel takes only so long. */
static void a_long_place_is_not_taken(void **state)
{
	g_autofree char *base = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *name = g_strnfill(100, 'x');
	g_autofree char *place = g_build_filename(base, name, NULL);
	struct rundir *rundir;

	assert_int_equal(g_mkdir_with_parents(place, 0700), 0);
	g_setenv("XDG_RUNTIME_DIR", place, TRUE);
	rundir = rundir_new(NULL);
	assert_non_null(rundir);
	assert_true(strlen(rundir->path) + strlen("/share") <
		    sizeof(((struct sockaddr_un *)0)->sun_path));
	rundir_free(rundir);

	g_setenv("XDG_RUNTIME_DIR", base, TRUE);
	rundir = rundir_new(NULL);
	assert_non_null(rundir);
	assert_true(g_str_has_prefix(rundir->path, base));
	rundir_free(rundir);
	rmdir(place);
	assert_int_equal(rmdir(base), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_place_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
