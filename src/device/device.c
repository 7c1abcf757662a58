/* SPDX-License-Identifier: BSD-2-Clause */
/* A device's life: made, reset, pulled, freed. */
#include "device/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void device_gate(struct ez_function *f)
{
	struct ez_device *dev = f->dev;

	f->shut = f->gone || pci_power(&f->pci) != PCI_D0;
	if (f->hidden == f->shut)
		return;
	f->hidden = f->shut;
	if (dev->backend->windows)
		dev->backend->windows(dev->be, f->number, !f->hidden);
}

void device_quiesce(struct ez_function *f)
{
	job_cancel_all(f);
	timer_disarm_all(f);
}

void device_reset(struct ez_function *f, enum ez_reset_kind kind)
{
	void (*reset)(void *state, enum ez_reset_kind kind) = device_hook(f->dev, reset);
	bool was = device_enter(f);

	if (kind != EZ_RESET_SOFTWARE) {
		device_quiesce(f);
		irq_reset(f);
		f->coincide = EZ_NONE;
	}
	regs_reset(f->spec, f->state, kind);
	/* While the card is pulled they stay all-ones: some guest may still have them mapped. */
	if (!f->gone)
		window_reset(f, kind);
	if (reset)
		reset(f->state, kind);
	irq_update(f);
	device_leave(f, was);
}

static void send_reset(struct ez_function *f, enum ez_reset_kind kind)
{
	struct ez_crossing x = { .kind = EZ_CROSSING_RESET, .fn = f->number, .reset = kind };

	chain_send(f->dev, &x);
}

void ez_reset(struct ez_function *f)
{
	send_reset(f, EZ_RESET_SOFTWARE);
}

void device_ask_reset(struct ez_function *f, enum ez_reset_kind kind)
{
	if (!f->busy) {
		send_reset(f, kind);
		return;
	}
	/* Kinds are in the order of what they reset: the first asks for most. */
	if (!f->reset_due || kind < f->reset_kind)
		f->reset_kind = kind;
	f->reset_due = true;
}

void device_run_due(struct ez_function *f)
{
	f->reset_due = false;
	if (!f->gone)
		send_reset(f, f->reset_kind);
}

int ez_device_reset(struct ez_device *dev, unsigned int fn, enum ez_reset_kind kind)
{
	struct ez_function *f = device_function(dev, fn);

	if (!f)
		return -ENODEV;
	if (kind == EZ_RESET_SOFTWARE || (unsigned int)kind >= EZ_RESET_KINDS)
		return -EINVAL;
	/* Ours even where theirs is of record: the reset hook must find the gates as after reset. */
	pci_reset(&f->pci, kind);
	if (!config_is_theirs(dev))
		config_tell(f);
	device_gate(f);
	device_ask_reset(f, kind);
	return 0;
}

static void set_gone(struct ez_function *f, bool gone)
{
	if (gone)
		device_quiesce(f);
	f->gone = gone;
	device_gate(f);
	irq_update(f);
}

void ez_device_yank(struct ez_device *dev, bool gone)
{
	struct ez_function *f = &dev->function;
	bool was = f->gone;

	/* RAM has lost what it held. Zeros before it is shown, all-ones when it is not any more. */
	if (was && !gone) {
		window_reset(f, EZ_RESET_POWER_ON);
		f->gone = false;
		device_ask_reset(f, EZ_RESET_POWER_ON);
	}
	set_gone(f, gone);
	if (gone && !was)
		window_pulled(f);
}

void ez_random(struct ez_function *f, void *buf, size_t len)
{
	struct ez_crossing x = {
		.kind = EZ_CROSSING_RANDOM, .fn = f->number, .data = buf, .length = len
	};

	chain_send(f->dev, &x);
}

static int init_function(struct ez_device *dev)
{
	struct ez_function *f = &dev->function;
	const struct ez_spec *spec = dev->spec;
	uint32_t i;
	int err;

	f->dev = dev;
	f->spec = spec;
	f->coincide = EZ_NONE;
	/* Arrays of none are still arrays: one element more keeps calloc(0) away. */
	f->state = calloc(1, spec->state_size + sizeof(void *));
	f->raised = calloc(spec->n_irqs + 1, 1);
	f->told = calloc(spec->n_irqs + 1, 1);
	f->route = calloc(spec->n_irqs + 1, sizeof(*f->route));
	f->sent = calloc(spec->n_irqs + 1, sizeof(*f->sent));
	f->deadline = calloc(spec->n_timers + spec->n_jobs + 1, sizeof(*f->deadline));
	if (!f->state || !f->raised || !f->told || !f->route || !f->sent || !f->deadline)
		return -ENOMEM;
	irq_reset(f);
	/* The first member of every state struct, by the generated header's assertion. */
	*(struct ez_function **)f->state = f;
	for (i = 0; i < spec->n_timers + spec->n_jobs; i++)
		f->deadline[i] = EZ_NEVER;
	for (i = 0; i < spec->n_irqs; i++)
		f->levels |= spec->irqs[i].type == EZ_IRQ_LEVEL;
	err = log_init(f);
	if (!err)
		err = pci_init(&f->pci, spec);
	for (i = 0; i < spec->n_bars && !err; i++)
		err = regs_map_init(&f->map[spec->bars[i].number], spec, &spec->bars[i]);
	return err ? err : job_init(dev);
}

