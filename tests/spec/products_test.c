/* SPDX-License-Identifier: BSD-2-Clause */
/* What is made of a spec beside C: the reference, the name table; and that each says of which spec. */
#include "support.h"

#include <string.h>

#define HOSTILE                                                                                    \
	"<script>alert(1)</script> & \\\"x\\\" 'y' | `z` *b* _u_ [l](javascript:1) \\u202e# h"

static const char lamp[] =
	"name: lamp\n"
	"description: \"" HOSTILE "\"\n"
	"pci: {vendor: 0x1234, device: 0xb11c, class: 0x00ff00, revision: 3, "
	"pin: A}\n"
	"bars:\n"
	"  - number: 0\n"
	"    name: regs\n"
	"    size: 4 KiB\n"
	"    registers:\n"
	"      - name: CTRL\n"
	"        offset: 0x4\n"
	"        reserved: zero\n"
	"        description: \"1. Turns it on;\\n  " HOSTILE "\"\n"
	"        fields:\n"
	"          - {name: RUN, bits: 0}\n"
	"          - name: SPEED\n"
	"            bits: 5:4\n"
	"            reset: 1\n"
	"            values: {slow: 0, normal: 1}\n"
	"            description: \"" HOSTILE "\"\n"
	"      - name: STATUS\n"
	"        offset: 0x8\n"
	"        onwrite: woclr\n"
	"        fields: [{name: BLINKED, bits: 0, hw: w}]\n"
	"      - {name: LEVEL, offset: 0x40, count: 8, stride: 16, regwidth: 16, "
	"resets: [power_on, bus]}\n"
	"interrupts:\n"
	"  - {name: BLINK, status: STATUS.BLINKED}\n";

static struct spec_device *read_lamp(void)
{
	g_autofree char *diags = NULL;
	struct spec_device *dev = read_text(lamp, &diags);

	if (!dev)
		print_error("%s", diags);
	assert_non_null(dev);
	return dev;
}

static char *emitted(const struct spec_device *dev,
		     void (*emit)(const struct spec_device *dev, GString *out))
{
	GString *text = g_string_new(NULL);

	emit(dev, text);
	return g_string_free(text, FALSE);
}

static void name_table(void **state)
{
	struct spec_device *dev = read_lamp();
	g_autofree char *text = emitted(dev, spec_emit_names);
	g_autofree char *wanted = g_strdup_printf("ersatz-names 1 lamp 1234:b11c %s\n"
						  "bar 0 mem32 0x1000 regs\n"
						  "reg 0 0x4 4 1 0x4 1 0x0 rw CTRL\n"
						  "field CTRL 0 0 RUN\n"
						  "field CTRL 5 4 SPEED\n"
						  "value CTRL SPEED 0x0 slow\n"
						  "value CTRL SPEED 0x1 normal\n"
						  "reg 0 0x8 4 1 0x4 1 0x0 rw STATUS\n"
						  "field STATUS 0 0 BLINKED\n"
						  "reg 0 0x40 2 8 0x10 1 0x0 rw LEVEL\n"
						  "irq 0 0 BLINK\n",
						  spec_device_hash(dev));

	assert_string_equal(text, wanted);
	spec_device_free(dev);
}

/* Two dimensions, two registers at one place, a BAR of I/O ports. */
static void name_table_of_the_rare(void **state)
{
	static const char *const lines[] = {
		"bar 1 io 0x10 ports\n",
		"reg 0 0x2c 4 1 0x4 1 0x0 w DATA_IN\nreg 0 0x2c 4 1 0x4 1 0x0 r DATA_OUT\n",
		"reg 0 0x100 4 4 0x40 1 0x0 rw CH_CTRL\n",
		"reg 0 0x110 4 8 0x4 4 0x40 rw CH_DESC\n",
		"reg 1 0x0 2 1 0x2 1 0x0 rw PORT\n",
	};
	struct spec_device *dev = read_good(SPEC_TEST_DATA "/../regtest/rules/device.yaml");
	g_autofree char *text = emitted(dev, spec_emit_names);

	for (unsigned int i = 0; i < G_N_ELEMENTS(lines); i++)
		assert_non_null(strstr(text, lines[i]));
	spec_device_free(dev);
}

