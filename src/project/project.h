/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device projects: finding the folder that a user named, reading its spec, and
 * building what is stale in it. Nothing here knows of guests or QEMU.
 */
#ifndef ERSATZ_PROJECT_PROJECT_H
#define ERSATZ_PROJECT_PROJECT_H

#include <ersatz/backend.h>
#include <glib.h>

struct project {
	guint users;
	char *name; /* from the spec; a C identifier */
	char *dir; /* absolute, without symbolic links */
	char *source; /* the same folder, under a name that make takes */
	char *build; /* where its output goes: DIR/build, or a place in the cache */
	char *spec; /* device.yaml */
	char *type; /* what -device takes; NULL: name */
	char *model; /* NAME.so */
	char **requires; /* pkg-config names */
	char *hash; /* of the spec */
	bool registers; /* it has some, so it has a register test */
	/* Known once built. */
	char *modules; /* folder with *.ko; NULL: no linux/ */
	bool express; /* a PCI Express endpoint */
};

/* A device that a run asks for: "my_rng,algorithm=philox". */
struct project_device {
	struct project *project; /* shared by the devices of one folder */
	char *id; /* my_rng0, my_rng1, ... */
	char *properties; /* "algorithm=philox", or ""; a comma in a value is written twice */
};

/*
 * The folder that PROJECT means: a folder with device.yaml, or the name of one
 * below devices/ of the current folder or of Ersatz. NULL with an error.
 */
char *project_find(const char *name, GError **error);

/* Is it one of those that come with Ersatz? */
gboolean project_ours(const char *dir);

/*
 * Reads the spec and writes the generated header and tables. What the spec
 * compiler has to say goes to stderr. NULL with an error.
 */
struct project *project_open(const char *dir, GError **error);
/* Gives one user's share back; the last one frees it. NULL is fine. */
void project_free(struct project *project);

/* Opens all projects named on a command line; of struct project_device. NULL with an error. */
GPtrArray *project_devices(char **arguments, GError **error);
/* The different projects among them, in order; of struct project, borrowed. */
GPtrArray *project_distinct(GPtrArray *devices);

/* What to build. */
enum project_part {
	PROJECT_MODEL = 1 << 0, /* NAME.so, and that it loads */
	PROJECT_BENCH = 1 << 1, /* tests/bench */
	PROJECT_GUEST = 1 << 2, /* kernel modules, programs, tests/guest */
	/* With PROJECT_MODEL: the model once more, in a way that is of use in one place. */
	PROJECT_DEBUG = 1 << 3, /* to be stepped through: not optimised */
	PROJECT_SANITIZE = 1 << 4, /* with the address and undefined behaviour sanitizers */
	PROJECT_PROGRAMS = 1 << 5, /* what PROJECT_GUEST has, without the modules */
};

/* The kernel that modules are built for. */
struct project_kernel {
	const char *release;
	const char *build; /* its build folder */
};

/*
 * Builds what is stale. `kernel` may be NULL without PROJECT_GUEST. Checks
 * that the properties of a device exist with project_check, once built.
 */
gboolean project_build(struct project *project, unsigned int parts,
		       const struct project_kernel *kernel, GError **error);
gboolean project_check(const struct project_device *device, GError **error);

/* Properties as a user wrote them, one by one: "NAME=VALUE"; of char *. */
GPtrArray *project_settings(const char *properties);

/* The model's file as PROJECT_MODEL, PROJECT_DEBUG or PROJECT_SANITIZE leaves it. */
char *project_model(const struct project *project, enum project_part part);

/* Flags that compiler and linker need for PROJECT_SANITIZE, and what it is loaded into; NULL ends. */
extern const char *const project_sanitizers[];

/*
 * Files to take along: executables of PART ("app", "tests/guest",
 * "tests/bench", "regtest/bench", "regtest/guest") of a built project, or its modules (".ko"), sorted; of char *.
 */
GPtrArray *project_files(const struct project *project, const char *part);

/* Sources of a kind in a folder of the project, sorted; empty if there is no such folder. */
GPtrArray *project_list(const char *dir, const char *suffix);

#endif
