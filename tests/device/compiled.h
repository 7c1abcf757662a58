/* SPDX-License-Identifier: BSD-2-Clause */
/* A bench with a model that is compiled for the test: spec compiler, C compiler, core. */
#ifndef TESTS_COMPILED_H
#define TESTS_COMPILED_H

#include "../spec/support.h"

#include <ersatz/bench.h>

/*
 * The device of `yaml` with the model `source` (paths), built in the folder
 * `dir` and put on a bench. NULL with the compiler's words on stderr.
 */
static inline struct ez_bench *compiled(const char *dir, const char *yaml, const char *source)
{
	struct spec_device *dev = read_good(yaml);
	const char *name = spec_device_name(dev);
	g_autofree char *so = g_strdup_printf("%s/%s.so", dir, name);
	g_autofree char *errors = NULL;
	int status;

	assert_true(spec_write_c(dev, dir, NULL));
	status = run(&errors,
		     "%s -std=gnu11 -Wall -Wextra -Werror -fPIC -shared -fvisibility=hidden "
		     "-I%s -I%s %s %s/%s_spec.c -o %s",
		     compiler(), SPEC_TEST_INCLUDE, dir, source, dir, name, so);
	spec_device_free(dev);
	if (!status)
		return ez_bench_new(so, NULL);
	print_error("%s\n", errors);
	return NULL;
}

#endif
