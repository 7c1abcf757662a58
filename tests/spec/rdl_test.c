/* SPDX-License-Identifier: BSD-2-Clause */
/* SystemRDL: what is written, read by a reader of the standard, is the spec again. */
#include "rdl_reader.h"
#include "spec/device.h"
#include "support.h"

#include <inttypes.h>
#include <string.h>

static struct rdl_file *exported(const struct spec_device *dev)
{
	GString *text = g_string_new(NULL);
	struct rdl_file *file;

	spec_emit_systemrdl(dev, text);
	file = rdl_read(text->str);
	if (file->error)
		print_error("%s: SystemRDL line %s\n", dev->name, file->error);
	assert_null(file->error);
	g_string_free(text, TRUE);
	return file;
}

/* "regs.DMA[1].SRC" -> "regs.DMA_SRC": the name in device.yaml. */
static char *plain_name(const struct rdl_reg *reg)
{
	const char *dot = strchr(reg->path, '.');
	GString *out = g_string_new_len(reg->path, dot - reg->path + 1);
	char *end;

	for (const char *c = dot + 1; *c; c++) {
		if (*c == '[')
			c = strchr(c, ']');
		else
			g_string_append_c(out, *c == '.' ? '_' : *c);
	}
	/* SLOT__3 of an array that is written out */
	if (g_hash_table_contains(reg->props, "ez_array")) {
		end = g_strrstr(out->str, "__");
		assert_non_null(end);
		g_string_truncate(out, end - out->str);
	}
	return g_string_free(out, FALSE);
}

static void expect_text(const char *where, GHashTable *props, const char *name, const char *wanted)
{
	const char *found = g_hash_table_lookup(props, name);

	if (g_strcmp0(found, wanted))
		print_error("%s: %s is %s, not %s\n", where, name, found ? found : "not there",
			    wanted ? wanted : "not there");
	assert_int_equal(g_strcmp0(found, wanted), 0);
}

static void expect_flag(const char *where, GHashTable *props, const char *name, bool wanted)
{
	expect_text(where, props, name, wanted ? "true" : NULL);
}

static void expect_resets(const char *where, GHashTable *props, uint32_t mask)
{
	GString *resets = g_string_new(NULL);

	g_string_append(resets, mask & 1u << EZ_RESET_POWER_ON ? "power_on" : "");
	g_string_append(resets, mask & 1u << EZ_RESET_BUS ? " bus" : "");
	g_string_append(resets, mask & 1u << EZ_RESET_FUNCTION ? " function" : "");
	g_string_append(resets, mask & 1u << EZ_RESET_SOFTWARE ? " software" : "");
	expect_text(where, props, "ez_resets", mask == EZ_RESET_ALL ? NULL : resets->str);
	g_string_free(resets, TRUE);
}

static void expect_access(const char *where, const struct spec_access *access, GHashTable *props)
{
	static const char *const sw[2][2][2] = {
		/* once, w, r */
		{ { "na", "r" }, { "w", "rw" } },
		{ { "na", "r" }, { "w1", "rw1" } },
	};
	static const char *const onwrite[] = { NULL,  "woclr", "woset", "wot",	"wzc",
					       "wzs", "wzt",   "wclr",	"wset", "wuser" };
	static const char *const onread[] = { NULL, "rclr", "rset", "ruser" };
	static const char *const hw[] = { "rw", "r", "w", "na" };
	const char *truth = g_hash_table_lookup(props, "ez_hw");

	expect_text(where, props, "sw", sw[access->once][access->w][access->r]);
	/* What may not be said is the reader's to know; a substitute must tell the truth beside it. */
	expect_text(where, props, truth ? "ez_hw" : "hw", hw[access->hw]);
	if (truth)
		assert_string_not_equal(g_hash_table_lookup(props, "hw"), truth);
	expect_text(where, props, "onread", access->r ? onread[access->onread] : NULL);
	expect_text(where, props, "onwrite", access->w ? onwrite[access->onwrite] : NULL);
	expect_flag(where, props, "swmod", access->w && access->swmod);
	expect_text(where, props, "precedence", access->precedence_hw ? "hw" : NULL);
	expect_flag(where, props, "donttest", access->donttest);
	expect_flag(where, props, "dontcompare", access->dontcompare && !access->donttest);
	expect_text(where, props, "ispresent", access->r || access->w ? NULL : "false");
	expect_resets(where, props, access->resets);
}

