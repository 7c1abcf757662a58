/* SPDX-License-Identifier: BSD-2-Clause */
/* Pieces of C text; files that are written only when they change. */
#include "spec/emit/emit.h"

#include <string.h>
#include <sys/stat.h>

void emit_string(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (const char *c = text; *c; c++) {
		unsigned char byte = *c;

		if (byte == '\n')
			g_string_append(out, "\\n");
		else if (byte == '\t')
			g_string_append(out, "\\t");
		/* '?': a trigraph in some compilers' eyes. */
		else if (byte == '"' || byte == '\\' || byte == '?')
			g_string_append_printf(out, "\\%c", byte);
		/* Octal escapes end after three digits; hexadecimal ones do not end. */
		else if (byte < 0x20 || byte >= 0x7f)
			g_string_append_printf(out, "\\%03o", byte);
		else
			g_string_append_c(out, byte);
	}
	g_string_append_c(out, '"');
}

void emit_comment(GString *out, const char *text)
{
	size_t start = out->len;
	gunichar last = ' ';

	while (*text) {
		gunichar now = g_utf8_get_char_validated(text, -1);

		if (now == (gunichar)-1 || now == (gunichar)-2) {
			text++;
			continue;
		}
		text = g_utf8_next_char(text);
		/* What turns the direction of writing hides code; compilers warn of it. */
		if (g_unichar_type(now) == G_UNICODE_FORMAT)
			continue;
		if (!g_unichar_isprint(now))
			now = ' ';
		if (now == ' ' && last == ' ')
			continue;
		/* Neither an end nor a second beginning of a comment. */
		if ((last == '*' && now == '/') || (last == '/' && now == '*'))
			g_string_append_c(out, ' ');
		g_string_append_unichar(out, now);
		last = now;
	}
	while (out->len > start && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
}

void emit_hex(GString *out, uint64_t value, bool wide)
{
	g_string_append_printf(out, "0x%" G_GINT64_MODIFIER "x%s", value,
			       wide || value > UINT32_MAX ? "ULL" : "");
}

bool spec_write_file(const char *path, const char *content, size_t len, GError **error)
{
	g_autofree char *old = NULL;
	gsize old_len;
	struct stat st;

	/* A special file at this place is not read: it might not end. */
	if (!stat(path, &st) && S_ISREG(st.st_mode) && (uint64_t)st.st_size == len &&
	    g_file_get_contents(path, &old, &old_len, NULL) && old_len == len &&
	    !memcmp(old, content, len))
		return true;
	return g_file_set_contents_full(path, content, len, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
					error);
}

bool spec_write_c(const struct spec_device *dev, const char *dir, GError **error)
{
	static void (*const emitters[])(const struct spec_device *dev, GString *out) = {
		spec_emit_header,
		spec_emit_tables,
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(emitters); i++) {
		g_autofree char *path = g_strdup_printf("%s/%s_spec.%c", dir, dev->name, "hc"[i]);
		GString *text = g_string_new(NULL);
		bool ok;

		emitters[i](dev, text);
		ok = spec_write_file(path, text->str, text->len, error);
		g_string_free(text, TRUE);
		if (!ok)
			return false;
	}
	return true;
}