/* What is in a BAR beside registers. */
static void windows(void **state)
{
	static const char *const names[] = {
		"bar 4 mem32 0x2000 vectors\n"
		"window 0 0x2000 0x2000 PACKETS\nwindow 0 0xa000 0x1000 mem\n"
		"window 2 0x0 0x80000 FRAMES\n"
		"reg 0 0x0 4 1 0x4 1 0x0 rw CTRL\n",
	};
	static const char *const in_markdown[] = {
		"\n## BAR0: regs\n\n32-bit memory, 64 KiB. Where no register and no memory window "
		"is, "
		"a read gives all ones;",
		"\n| Offset | Memory window | Size | Meaning |\n|---|---|---|---|\n"
		"| `0x2000` | <a id=\"window-PACKETS\"></a>`PACKETS` | 8 KiB | Packets that wait. "
		"Plain "
		"memory of the device. Reset by power-on only. |\n"
		"| `0xa000` | <a id=\"window-mem\"></a>`mem` | 4 KiB | Plain memory of the device. "
		"Reset "
		"by power-on and bus only. |\n\n| Offset | Register |",
		"\n## BAR2: frames\n\n64-bit memory, prefetchable, 1 MiB. No registers. ",
		"| `0x0` | <a id=\"window-FRAMES\"></a>`FRAMES` | 512 KiB |",
		"| `0x50` | `0x11` | 12 | MSI-X: 4 vectors; table in BAR4 at 0x0, pending bits in "
		"BAR4 "
		"at 0x40 |\n",
	};
	static const char *const in_html[] = {
		"<span id=\"window-PACKETS\"></span><code>PACKETS</code>",
		"Packets that wait. Plain memory of the device. Reset by power-on only.",
		"MSI-X: 4 vectors; table in BAR4 at 0x0, pending bits in BAR4 at 0x40",
	};
	static const struct {
		void (*emit)(const struct spec_device *dev, GString *out);
		const char *const *words;
		size_t n;
	} products[] = {
		{ spec_emit_names, names, G_N_ELEMENTS(names) },
		{ spec_emit_markdown, in_markdown, G_N_ELEMENTS(in_markdown) },
		{ spec_emit_html, in_html, G_N_ELEMENTS(in_html) },
	};
	struct spec_device *dev = read_good(SPEC_TEST_DATA "/good/areas.yaml");

	for (unsigned int i = 0; i < G_N_ELEMENTS(products); i++) {
		g_autofree char *text = emitted(dev, products[i].emit);

		for (size_t k = 0; k < products[i].n; k++) {
			if (!strstr(text, products[i].words[k]))
				print_error("no %s\n", products[i].words[k]);
			assert_non_null(strstr(text, products[i].words[k]));
		}
	}
	spec_device_free(dev);
}

/* Both lists of capabilities, and what else -device takes. */
static void capabilities(void **state)
{
	static const char *const express[] = {
		"| Bus | PCI Express |\n",
		"| Aliases, for -device | pci-xcard |\n",
		"| `0x40` | `0x01` | 8 | power management; D1; D3hot to D0 resets the function |\n",
		"| `0x80` | `0x10` | 60 | PCI Express endpoint: 8 GT/s, 4 lanes, packets of 256 "
		"bytes, function level reset |\n",
		"| `0x100` | `0x0001` | 72 | advanced error reporting |\n",
		"| `0x148` | `0x0003` | 12 | device serial number 0123456789abcdef |\n",
		"| `0x160` | `0x000b` | 16 | vendor's own |\n",
		"| `0xff8` | `0x0018` | 8 | given byte by byte |\n",
	};
	static const char *const classic[] = {
		"| Bus | PCI |\n",
		"| `0x40` | `0x01` | 8 | power management; D1, D2; D3hot to D0 keeps the "
		"registers |\n",
		"| `0x80` | `0x13` | 6 | advanced features: function level reset |\n",
	};
	static const struct {
		const char *path;
		const char *const *words;
		size_t n;
	} devices[] = {
		{ SPEC_TEST_DATA "/../express/device.yaml", express, G_N_ELEMENTS(express) },
		{ SPEC_TEST_DATA "/../express/classic/device.yaml", classic,
		  G_N_ELEMENTS(classic) },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(devices); i++) {
		struct spec_device *dev = read_good(devices[i].path);
		g_autofree char *text = emitted(dev, spec_emit_markdown);

		for (size_t k = 0; k < devices[i].n; k++) {
			if (!strstr(text, devices[i].words[k]))
				print_error("no %s in %s\n", devices[i].words[k], text);
			assert_non_null(strstr(text, devices[i].words[k]));
		}
		spec_device_free(dev);
	}
}

/* HOSTILE, as it must stand in a Markdown file: nothing of it means anything. */
#define HARMLESS                                                                                   \
	"&lt;script&gt;alert(1)&lt;/script&gt; &amp; \"x\" 'y' \\| \\`z\\` \\*b\\* \\_u\\_ "       \
	"\\[l\\](javascript:1) \\# h"

