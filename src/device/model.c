/* SPDX-License-Identifier: BSD-2-Clause */
/* Models: opening a shared object and believing what it says about itself. */
#include "device/device.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>

/* What libersatz needs to know to close a model: models export one struct, not a handle. */
struct open_model {
	const struct ez_model *model;
	void *handle;
	struct open_model *next;
};

static struct open_model *open_models;

static int check(const struct ez_model *model, const char *path, struct ez_error *error)
{
	if (model->abi != EZ_ABI) {
		error_set(error,
			  "%s: built for ABI %u of Ersatz, this is ABI %u; rebuild it with `ersatz "
			  "build`",
			  path, model->abi, EZ_ABI);
		return -EINVAL;
	}
	if (model->size < offsetof(struct ez_model, create) || !model->spec || !model->spec->name) {
		error_set(error, "%s: its %s is damaged; rebuild it with `ersatz build`", path,
			  EZ_MODEL_SYMBOL);
		return -EINVAL;
	}
	return 0;
}

const struct ez_model *ez_model_open(const char *path, struct ez_error *error)
{
	char full[PATH_MAX];
	struct open_model *m;

	/* Without a slash dlopen would search the system's libraries. */
	if (!realpath(path, full)) {
		error_set(error, "%s: no such model: %m", path);
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (!m) {
		error_set(error, "%s: out of memory", path);
		return NULL;
	}
	m->handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
	if (!m->handle) {
		error_set(error, "%s: cannot be loaded: %s", path, dlerror());
		free(m);
		return NULL;
	}
	m->model = dlsym(m->handle, EZ_MODEL_SYMBOL);
	if (!m->model)
		error_set(error, "%s: is not a model: it exports no %s", path, EZ_MODEL_SYMBOL);
	if (!m->model || check(m->model, path, error)) {
		dlclose(m->handle);
		free(m);
		return NULL;
	}
	m->next = open_models;
	open_models = m;
	return m->model;
}

void ez_model_close(const struct ez_model *model)
{
	struct open_model **at, *m;

	for (at = &open_models; (m = *at); at = &m->next) {
		if (m->model != model)
			continue;
		*at = m->next;
		dlclose(m->handle);
		free(m);
		return;
	}
}
