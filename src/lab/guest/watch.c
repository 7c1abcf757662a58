/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A debug kernel's reports, from its log to ersatz(1); and at the end the
 * question what has been leaked, for which the projects' modules are unloaded.
 */
#include "agent.h"
#include "report.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define LEAKS "/sys/kernel/debug/kmemleak"
/* What kmemleak does not call leaked yet, because somebody may be about to use it. */
#define LEAK_AGE 5500 /* ms */
#define NEW_LINE "\\x0a" /* in a record of several lines */
#define MOST 50 /* reports that are sent, of one guest */

static int log_fd = -1;
static struct report report;
static int sent;

/* Where functions of the projects' modules were, for the time after. */
struct symbol {
	unsigned long address;
	char name[96];
};

static struct symbol *symbols;
static size_t n_symbols;

static void send_text(const char *text, size_t size)
{
	if (++sent <= MOST)
		agent_send(WIRE_REPORT, text, size < WIRE_PAYLOAD ? size : WIRE_PAYLOAD);
}

void watch_start(void)
{
	if (!system_option("reports"))
		return;
	/* From the boot's first line. */
	log_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log_fd < 0)
		agent_log("cannot read the kernel's log: %s", strerror(errno));
	/* Each fault, not only the first. */
	system_write("/sys/kernel/debug/dma-api/all_errors", "1");
}

int watch_fd(void)
{
	return log_fd;
}

/* "PRIORITY,NUMBER,TIME,FLAGS;TEXT\n KEY=VALUE\n..." */
static void take_record(char *record)
{
	char *text = strchr(record, ';');

	/* Above the eight levels is who says it: the kernel is nobody, so programs are not it. */
	if (!text || strtol(record, NULL, 10) > 7)
		return;
	text++;
	text[strcspn(text, "\n")] = 0;
	while (text) {
		char *next = strstr(text, NEW_LINE);

		if (next) {
			*next = 0;
			next += strlen(NEW_LINE);
		}
		if (report_line(&report, text))
			send_text(report.text, report.size);
		text = next;
	}
}

void watch_read(void)
{
	static char record[8192];
	ssize_t n;

	while (log_fd >= 0) {
		n = read(log_fd, record, sizeof(record) - 1);
		if (n > 0) {
			record[n] = 0;
			take_record(record);
		} else if (n < 0 && errno == EPIPE) {
			agent_log("the kernel's log was faster than its reader: reports may be "
				  "missing");
		} else if (n == 0 || errno != EINTR) {
			return;
		}
	}
}

void watch_flush(void)
{
	watch_read();
	if (report_flush(&report))
		send_text(report.text, report.size);
}

/* ---- what has been leaked ---- */

/* Is it a module of a project, not of the kernel? */
static bool is_extra(const char *module)
{
	char path[512], name[256];
	struct utsname kernel;
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	uname(&kernel);
	snprintf(path, sizeof(path), "/lib/modules/%s/extra", kernel.release);
	dir = opendir(path);
	while (dir && !found && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry->d_name, "."),
			 entry->d_name);
		for (char *c = name; *c; c++)
			if (*c == '-')
				*c = '_';
		found = strcmp(name, module) == 0;
	}
	if (dir)
		closedir(dir);
	return found;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* /proc/kallsyms: "ffffffffc0000000 t name\t[module]" */
static void remember_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	char line[512], name[128], module[128], type;
	unsigned long address;

	while (file && fgets(line, sizeof(line), file)) {
		struct symbol *more;

		if (sscanf(line, "%lx %c %127s [%127[^]]]", &address, &type, name, module) != 4 ||
		    (type | 32) != 't' || !is_extra(module))
			continue;
		more = realloc(symbols, (n_symbols + 1) * sizeof(*symbols));
		if (!more)
			break;
		symbols = more;
		symbols[n_symbols].address = address;
		snprintf(symbols[n_symbols++].name, sizeof(symbols->name), "%.60s [%.30s]", name,
			 module);
	}
	if (file)
		fclose(file);
	if (symbols)
		qsort(symbols, n_symbols, sizeof(*symbols), by_address);
}

/* The function of a module, which may be gone, at an address; NULL: none of them. */
static const struct symbol *find_symbol(unsigned long address)
{
	const struct symbol *best = NULL;

	for (size_t i = 0; i < n_symbols && symbols[i].address <= address; i++)
		best = &symbols[i];
	return best && address - best->address < 65536 ? best : NULL;
}

