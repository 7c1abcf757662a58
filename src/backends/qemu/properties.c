/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A spec's properties as QEMU's, so that -device NAME,help, defaults, types
 * and error messages are what a user of QEMU knows. Ranges, and what only the
 * model can judge, are checked by libersatz when the device is made.
 */
#include "qemu/osdep.h"
#include "ersatz.h"
#include "qemu/cutils.h"

static bool ersatz_flag(const char *text)
{
	return g_str_equal(text, "true") || g_str_equal(text, "on") || g_str_equal(text, "yes") ||
	       g_str_equal(text, "1");
}

/* Index of `text` among the names, or 0. */
static int ersatz_enum_index(const char *const *values, const char *text)
{
	int i;

	for (i = 0; values[i]; i++) {
		if (g_str_equal(values[i], text)) {
			return i;
		}
	}
	return 0;
}

static char *ersatz_enum_help(const struct ez_prop *prop)
{
	g_autofree char *names = g_strjoinv(", ", (char **)prop->values);

	return prop->desc ? g_strdup_printf("%s (%s)", prop->desc, names) : g_strdup(names);
}

/*
 * QEMU's own kind of property, with our description. The info of an
 * enumeration starts as a copy of one of QEMU's: the functions in it are
 * generic, and not all of them have names that a device may use.
 */
static void ersatz_prop_make(Property *to, const struct ez_prop *prop, size_t offset)
{
	PropertyInfo *info = g_new0(PropertyInfo, 1);
	uint64_t number = 0;

	/* As in C: 0x hexadecimal, 0 octal; libersatz has checked it. */
	qemu_strtou64(prop->initial, NULL, 0, &number);
	to->name = prop->name;
	to->offset = offset;
	to->set_default = true;
	switch (prop->type) {
	case EZ_BOOL:
		*info = qdev_prop_bool;
		to->defval.u = ersatz_flag(prop->initial);
		break;
	case EZ_U32:
		*info = qdev_prop_uint32;
		to->defval.u = number;
		break;
	case EZ_U64:
		*info = qdev_prop_uint64;
		to->defval.u = number;
		break;
	case EZ_ENUM: {
		QEnumLookup lookup = {
			.array = prop->values,
			.size = g_strv_length((char **)prop->values),
		};

		*info = qdev_prop_on_off_auto;
		info->type = "enum";
		info->enum_table = g_memdup2(&lookup, sizeof(lookup));
		to->defval.i = ersatz_enum_index(prop->values, prop->initial);
		break;
	}
	default:
		*info = qdev_prop_string;
		to->set_default = false;
		break;
	}
	if (prop->type == EZ_ENUM) {
		info->description = ersatz_enum_help(prop);
	} else if (prop->type == EZ_STRING && *prop->initial) {
		info->description =
			g_strdup_printf("%s (default: %s)", prop->desc ?: "text", prop->initial);
	} else if (prop->desc) {
		info->description = prop->desc;
	}
	to->info = info;
}

/* Names that -device keeps for itself; those of properties are looked up. */
static bool ersatz_prop_reserved(const char *name)
{
	static const char *const names[] = { "driver", "id", "bus", "help" };
	unsigned int i;

	for (i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_str_equal(names[i], name)) {
			return true;
		}
	}
	return object_class_property_find(object_class_by_name(TYPE_PCI_DEVICE), name);
}

bool ersatz_props_make(ErsatzType *type, Error **errp)
{
	const struct ez_spec *spec = type->spec;
	struct ez_error error;
	uint32_t i;

	for (i = 0; i < spec->n_props; i++) {
		const struct ez_prop *prop = &spec->props[i];

		if (ersatz_prop_reserved(prop->name)) {
			error_setg(errp,
				   "property '%s': every PCI device of QEMU has one of this name;"
				   " change it in device.yaml",
				   prop->name);
			return false;
		}
		if (ez_setting_check(spec, prop->name, prop->initial, &error) < 0) {
			error_setg(errp, "property '%s' has a bad default: %s", prop->name,
				   error.text);
			return false;
		}
	}
	type->props = g_new0(Property, spec->n_props);
	for (i = 0; i < spec->n_props; i++) {
		ersatz_prop_make(&type->props[i], &spec->props[i],
				 offsetof(ErsatzDevice, values) + i * sizeof(ErsatzValue));
	}
	return true;
}

static char *ersatz_value_text(const struct ez_prop *prop, const ErsatzValue *value)
{
	switch (prop->type) {
	case EZ_BOOL:
		return g_strdup(value->flag ? "true" : "false");
	case EZ_U32:
		return g_strdup_printf("%" PRIu32, value->u32);
	case EZ_U64:
		return g_strdup_printf("%" PRIu64, value->u64);
	case EZ_ENUM:
		return g_strdup(prop->values[value->u32]);
	default:
		return g_strdup(value->text ?: prop->initial);
	}
}

struct ez_setting *ersatz_settings(ErsatzDevice *d)
{
	const struct ez_spec *spec = d->type->spec;
	struct ez_setting *settings = g_new0(struct ez_setting, spec->n_props + 1);
	uint32_t i;

	for (i = 0; i < spec->n_props; i++) {
		settings[i].name = spec->props[i].name;
		settings[i].text = ersatz_value_text(&spec->props[i], &d->values[i]);
	}
	return settings;
}

void ersatz_settings_free(ErsatzDevice *d, struct ez_setting *settings)
{
	uint32_t i;

	for (i = 0; i < d->type->spec->n_props; i++) {
		g_free((char *)settings[i].text);
	}
	g_free(settings);
}
