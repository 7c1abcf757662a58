/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chain of taps: where every crossing of the seam goes through, in either
 * direction, and where it ends.
 */
#include "device/device.h"

#include <stdlib.h>
#include <string.h>

struct ez_tap {
	const struct ez_tap_type *type;
	struct ez_device *dev;
	struct ez_tap *next;
	void *data;
};

/* What a tap may have made of a crossing is looked at once more. */
static void down(struct ez_function *f, struct ez_crossing *x)
{
	switch (x->kind) {
	case EZ_CROSSING_READ:
		if (access_legal(f->dev, x->fn, x->bar, x->width))
			x->value = access_read(f, x->bar, x->offset, x->width);
		break;
	case EZ_CROSSING_WRITE:
		if (access_legal(f->dev, x->fn, x->bar, x->width))
			access_write(f, x->bar, x->offset, x->width, x->value);
		break;
	case EZ_CROSSING_CONFIG_READ:
		if (config_legal(f, x->offset, x->width))
			x->value = config_read(f, (uint32_t)x->offset, x->width);
		break;
	case EZ_CROSSING_CONFIG_WRITE:
		if (config_legal(f, x->offset, x->width) && !config_is_theirs(f->dev))
			config_write(f, (uint32_t)x->offset, x->width, (uint32_t)x->value);
		break;
	case EZ_CROSSING_RESET:
		if ((unsigned int)x->reset < EZ_RESET_KINDS)
			device_reset(f, x->reset);
		break;
	case EZ_CROSSING_TIMER:
		if (x->index < f->spec->n_timers)
			timer_fire(f, x->index);
		break;
	case EZ_CROSSING_JOB:
		if (x->index < f->spec->n_jobs)
			job_done(f, x->index);
		break;
	default:
		break;
	}
}

static void finish(struct ez_device *dev, struct ez_crossing *x)
{
	struct ez_function *f = &dev->function;

	switch (x->kind) {
	case EZ_CROSSING_DMA_READ:
	case EZ_CROSSING_DMA_WRITE:
		x->status = dma_move(f, x->address, x->data, x->length,
				     x->kind == EZ_CROSSING_DMA_WRITE);
		break;
	case EZ_CROSSING_INTX:
		dev->backend->intx(dev->be, x->fn, x->level);
		break;
	case EZ_CROSSING_MSI:
		if (x->index < irq_vectors(f))
			dev->backend->msi(dev->be, x->fn, x->index);
		break;
	case EZ_CROSSING_RANDOM:
		dev->backend->random(dev->be, x->data, x->length);
		break;
	case EZ_CROSSING_LOG:
		if (x->index < EZ_LOG_KINDS)
			dev->backend->log(dev->be, x->fn, (enum ez_log_kind)x->index, x->text);
		break;
	default:
		down(f, x);
		break;
	}
}

static void pass(struct ez_device *dev, struct ez_tap *tap, struct ez_crossing *x)
{
	if (tap)
		tap->type->cross(tap, x);
	else
		finish(dev, x);
}

void chain_send(struct ez_device *dev, struct ez_crossing *x)
{
	pass(dev, dev->taps, x);
}

void ez_tap_next(struct ez_tap *tap, struct ez_crossing *x)
{
	pass(tap->dev, tap->next, x);
}

void *ez_tap_data(struct ez_tap *tap)
{
	return tap->data;
}

struct ez_device *ez_tap_device(struct ez_tap *tap)
{
	return tap->dev;
}

uint64_t ez_tap_now(struct ez_tap *tap)
{
	return tap->dev->backend->now(tap->dev->be) - tap->dev->born;
}

bool ez_tap_option(const char *options, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);
	const char *at = options;
	const char *end;

	while (*at) {
		end = strchrnul(at, ',');
		if (!strncmp(at, key, len) && at[len] == '=' &&
		    (size_t)(end - at) - len - 1 < size) {
			memcpy(buf, at + len + 1, (size_t)(end - at) - len - 1);
			buf[end - at - len - 1] = '\0';
			return true;
		}
		at = *end ? end + 1 : end;
	}
	return false;
}

