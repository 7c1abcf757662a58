/* SPDX-License-Identifier: BSD-2-Clause */
#include "lab/symbols.h"
#include "lab/arch.h"
#include "project/failure.h"

#include <elf.h>
#include <string.h>

/* Sections of the file that we write. */
enum { NONE, TEXT, DATA, SYMTAB, STRTAB, NAMES, SECTIONS };

static const char section_names[] = "\0.text\0.data\0.symtab\0.strtab\0.shstrtab";

struct range {
	guint64 low, high;
};

static void widen(struct range *range, guint64 address)
{
	if (!range->high || address < range->low)
		range->low = address;
	if (address >= range->high)
		range->high = address + 1;
}

/* One line of kallsyms, "ffffffff81000000 T _text"; those of modules have a fourth word. */
static void add_symbol(char *line, GArray *symbols, GByteArray *names, struct range ranges[])
{
	Elf64_Sym symbol = { 0 };
	char *end, type;
	guint64 address = g_ascii_strtoull(line, &end, 16);
	guint section;

	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ' || strchr(end + 3, '\t'))
		return;
	type = end[1];
	/* Per-CPU offsets and constants are no addresses. */
	if (g_ascii_toupper(type) == 'A' || address < G_GUINT64_CONSTANT(0xffff000000000000))
		return;
	section = strchr("TtWw", type) ? TEXT : DATA;
	widen(&ranges[section], address);
	symbol.st_name = names->len;
	symbol.st_info = ELF64_ST_INFO(g_ascii_isupper(type) ? STB_GLOBAL : STB_LOCAL,
				       section == TEXT ? STT_FUNC : STT_OBJECT);
	symbol.st_shndx = (Elf64_Half)section;
	symbol.st_value = address;
	g_byte_array_append(names, (const guint8 *)(end + 3), (guint)strlen(end + 3) + 1);
	g_array_append_val(symbols, symbol);
}

/* ELF wants local symbols first. */
static gint local_first(gconstpointer a, gconstpointer b)
{
	const Elf64_Sym *x = a, *y = b;

	return ELF64_ST_BIND(x->st_info) - ELF64_ST_BIND(y->st_info);
}

static GByteArray *assemble(GArray *symbols, GByteArray *names, const struct range ranges[])
{
	GByteArray *file = g_byte_array_new();
	Elf64_Ehdr head = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = lab_arch()->elf,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTIONS,
		.e_shstrndx = NAMES,
		.e_shoff = sizeof(Elf64_Ehdr),
	};
	Elf64_Shdr sections[SECTIONS] = {
		[TEXT] = { .sh_name = 1,
			   .sh_type = SHT_NOBITS,
			   .sh_flags = SHF_ALLOC | SHF_EXECINSTR },
		[DATA] = { .sh_name = 7, .sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC | SHF_WRITE },
		[SYMTAB] = { .sh_name = 13,
			     .sh_type = SHT_SYMTAB,
			     .sh_link = STRTAB,
			     .sh_entsize = sizeof(Elf64_Sym),
			     .sh_addralign = 8 },
		[STRTAB] = { .sh_name = 21, .sh_type = SHT_STRTAB, .sh_addralign = 1 },
		[NAMES] = { .sh_name = 29, .sh_type = SHT_STRTAB, .sh_addralign = 1 },
	};
	guint64 at = sizeof(head) + sizeof(sections);

	for (guint i = TEXT; i <= DATA; i++) {
		sections[i].sh_addr = ranges[i].low;
		sections[i].sh_size = ranges[i].high - ranges[i].low;
		sections[i].sh_addralign = 1;
	}
	sections[SYMTAB].sh_offset = at;
	sections[SYMTAB].sh_size = symbols->len * sizeof(Elf64_Sym);
	sections[STRTAB].sh_offset = sections[SYMTAB].sh_offset + sections[SYMTAB].sh_size;
	sections[STRTAB].sh_size = names->len;
	sections[NAMES].sh_offset = sections[STRTAB].sh_offset + names->len;
	sections[NAMES].sh_size = sizeof(section_names);
	for (guint i = 0; i < symbols->len; i++)
		if (ELF64_ST_BIND(g_array_index(symbols, Elf64_Sym, i).st_info) == STB_LOCAL)
			sections[SYMTAB].sh_info = i + 1;
	g_byte_array_append(file, (guint8 *)&head, sizeof(head));
	g_byte_array_append(file, (guint8 *)sections, sizeof(sections));
	g_byte_array_append(file, (guint8 *)symbols->data, symbols->len * sizeof(Elf64_Sym));
	g_byte_array_append(file, names->data, names->len);
	g_byte_array_append(file, (const guint8 *)section_names, sizeof(section_names));
	return file;
}

