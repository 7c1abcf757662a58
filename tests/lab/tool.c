/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/tool.h"
#include "project/failure.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_script_and_its_end(void **state)
{
	g_autoptr(GError) error = NULL;

	assert_true(tool_script(&error, "no", "/bin/sh", "-c", "exit 0", NULL));
	assert_false(tool_script(&error, "it went wrong", "/bin/sh", "-c", "exit 3", NULL));
	assert_string_equal(error->message, "it went wrong");
	g_clear_error(&error);
	assert_false(tool_script(&error, "no", "/nonexistent/x", NULL));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_non_null(strstr(error->message, "/nonexistent/x"));
}

/* What holds the pipe open is the script's child: its end is that child's end. */
static void goes_with_us(int number)
{
	char byte;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		g_autofree char *script = g_strdup_printf(
			"(sleep 100 & echo >/proc/%d/fd/%d; wait)", getpid(), fds[1]);

		alarm(60);
		dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		tool_script(NULL, "no", "/bin/sh", "-c", script, NULL);
		_exit(0);
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	kill(pid, number);
	waitpid(pid, NULL, 0);
	alarm(20); /* and not the 100 s of the sleep */
	assert_int_equal(read(fds[0], &byte, 1), 0);
	alarm(0);
	close(fds[0]);
}

static void a_script_goes_with_us(void **state)
{
	goes_with_us(SIGTERM);
	goes_with_us(SIGKILL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_script_and_its_end),
		cmocka_unit_test(a_script_goes_with_us),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
