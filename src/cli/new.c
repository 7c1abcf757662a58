/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "project/failure.h"
#include "project/new.h"

#include <stdio.h>

/* "0x1234" or "4660"; -1: not given. */
static gboolean parse_id(const char *option, const char *text, int *ret_id, GError **error)
{
	guint64 id;

	*ret_id = -1;
	if (!text)
		return TRUE;
	if (!g_ascii_string_to_unsigned(text, 10, 0, 0xfffe, &id, NULL) &&
	    !(g_str_has_prefix(text, "0x") &&
	      g_ascii_string_to_unsigned(text + 2, 16, 0, 0xfffe, &id, NULL)))
		return failure_set(error, FAILURE_SETUP,
				   "new: --%s: \"%s\" is not a PCI id, 0 to 0xfffe", option, text);
	*ret_id = (int)id;
	return TRUE;
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	g_autofree char *vendor = NULL;
	g_autofree char *device = NULL;
	const GOptionEntry entries[] = {
		{ "vendor", 0, 0, G_OPTION_ARG_STRING, &vendor,
		  "PCI vendor id (default 0x1234, QEMU's for experiments)", "ID" },
		{ "device", 0, 0, G_OPTION_ARG_STRING, &device,
		  "PCI device id (default: one that follows from the name)", "ID" },
		{ NULL },
	};
	struct new_options options;

	if (!cli_parse(self, entries, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc != 2) {
		failure_set(error, FAILURE_SETUP,
			    argc < 2 ? "new: which NAME? See ersatz new --help"
				     : "new: one NAME at a time; see ersatz new --help");
		return FAILURE_SETUP;
	}
	if (!parse_id("vendor", vendor, &options.vendor, error) ||
	    !parse_id("device", device, &options.device, error) ||
	    !new_project(argv[1], &options, error))
		return FAILURE_SETUP;
	printf("%s is a device project that works. Next:\n"
	       "  ersatz test %s     its tests, without and with a guest\n"
	       "  ersatz run %s      a shell in a guest with the device\n"
	       "%s/README.md says what to change first.\n",
	       argv[1], argv[1], argv[1], argv[1]);
	return cli_flush(error) ? 0 : FAILURE_SETUP;
}

const struct cli_command cli_new = {
	.name = "new",
	.usage = "[OPTION...] NAME",
	.summary = "Writes a device project that works, to begin with.",
	.help = "NAME becomes the folder, the device, its driver and its device node /dev/NAME0:\n"
		"small letters, digits and _. With a path (devices/NAME) the folder is made "
		"there.\n"
		"In it: device.yaml with an id, a control, a status and an interrupt enable "
		"register\n"
		"and a DMA engine; a model; a Linux driver; tests of both.\n"
		"\n"
		"examples:\n"
		"  ersatz new blinker && ersatz test blinker\n"
		"  ersatz new ~/devices/nic --vendor 0x8086 --device 0x10d3\n",
	.run = run,
};
