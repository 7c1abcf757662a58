/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The server as a program of its own, without the rest of ersatz(1): what
 * --sanitize compiles, with the model's own sanitizers. Takes the options of
 * `ersatz serve` that the lab uses, and a model's file.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/vfio_user/page.h"
#include "backends/vfio_user/server.h"

/* Called by the sanitizers with the last line of their report, in place of printing it. */
__attribute__((visibility("default"))) void __sanitizer_report_error_summary(const char *summary);

void __sanitizer_report_error_summary(const char *summary)
{
	static const char *const names[] = { "SUMMARY: ", "AddressSanitizer: ",
					     "UndefinedBehaviorSanitizer: " };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(summary, names[i], strlen(names[i])))
			summary += strlen(names[i]);
	crash_report(summary);
}

static int fail(const char *id, const char *why)
{
	fprintf(stderr, "%s%s%s\n", id ? id : "", id ? ": " : "", why);
	return 125;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "id", required_argument, NULL, 'i' },
		{ "ready-fd", required_argument, NULL, 'r' },
		{ "orders-fd", required_argument, NULL, 'O' },
		{ "info-fd", required_argument, NULL, 'I' },
		{ "end-fd", required_argument, NULL, 'e' },
		{ "hang-limit", required_argument, NULL, 'h' },
		{ "once", no_argument, NULL, 'o' },
		{ "gdb", no_argument, NULL, 'g' },
		{ 0 },
	};
	struct vu_options options = { .contain = true, .ready_fd = -1 };
	struct ez_error error = { "" };
	char *properties;
	int option, err;

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		switch (option) {
		case 's':
			options.socket = optarg;
			break;
		case 'i':
			options.id = optarg;
			break;
		case 'r':
			options.ready_fd = atoi(optarg);
			break;
		case 'O':
			options.orders_fd = atoi(optarg);
			break;
		case 'I':
			options.info_fd = atoi(optarg);
			break;
		case 'e':
			options.end_fd = atoi(optarg);
			break;
		case 'h':
			options.hang_ms = 1000 * (unsigned int)atoi(optarg);
			break;
		case 'o':
			options.once = true;
			break;
		case 'g':
			options.await_gdb = true;
			break;
		default:
			return 125;
		}
	}
	/* "serve" itself, as ersatz(1) has it, and the model. */
	if (argc - optind != 2 || !options.socket)
		return fail(NULL, "this is for `ersatz run --sanitize`; see ersatz serve --help");
	properties = strchr(argv[optind + 1], ',');
	if (properties)
		*properties++ = '\0';
	err = vu_serve(argv[optind + 1], properties ? properties : "", &options, &error);
	return err ? fail(NULL, error.text), vu_serve_status(err) : 0;
}
