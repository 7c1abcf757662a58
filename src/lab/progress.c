/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/progress.h"
#include "project/failure.h"

#include <sys/stat.h>

#define FIRST 2 /* seconds */
#define NEXT 4

struct progress {
	char *(*look)(gpointer data);
	gpointer data;
	GThread *thread;
	GMutex mutex;
	GCond cond;
	gboolean over;
};

static gpointer run(gpointer data)
{
	struct progress *progress = data;
	gint64 when = g_get_monotonic_time() + FIRST * G_USEC_PER_SEC;

	g_mutex_lock(&progress->mutex);
	while (!progress->over) {
		g_autofree char *text = NULL;

		if (g_cond_wait_until(&progress->cond, &progress->mutex, when))
			continue;
		text = progress->look(progress->data);
		if (text)
			say("%s", text);
		when += NEXT * G_USEC_PER_SEC;
	}
	g_mutex_unlock(&progress->mutex);
	return NULL;
}

struct progress *progress_begin(char *(*look)(gpointer data), gpointer data)
{
	struct progress *progress = g_new0(struct progress, 1);

	progress->look = look;
	progress->data = data;
	g_mutex_init(&progress->mutex);
	g_cond_init(&progress->cond);
	progress->thread = g_thread_new("progress", run, progress);
	return progress;
}

void progress_end(struct progress *progress)
{
	g_mutex_lock(&progress->mutex);
	progress->over = TRUE;
	g_cond_signal(&progress->cond);
	g_mutex_unlock(&progress->mutex);
	g_thread_join(progress->thread);
	g_mutex_clear(&progress->mutex);
	g_cond_clear(&progress->cond);
	g_free(progress);
}

guint64 progress_bytes(const char *dir, const char *prefix)
{
	g_autoptr(GDir) folder = g_dir_open(dir, 0, NULL);
	guint64 bytes = 0;
	const char *name;

	while (folder && (name = g_dir_read_name(folder))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		struct stat st;

		if ((!prefix || g_str_has_prefix(name, prefix)) && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			bytes += (guint64)st.st_size;
	}
	return bytes;
}
