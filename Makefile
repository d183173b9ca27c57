# `make help` lists the targets. Each one makes what it needs first, so any of them works from a bare clone.
# As root on Debian 12 or later: packages are installed, the kernel is watched, and the lab boots a guest.

SHELL := /bin/bash
PYTHON := /usr/bin/python3
KERNEL := 6.12
HINTS := 1000000
SEED := 0
BIN := .venv/bin
PACKAGES := ca-certificates clang debian-archive-keyring e2fsprogs gcc git kmod libbpf-dev libc6-dev \
	libelf-dev llvm make mmdebstrap python3 python3-bpfcc python3-dev python3-venv zlib1g-dev
ENGINE_PACKAGES := g++
VAGRANT_PACKAGES := dosfstools libvirt-daemon mtools qemu-utils syslinux syslinux-common vagrant vagrant-libvirt

# A model's server on this machine's loopback is at 10.0.2.2 for a guest.
MODEL := $(OPENAI_BASE_URL)$(OPENAI_API_KEY)
GUEST_URL := $(subst localhost,10.0.2.2,$(subst 127.0.0.1,10.0.2.2,$(OPENAI_BASE_URL)))
GUEST_MODEL := $(if $(MODEL),--network $(if $(GUEST_URL),--env 'OPENAI_BASE_URL=$(GUEST_URL)') \
	$(foreach name,OPENAI_API_KEY OPENAI_MODEL,$(if $($(name)),--env $(name))))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

setup: .venv/ready  ## Install Debian packages, make .venv, compile the binding and the probes

demo: setup  ## Boot a machine with two memory tiers and watch two workloads being placed (3 min)
	$(BIN)/llamas-bpf lab run --topology tiers --out build/demo $(GUEST_MODEL) -- \
		python3 -m llamas_bpf.scenarios.demo
	@echo "Each decision, whole: $(BIN)/llamas-bpf explain --state build/demo/state [ID]"

# One after the other: what measures wants a quiet machine.
test: lint vagrant-validate test-host test-lab  ## Check style and types, run all but the slow tests: unit and kernel tests here, lab tests in a guest

lint: setup  ## Check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

test-host: test-unit test-guests test-kernel  ## Run all tests that are no lab tests

test-unit: setup .venv/bin/promtool  ## Run the unit tests
	$(BIN)/python -m pytest -n auto -m 'not slow' tests/unit

test-kernel: setup  ## Run the tests that use this machine's own kernel
	$(BIN)/python -m pytest -m 'not slow' --ignore-glob='*/test_lab_*' tests/kernel

test-guests: setup  ## Run the tests of the lab itself, which start guests
	$(BIN)/python -m pytest -m 'not slow' $(wildcard tests/kernel/test_lab_*.py)

test-noise: setup  ## Judge a hundred actions that do nothing on two minutes of this machine's own noise
	$(BIN)/python -m pytest -m slow tests/kernel/test_judge_noise.py

test-lab: setup  ## Run the tests that need a kernel of their own, in a guest
	$(BIN)/llamas-bpf lab test --kernel 6.12 --topology tiers -- -m 'not slow'

test-systemd: setup  ## Run the tests of changing systemd's units, in a guest where it is process 1
	$(BIN)/llamas-bpf lab test --kernel 6.12 --topology tiers --init systemd --out build/test-systemd \
		-- tests/lab/test_act_systemd.py

test-bcc: setup  ## Run the tests of the BCC backend in a guest (3 min; builds a disk with BCC, once)
	$(BIN)/llamas-bpf lab test --kernel 6.12 --topology flat --with python3-bpfcc --out build/test-bcc \
		-- $(wildcard tests/kernel/test_bcc_*.py)

test-crash: setup  ## Kill the controller a hundred times in a guest, and compare every knob with before (10 min)
	$(BIN)/llamas-bpf lab run --kernel $(KERNEL) --topology tiers --timeout 1800 -- \
		python3 -m pytest -s -p no:cacheprovider tests/lab/test_crash_run.py

test-fuzz: setup  ## Try a million hints on invented machines (HINTS=1000000, SEED=0; 4 min)
	HINTS=$(HINTS) SEED=$(SEED) $(BIN)/python -m pytest -s tests/fuzz

test-engine: setup build/engine/ready  ## Try the client on a real engine, llama.cpp, with a model of noise (builds it once; 15 min)
	ENGINE_PYTHON=build/engine/bin/python $(BIN)/python -m pytest -s tests/engine

test-matrix: setup test-systemd  ## Run the lab tests, slow ones too, on kernels 6.1, 6.12 and newest (45 min)
	$(BIN)/llamas-bpf lab matrix

