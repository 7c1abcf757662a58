/* SPDX-License-Identifier: BSD-2-Clause */
#include "test.h"
#include "lab/cpio.h"
#include "project/failure.h"
#include "project/paths.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names, modes and sizes in one archive of a file that may hold several. */
static void list(const char *path, gsize offset, GString *out)
{
	g_autofree char *data = NULL;
	gsize size;
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	assert_true(g_file_get_contents(path, &data, &size, NULL));
	archive_read_support_format_cpio(archive);
	assert_int_equal(archive_read_open_memory(archive, data + offset, size - offset), 0);
	while (archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
		assert_int_equal(archive_entry_uid(entry), 0);
		g_string_append_printf(
			out, "%s %o %d%s%s;", archive_entry_pathname(entry),
			(unsigned int)archive_entry_mode(entry), (int)archive_entry_size(entry),
			archive_entry_symlink(entry) ? " -> " : "",
			archive_entry_symlink(entry) ? archive_entry_symlink(entry) : "");
	}
	archive_read_free(archive);
}

static void entries_and_their_folders(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "a", NULL);
	g_autofree char *file = g_build_filename(dir, "tool", NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GString) second = g_string_new(NULL);
	struct cpio *cpio = cpio_new(path, FALSE, NULL);
	struct stat first;

	g_file_set_contents(file, "12345", 5, NULL);
	chmod(file, 0700);
	cpio_text(cpio, "etc/passwd", 0644, "x\n");
	cpio_text(cpio, "etc/group", 0600, "");
	cpio_link(cpio, "bin/sh", "/bin/busybox");
	cpio_file(cpio, "usr/bin/tool", file);
	assert_true(cpio_finish(cpio, NULL));
	list(path, 0, out);
	assert_string_equal(out->str, "etc 40755 0;etc/passwd 100644 2;etc/group 100600 0;"
				      "bin 40755 0;bin/sh 120777 12 -> /bin/busybox;"
				      "usr 40755 0;usr/bin 40755 0;usr/bin/tool 100755 5;");

	/* The kernel reads on behind the first one's padding, at a multiple of four. */
	stat(path, &first);
	assert_int_equal(first.st_size % 4, 0);
	cpio = cpio_new(path, TRUE, NULL);
	cpio_text(cpio, "etc/passwd", 0644, "other\n");
	assert_true(cpio_finish(cpio, NULL));
	list(path, (gsize)first.st_size, second);
	assert_string_equal(second->str, "etc 40755 0;etc/passwd 100644 6;");
	paths_remove(dir);
}

static void what_is_not_there_is_an_error(void **state)
{
	g_autofree char *dir = g_dir_make_tmp("ersatz-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "a", NULL);
	g_autoptr(GError) error = NULL;
	struct cpio *cpio = cpio_new(path, FALSE, NULL);

	cpio_file(cpio, "x", "/nonexistent/file");
	cpio_text(cpio, "y", 0644, "after the error nothing happens");
	assert_false(cpio_finish(cpio, &error));
	assert_int_equal(error->code, FAILURE_SETUP);
	assert_non_null(strstr(error->message, "/nonexistent/file"));
	assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	paths_remove(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_and_their_folders),
		cmocka_unit_test(what_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