/* As a reference to a field, or as a text where that cannot be. */
static void expect_lock(const struct rdl_file *file, const char *where,
			const struct rdl_field *field, const char *property,
			const struct spec_ref *ref)
{
	g_autofree char *head = g_strdup_printf("%s->%s = ", where, property);
	g_autofree char *udp = g_strdup_printf("ez_%s", property);
	unsigned int n = 0;

	for (guint i = 0; i < file->references->len; i++)
		n += g_str_has_prefix(file->references->pdata[i], head);
	if (!n)
		expect_text(where, field->props, udp, ref->text);
	else
		expect_text(where, field->props, udp, NULL);
	assert_true(n == (ref->text && !g_hash_table_contains(field->props, udp)));
}

static void expect_values(const struct rdl_field *field, const struct spec_field *spec)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < spec->n_values; i++) {
		const uint64_t *found;
		bool again = false;

		for (unsigned int k = 0; k < i; k++)
			again |= spec->values[k].value == spec->values[i].value;
		if (again)
			continue;
		assert_non_null(field->values);
		found = g_hash_table_lookup(field->values, spec->values[i].name);
		assert_non_null(found);
		assert_int_equal(*found, spec->values[i].value);
		n++;
	}
	assert_int_equal(field->values ? g_hash_table_size(field->values) : 0, n);
}

static void expect_field(const struct rdl_file *file, const struct rdl_reg *found,
			 const struct spec_reg *reg, unsigned int i)
{
	static const char *const reserved[] = { NULL, "ignored", "zero", "one", "keep" };
	const struct spec_field *spec = reg->n_fields ? &reg->fields[i] : NULL;
	const struct spec_access *access = spec ? &spec->access : &reg->access;
	const struct rdl_field *field = found->fields->pdata[i];
	g_autofree char *where = g_strdup_printf("%s.%s", found->path, field->name);
	g_autofree char *range = NULL;

	assert_string_equal(field->name, spec ? spec->name : "VALUE");
	assert_int_equal(field->lsb, spec ? spec->lsb : 0);
	assert_int_equal(field->width, spec ? spec->width : reg->width * 8);
	assert_true(field->has_reset);
	assert_int_equal(field->reset,
			 spec ? (reg->reset & spec_field_mask(spec)) >> spec->lsb : reg->reset);
	expect_flag(where, field->props, "ez_whole", !spec);
	expect_access(where, access, field->props);
	expect_lock(file, where, field, "swwe", &access->swwe);
	expect_lock(file, where, field, "swwel", &access->swwel);
	if (!spec)
		return;
	expect_flag(where, field->props, "singlepulse", spec->singlepulse);
	expect_flag(where, field->props, "counter", spec->counter);
	expect_flag(where, field->props, "incrsaturate", spec->incrsaturate);
	expect_flag(where, field->props, "decrsaturate", spec->decrsaturate);
	expect_flag(where, field->props, "ez_unimplemented", spec->unimplemented);
	expect_text(where, field->props, "ez_reserved", reserved[spec->reserved]);
	range = g_strdup_printf("[%" PRIu64 ", %" PRIu64 "]", spec->min, spec->max);
	expect_text(where, field->props, "ez_writeconstraint",
		    spec->limit == SPEC_LIMIT_VALUES	? "values"
		    : spec->limit == SPEC_LIMIT_AS_READ ? "asread"
		    : spec->limit == SPEC_LIMIT_RANGE	? range
							: NULL);
	expect_values(field, spec);
}