test-topologies: setup  ## Check every topology in a guest, and what only one of them can show (KERNEL=6.12; 7 min)
	$(BIN)/llamas-bpf lab matrix --kernel $(KERNEL) --out build/lab-topologies \
		$(patsubst vagrant/topologies/%.toml,--topology %,$(wildcard vagrant/topologies/*.toml)) \
		-- tests/lab/test_topology.py tests/lab/test_boot.py tests/lab/test_act_page_moves.py \
		tests/lab/test_place_device.py tests/lab/test_device_text_guest.py

clean:  ## Remove what was built here (the lab's cache stays: see `llamas-bpf lab clean`)
	rm -rf .venv build llamas_bpf/bpf llamas_bpf/native/_native.* *.egg-info

# Without news of Vagrant's releases from its makers.
vagrant-up: vagrant-box  ## Bring up a machine with Vagrant (TOPOLOGY=tiers), and libvirt where none runs
	vagrant/libvirt start
	cd vagrant && VAGRANT_CHECKPOINT_DISABLE=1 vagrant up

vagrant-down: setup .venv/vagrant-packages  ## Remove that machine, and stop the libvirt that vagrant-up started
	cd vagrant && VAGRANT_CHECKPOINT_DISABLE=1 vagrant destroy -f
	vagrant/libvirt stop

vagrant-box: setup .venv/vagrant-packages  ## Build the box for it from Debian's packages (3 min, once)
	$(BIN)/python -m llamas_bpf.lab.vagrant

# Vagrant keeps a home and writes beside the Vagrantfile even for this: let it, but in build/.
vagrant-validate: setup .venv/vagrant-packages  ## Check the Vagrantfile, and what starts a libvirt for it
	cd vagrant && ACCELERATOR=tcg VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_HOME=$(CURDIR)/build/vagrant/home \
		VAGRANT_DOTFILE_PATH=$(CURDIR)/build/vagrant/machine vagrant validate
	$(BIN)/python -m pytest tests/vagrant

# Asking dpkg is quick; apt runs only when something is missing. policy-rc.d keeps packages from starting
# services (invoke-rc.d(8)); one that is there already is the administrator's and stays.
.venv/packages: WANTED := $(PACKAGES)
.venv/vagrant-packages: WANTED := $(VAGRANT_PACKAGES)
.venv/engine-packages: WANTED := $(ENGINE_PACKAGES)
.venv/vagrant-packages .venv/engine-packages: | .venv/packages
.venv/packages .venv/vagrant-packages .venv/engine-packages: Makefile
	@mkdir -p .venv
	@missing=$$(dpkg-query -W -f '$${Package} $${db:Status-Status}\n' $(WANTED) 2>/dev/null \
		| awk '$$2 == "installed" { print $$1 }' | sort | comm -13 - <(printf '%s\n' $(WANTED) | sort)); \
	if [ -n "$$missing" ]; then \
		echo "Installing:" $$missing; \
		if [ ! -e /usr/sbin/policy-rc.d ]; then \
			printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d; \
			trap 'rm -f /usr/sbin/policy-rc.d' EXIT; \
		fi; \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive \
			apt-get install -q -y --no-install-recommends $$missing; \
	fi
	@touch $@

# Editable, so that the tree itself runs; llamas_bpf/native/build.py compiles what is older than its sources.
.venv/ready: .venv/packages pyproject.toml setup.cfg \
		$(wildcard bpf/* bpf/bcc/*.* bpf/bench/* llamas_bpf/native/*.[ch]) \
		llamas_bpf/native/build.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q 'setuptools>=77' 'cffi>=1.17'
	$(BIN)/pip install -q --no-build-isolation -e '.[test]'
	@touch $@

# Unpacked only: to install Debian's prometheus would make it a service that starts with the machine.
.venv/bin/promtool: | .venv/ready
	cd .venv && { apt-get download -q prometheus || { apt-get update -q && apt-get download -q prometheus; }; }
	dpkg-deb --fsys-tarfile .venv/prometheus_*.deb | tar -xO ./usr/bin/promtool >$@.new
	rm .venv/prometheus_*.deb
	chmod 755 $@.new
	mv $@.new $@

# In an environment of its own: it has nothing to do with what runs here, and takes minutes to compile, the half
# of them for models that see and hear, which are left out.
build/engine/ready: | .venv/engine-packages
	$(PYTHON) -m venv build/engine
	CMAKE_ARGS=-DLLAVA_BUILD=OFF build/engine/bin/pip install -q 'llama-cpp-python[server]>=0.3' 'gguf>=0.17'
	@touch $@

.PHONY: help setup demo test lint test-host test-unit test-kernel test-guests test-lab test-noise test-systemd \
	test-bcc test-crash test-fuzz test-engine test-matrix test-topologies clean vagrant-up vagrant-down \
	vagrant-box vagrant-validate
