/* SPDX-License-Identifier: BSD-2-Clause */
/* Importing: errors with their places; sloppy, hostile and large files. */
#include "import_support.h"

#include <inttypes.h>
#include <string.h>

/* ---- errors ---- */

#define DEVICE(registers)                                                                          \
	"<device>\n <peripherals>\n  <peripheral><name>P</name>\n<registers>\n" registers          \
	"\n</registers></peripheral></peripherals></device>\n"
#define REG(more) "<register><name>R</name><addressOffset>0</addressOffset>" more "</register>"
#define FIELD(more) REG("<fields><field><name>F</name>" more "</field></fields>")

static void errors(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = {
		{ "", "1:1: error: empty: there is no XML in it\n" },
		{ "  \n", "1:1: error: empty: there is no XML in it\n" },
		{ "words", "1:1: error: not XML: " },
		{ "<device>\n  <peripherals>\n", "error: not XML: " },
		{ "<device>\n <a></b>\n</device>",
		  "2:9: error: not XML: Opening and ending tag mismatch" },
		{ "<svg/>",
		  "1:1: error: the file begins with <svg>; what can be read begins with <device> "
		  "(CMSIS-SVD) or <component> (IP-XACT)\n" },
		{ "<device/>", "1:1: error: there is no <peripheral> in it\n" },
		{ "<component/>", "1:1: error: there is no <addressBlock> with registers in it\n" },
		{ "<device>\n<peripherals>\n  <peripheral/></peripherals></device>",
		  "3:3: error: a <peripheral> without a <name>\n" },
		{ DEVICE("<register/>"), "5:1: error: a <register> without a <name>\n" },
		{ DEVICE("  <register><name>R</name></register>"),
		  "5:3: error: <register> without <addressOffset>\n" },
		{ DEVICE(REG("\n  <size>no</size>")), "6:3: error: size: 'no' is not a number\n" },
		{ DEVICE(REG("\n<access>rw</access>")),
		  "6:1: error: access: 'rw' is none of read-only," },
		{ DEVICE(FIELD("")), "error: a field without bits:" },
		{ DEVICE(FIELD("<bitRange>7:0</bitRange>")),
		  "error: bitRange: '7:0' is not [msb:lsb]\n" },
		{ DEVICE(FIELD("<bitRange>[0:7]</bitRange>")),
		  "error: bitRange: '[0:7]' is not [msb:lsb]\n" },
		{ DEVICE(FIELD("<lsb>3</lsb><msb>1</msb>")), "error: lsb: 3 is above msb, 1\n" },
		{ DEVICE("<register derivedFrom='Q'><name>R</name></register>"),
		  "5:1: error: derivedFrom=\"Q\": there is no such element\n" },
		{ DEVICE("<register derivedFrom='R'><name>R</name></register>"),
		  "5:1: error: derivedFrom=\"R\": derived from itself\n" },
		{ DEVICE("<register derivedFrom='B'><name>A</name></register>\n"
			 "<register derivedFrom='A'><name>B</name></register>"),
		  "5:1: error: derivedFrom=\"B\": " },
		{ DEVICE("<register><dim>0</dim><dimIncrement>4</dimIncrement><name>R%s</name>"
			 "<addressOffset>0</addressOffset></register>"),
		  "5:11: error: dim: 0; from 1 to 1048576 can be read\n" },
		{ DEVICE("<register><dim>99999999999</dim><dimIncrement>4</dimIncrement><name>R%s</"
			 "name>"
			 "<addressOffset>0</addressOffset></register>"),
		  "error: dim: 99999999999; from 1 to 1048576 can be read\n" },
		{ DEVICE("<register><dim>2</dim><name>R%s</name><addressOffset>0</addressOffset>"
			 "</register>"),
		  "error: dim without dimIncrement\n" },
		{ "<component>\n<memoryMaps><memoryMap><addressBlock><name>b</name><register>\n"
		  "<name>R</name><addressOffset>\n X+1</addressOffset><size>32</size></register>"
		  "</addressBlock></memoryMap></memoryMaps></component>",
		  "3:15: error: addressOffset: 'X+1': there is no parameter X\n" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(table); i++) {
		struct imported it = import_text(table[i].text, strlen(table[i].text), NULL);

		if (it.yaml || !strstr(it.diags, table[i].wanted))
			print_error("%s\n-> %s", table[i].text, it.diags);
		assert_null(it.yaml);
		assert_non_null(strstr(it.diags, table[i].wanted));
		imported_free(&it);
	}
}

/* Not as the standards have it, but found in files: what can be read is read. */
static void sloppy(void **state)
{
	static const struct {
		const char *text, *said, *yaml;
	} table[] = {
		{ DEVICE(REG("<size>128</size>")),
		  "5:1: warning: register R: left out: it has 128 bits; 1 to 64 are supported\n",
		  "  # - name: R\n" },
		{ DEVICE(FIELD("<bitOffset>63</bitOffset><bitWidth>2</bitWidth>")),
		  "warning: register R: field F is left out: it lies beyond bit 63\n",
		  "  # field F is left out" },
		{ DEVICE(FIELD("<bitRange>[18446744073709551615:0]</bitRange>")),
		  "warning: register R: field F is left out: it lies beyond bit 63\n",
		  "  # field F is left out" },
		{ DEVICE(FIELD("<lsb>0</lsb><msb>0xffffffffffffffff</msb>")),
		  "warning: register R: field F is left out: it lies beyond bit 63\n",
		  "  # field F is left out" },
		{ DEVICE(FIELD("<bitRange>[40:33]</bitRange>")),
		  "warning: field R.F: left out: bit 40 is beyond the register's last, 31\n",
		  "      # - {name: F, bits: 40:33}\n" },
		{ DEVICE(REG("<access/><resetValue/><fields/>")), "",
		  "  - name: R\n    offset: 0x0\n" },
		{ DEVICE(REG("<access>read-only</access><modifiedWriteValues>oneToClear"
			     "</modifiedWriteValues>")),
		  "an effect of writes, but software cannot write it: left out\n", "    sw: r\n" },
		{ DEVICE(FIELD(
			  "<bitRange>[1:0]</bitRange></field><field><name>G</name><lsb>1</lsb>")),
		  "warning: field R.G: left out: it overlaps field F\n",
		  "# - {name: G, bits: 1}\n" },
		{ DEVICE(REG("") "<register><name>Q</name><addressOffset>2</addressOffset><size>16"
				 "</size></register>"),
		  "warning: register Q: left out: it overlaps R\n", "  # - name: Q\n" },
		{ DEVICE(REG("") REG("")), "left out: it shares its place with R;",
		  "  # - name: R_2\n" },
		{ DEVICE("<register><dim>2</dim><dimIncrement>4</dimIncrement><name>R</name>"
			 "<addressOffset>0</addressOffset></register>"),
		  "warning: register R: dim, but no %s in its name: read as one element\n",
		  "  - name: R\n    offset: 0x0\n" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(table); i++) {
		struct imported it = import_text(table[i].text, strlen(table[i].text), NULL);

		if (!it.yaml)
			print_error("%s\n-> %s", table[i].text, it.diags);
		assert_non_null(it.yaml);
		expect_said(&it, table[i].said);
		expect_comment(&it, table[i].yaml);
		imported_free(&it);
	}
}

/* ---- hostile files ---- */

static void refused(const char *text, size_t len, const char *wanted)
{
	struct imported it = import_text(text, len, NULL);

	if (it.yaml || !strstr(it.diags, wanted))
		print_error("wanted '%s', got: %s\n", wanted, it.diags);
	assert_null(it.yaml);
	assert_non_null(strstr(it.diags, wanted));
	imported_free(&it);
}

static void entities(void **state)
{
	static const char laughs[] =
		"<?xml version='1.0'?>\n<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>"
		"<!ENTITY c '&b;&b;&b;&b;'>]>\n<device><name>&c;</name></device>";
	static const char outside[] =
		"<!DOCTYPE d SYSTEM 'file:///etc/passwd' [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
		"<device><name>&x;</name></device>";
	static const char unknown[] = "<device><name>&x;</name></device>";

	refused(laughs, strlen(laughs), "2:1: error: a document type declaration");
	refused(outside, strlen(outside), "1:1: error: a document type declaration");
	refused(unknown, strlen(unknown), "error: not XML: Entity 'x' not defined");
	/* UTF-16 must not be a way around it. */
	{
		gsize len;
		g_autofree char *wide = g_convert(laughs, -1, "UTF-16", "UTF-8", NULL, &len, NULL);

		assert_non_null(wide);
		refused(wide, len, "2:1: error: a document type declaration");
	}
}

static void shapes(void **state)
{
	GString *text = g_string_new("<device>");

	for (unsigned int i = 0; i < 100000; i++)
		g_string_append(text, "<a>");
	refused(text->str, text->len, "error: elements are nested more than 64 deep");
	g_string_assign(text, "<device>\n<peripherals ");
	for (unsigned int i = 0; i < 100000; i++)
		g_string_append_printf(text, "a%u='' ", i);
	g_string_append(text, "/></device>");
	refused(text->str, text->len, "2:1: error: 100000 attributes in one tag");
	g_string_assign(text, "<device>\n<a b='");
	for (unsigned int i = 0; i < 100000; i++)
		g_string_append(text, "words ");
	refused(text->str, text->len, "2:1: error: a tag of more than 64 KiB");
	/* A list of lists of lists of registers. */
	g_string_assign(text, "<device><peripherals><peripheral><name>P</name><registers>");
	for (unsigned int i = 0; i < 5; i++)
		g_string_append_printf(text,
				       "<cluster><dim>1000</dim><dimIncrement>4</dimIncrement>"
				       "<dimIndex>1-1000</dimIndex><name>C%u_%%s</name>"
				       "<addressOffset>0</addressOffset>",
				       i);
	g_string_append(text,
			"<register><name>R</name><addressOffset>0</addressOffset></register>");
	for (unsigned int i = 0; i < 5; i++)
		g_string_append(text, "</cluster>");
	g_string_append(text, "</registers></peripheral></peripherals></device>");
	refused(text->str, text->len, "error: more than 65536 registers in one block");
	g_string_free(text, TRUE);
}

/* One long description, taken over by each of 60000 registers: memory stays bounded. */
static void amplification(void **state)
{
	GString *text = g_string_new("<device><peripherals><peripheral><name>P</name><registers>"
				     "<register><dim>60000</dim><dimIncrement>4</dimIncrement>"
				     "<dimIndex>1-60000</dimIndex><name>R%s</name>"
				     "<addressOffset>0</addressOffset><description>");

	for (unsigned int i = 0; i < 10000; i++)
		g_string_append(text, "words ");
	g_string_append(text, "</description></register></registers></peripheral></peripherals>"
			      "</device>");
	refused(text->str, text->len, "error: more than 32 MiB of text in one block");
	g_string_free(text, TRUE);
}

/* Cut anywhere, or with any byte another: an error or a block, never anything else. */
static void cut_and_changed(void **state)
{
	static const char *const files[] = { "import/chip.svd", "import/core.xml" };

	for (unsigned int f = 0; f < G_N_ELEMENTS(files); f++) {
		g_autofree char *path = data_path(files[f]);
		g_autofree char *text = NULL;
		gsize len;

		assert_true(g_file_get_contents(path, &text, &len, NULL));
		for (gsize i = 0; i + 2 < len; i += 7) {
			struct imported it = import_text(text, i, NULL);

			assert_null(it.yaml);
			/* Every error has a place. */
			assert_true(g_ascii_isdigit(*it.diags));
			imported_free(&it);
		}
		for (gsize i = 0; i < len; i += 11) {
			char old = text[i];
			struct imported it;

			text[i] = "<>&\"%0x\n\x80"[i % 9];
			it = import_text(text, len, NULL);
			imported_free(&it);
			text[i] = old;
		}
	}
}

/* ---- encodings, size ---- */

static void encodings(void **state)
{
	static const char latin1[] = "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
				     "<device><peripherals><peripheral><name>P</name><description>"
				     "Gr\xf6\xdf"
				     "e</description><registers>" REG(
					     "") "</registers></peripheral></peripherals></device>";
	static const char bad[] = "<?xml version='1.0'?>\n<device>\n  \xff</device>";
	static const char odd[] = "<?xml version='1.0' encoding='UTF-7'?>\n<device/>";
	struct imported it = import_text(latin1, strlen(latin1), NULL);

	expect_comment(&it, "description: \"Gr\xc3\xb6\xc3\x9f"
			    "e\"\n");
	imported_free(&it);
	refused(bad, strlen(bad), "3:3: error: not UTF-8: byte 0xff");
	refused(odd, strlen(odd), "1:1: error: the encoding is not one that is read here");
}

static GString *large_svd(unsigned int registers)
{
	GString *text = g_string_new("<device><peripherals><peripheral><name>BIG</name>\n"
				     "<baseAddress>0</baseAddress><registers>\n");

	for (unsigned int i = 0; i < registers; i++) {
		g_string_append_printf(
			text,
			"<register><name>REG_%u</name><description>Register number %u"
			"</description><addressOffset>0x%x</addressOffset>"
			"<resetValue>0x%x</resetValue><fields>\n",
			i, i, i * 4, i & 0xff);
		for (unsigned int k = 0; k < 4; k++)
			g_string_append_printf(text,
					       "<field><name>F%u</name><description>Field %u"
					       "</description><bitRange>[%u:%u]</bitRange>"
					       "<enumeratedValues><enumeratedValue><name>off</name>"
					       "<value>0</value></enumeratedValue><enumeratedValue>"
					       "<name>on</name><value>1</value></enumeratedValue>"
					       "</enumeratedValues></field>\n",
					       k, k, k * 8 + 7, k * 8);
		g_string_append(text, "</fields></register>\n");
	}
	g_string_append(text, "</registers></peripheral></peripherals></device>\n");
	return text;
}

static void large(void **state)
{
	GString *text = large_svd(5000);
	gint64 start = g_get_monotonic_time();
	struct imported it = import_text(text->str, text->len, NULL);
	gint64 taken = g_get_monotonic_time() - start;
	struct spec_device *dev = device_of(&it);

	/* Told, not tested: how fast a machine is, is not the program's. */
	print_message("5000 registers, 20000 fields, %zu KiB: %" PRId64 " ms\n", text->len >> 10,
		      taken / 1000);
	assert_string_equal(it.diags, "");
	assert_int_equal(dev->n_regs, 5000);
	assert_int_equal(reg_of(dev, "BIG_REG_4999")->offset, 4999 * 4);
	assert_int_equal(reg_of(dev, "BIG_REG_4999")->n_fields, 4);
	spec_device_free(dev);
	imported_free(&it);
	g_string_free(text, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors),	 cmocka_unit_test(sloppy),
		cmocka_unit_test(entities),	 cmocka_unit_test(shapes),
		cmocka_unit_test(amplification), cmocka_unit_test(cut_and_changed),
		cmocka_unit_test(encodings),	 cmocka_unit_test(large),
	};

	return cmocka_run_group_tests_name("spec import, bad files", tests, NULL, NULL);
}
