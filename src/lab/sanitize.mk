# SPDX-License-Identifier: BSD-2-Clause
# The program that serves a model with its sanitizers: the vfio-user backend and all below it,
# compiled like the model. src/lab/sanitize.c runs this in a folder of the cache, where src and
# include are links, and gives CC and FLAGS.
parts := regs pci device taps backends/vfio_user
sources := $(foreach part,$(parts),$(wildcard src/$(part)/*.c))
objects := $(sources:src/%.c=obj/%.o)
json := $(shell pkg-config --cflags json-glib-1.0)
libs := $(shell pkg-config --libs json-glib-1.0)

# The model finds the SDK's functions in the program itself.
ersatz-serve: $(objects)
	$(CC) $(FLAGS) -rdynamic -pthread -o $@ $(objects) $(libs) -ldl

obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -std=gnu11 -O1 -g -pthread -D_GNU_SOURCE -DEZ_BUILDING_LIBERSATZ \
		-fvisibility=hidden -I include -I src $(json) -c -o $@ $<