static void expect_reg(const struct rdl_file *file, const struct rdl_reg *found,
		       const struct spec_reg *reg)
{
	const char *width = g_hash_table_lookup(found->props, "regwidth");
	const char *access = g_hash_table_lookup(found->props, "accesswidth");
	g_autofree char *when =
		reg->when.ref.text
			? g_strdup_printf("%s == %" PRIu64, reg->when.ref.text, reg->when.value)
			: NULL;
	unsigned int bits = width ? strtoul(width, NULL, 10) : 32;

	assert_int_equal(bits, reg->width * 8);
	assert_int_equal(access ? strtoul(access, NULL, 10) : bits, reg->access_width * 8);
	expect_text(found->path, found->props, "ez_alternate", reg->alternate);
	expect_text(found->path, found->props, "ez_when", when);
	expect_flag(found->path, found->props, "ez_fifo", reg->fifo);
	expect_flag(found->path, found->props, "ez_unimplemented", reg->unimplemented);
	expect_text(found->path, found->props, "ez_reserved",
		    reg->reserved == SPEC_RESERVED_ZERO	  ? "zero"
		    : reg->reserved == SPEC_RESERVED_ONE  ? "one"
		    : reg->reserved == SPEC_RESERVED_KEEP ? "keep"
							  : NULL);
	assert_int_equal(found->fields->len, MAX(reg->n_fields, 1));
	for (unsigned int i = 0; i < MAX(reg->n_fields, 1); i++)
		expect_field(file, found, reg, i);
}

static const struct rdl_map *find_map(const struct rdl_file *file, const char *name)
{
	for (guint i = 0; i < file->maps->len; i++) {
		const struct rdl_map *map = file->maps->pdata[i];

		if (!strcmp(map->name, name))
			return map;
	}
	return NULL;
}

static void expect_bars(const struct rdl_file *file, const struct spec_device *dev)
{
	static const char *const kinds[] = {
		[EZ_BAR_MEM32] = "mem32", [EZ_BAR_MEM64] = "mem64", [EZ_BAR_IO] = "io"
	};

	for (unsigned int i = 0; i < dev->n_bars; i++) {
		const struct spec_bar *bar = &dev->bars[i];
		const struct rdl_map *map = find_map(file, bar->name);
		g_autofree char *number = g_strdup_printf("%u", bar->number);
		g_autofree char *size = g_strdup_printf("%" PRIu64, bar->size);
		bool any = false;

		for (unsigned int k = 0; k < dev->n_regs; k++)
			any |= dev->regs[k].bar == i;
		for (unsigned int k = 0; k < dev->n_windows; k++)
			any |= dev->windows[k].bar == i;
		assert_int_equal(map != NULL, any);
		if (!map)
			continue;
		assert_int_equal(map->address % bar->size, 0);
		expect_text(bar->name, map->props, "ez_bar", number);
		expect_text(bar->name, map->props, "ez_bar_size", size);
		expect_text(bar->name, map->props, "ez_bar_type", kinds[bar->kind]);
		expect_flag(bar->name, map->props, "ez_prefetchable", bar->prefetchable);
		expect_flag(bar->name, map->props, "ez_split", bar->split);
		expect_text(bar->name, map->props, "ez_illegal",
			    bar->illegal == EZ_ANSWER_ZERO ? "zero" : "ones");
		expect_text(bar->name, map->props, "ez_unmapped",
			    bar->unmapped == EZ_ANSWER_ZERO ? "zero" : "ones");
	}
}

static void expect_windows(const struct rdl_file *file, const struct spec_device *dev)
{
	assert_int_equal(file->mems->len, dev->n_windows);
	for (unsigned int i = 0; i < dev->n_windows; i++) {
		const struct spec_window *window = &dev->windows[i];
		const char *bar = dev->bars[window->bar].name;
		const struct rdl_map *mem = NULL;
		g_autofree char *path = g_strdup_printf("%s.%s", bar, window->name);
		const char *n, *width;

		for (guint k = 0; k < file->mems->len; k++) {
			const struct rdl_map *one = file->mems->pdata[k];

			if (!strcmp(one->name, path))
				mem = one;
		}
		assert_non_null(mem);
		assert_int_equal(mem->address, find_map(file, bar)->address + window->offset);
		n = g_hash_table_lookup(mem->props, "mementries");
		width = g_hash_table_lookup(mem->props, "memwidth");
		assert_non_null(n);
		assert_non_null(width);
		assert_int_equal(strtoull(n, NULL, 10) * strtoull(width, NULL, 10),
				 window->size * 8);
		expect_text(path, mem->props, "sw", "rw");
		expect_resets(path, mem->props, window->resets);
	}
}