/* Unloads what nobody uses, again and again: one may hold another. */
static void unload_modules(void)
{
	bool again = true;

	while (again) {
		FILE *file = fopen("/proc/modules", "re");
		char line[512], name[128];
		int users;

		again = false;
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "%127s %*s %d", name, &users) == 2 && users == 0 &&
			    is_extra(name) && syscall(SYS_delete_module, name, O_NONBLOCK) == 0)
				again = true;
		if (file)
			fclose(file);
	}
}

/* Does this function only hand out memory for another one? */
static bool is_allocator(const char *name)
{
	static const char *const known[] = { "kmalloc",	  "__kmalloc", "kmem_cache_alloc",
					     "kzalloc",	  "krealloc",  "__krealloc",
					     "kmemleak_", "slab_",     "kvmalloc",
					     "vmalloc",	  "__vmalloc", "vzalloc",
					     "kstrdup",	  "kmemdup",   "devm_kmalloc",
					     "alloc_",	  "__alloc",   "create_object",
					     "kcalloc",	  "kasprintf", "kvasprintf",
					     "vmap",	  "__kmem_" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strncmp(name, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

/* What kmemleak's file has, with names where the modules' functions were. */
static void send_leaks(void)
{
	static char text[WIRE_PAYLOAD], line[512], where[256], first[256];
	char size[32] = "?", frame[256];
	FILE *file = fopen(LEAKS, "re");
	size_t fill = 0;
	unsigned int objects = 0;
	bool extra = false;
	int n;

	/* Room for the first line, which is known last. */
	while (file && fgets(line, sizeof(line), file)) {
		char *at = strstr(line, "] ");
		unsigned long address = 0;

		line[strcspn(line, "\n")] = 0;
		if (strncmp(line, "unreferenced object", 19) == 0) {
			objects++;
			if (objects == 1)
				sscanf(line, "%*[^(](size %31[0-9]", size);
		} else if (at && sscanf(line, " [<%*[^>]>] %255s", frame) == 1) {
			const struct symbol *symbol;

			snprintf(where, sizeof(where), "%s", at + 2);
			if (strncmp(frame, "0x", 2) == 0)
				address = strtoul(frame, NULL, 16);
			symbol = address ? find_symbol(address) : NULL;
			if (symbol) {
				n = (int)(strchr(symbol->name, ' ') - symbol->name);
				snprintf(where, sizeof(where), "%.*s+0x%lx%s", n, symbol->name,
					 address - symbol->address, symbol->name + n);
				snprintf(line, sizeof(line), "    %s", where);
			}
			/* The caller of the allocator, or better one of a project's. */
			if (objects == 1 && !extra && (symbol || strchr(where, '['))) {
				snprintf(first, sizeof(first), "%s", where);
				extra = true;
			} else if (objects == 1 && !first[0] && !is_allocator(where)) {
				snprintf(first, sizeof(first), "%s", where);
			}
		}
		n = snprintf(text + fill, sizeof(text) - fill, "%s\n", line);
		if (n > 0 && fill + (size_t)n < sizeof(text) - 1024)
			fill += (size_t)n;
	}
	if (file)
		fclose(file);
	if (!objects)
		return;
	n = snprintf(line, sizeof(line), "kmemleak: %s bytes were never freed, allocated in %s%s",
		     size, first[0] ? first : "an unknown place",
		     objects > 1 ? "; and more\n" : "\n");
	memmove(text + n, text, fill);
	memcpy(text, line, (size_t)n);
	send_text(text, fill + (size_t)n);
}

static void wait_until(const struct timespec *begin, long ms)
{
	struct timespec now;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - begin->tv_sec) * 1000 +
			    (now.tv_nsec - begin->tv_nsec) / 1000000 >=
		    ms)
			return;
		usleep(50000);
		watch_read();
	}
}

void watch_check(void)
{
	struct timespec begin;

	watch_flush();
	system_end_processes();
	remember_symbols();
	unload_modules();
	/*
	 * Twice, with some time in between: what is young, or has just changed,
	 * is in use for all that it knows.
	 */
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (access(LEAKS, W_OK) == 0) {
		system_write(LEAKS, "scan");
		wait_until(&begin, LEAK_AGE);
		system_write(LEAKS, "scan");
		send_leaks();
	}
	watch_flush();
	agent_send(WIRE_CHECKED, NULL, 0);
}
