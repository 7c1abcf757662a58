# SPDX-License-Identifier: BSD-2-Clause
# The front door. `make` builds build/ersatz; `make demo` shows what it does; `make test` proves it.
# Packages that are missing are named, then installed (as root or through sudo).

BUILD ?= build
MESON ?= /usr/bin/meson
prefix = /usr/local
PREFIX ?= $(prefix)
ERSATZ = $(BUILD)/ersatz
BUILDS = MESON="$(MESON)" PREFIX="$(PREFIX)" scripts/build

.PHONY: all setup demo test test-debug perf fuzz sanitize check install clean help

all: setup
	@$(BUILDS) $(BUILD)

setup:
	@scripts/packages install build

# No more than it shows: one round of packages, the command, what goes into a guest.
demo:
	@scripts/packages install build guest
	@$(BUILDS) $(BUILD) ersatz src/lab/ersatz-agent
	@scripts/demo $(ERSATZ)

test:
	@scripts/packages install build test
	@$(BUILDS) $(BUILD)
	@scripts/test $(BUILD)

# The drivers once more, under a kernel that finds their faults (minutes to build, once), and under
# the eyes of the kernel's reviewers' tools.
test-debug: all
	@scripts/test-debug $(BUILD)
	@scripts/check-drivers $(BUILD)

perf: all
	@perf/run $(BUILD)

# Unit tests once more, under ASan and UBSan.
sanitize: setup
	@scripts/sanitize $(BUILD)-sanitize

# Every fuzz target for SECONDS each; SEED: the same inputs each time.
SECONDS ?= 20
SEED ?= 0
fuzz: all
	@scripts/packages install check
	@scripts/fuzz $(BUILD) $(SECONDS) $(SEED)

# What a reader of the code checks: licences, format, size of files.
check:
	@scripts/packages install check
	@scripts/check

install: all
	@$(MESON) configure $(BUILD) -Dprefix=$(PREFIX)
	@$(BUILDS) $(BUILD)
	DESTDIR="$(if $(DESTDIR),$$(realpath -ms "$(DESTDIR)"))" $(MESON) install -C $(BUILD) --no-rebuild --quiet

clean:
	rm -rf $(BUILD) $(BUILD)-sanitize
	find devices tests -type d -name build -prune -exec rm -rf {} +

help:
	@echo "make            build $(ERSATZ)"
	@echo "make demo       boot a guest with a PCI device that exists only as a model, and use it"
	@echo "make test       every test: unit, bus level, guest"
	@echo "make test-debug guest tests under a kernel that finds drivers' faults; checkpatch, sparse"
	@echo "make perf       measure; figures to $(BUILD)/perf.json"
	@echo "make sanitize   unit tests under ASan and UBSan"
	@echo "make fuzz       fuzz targets, SECONDS=20 each; SEED=1: the same inputs each time"
	@echo "make check      licences, format, file sizes"
	@echo "make install    to prefix ($(PREFIX)); honours DESTDIR"
	@echo "make clean      remove what was built; the cache of QEMU and kernels stays"
