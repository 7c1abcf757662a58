/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look at the bytes before libfyaml gets them. It reads UTF-8 text without
 * directives well; on other bytes some releases of it (0.7.12) loop without
 * end, and YAML forbids them anyway.
 */
#include "spec/parse/tree.h"

#include <string.h>

/* YAML 1.2, 5.1: the characters that a text may hold. */
static bool printable(gunichar c)
{
	return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || c == 0x85 ||
	       (c >= 0xa0 && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd && c != 0xfeff) ||
	       c >= 0x10000;
}

bool tree_scan(struct spec_diags *diags, const char *text, size_t len)
{
	struct spec_pos pos = { 1, 1, spec_diags_current(diags) };
	size_t at = 0;

	while (at < len) {
		/* Most of it is ASCII: no need to look at more than a byte. */
		gunichar c = (unsigned char)text[at];
		size_t size = 1;

		if (c >= 0x80) {
			c = g_utf8_get_char_validated(text + at, len - at);
			if (c == (gunichar)-1 || c == (gunichar)-2) {
				spec_error(diags, pos, "not UTF-8: byte 0x%02x",
					   (unsigned char)text[at]);
				return false;
			}
			size = g_unichar_to_utf8(c, NULL);
		}
		if (!printable(c)) {
			spec_error(diags, pos, "character U+%04X is not allowed in YAML", c);
			return false;
		}
		if (c == '%' && pos.column == 1) {
			spec_error(diags, pos, "directives (%%...) are not supported");
			return false;
		}
		at += size;
		if (c == '\n' || (c == '\r' && (at == len || text[at] != '\n'))) {
			pos.line++;
			pos.column = 1;
		} else {
			pos.column++;
		}
	}
	return true;
}
