/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ERSATZ_TESTS_LAB_TEST_H
#define ERSATZ_TESTS_LAB_TEST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <glib.h>
#include <stdio.h>
#include <string.h>

#endif