/* Attaches what the environment asks for, so that every backend has the same taps. */
static int attach_taps(struct ez_device *dev, struct ez_error *error)
{
	const char *taps = getenv("ERSATZ_TAPS");
	struct ez_error why;

	if (!taps || !*taps || ez_device_tap(dev, taps, &why) == 0)
		return 0;
	error_set(error, "ERSATZ_TAPS: %.700s", why.text);
	return -EINVAL;
}

static int bring_up(struct ez_device *dev, const struct ez_setting *settings, size_t n,
		    struct ez_error *error)
{
	int (*create)(void *state);
	struct ez_function *f = &dev->function;
	struct ez_crossing plug = { .kind = EZ_CROSSING_PLUG };
	int err = init_function(dev);
	bool was;

	if (err) {
		error_set(error,
			  err == -ENOMEM ? "%s: out of memory"
					 : "%s: its tables break a rule of PCI; run `ersatz spec "
					   "check` and rebuild",
			  dev->id);
		return err;
	}
	err = window_init(f, error);
	if (!err)
		err = setting_init(f, settings, n, error);
	if (err)
		return err;
	err = attach_taps(dev, error);
	if (err)
		return err;
	dev->born = dev->backend->now(dev->be);
	regs_reset(f->spec, f->state, EZ_RESET_POWER_ON);
	create = device_hook(dev, create);
	if (create) {
		was = device_enter(f);
		err = create(f->state);
		device_leave(f, was);
		if (err) {
			error_set(error, "%s: the model refused to be made: %s", dev->id,
				  strerror(-err));
			return err;
		}
	}
	dev->created = true;
	chain_send(dev, &plug);
	/* After create, so that the reset hook finds what create made. */
	device_reset(f, EZ_RESET_POWER_ON);
	return 0;
}

struct ez_device *ez_device_new(const struct ez_model *model, const char *id,
				const struct ez_backend *backend, void *be,
				const struct ez_setting *settings, size_t n_settings,
				struct ez_error *error)
{
	struct ez_device *dev;

	if (backend->size != sizeof(*backend)) {
		error_set(error, "%s: the backend was built for another version of libersatz", id);
		return NULL;
	}
	dev = calloc(1, sizeof(*dev));
	if (dev)
		dev->id = strdup(id);
	if (!dev || !dev->id) {
		error_set(error, "%s: out of memory", id);
		free(dev);
		return NULL;
	}
	dev->model = model;
	dev->spec = model->spec;
	dev->backend = backend;
	dev->be = be;
	if (bring_up(dev, settings, n_settings, error)) {
		ez_device_free(dev);
		return NULL;
	}
	return dev;
}

void ez_device_free(struct ez_device *dev)
{
	struct ez_crossing unplug = { .kind = EZ_CROSSING_UNPLUG };
	struct ez_function *f;
	void (*destroy)(void *state);
	uint32_t i;

	if (!dev)
		return;
	f = &dev->function;
	if (dev->created) {
		set_gone(f, true);
		chain_send(dev, &unplug);
		log_summary(f);
		destroy = device_hook(dev, destroy);
		if (destroy) {
			device_enter(f);
			destroy(f->state);
		}
	}
	chain_free(dev);
	job_free(dev);
	window_free(f);
	pci_free(&f->pci);
	if (f->state)
		setting_free(f);
	for (i = 0; i < EZ_BARS; i++)
		regs_map_free(&f->map[i]);
	free(f->said);
	free(f->said_field);
	free(f->field_base);
	free(f->deadline);
	free(f->told);
	free(f->route);
	free(f->sent);
	free(f->raised);
	free(f->state);
	free(dev->id);
	free(dev);
}

bool ez_device_is_busy(const struct ez_device *dev)
{
	return dev->function.busy;
}

const struct ez_spec *ez_device_spec(const struct ez_device *dev)
{
	return dev->spec;
}

const char *ez_device_id(const struct ez_device *dev)
{
	return dev->id;
}
