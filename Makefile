# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front door: installs what is missing, then calls meson. All that is built is described in meson.build.
#
#	make [all]			build
#	make run ARGS='show -p 1 -J'	build, then run mmcpus with these arguments, as root where sudo allows it
#	make check			build and run every test that this machine can run
#	make check-vm			boot kernels, stock and patched, and test on them: 45 minutes, and 25 more to build them once
#	make bench			measure against what a user would use instead
#	make install [DESTDIR=] [PREFIX=/usr/local]
#	make clean			remove the build directory
#
# BUILD=DIR builds elsewhere than in build/; SETUP='-Dname=value' passes options to the first meson setup.

BUILD ?= build
PREFIX ?= /usr/local
SETUP ?=
ARGS ?=

SUDO = $(shell [ "$$(id -u)" = 0 ] || command -v sudo)

# $(call option,NAME,JSON-VALUE,VALUE): see to it that the build directory is configured with NAME=VALUE.
option = grep -qF '"name": "$1", "value": $2,' $(BUILD)/meson-info/intro-buildoptions.json || \
	meson configure -D$1='$3' $(BUILD)

.PHONY: all run check check-vm bench install clean packages packages-check quiet

all: packages $(BUILD)/build.ninja
	@ninja -C $(BUILD)

run: quiet
	@$(SUDO) $(BUILD)/cli/mmcpus $(ARGS)

# The log of an earlier run must not be counted if the tests do not even build.
check: packages-check $(BUILD)/build.ninja
	@$(call option,tests,true,true)
	@rm -f $(BUILD)/meson-logs/testlog.json
	@meson test -C $(BUILD) --print-errorlogs; status=$$?; scripts/count-tests $(BUILD) && exit $$status

check-vm: $(BUILD)/build.ninja
	@scripts/install-packages build check vm
	@$(call option,tests,true,true)
	@ninja -C $(BUILD)
	@tests/vm/check $(BUILD) $(SCENE)

bench: quiet
	@scripts/install-packages bench || echo 'measuring without them' >&2
	@meson test -C $(BUILD) --benchmark --verbose

install: packages $(BUILD)/build.ninja
	@$(call option,prefix,"$(PREFIX)",$(PREFIX))
	@ninja -C $(BUILD)
	@DESTDIR='$(DESTDIR)' meson install -C $(BUILD) --no-rebuild
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" != 0 ] || PATH="$$PATH:/usr/sbin:/sbin" ldconfig

clean:
	@rm -rf $(BUILD)

packages:
	@scripts/install-packages build

packages-check:
	@scripts/install-packages build check

# Without tests, which need more packages: `make check` adds them.
$(BUILD)/build.ninja: | packages
	@meson setup --prefix '$(PREFIX)' -Dtests=false $(SETUP) $(BUILD) >&2

# Build with nothing on stdout, and nothing at all when there is nothing to do or to complain about.
quiet: packages $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet >/dev/null || ninja -C $(BUILD) >&2