static void same_again(const char *path, unsigned int least)
{
	struct spec_device *dev = read_good(path);
	struct rdl_file *file = exported(dev);
	GHashTable *regs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	unsigned int n = 0;

	assert_string_equal(file->root, dev->name);
	expect_bars(file, dev);
	expect_windows(file, dev);
	for (guint i = 0; i < file->regs->len; i++) {
		const struct rdl_reg *reg = file->regs->pdata[i];
		g_autofree char *name = plain_name(reg);

		assert_true(g_hash_table_insert(
			regs, g_strdup_printf("%s@0x%" PRIx64, name, reg->address), (void *)reg));
	}
	for (unsigned int i = 0; i < dev->n_regs; i++) {
		const struct spec_reg *reg = &dev->regs[i];
		const char *bar = dev->bars[reg->bar].name;

		for (uint32_t k = 0; k < reg->count; k++, n++) {
			g_autofree char *key =
				g_strdup_printf("%s.%s@0x%" PRIx64, bar, reg->name,
						find_map(file, bar)->address + spec_reg_at(reg, k));
			const struct rdl_reg *found = g_hash_table_lookup(regs, key);

			if (!found)
				print_error("%s: no %s\n", path, key);
			assert_non_null(found);
			/* Elements are one definition: the first tells of all but locks. */
			if (k < 4)
				expect_reg(file, found, reg);
		}
	}
	assert_int_equal(file->regs->len, n);
	assert_true(n >= least);
	g_hash_table_destroy(regs);
	rdl_file_free(file);
	spec_device_free(dev);
}

static void round_trips(void **state)
{
	static const struct {
		const char *path;
		unsigned int least;
	} specs[] = {
		{ "../../devices/my_rng/device.yaml", 4 },
		{ "../probe/device.yaml", 1500 },
		{ "../device/rules/device.yaml", 80 },
		{ "../device/rules/race.yaml", 4 },
		{ "good/kitchen.yaml", 10 },
		{ "import/odd.yaml", 20 },
		{ "good/areas.yaml", 17 },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(specs); i++) {
		g_autofree char *path = data_path(specs[i].path);

		same_again(path, specs[i].least);
	}
}

static bool has_reference(const struct rdl_file *file, const char *text)
{
	for (guint i = 0; i < file->references->len; i++)
		if (!strcmp(file->references->pdata[i], text))
			return true;
	return false;
}

static const struct rdl_reg *find_reg(const struct rdl_file *file, const char *path)
{
	for (guint i = 0; i < file->regs->len; i++) {
		const struct rdl_reg *reg = file->regs->pdata[i];

		if (!strcmp(reg->path, path))
			return reg;
	}
	return NULL;
}

/* What the general comparison above cannot tell: which references, what is hidden. */
static void particulars(void **state)
{
	g_autofree char *path = data_path("../device/rules/device.yaml");
	struct spec_device *dev = read_good(path);
	struct rdl_file *file = exported(dev);

	assert_true(has_reference(file, "regs.CTRL.MODE->swwe = regs.KEYS.WE"));
	assert_true(has_reference(file, "regs.WHOLE.VALUE->swwel = regs.KEYS.WEL"));
	assert_true(has_reference(file, "regs.CH[3].ADDR.VALUE->swwe = regs.CH[3].LOCK.KEY"));
	assert_true(has_reference(file, "regs.ISR.LAST->enable = regs.IER.LAST"));
	/* Alternates: RBR and THR never both answer; DLL is there, but hidden. */
	assert_non_null(find_reg(file, "regs.RBR"));
	expect_text("RBR", find_reg(file, "regs.RBR")->props, "ispresent", NULL);
	expect_text("THR", find_reg(file, "regs.THR")->props, "ispresent", NULL);
	expect_text("DLL", find_reg(file, "regs.DLL")->props, "ispresent", "false");
	/* Blocks and regfiles are regfiles, one in the other. */
	assert_non_null(find_reg(file, "regs.UARTS[2].Q.RING[3]"));
	assert_int_equal(find_reg(file, "regs.UARTS[2].Q.RING[3]")->address,
			 0x2000 + 0x200 + 0x20 + 12);
	rdl_file_free(file);
	spec_device_free(dev);
}

