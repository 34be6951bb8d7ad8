# `make serve` and `make test` are all that one needs; both install what is missing (see .ci/setup.sh).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
ENV := source .ci/env.sh;
TRUNK := $(ENV) trunk
WASM := --target wasm32-unknown-unknown

.PHONY: help serve test setup setup-serve fmt lint lint-native lint-wasm built native programs dist wasm e2e size size-detail nightly bench bench-ring fuzz target-fallback-test clean

help: ## What can be made.
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

serve: setup-serve ## Build the page and serve it on http://127.0.0.1:8080/.
	@echo "Faultline will be at http://127.0.0.1:8080/ when the build is done (Ctrl-C ends it)."
	@$(TRUNK) serve --release --offline --locked

# The page is built with what the native tests have built already (.ci/own.sh), and beside it the tests of the wasm. Much of
# compiling waits for one processor: what is native and what is wasm share no folder, and are done side by side.
test: export OWN := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)/debug
test: export ALSO := --test wasm
test: setup fmt ## Everything that CI runs.
	@$(MAKE) --no-print-directory -j2 SIDE_BY_SIDE=1 native dist wasm
	@$(MAKE) --no-print-directory e2e

ifdef SIDE_BY_SIDE
built: lint-native
native: built
programs: lint-wasm
dist: built
wasm: programs
endif

setup: ## Install what the tests need.
	@.ci/setup.sh test

setup-serve: ## Install what building the page needs.
	@.ci/setup.sh serve

fmt: ## The formatting.
	$(ENV) cargo fmt --check

lint: lint-native lint-wasm ## Lints natively and for wasm32; warnings are errors.

lint-native:
	$(ENV) cargo clippy --locked --all-targets -- -D warnings
	$(ENV) cargo clippy --locked --test browser -- -D warnings

# As the page is built: what runs in the compiler is then built once for both.
lint-wasm:
	$(ENV) cargo clippy --locked --release $(WASM) --lib --bins --test wasm -- -D warnings

# With the browser's, so that they wait for nothing later.
built:
	$(ENV) cargo test --locked --no-run --bin split --test native --test heap --test browser

# Unit tests are quick to run and slow to compile: not optimised. What simulates by the thousand is in the others.
native: ## Native tests.
	$(ENV) CARGO_PROFILE_TEST_OPT_LEVEL=0 cargo test --locked --lib
	$(ENV) cargo test --locked --no-fail-fast --bin split --test native --test heap

wasm: ## Tests of the wasm in headless Chromium.
	$(ENV) CHROMEDRIVER=$$(command -v chromedriver) cargo test --locked --release $(WASM) --test wasm

# Trunk builds one program after another, and each is linked on one processor: built together first, they share all. The
# workers' programs, without or with a profile of their own:
WORKERS := $(shell sed -n 's/.*data-bin="\([a-z]*\)" data-type="worker" data-loader-shim data-bindgen.*/--bin \1/p' static/index.html)
SEARCH := $(shell sed -n 's/.*data-bin="\([a-z]*\)".*data-cargo-profile-release="search".*/--bin \1/p' static/index.html)

programs:
	$(ENV) cargo build --locked $(WASM) --profile search --no-default-features $(SEARCH) & search=$$!; \
	  cargo build --locked $(WASM) --release --bin faultline $(WORKERS) $(ALSO); wait $$search

dist: programs ## Build the page into dist/.
	$(TRUNK) build --release --offline --locked

e2e: ## The built page, driven in Chromium (all tests in the whole of it: CHROMIUM_SHELL=chromium) and Firefox. Screenshots in target/screenshots.
	$(ENV) cargo test --locked --test browser

size: ## The sizes of what a visitor downloads; fails over the bounds.
	@node .ci/size.mjs

size-detail: ## The largest parts of page and engines, by crate, module and function.
	$(ENV) for bin in faultline engine; do \
	  cargo build --locked --quiet $(WASM) --release --bin $$bin; \
	  wasm-bindgen --target web --no-typescript --out-dir target/names target/wasm32-unknown-unknown/release/$$bin.wasm; \
	  node .ci/size-detail.mjs target/names/$${bin}_bg.wasm; \
	done

nightly: test target-fallback-test ## The tests and all slow ones.
	$(ENV) SEEDS=200000 cargo test --locked --profile fast --test native sweep:: -- --nocapture
	$(ENV) for lesson in lessons/*/lesson.toml; do \
	  cargo run --locked --quiet --profile fast -- lessons check $${lesson%/lesson.toml} --seeds 1000 || exit 1; \
	done
	$(ENV) for exercise in lessons/designs/*/exercise.toml; do \
	  cargo run --locked --quiet --profile fast -- lessons check $${exercise%/exercise.toml} --seeds 200 || exit 1; \
	done
	$(ENV) SEEDS=10 cargo test --locked --profile fast --test native hunts::each_planted_bug -- --nocapture
	$(ENV) cargo test --locked --manifest-path tests/manifest/Cargo.toml --target-dir target/manifest
	$(ENV) cargo test --locked --profile fast -- --ignored
	$(ENV) cargo test --locked --test browser -- --ignored through::
	$(ENV) CHROMIUM_SHELL=$${CHROMIUM:-chromium} cargo test --locked --test browser

# What the browser makes of the engine is measured on the same machine, one after the other: that ratio is what counts.
bench-ring: setup ## The engine's benchmark natively and in the browser, and their ratio.
	@mkdir -p target
	$(ENV) cargo bench --locked --profile fast --bench engine | tee target/ring.txt
	$(ENV) WASM_BINDGEN_TEST_TIMEOUT=600 cargo test --locked --release $(WASM) --test wasm -- --include-ignored --nocapture bench_ring | tee -a target/ring.txt
	@awk '/in flight/ { for (i = 1; i < NF; i++) if ($$i == "off") { \
	  if ($$1 != "wasm,") native[$$1] = $$(i + 1); \
	  else printf "%s in flight: the wasm delivers %.2f of what is delivered natively (wanted: 0.65)\n", $$2, $$(i + 1) / native[$$2] } }' target/ring.txt

bench: bench-ring dist ## The benchmarks: engine and explorer natively, Raft beside a peer, the engine in the browser, the page's frames.
	$(ENV) cargo bench --locked --profile fast --bench linear
	$(ENV) cargo bench --locked --profile fast --bench weak
	$(ENV) cargo bench --locked --profile fast --bench explorer
	$(ENV) cargo bench --locked --profile fast --bench load
	$(ENV) cargo run --locked --release --manifest-path benches/peer/Cargo.toml --target-dir target/peer
	$(ENV) WASM_BINDGEN_TEST_TIMEOUT=600 cargo test --locked --release $(WASM) --test wasm -- --include-ignored --nocapture --skip bench_explorer --skip bench_ring bench
	$(ENV) WASM_BINDGEN_TEST_TIMEOUT=600 cargo test --locked --profile search $(WASM) --test wasm -- --include-ignored --nocapture bench_explorer
	$(ENV) cargo test --locked --test browser -- --ignored --nocapture --test-threads 1 bench

fuzz: ## Every parser guided by coverage (SECONDS_EACH=30), then property tests with many more cases (CASES=n).
	@.ci/fuzz.sh
	$(ENV) PROPTEST_CASES=$${CASES:-20000} cargo test --locked --profile fast fuzz

target-fallback-test: ## The second way to the wasm target, in a scratch toolchain.
	@.ci/debian-wasm.sh --test

clean: ## Remove what was built; the tools stay.
	rm -rf dist target