static void markdown(void **state)
{
	struct spec_device *dev = read_lamp();
	g_autofree char *text = emitted(dev, spec_emit_markdown);
	g_autofree char *wanted = g_strdup_printf(
		"<!-- Made by ersatz from the device.yaml of lamp; do not edit. -->\n"
		"\n<a id=\"device\"></a>\n\n# lamp\n"
		"\n" HARMLESS "\n"
		"\n| Identity |  |\n|---|---|\n"
		"| Vendor and device | 1234:b11c |\n"
		"| Subsystem | 0000:0000 |\n"
		"| Revision | 0x03 |\n"
		"| Class | 00ff00 (base class 00, sub-class ff, interface 00) |\n"
		"| Bus | PCI |\n"
		"| Interrupt pin | A |\n"
		"| Spec | `%s` |\n"
		"\n<a id=\"bar-0\"></a>\n\n## BAR0: regs\n"
		"\n32-bit memory, 4 KiB. Where no register is, a read gives all ones; an access "
		"that a register does not allow reads as all ones, and such writes are ignored.\n"
		"\n| Offset | Register | Bits | Access | Reset | Meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `0x4` | [CTRL](#reg-CTRL) | 32 | read, write | `0x10` | 1. Turns it "
		"on; " HARMLESS " |\n"
		"| `0x8` | [STATUS](#reg-STATUS) | 32 | read, write | `0x0` |  |\n"
		"| `0x40 + i × 0x10` | [LEVEL\\[i\\]](#reg-LEVEL) | 16 | read, write | `0x0` |  |\n"
		"\n<a id=\"reg-CTRL\"></a>\n\n### CTRL\n"
		"\n1\\. Turns it on; " HARMLESS "\n"
		"\n|  |  |\n|---|---|\n"
		"| Place | BAR0 (regs), offset 0x4 |\n"
		"| Width | 32 bits |\n"
		"| Accesses | 32 bits |\n"
		"| Reset value | 0x10 |\n"
		"| In C | `LAMP_CTRL` |\n"
		"\nBits of no field: must be written as zero.\n"
		"\n| Bits | Field | Access | Reset | Meaning |\n|---|---|---|---|---|\n"
		"| `5:4` | <a id=\"field-CTRL-SPEED\"></a>`SPEED` | read, write | `0x1` | " HARMLESS
		"<br>`0x0` slow<br>`0x1` normal |\n"
		"| `0` | <a id=\"field-CTRL-RUN\"></a>`RUN` | read, write | `0x0` |  |\n"
		"\n<a id=\"reg-STATUS\"></a>\n\n### STATUS\n"
		"\n|  |  |\n|---|---|\n"
		"| Place | BAR0 (regs), offset 0x8 |\n"
		"| Width | 32 bits |\n"
		"| Accesses | 32 bits |\n"
		"| Reset value | 0x0 |\n"
		"| In C | `LAMP_STATUS` |\n"
		"| Interrupts | status of BLINK |\n"
		"\n| Bits | Field | Access | Reset | Meaning |\n|---|---|---|---|---|\n"
		"| `0` | <a id=\"field-STATUS-BLINKED\"></a>`BLINKED` | read, write | `0x0` | Ones "
		"written clear. Set by the device. |\n"
		"\n<a id=\"reg-LEVEL\"></a>\n\n### LEVEL\\[i\\]\n"
		"\n|  |  |\n|---|---|\n"
		"| Place | BAR0 (regs), offset 0x40 + i × 0x10 |\n"
		"| Elements | 8: i = 0 to 7 |\n"
		"| Width | 16 bits |\n"
		"| Accesses | 16 bits |\n"
		"| Reset value | 0x0 |\n"
		"| In C | `LAMP_LEVEL(i)` |\n"
		"\nReset by power-on and bus only.\n"
		"\n<a id=\"interrupts\"></a>\n\n## Interrupts\n"
		"\nA source whose own vector was not granted uses vector 0.\n"
		"\n| Source | Vector | Status | Enable | Test | Kind | Meaning |\n"
		"|---|---|---|---|---|---|---|\n"
		"| `BLINK` | 0 | [STATUS.BLINKED](#reg-STATUS) |  |  | pulse |  |\n",
		spec_device_hash(dev));

	assert_string_equal(text, wanted);
	spec_device_free(dev);
}

/* ---- HTML ---- */

