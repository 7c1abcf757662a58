/* SPDX-License-Identifier: BSD-2-Clause */
/* Properties: text from a user into the model's state struct. */
#include "device/device.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

union setting {
	bool b;
	uint32_t u32;
	uint64_t u64;
	const char *string;
};

static bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "on", "true", "yes", "1" };
	static const char *const no[] = { "off", "false", "no", "0" };
	size_t i;

	for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
			*ret = !strcmp(text, yes[i]);
			return true;
		}
	}
	return false;
}

static bool parse_number(const char *text, uint64_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return !errno && !*end;
}

static int parse_enum(const struct ez_prop *prop, const char *text, uint32_t *ret,
		      struct ez_error *error)
{
	char names[256] = "";
	size_t used = 0;
	uint32_t i;

	for (i = 0; prop->values[i]; i++) {
		if (!strcmp(prop->values[i], text)) {
			*ret = i;
			return 0;
		}
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 i ? ", " : "", prop->values[i]);
	}
	error_set(error, "property %s: no such value \"%.64s\"; it takes %s", prop->name, text,
		  names);
	return -EINVAL;
}

static int parse(const struct ez_prop *prop, const char *text, union setting *ret,
		 struct ez_error *error)
{
	uint64_t number;

	switch (prop->type) {
	case EZ_BOOL:
		if (parse_bool(text, &ret->b))
			return 0;
		error_set(error, "property %s: \"%.64s\" is neither on nor off", prop->name, text);
		return -EINVAL;
	case EZ_STRING:
		ret->string = text;
		return 0;
	case EZ_ENUM:
		return parse_enum(prop, text, &ret->u32, error);
	default:
		break;
	}
	if (!parse_number(text, &number)) {
		error_set(error, "property %s: \"%.64s\" is not a number (0x... is hexadecimal)",
			  prop->name, text);
		return -EINVAL;
	}
	if (number < prop->min || number > prop->max) {
		error_set(error, "property %s: %s is out of its range, %llu to %llu", prop->name,
			  text, (unsigned long long)prop->min, (unsigned long long)prop->max);
		return -EINVAL;
	}
	if (prop->type == EZ_U32)
		ret->u32 = (uint32_t)number;
	else
		ret->u64 = number;
	return 0;
}

static const struct ez_prop *find(const struct ez_spec *spec, const char *name,
				  struct ez_error *error)
{
	char names[256] = "";
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < spec->n_props; i++) {
		if (!strcmp(spec->props[i].name, name))
			return &spec->props[i];
		if (used < sizeof(names))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
						 i ? ", " : "", spec->props[i].name);
	}
	if (spec->n_props)
		error_set(error, "%s has no property \"%.64s\"; it has %s", spec->name, name,
			  names);
	else
		error_set(error, "%s has no property \"%.64s\"; it has none", spec->name, name);
	return NULL;
}

int ez_setting_check(const struct ez_spec *spec, const char *name, const char *text,
		     struct ez_error *error)
{
	const struct ez_prop *prop = find(spec, name, error);
	union setting value;

	return prop ? parse(prop, text, &value, error) : -EINVAL;
}

static int apply(struct ez_function *f, const struct ez_prop *prop, const char *text,
		 struct ez_error *error)
{
	char *at = (char *)f->state + prop->offset;
	union setting value;
	int err = parse(prop, text, &value, error);

	if (err)
		return err;
	switch (prop->type) {
	case EZ_BOOL:
		memcpy(at, &value.b, sizeof(value.b));
		break;
	case EZ_STRING:
		free(*(char **)at);
		*(char **)at = strdup(text);
		if (*(char **)at)
			return 0;
		error_set(error, "property %s: out of memory", prop->name);
		return -ENOMEM;
	case EZ_U64:
		memcpy(at, &value.u64, sizeof(value.u64));
		break;
	default:
		memcpy(at, &value.u32, sizeof(value.u32));
		break;
	}
	return 0;
}

int setting_init(struct ez_function *f, const struct ez_setting *settings, size_t n,
		 struct ez_error *error)
{
	const struct ez_prop *prop;
	uint32_t i;
	size_t s;
	int err;

	for (i = 0; i < f->spec->n_props; i++) {
		err = apply(f, &f->spec->props[i], f->spec->props[i].initial, error);
		if (err)
			return err;
	}
	for (s = 0; s < n; s++) {
		prop = find(f->spec, settings[s].name, error);
		err = prop ? apply(f, prop, settings[s].text, error) : -EINVAL;
		if (err)
			return err;
	}
	return 0;
}

void setting_free(struct ez_function *f)
{
	uint32_t i;

	for (i = 0; i < f->spec->n_props; i++)
		if (f->spec->props[i].type == EZ_STRING)
			free(*(char **)((char *)f->state + f->spec->props[i].offset));
}