/* ---- attaching ---- */

static void free_from(struct ez_tap *tap)
{
	struct ez_tap *next;

	for (; tap; tap = next) {
		next = tap->next;
		if (tap->type->close)
			tap->type->close(tap);
		free(tap->data);
		free(tap);
	}
}

void chain_free(struct ez_device *dev)
{
	struct ez_tap *taps = dev->taps;

	dev->taps = NULL;
	free_from(taps);
}

static const struct ez_tap_type *find(const char *name, struct ez_error *error)
{
	char names[256] = "";
	size_t i;

	for (i = 0; ez_tap_types[i]; i++) {
		if (!strcmp(ez_tap_types[i]->name, name))
			return ez_tap_types[i];
		strncat(names, i ? ", " : "", sizeof(names) - strlen(names) - 1);
		strncat(names, ez_tap_types[i]->name, sizeof(names) - strlen(names) - 1);
	}
	error_set(error, "there is no tap \"%.64s\"; there are %s", name, names);
	return NULL;
}

/* Is the option that begins here, up to its comma, KEY=... of a key that the tap knows? */
static bool option_known(const struct ez_tap_type *type, const char *option)
{
	size_t len = strcspn(option, "=,");
	size_t i;

	for (i = 0; option[len] == '=' && type->options[i]; i++)
		if (strlen(type->options[i]) == len && !strncmp(type->options[i], option, len))
			return true;
	return false;
}

static int check_options(const struct ez_tap_type *type, const char *options,
			 struct ez_error *error)
{
	char names[256] = "";
	size_t i;

	while (*options && option_known(type, options)) {
		options += strcspn(options, ",");
		options += *options == ',';
	}
	if (!*options)
		return 0;
	for (i = 0; type->options[i]; i++) {
		strncat(names, i ? "=, " : "", sizeof(names) - strlen(names) - 1);
		strncat(names, type->options[i], sizeof(names) - strlen(names) - 1);
	}
	error_set(error, "tap %s has no option \"%.*s\"; it takes %s=", type->name,
		  (int)strcspn(options, ","), options, names);
	return -EINVAL;
}

static struct ez_tap *make(struct ez_device *dev, const char *name, const char *options,
			   struct ez_error *error)
{
	const struct ez_tap_type *type = find(name, error);
	struct ez_tap *tap;

	if (!type || check_options(type, options, error))
		return NULL;
	tap = calloc(1, sizeof(*tap));
	if (tap)
		tap->data = calloc(1, type->size + 1);
	if (!tap || !tap->data) {
		error_set(error, "tap %s: out of memory", name);
		free(tap);
		return NULL;
	}
	tap->type = type;
	tap->dev = dev;
	if (type->open(tap, options, error)) {
		free(tap->data);
		free(tap);
		return NULL;
	}
	return tap;
}

int ez_device_tap(struct ez_device *dev, const char *taps, struct ez_error *error)
{
	char *copy = strdup(taps);
	struct ez_tap *chain = NULL;
	struct ez_tap **end = &chain;
	char *save = NULL;
	char *one, *comma;

	if (!copy) {
		error_set(error, "taps: out of memory");
		return -ENOMEM;
	}
	for (one = strtok_r(copy, ";", &save); one; one = strtok_r(NULL, ";", &save)) {
		comma = strchrnul(one, ',');
		if (*comma)
			*comma++ = '\0';
		*end = make(dev, one, comma, error);
		if (!*end) {
			free_from(chain);
			free(copy);
			return -EINVAL;
		}
		end = &(*end)->next;
	}
	free(copy);
	for (end = &dev->taps; *end;)
		end = &(*end)->next;
	*end = chain;
	return 0;
}