static bool is_void(const char *tag)
{
	static const char *const tags[] = { "meta", "br", "!DOCTYPE", NULL };

	return g_strv_contains(tags, tag);
}

/* Every tag is closed, in its order, and every & begins an entity. */
static void assert_balanced(const char *html)
{
	g_autoptr(GPtrArray) open = g_ptr_array_new_with_free_func(g_free);
	const char *at = html;

	while ((at = strpbrk(at, "<&"))) {
		const char *end = strchr(at, *at == '<' ? '>' : ';');
		g_autofree char *tag = NULL;

		assert_non_null(end);
		if (*at == '&') {
			g_autofree char *entity = g_strndup(at, (gsize)(end - at + 1));

			assert_true(g_regex_match_simple("^&(amp|lt|gt|quot|#39);$", entity, 0, 0));
			at = end;
			continue;
		}
		tag = g_strndup(at + 1, strcspn(at + 1, " >/\n") + (at[1] == '/'));
		if (at[1] == '/') {
			const char *last = open->len ? open->pdata[open->len - 1] : "";

			g_free(tag);
			tag = g_strndup(at + 2, strcspn(at + 2, ">"));
			if (strcmp(tag, last))
				print_error("</%s> closes <%s>: %.60s\n", tag, last, at);
			assert_string_equal(tag, last);
			g_ptr_array_set_size(open, (int)open->len - 1);
		} else if (end[-1] != '/' && !is_void(tag)) {
			g_ptr_array_add(open, g_steal_pointer(&tag));
		}
		at = end;
	}
	assert_int_equal(open->len, 0);
}

/* Ids are unique, and each link within the page has its target. */
static void assert_linked(const char *html)
{
	g_autoptr(GHashTable) ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *at = html;

	while ((at = strstr(at, " id=\""))) {
		char *id;

		at += 5;
		id = g_strndup(at, strcspn(at, "\""));
		if (g_hash_table_contains(ids, id))
			print_error("twice: %s\n", id);
		assert_false(g_hash_table_contains(ids, id));
		g_hash_table_add(ids, id);
	}
	for (at = html; (at = strstr(at, " href=\""));) {
		g_autofree char *id = NULL;

		at += 7;
		assert_int_equal(*at, '#');
		id = g_strndup(at + 1, strcspn(at + 1, "\""));
		if (!g_hash_table_contains(ids, id))
			print_error("no target: %s\n", id);
		assert_true(g_hash_table_contains(ids, id));
	}
	assert_true(g_hash_table_contains(ids, "device"));
}

static void html_is_well_formed(void **state)
{
	static const char *const files[] = {
		"good/kitchen.yaml",
		"good/minimal.yaml",
		"good/areas.yaml",
		"../regtest/rules/device.yaml",
		"../../devices/my_rng/device.yaml",
		"../probe/device.yaml",
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = data_path(files[i]);
		struct spec_device *dev = read_good(path);
		g_autofree char *html = emitted(dev, spec_emit_html);

		assert_true(g_str_has_prefix(html, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
						   "<meta charset=\"utf-8\">\n"));
		assert_true(g_utf8_validate(html, -1, NULL));
		assert_balanced(html);
		assert_linked(html);
		/* One page, no script. */
		assert_null(strstr(html, "<script"));
		assert_null(strstr(html, "http"));
		assert_null(strstr(html, " src="));
		assert_null(strstr(html, "url("));
		spec_device_free(dev);
	}
}

/* Each register and each field is there to be linked to; so is every value in words. */
static void html_has_it_all(void **state)
{
	static const char *const words[] = {
		"<title>rules: registers</title>",
		"<h3 id=\"reg-EFFECTS\">EFFECTS</h3>",
		"<span id=\"field-EFFECTS-ZS\"></span><code>ZS</code>",
		"Zeros written set.",
		"Only the first write after a reset counts.",
		"Can be written only while KEY.OPEN is set.",
		"Can be written only while KEY.OPEN is clear.",
		"Bits of no field: must be written as read.",
		"Only the values named may be written.",
		"Only 3 to 9 may be written.",
		"Must be written as it reads.",
		"Reserved: must be written as one.",
		"A one lasts for a moment only; reads as 0.",
		"Counts, and stops at all ones.",
		"Constant.",
		"A port: each access moves data",
		"Kept by a function reset.",
		"Reset by power-on and bus only.",
		"<td>Shares its place with</td><td>DATA_OUT</td>",
		"<h3 id=\"reg-CH_DESC\">CH_DESC[i][j]</h3>",
		"offset 0x110 + i × 0x40 + j × 0x4",
		"<td>4 rows of 8: i = 0 to 3, j = 0 to 7</td>",
		"<code>RULES_CH_DESC(i, j)</code>",
		"<a href=\"#reg-ISR\"><code>ISR.TICK</code></a>",
		"I/O ports, 16 bytes.",
		"a read gives 0; an access that a register does not allow reads as all ones",
		"<p>Rules &lt;b&gt;&amp; more&lt;/b&gt; | `of` &quot;every&quot; &#39;kind&#39; "
		"*here*</p>",
	};
	struct spec_device *dev = read_good(SPEC_TEST_DATA "/../regtest/rules/device.yaml");
	g_autofree char *html = emitted(dev, spec_emit_html);

	for (unsigned int i = 0; i < G_N_ELEMENTS(words); i++) {
		if (!strstr(html, words[i]))
			print_error("no %s\n", words[i]);
		assert_non_null(strstr(html, words[i]));
	}
	spec_device_free(dev);
}

