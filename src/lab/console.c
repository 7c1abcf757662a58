/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/console.h"

#include <stdio.h>
#include <string.h>

void console_add(GString *ring, gsize limit, const char *bytes, gsize size)
{
	g_string_append_len(ring, bytes, (gssize)size);
	/* A NUL on the line would end the text for those who look at it. */
	for (gsize i = ring->len - size; i < ring->len; i++)
		if (!ring->str[i])
			ring->str[i] = ' ';
	if (ring->len > limit)
		g_string_erase(ring, 0, (gssize)(ring->len - limit));
}

/* Without escape sequences, as firmware sends them, and control characters. */
static char *clean(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++) {
		if (*text == 033 && text[1] == 'c') {
			text++;
		} else if (*text == 033 && text[1] == '[') {
			text += 2;
			while (*text && !g_ascii_isalpha(*text))
				text++;
			if (!*text)
				break;
		} else if (*text == '\n' || *text == '\t' || (guchar)*text >= ' ') {
			g_string_append_c(out, *text);
		}
	}
	return g_string_free(out, FALSE);
}

char *console_last(const char *text, guint lines)
{
	g_autofree char *plain = clean(text);
	g_auto(GStrv) all = g_strsplit(plain, "\n", -1);
	g_autoptr(GPtrArray) kept = g_ptr_array_new();
	GString *out = g_string_new(NULL);

	for (char **line = all; *line; line++)
		if (*g_strchomp(*line))
			g_ptr_array_add(kept, *line);
	for (guint i = kept->len > lines ? kept->len - lines : 0; i < kept->len; i++)
		g_string_append_printf(out, "%s  | %s", out->len ? "\n" : "",
				       (char *)kept->pdata[i]);
	return g_string_free(out, FALSE);
}

char *console_panic(const char *text)
{
	static const char words[] = "Kernel panic - not syncing: ";
	const char *at = strstr(text, words);

	if (!at)
		return NULL;
	at += strlen(words);
	return g_strndup(at, strcspn(at, "\r\n"));
}

void console_show(const char *bytes, gsize size)
{
	for (gsize i = 0; i < size; i++)
		if (bytes[i] != '\r')
			fputc(bytes[i], stderr);
	fflush(stderr);
}
