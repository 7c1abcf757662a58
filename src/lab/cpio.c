/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/cpio.h"
#include "project/failure.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct cpio {
	char *path;
	int fd;
	struct archive *archive;
	GHashTable *dirs; /* made already */
	GError *error; /* the first */
};

struct cpio *cpio_new(const char *path, gboolean append, GError **error)
{
	struct cpio *cpio;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0600);

	if (fd < 0)
		return failure_errno(error, errno, "cannot write the initramfs %s", path), NULL;
	cpio = g_new0(struct cpio, 1);
	cpio->path = g_strdup(path);
	cpio->fd = fd;
	cpio->dirs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	cpio->archive = archive_write_new();
	archive_write_set_format_cpio_newc(cpio->archive);
	archive_write_open_fd(cpio->archive, fd);
	return cpio;
}

static void note(struct cpio *cpio)
{
	int number = archive_errno(cpio->archive);

	if (!cpio->error)
		failure_errno(&cpio->error, number > 0 ? number : EIO,
			      "cannot write the initramfs %s", cpio->path);
}

gboolean cpio_finish(struct cpio *cpio, GError **error)
{
	gboolean ok;

	if (archive_write_close(cpio->archive) != ARCHIVE_OK)
		note(cpio);
	archive_write_free(cpio->archive);
	if (close(cpio->fd) && !cpio->error)
		failure_errno(&cpio->error, errno, "cannot write the initramfs %s", cpio->path);
	ok = !cpio->error;
	if (!ok) {
		g_propagate_error(error, cpio->error);
		unlink(cpio->path);
	}
	g_hash_table_unref(cpio->dirs);
	g_free(cpio->path);
	g_free(cpio);
	return ok;
}

/* Folders above an entry. */
static void parents(struct cpio *cpio, const char *name)
{
	g_autofree char *dir = g_path_get_dirname(name);

	if (strcmp(dir, ".") && !g_hash_table_contains(cpio->dirs, dir))
		cpio_dir(cpio, dir, 0755);
}

static void entry(struct cpio *cpio, const char *name, guint mode, const char *target,
		  const void *data, gsize size)
{
	struct archive_entry *e;

	if (cpio->error)
		return;
	parents(cpio, name);
	e = archive_entry_new();
	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (gint64)size);
	archive_entry_set_mtime(e, 0, 0);
	if (target)
		archive_entry_set_symlink(e, target);
	if (archive_write_header(cpio->archive, e) < ARCHIVE_OK ||
	    (size && archive_write_data(cpio->archive, data, size) != (la_ssize_t)size))
		note(cpio);
	archive_entry_free(e);
}

void cpio_dir(struct cpio *cpio, const char *name, guint mode)
{
	if (g_hash_table_contains(cpio->dirs, name))
		return;
	entry(cpio, name, S_IFDIR | mode, NULL, NULL, 0);
	g_hash_table_add(cpio->dirs, g_strdup(name));
}

void cpio_text(struct cpio *cpio, const char *name, guint mode, const char *text)
{
	entry(cpio, name, S_IFREG | mode, NULL, text, strlen(text));
}

void cpio_link(struct cpio *cpio, const char *name, const char *target)
{
	entry(cpio, name, S_IFLNK | 0777, target, NULL, 0);
}

void cpio_file(struct cpio *cpio, const char *name, const char *from)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GMappedFile) file = NULL;
	guint mode;

	if (cpio->error)
		return;
	file = g_mapped_file_new(from, FALSE, &local);
	if (!file) {
		failure_set(&cpio->error, FAILURE_SETUP, "cannot take %s into the initramfs: %s",
			    from, local->message);
		return;
	}
	mode = g_file_test(from, G_FILE_TEST_IS_EXECUTABLE) ? 0755 : 0644;
	entry(cpio, name, S_IFREG | mode, NULL, g_mapped_file_get_contents(file),
	      g_mapped_file_get_length(file));
}