static void html_is_harmless(void **state)
{
	struct spec_device *dev = read_lamp();
	g_autofree char *html = emitted(dev, spec_emit_html);

	assert_balanced(html);
	assert_linked(html);
	assert_null(strstr(html, "<script"));
	assert_null(strstr(html, "\xe2\x80\xae")); /* turns the direction of writing */
	assert_non_null(strstr(html, "<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp; "
				     "&quot;x&quot; &#39;y&#39; | `z`"));
	spec_device_free(dev);
}

/* The picture: a box for each field, where its bits are, 26 wide each. */
static void picture(void **state)
{
	struct spec_device *dev = read_lamp();
	g_autofree char *html = emitted(dev, spec_emit_html);
	const char *svg = strstr(html, "aria-label=\"Bits of CTRL\"");

	assert_non_null(svg);
	/* Bit 31 begins at 1: bit 5 is 26 bits further, bit 0 is 31. */
	assert_non_null(strstr(svg, "<a href=\"#field-CTRL-SPEED\"><rect x=\"677\" y=\"16\" "
				    "width=\"52\""));
	assert_non_null(strstr(svg, "<a href=\"#field-CTRL-RUN\"><rect x=\"807\" y=\"16\" "
				    "width=\"26\""));
	assert_non_null(strstr(svg, "<rect class=\"gap\" x=\"1\" y=\"16\" width=\"676\""));
	spec_device_free(dev);
}

/* ---- which spec ---- */

static void hash_is_in_every_product(void **state)
{
	static const struct {
		const char *name;
		void (*emit)(const struct spec_device *dev, GString *out);
	} products[] = {
		{ "header", spec_emit_header },	    { "tables", spec_emit_tables },
		{ "markdown", spec_emit_markdown }, { "html", spec_emit_html },
		{ "names", spec_emit_names },	    { "register test", spec_emit_regtest },
	};
	struct spec_device *dev = read_lamp();
	const char *hash = spec_device_hash(dev);

	assert_int_equal(strlen(hash), 64);
	for (unsigned int i = 0; i < G_N_ELEMENTS(products); i++) {
		g_autofree char *text = emitted(dev, products[i].emit);
		/* In the tables it is what the header calls SPEC_HASH. */
		bool there = strstr(text, hash) || (i == 1 && strstr(text, "LAMP_SPEC_HASH"));

		if (!there)
			print_error("the %s does not say which spec it is of\n", products[i].name);
		assert_true(there);
	}
	spec_device_free(dev);
}

/* The same spec, the same bytes. */
static void products_are_stable(void **state)
{
	struct spec_device *one = read_lamp(), *two = read_lamp();
	g_autofree char *a = emitted(one, spec_emit_html);
	g_autofree char *b = emitted(two, spec_emit_html);
	g_autofree char *c = emitted(one, spec_emit_regtest);
	g_autofree char *d = emitted(two, spec_emit_regtest);

	assert_string_equal(a, b);
	assert_string_equal(c, d);
	spec_device_free(one);
	spec_device_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_table),
		cmocka_unit_test(name_table_of_the_rare),
		cmocka_unit_test(windows),
		cmocka_unit_test(capabilities),
		cmocka_unit_test(markdown),
		cmocka_unit_test(html_is_well_formed),
		cmocka_unit_test(html_has_it_all),
		cmocka_unit_test(html_is_harmless),
		cmocka_unit_test(picture),
		cmocka_unit_test(hash_is_in_every_product),
		cmocka_unit_test(products_are_stable),
	};

	return cmocka_run_group_tests_name("spec products", tests, NULL, NULL);
}
