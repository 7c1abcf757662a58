/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities of both lists. */
#include "spec/check/check.h"

#include <string.h>

void check_capabilities(struct spec_device *dev, struct spec_diags *diags)
{
	const struct spec_cap *before = NULL; /* that reaches furthest so far */

	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		for (unsigned int k = 0; k < i && cap->kind; k++) {
			const struct spec_cap *first = &dev->caps[k], *second = cap;

			if (!strcmp(cap->kind, "vendor") || !first->kind ||
			    strcmp(cap->kind, first->kind))
				continue;
			/* They are sorted by offset; the second is the one further down. */
			if (first->pos.line > second->pos.line) {
				second = first;
				first = cap;
			}
			spec_error(diags, second->pos, "a second %s capability", cap->kind);
			spec_note(diags, first->pos, "the first is here");
			break;
		}
		if (cap->bad)
			continue;
		/* PCI 3.0, 6.7: behind the header, bottom two bits zero. */
		if (cap->offset < 0x40) {
			spec_error(diags, cap->offset_pos,
				   "%s capability at 0x%02x: below 0x40 is the header", cap->kind,
				   (unsigned int)cap->offset);
			continue;
		}
		if (cap->offset % 4)
			spec_error(diags, cap->offset_pos,
				   "%s capability at 0x%02x: must be a multiple of 4", cap->kind,
				   (unsigned int)cap->offset);
		if (cap->offset + cap->length > EZ_CONFIG_SIZE)
			spec_error(diags, cap->offset_pos,
				   "%s capability (0x%02x..0x%02x) ends beyond 0xff", cap->kind,
				   (unsigned int)cap->offset,
				   (unsigned int)cap->offset + cap->length - 1);
		if (before && cap->offset < before->offset + before->length) {
			spec_error(diags, cap->offset_pos,
				   "%s capability (0x%02x) overlaps %s (0x%02x..0x%02x)", cap->kind,
				   (unsigned int)cap->offset, before->kind,
				   (unsigned int)before->offset,
				   (unsigned int)before->offset + before->length - 1);
			spec_note(diags, before->offset_pos, "%s is here", before->kind);
		}
		if (!before || cap->offset + cap->length > before->offset + before->length)
			before = cap;
	}
}

/* What may be where: PCIe 7.5.3; the AF capability is for those that are not PCI Express. */
void check_express(struct spec_device *dev, struct spec_diags *diags)
{
	const struct spec_cap *express = NULL, *af = NULL;

	for (unsigned int i = 0; i < dev->n_caps; i++) {
		const struct spec_cap *cap = &dev->caps[i];

		if (cap->id == 0x10 && !express)
			express = cap;
		if (cap->id == 0x13 && !af)
			af = cap;
	}
	if (express && !dev->id.express) {
		spec_error(diags, express->pos,
			   "express capability in a device of conventional PCI; say express: true "
			   "under pci:");
		spec_note(diags, dev->express_pos, "pci is here");
	}
	if (!express && dev->id.express)
		spec_error(diags, dev->express_pos,
			   "express: needs an express capability (PCIe 7.5.3): `- express: "
			   "{offset: 0x..}` under capabilities:");
	if (af && dev->id.express) {
		spec_error(diags, af->pos,
			   "af capability in a PCI Express device: it is for conventional PCI; "
			   "the express capability's flr: does it here");
		spec_note(diags, dev->express_pos, "express is here");
	}
	if (dev->n_ext_caps && !dev->id.express) {
		spec_error(diags, dev->ext_caps[0].pos,
			   "extended capabilities in a device of conventional PCI, which has 256 "
			   "bytes of configuration space; say express: true under pci:");
		spec_note(diags, dev->express_pos, "pci is here");
	}
}

/* There is one of these at most. */
static void check_only_one(const struct spec_device *dev, unsigned int index,
			   struct spec_diags *diags)
{
	const struct spec_ext_cap *cap = &dev->ext_caps[index];

	if (!cap->kind || (strcmp(cap->kind, "aer") && strcmp(cap->kind, "serial")))
		return;
	for (unsigned int i = 0; i < index; i++) {
		const struct spec_ext_cap *first = &dev->ext_caps[i], *second = cap;

		if (!first->kind || strcmp(cap->kind, first->kind))
			continue;
		/* They are sorted by offset; the second is the one further down. */
		if (spec_pos_before(second->pos, first->pos)) {
			second = first;
			first = cap;
		}
		spec_error(diags, second->pos, "a second %s capability", cap->kind);
		spec_note(diags, first->pos, "the first is here");
		return;
	}
}

void check_extended_capabilities(struct spec_device *dev, struct spec_diags *diags)
{
	const struct spec_ext_cap *before = NULL; /* that reaches furthest so far */
	bool bad = false;

	for (unsigned int i = 0; i < dev->n_ext_caps; i++) {
		const struct spec_ext_cap *cap = &dev->ext_caps[i];

		check_only_one(dev, i, diags);
		bad |= cap->bad;
		if (cap->bad)
			continue;
		if (cap->offset < EZ_CONFIG_SIZE) {
			spec_error(diags, cap->offset_pos,
				   "%s capability at 0x%02x: extended ones begin at 0x100",
				   cap->kind, (unsigned int)cap->offset);
			bad = true;
			continue;
		}
		if (cap->offset % 4)
			spec_error(diags, cap->offset_pos,
				   "%s capability at 0x%03x: must be a multiple of 4", cap->kind,
				   (unsigned int)cap->offset);
		if (cap->offset + cap->length > EZ_CONFIG_SIZE_EXPRESS)
			spec_error(diags, cap->offset_pos,
				   "%s capability (0x%03x..0x%03x) ends beyond 0xfff", cap->kind,
				   (unsigned int)cap->offset,
				   (unsigned int)cap->offset + cap->length - 1);
		if (before && cap->offset < before->offset + before->length) {
			spec_error(diags, cap->offset_pos,
				   "%s capability (0x%03x) overlaps %s (0x%03x..0x%03x)", cap->kind,
				   (unsigned int)cap->offset, before->kind,
				   (unsigned int)before->offset,
				   (unsigned int)before->offset + before->length - 1);
			spec_note(diags, before->offset_pos, "%s is here", before->kind);
		}
		/* PCIe 7.6.1: the list has no pointer to its start. */
		if (!before && !bad && cap->offset != EZ_CONFIG_SIZE)
			spec_error(diags, cap->offset_pos,
				   "%s capability at 0x%03x: the first extended capability must be "
				   "at 0x100",
				   cap->kind, (unsigned int)cap->offset);
		if (!before || cap->offset + cap->length > before->offset + before->length)
			before = cap;
	}
}
