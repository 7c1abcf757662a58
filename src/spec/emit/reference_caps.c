/* SPDX-License-Identifier: BSD-2-Clause */
/* What there is to say about capabilities, of both lists. */
#include "spec/emit/reference.h"

static char *express_words(const struct spec_cap *cap)
{
	static const char *const speeds[] = { "?", "2.5", "5", "8", "16", "32", "64" };

	return g_strdup_printf("PCI Express endpoint: %s GT/s, %u lane%s, packets of %u bytes%s",
			       speeds[cap->link_speed], cap->link_width,
			       cap->link_width == 1 ? "" : "s", cap->max_payload,
			       cap->flr ? ", function level reset" : "");
}

static char *power_words(const struct spec_cap *cap)
{
	const char *more = cap->d1 && cap->d2 ? "D1, D2; "
			   : cap->d1	      ? "D1; "
			   : cap->d2	      ? "D2; "
					      : "";

	return g_strdup_printf("power management; %sD3hot to D0 %s", more,
			       cap->no_soft_reset ? "keeps the registers" : "resets the function");
}

static char *capability_words(const struct spec_cap *cap)
{
	switch (cap->id) {
	case 0x01:
		return power_words(cap);
	case 0x05:
		return g_strdup_printf("MSI: %u vector%s, %s-bit addresses%s", cap->vectors,
				       cap->vectors == 1 ? "" : "s", cap->address64 ? "64" : "32",
				       cap->maskable ? ", a mask bit for each" : "");
	case 0x09:
		return g_strdup("vendor's own");
	case 0x10:
		return express_words(cap);
	case 0x11:
		return g_strdup_printf("MSI-X: %u vector%s; table in BAR%u at 0x%" G_GINT64_MODIFIER
				       "x, pending bits in BAR%u at 0x%" G_GINT64_MODIFIER "x",
				       cap->vectors, cap->vectors == 1 ? "" : "s", cap->table.bar,
				       cap->table.offset, cap->pba.bar, cap->pba.offset);
	case 0x13:
		return g_strdup(cap->flr ? "advanced features: function level reset"
					 : "advanced features, without function level reset");
	default:
		return g_strdup(cap->kind);
	}
}

static char *extended_words(const struct spec_ext_cap *cap)
{
	switch (cap->id) {
	case 0x0001:
		return g_strdup("advanced error reporting");
	case 0x0003:
		return g_strdup_printf("device serial number %016" G_GINT64_MODIFIER "x",
				       cap->number);
	case 0x000b:
		return g_strdup("vendor's own");
	default:
		return g_strdup("given byte by byte");
	}
}

static void code(struct reference_out *r, unsigned int digits, uint64_t value)
{
	g_autofree char *text = g_strdup_printf("0x%0*x", (int)digits, (unsigned int)value);

	r->cell(r, true);
	r->code(r, text);
	r->cell(r, false);
}

static void one(struct reference_out *r, uint64_t offset, unsigned int id_digits, unsigned int id,
		unsigned int length, const char *words)
{
	g_autofree char *bytes = g_strdup_printf("%u", length);

	r->row(r, true);
	code(r, 1, offset);
	code(r, id_digits, id);
	r->cell(r, true);
	r->text(r, bytes);
	r->cell(r, false);
	r->cell(r, true);
	r->text(r, words);
	r->cell(r, false);
	r->row(r, false);
}

void reference_capabilities(struct reference_out *r)
{
	static const char *const titles[] = { "Offset", "Id", "Bytes", "Capability", NULL };
	const struct spec_device *dev = r->dev;

	if (!dev->n_caps)
		return;
	r->heading(r, 2, "capabilities", "Capabilities");
	r->table(r, titles);
	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];
		g_autofree char *words = capability_words(cap);

		one(r, cap->offset, 2, cap->id, cap->length, words);
	}
	for (unsigned int i = 0; i < dev->n_ext_caps; i++) {
		const struct spec_ext_cap *cap = &dev->ext_caps[i];
		g_autofree char *words = extended_words(cap);

		one(r, cap->offset, 4, cap->id, cap->length, words);
	}
	r->table(r, NULL);
}