static const struct rdl_field *field_of(const struct rdl_reg *reg, const char *name)
{
	for (guint i = 0; i < reg->fields->len; i++) {
		const struct rdl_field *field = reg->fields->pdata[i];

		if (!strcmp(field->name, name))
			return field;
	}
	return NULL;
}

/* What only software writes: table 12 has no hw = w and no hw = na for it. */
static void write_only(void **state)
{
	static const struct {
		const char *name, *sw, *hw, *truth;
	} fields[] = {
		{ "both", "w", "rw", "w" },
		{ "sink", "w", "r", "na" },
		{ "once", "w1", "r", "na" },
		{ "on", "r", "na", NULL },
	};
	g_autofree char *path = data_path("import/odd.yaml");
	struct spec_device *dev = read_good(path);
	struct rdl_file *file = exported(dev);
	const struct rdl_reg *reg = find_reg(file, "level.mem");

	assert_non_null(reg);
	for (unsigned int i = 0; i < G_N_ELEMENTS(fields); i++) {
		const struct rdl_field *field = field_of(reg, fields[i].name);

		assert_non_null(field);
		expect_text(fields[i].name, field->props, "sw", fields[i].sw);
		expect_text(fields[i].name, field->props, "hw", fields[i].hw);
		expect_text(fields[i].name, field->props, "ez_hw", fields[i].truth);
	}
	rdl_file_free(file);
	spec_device_free(dev);
}

