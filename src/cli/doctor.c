/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/cli.h"
#include "lab/accel.h"
#include "lab/kernel.h"
#include "lab/kernel_build.h"
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
	printf("%-16s %s\n", what, text);
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
	printf("%-16s missing: %s\n%-16s   -> apt-get install %s\n", label, names, "", names);
	return FALSE;
}

static void kernel(void)
{
	g_autofree char *release = kernel_headers();
	g_autofree char *cache = paths_cache("kernel", NULL);
	g_autofree char *text = NULL;
	g_autofree char *have = NULL;
	g_autofree char *debug = NULL;

	if (!release) {
		line("guest kernel", "its headers (linux-headers-cloud-amd64) are not installed");
		return;
	}
	have = cache ? tool_newest(cache, release) : NULL;
	text = g_strdup_printf("Linux %s%s", release,
			       have ? "" : ", fetched by the first run (27 MB)");
	line("guest kernel", text);
	debug = kernel_build_path(KERNEL_DEBUG);
	line("debug kernel",
	     debug ? debug : "not built; --debug-kernel does it when first asked for");
}

/* The one that guests run in, and the other that only --backend qemu needs. */
static gboolean qemu(void)
{
	const char *told = g_getenv("ERSATZ_QEMU");
	const char *path = paths_get()->qemu;
	g_autofree char *plain = vmm_path();
	g_autofree char *text = vmm_describe();
	g_autofree char *version = NULL;
	g_autofree char *verdict = NULL;
	gboolean ok = TRUE;

	if (told && *told && !plain) {
		printf("%-16s %s, which ERSATZ_QEMU names, is no program: unset it, or name one\n",
		       "QEMU", told);
		ok = FALSE;
	} else {
		line("QEMU", text);
	}
	if (plain) {
		verdict = accel_verdict(plain);
		line("KVM", verdict);
	}
	if (access(path, X_OK)) {
		line("backend qemu",
		     "not built; --backend qemu does it when it is first asked for");
		return ok;
	}
	version = first_line(path, "--version");
	line("backend qemu", version ? version : "built, but does not run: ersatz qemu build");
	return ok;
}

/* TRUE if there is a cache that can be written to. */
static gboolean space(void)
{
	g_autofree char *cache = paths_cache(NULL, NULL);
	g_autofree char *text = NULL;
	struct statvfs st;

	if (!cache || statvfs(cache, &st) < 0) {
		line("cache", "cannot be made; set ERSATZ_CACHE to a folder that can");
		return FALSE;
	}
	text = g_strdup_printf("%s (%.1f GB free; 2 GB are enough)", cache,
			       (double)st.f_bavail * (double)st.f_frsize / 1e9);
	line("cache", text);
	return TRUE;
}

static int run(const struct cli_command *self, int argc, char **argv, GError **error)
{
	static const struct {
		const char *name, *option;
	} tools[] = { { "cc", "--version" },
		      { "make", "--version" },
		      { "pkg-config", "--version" },
		      { "gdb", "--version" } };
	gboolean ok, usable;

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
	usable = qemu();
	usable &= space();
	/* A run needs the first; the others are for who asks for more. */
	ok = packages("guest", "guests") && usable;
	packages("qemu", "backend qemu");
	packages("sanitize", "--sanitize");
	packages("kernel", "--debug-kernel");
	packages("build", "developers");
	line("", ok ? "all that a run needs is there"
		    : "a run needs what is missing, or does not work, above");
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
