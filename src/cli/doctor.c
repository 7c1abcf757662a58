/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "lab/accel.h"
#include "lab/kernel.h"
#include "lab/tool.h"
#include "lab/vmm.h"
#include "project/config.h"
#include "project/failure.h"
#include "project/paths.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* First line of what a tool says of itself. */
static char *first_line(const char *program, const char *option)
{
	g_autofree char *text = NULL;

	if (!tool_read(NULL, &text, NULL, program, option, NULL))
		return NULL;
	text[strcspn(text, "\n")] = 0;
	return g_steal_pointer(&text);
}

static void line(const char *what, const char *text)
{
	printf("%-14s %s\n", what, text);
}

/* Packages of a group: TRUE if none is missing. */
static gboolean packages(const char *group, const char *what)
{
	g_autofree char *label = g_strdup_printf("for %s", what);
	g_autofree char *missing = NULL;
	g_autofree char *names = NULL;
	g_autoptr(GError) local = NULL;

	if (!tool_read(NULL, &missing, &local, paths_get()->packages, "missing", group, NULL)) {
		line(label, local->message);
		return FALSE;
	}
	if (!*missing) {
		line(label, "all packages are installed");
		return TRUE;
	}
	names = g_strdelimit(g_strdup(g_strchomp(missing)), "\n", ' ');
	printf("%-14s missing: %s\n%-14s   -> apt-get install %s\n", label, names, "", names);
	return FALSE;
}

static void kernel(void)
{
	g_autofree char *release = kernel_headers();
	g_autofree char *cache = paths_cache("kernel", NULL);
	g_autofree char *text = NULL;
	g_autofree char *have = NULL;

	if (!release) {
		line("guest kernel", "its headers (linux-headers-cloud-amd64) are not installed");
		return;
	}
	have = cache ? tool_newest(cache, release) : NULL;
	text = g_strdup_printf("Linux %s%s", release,
			       have ? "" : ", fetched by the first run (27 MB)");
	line("guest kernel", text);
}

static void qemu(void)
{
	const char *path = paths_get()->qemu;
	g_autofree char *version = NULL;
	g_autofree char *verdict = NULL;
	g_autofree char *plain = vmm_describe();

	if (access(path, X_OK) == 0) {
		version = first_line(path, "--version");
		line("QEMU", version ? version : "built, but does not run: ersatz qemu build");
		verdict = accel_verdict(path);
		line("KVM", verdict);
	} else {
		line("QEMU", "not built yet: the first run does it, or ersatz qemu build");
	}
	line("vfio-user", plain);
}

static void space(void)
{
	g_autofree char *cache = paths_cache(NULL, NULL);
	g_autofree char *text = NULL;
	struct statvfs st;

	if (!cache || statvfs(cache, &st) < 0) {
		line("cache", "cannot be made; set ERSATZ_CACHE to a folder that can");
		return;
	}
	text = g_strdup_printf("%s (%.1f GB free; 2 GB are enough)", cache,
			       (double)st.f_bavail * (double)st.f_frsize / 1e9);
	line("cache", text);
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	static const struct {
		const char *name, *option;
	} tools[] = { { "cc", "--version" },
		      { "make", "--version" },
		      { "pkg-config", "--version" },
		      { "gdb", "--version" } };
	gboolean ok;

	if (!cli_parse(self, NULL, &argc, argv, NULL, error))
		return FAILURE_SETUP;
	if (argc > 1) {
		failure_set(error, FAILURE_SETUP, "doctor takes no arguments");
		return FAILURE_SETUP;
	}
	line("ersatz", ERSATZ_VERSION);
	for (guint i = 0; i < G_N_ELEMENTS(tools); i++) {
		g_autofree char *version = first_line(tools[i].name, tools[i].option);

		line(tools[i].name, version ? version : "not there");
	}
	kernel();
	qemu();
	space();
	ok = packages("guest", "guests");
	ok &= packages("qemu", "QEMU");
	packages("build", "developers");
	line("", ok ? "all is there" : "something is missing; see above");
	return cli_flush(error) && ok ? 0 : FAILURE_SETUP;
}

const struct cli_command cli_doctor = {
	.name = "doctor",
	.usage = "",
	.summary = "Says what is there and what is missing, and how to get it.",
	.help = "Exit status: 0 if nothing is missing that a run needs, else 125.\n"
		"\n"
		"examples:\n"
		"  ersatz doctor\n",
	.run = run,
};