/* The reader itself refuses what the standard does. */
static void reader_refuses(void **state)
{
	static const struct {
		const char *text, *wanted;
	} files[] = {
		{ "addrmap a { reg { field { sw = r; } X[0:0]; } R @ 0; };", NULL },
		{ "addrmap a { reg { field { sw = r; } X[0:0] = 1'h1; } \\reg @ 0; };", NULL },
		{ "addrmap a { reg { field { sw = r; } X[0:0]; } reg @ 0; };",
		  "a name is missing" },
		{ "addrmap a { reg { } R @ 0; };", "a register without fields" },
		{ "addrmap a { reg { field { } X[0:0] = 1'h2; } R @ 0; };",
		  "does not fit its size" },
		{ "addrmap a { reg { field { } X[1:0] = 1'h1; } R @ 0; };",
		  "a reset of another size" },
		{ "addrmap a { reg { field { } X[40:0]; } R @ 0; };", "beyond its register" },
		{ "addrmap a { reg { field { } X[3:0]; field { } Y[3:2]; } R @ 0; };",
		  "fields that overlap" },
		{ "addrmap a { reg { field { } X[0:0]; } R @ 0; reg { field { } X[0:0]; } Q @ 2; "
		  "};",
		  "instances that overlap" },
		{ "addrmap a { reg { field { sw = r; } X[0:0]; } R @ 0; reg { field { sw = w; } "
		  "X[0:0]; } Q @ 0; };",
		  NULL },
		{ "addrmap a { reg { field { } X[0:0]; } R[4] @ 0 += 8; reg { field { } X[0:0]; } "
		  "Q[4] "
		  "@ 4 += 8; };",
		  "instances that overlap" },
		{ "addrmap a { reg { field { ez_x; } X[0:0]; } R @ 0; };",
		  "a property that is not" },
		{ "addrmap a { reg { field { sw = r; sw = r; } X[0:0]; } R @ 0; };",
		  "a property twice" },
		{ "addrmap a { reg { field { sw = w; hw = w; } X[0:0]; } R @ 0; };",
		  "meaningless" },
		{ "addrmap a { reg { field { sw = w; hw = na; } X[0:0]; } R @ 0; };",
		  "meaningless" },
		{ "addrmap a { reg { field { sw = w1; hw = na; } X[0:0]; } R @ 0; };",
		  "meaningless" },
		{ "addrmap a { reg { field { sw = na; hw = rw; } X[0:0]; } R @ 0; };",
		  "meaningless" },
		{ "addrmap a { reg { field { sw = na; ispresent = false; } X[0:0]; } R @ 0; };",
		  NULL },
		{ "addrmap a { reg { field { sw = w; hw = r; } X[0:0]; } R @ 0; };", NULL },
		{ "addrmap a { reg { field { sw = w; hw = rw; } X[0:0]; } R @ 0; };", NULL },
		{ "addrmap a { reg { field { sw = r; hw = na; } X[0:0]; } R @ 0; };", NULL },
		{ "addrmap a { field { } X[0:0]; };", "cannot stand here" },
		{ "addrmap a { reg { field { } X[0:0]; } R @ 0; }", "a name is missing" },
		{ "addrmap a { external mem { mementries = 4; } M @ 0; reg { field { } X[0:0]; } "
		  "R @ 16; };",
		  NULL },
		{ "addrmap a { external mem { mementries = 4; memwidth = 32; } M @ 0; reg { field "
		  "{ "
		  "} X[0:0]; } R @ 12; };",
		  "instances that overlap" },
		{ "addrmap a { mem { mementries = 4; } M @ 0; };", "not external" },
		{ "property p { type = boolean; }; addrmap a { };",
		  "without a type or a component" },
	};

	for (unsigned int i = 0; i < G_N_ELEMENTS(files); i++) {
		struct rdl_file *file = rdl_read(files[i].text);

		if (!file->error != !files[i].wanted ||
		    (file->error && !strstr(file->error, files[i].wanted)))
			print_error("%s: %s\n", files[i].text, file->error ? file->error : "legal");
		assert_int_equal(file->error == NULL, files[i].wanted == NULL);
		if (file->error)
			assert_non_null(strstr(file->error, files[i].wanted));
		rdl_file_free(file);
	}
}

/* A compiler of others, where one is installed: python3 -m pip install systemrdl-compiler. */
static void other_compiler(void **state)
{
	static const char *const specs[] = { "../probe/device.yaml", "../device/rules/device.yaml",
					     "import/odd.yaml" };
	static const char program[] = "import sys\n"
				      "from systemrdl import RDLCompiler\n"
				      "c = RDLCompiler()\n"
				      "c.compile_file(sys.argv[1])\n"
				      "c.elaborate()\n";
	g_autofree char *found = NULL;
	char *dir;

	if (run(&found, "python3 -c 'import systemrdl'")) {
		print_message("no systemrdl-compiler here: skipped\n");
		g_clear_pointer(&found, g_free);
		skip();
	}
	dir = scratch_new();
	for (unsigned int i = 0; i < G_N_ELEMENTS(specs); i++) {
		g_autofree char *path = data_path(specs[i]);
		struct spec_device *dev = read_good(path);
		GString *text = g_string_new(NULL);
		g_autofree char *script = scratch_write(dir, "compile.py", program);
		g_autofree char *file = NULL;
		g_autofree char *errors = NULL;
		int status;

		spec_emit_systemrdl(dev, text);
		file = scratch_write(dir, "device.rdl", text->str);
		status = run(&errors, "python3 %s %s", script, file);
		if (status)
			print_error("%s: %s\n", specs[i], errors);
		assert_int_equal(status, 0);
		g_string_free(text, TRUE);
		spec_device_free(dev);
	}
	scratch_free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_refuses), cmocka_unit_test(round_trips),
		cmocka_unit_test(particulars),	  cmocka_unit_test(write_only),
		cmocka_unit_test(other_compiler),
	};

	return cmocka_run_group_tests_name("spec SystemRDL", tests, NULL, NULL);
}