gboolean symbols_write(const char *path, const char *kallsyms, GError **error)
{
	g_autoptr(GArray) symbols = g_array_new(FALSE, TRUE, sizeof(Elf64_Sym));
	g_autoptr(GByteArray) names = g_byte_array_new();
	g_autoptr(GByteArray) file = NULL;
	g_autoptr(GError) local = NULL;
	g_auto(GStrv) lines = g_strsplit(kallsyms, "\n", -1);
	struct range ranges[SECTIONS] = { { 0 } };
	Elf64_Sym none = { 0 };

	g_byte_array_append(names, (const guint8 *)"", 1);
	for (char **line = lines; *line; line++)
		add_symbol(*line, symbols, names, ranges);
	if (symbols->len < 1000)
		return failure_set(
			error, FAILURE_SETUP,
			"the guest's kernel does not tell its symbols (/proc/kallsyms); name its "
			"build folder with --kernel-build");
	g_array_sort(symbols, local_first);
	g_array_prepend_val(symbols, none);
	file = assemble(symbols, names, ranges);
	if (!g_file_set_contents(path, (const char *)file->data, file->len, &local))
		return failure_set(error, FAILURE_SETUP, "cannot write the kernel's symbols: %s",
				   local->message);
	return TRUE;
}

static void clear_section(gpointer data)
{
	g_free(((struct symbols_section *)data)->name);
}

/* A table inside the file; NULL if it does not lie inside, or not where it may. */
static const void *table(const char *data, gsize size, guint64 offset, guint64 count, gsize entry)
{
	if (offset > size || count > (size - offset) / entry || (entry > 1 && offset % 8))
		return NULL;
	return data + offset;
}

static gboolean read_sections(const char *data, gsize size, GArray *found)
{
	const Elf64_Ehdr *head = table(data, size, 0, 1, sizeof(*head));
	const Elf64_Shdr *sections;
	const Elf64_Sym *symbols = NULL;
	const char *names;
	guint64 n_symbols = 0;
	guint n = head ? head->e_shnum : 0;

	if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_shstrndx >= n)
		return FALSE;
	sections = table(data, size, head->e_shoff, n, sizeof(*sections));
	names = sections ? table(data, size, sections[head->e_shstrndx].sh_offset,
				 sections[head->e_shstrndx].sh_size, 1)
			 : NULL;
	for (guint i = 0; names && i < n; i++) {
		if (sections[i].sh_type == SHT_SYMTAB) {
			n_symbols = sections[i].sh_size / sizeof(*symbols);
			symbols = table(data, size, sections[i].sh_offset, n_symbols,
					sizeof(*symbols));
		}
	}
	if (!symbols)
		return FALSE;
	for (guint i = 1; i < n; i++) {
		if (!(sections[i].sh_flags & SHF_ALLOC) || !sections[i].sh_size ||
		    sections[i].sh_name >= sections[head->e_shstrndx].sh_size)
			continue;
		for (guint64 s = 1; s < n_symbols; s++) {
			struct symbols_section section = {
				.name = g_strdup(names + sections[i].sh_name),
				.index = (guint32)s,
				.value = symbols[s].st_value,
			};

			if (symbols[s].st_shndx == i) {
				g_array_append_val(found, section);
				break;
			}
			g_free(section.name);
		}
	}
	return TRUE;
}

GArray *symbols_sections(const char *module, GError **error)
{
	g_autoptr(GError) local = NULL;
	g_autoptr(GMappedFile) map = g_mapped_file_new(module, FALSE, &local);
	g_autoptr(GArray) found = g_array_new(FALSE, TRUE, sizeof(struct symbols_section));

	g_array_set_clear_func(found, clear_section);
	if (!map) {
		failure_set(error, FAILURE_SETUP, "cannot read the module: %s", local->message);
		return NULL;
	}
	if (!read_sections(g_mapped_file_get_contents(map), g_mapped_file_get_length(map), found)) {
		failure_set(error, FAILURE_SETUP, "%s is not a kernel module", module);
		return NULL;
	}
	return g_steal_pointer(&found);
}
