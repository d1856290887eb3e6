# Everything happens in .venv in this folder; nothing else on the machine is changed, except that a Linux
# machine without Qt's system libraries gets them by apt where this runs as root (else their names are printed).

PYTHON ?= python3
BIN := .venv/bin
QT_PACKAGES := libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0

# Importing Qt finds most of its libraries; the ones of the window system are looked up where they are used.
QT_WORKS := $(BIN)/python -c "import PySide6.QtWidgets" && { command -v ldd >/dev/null || exit 0; \
	! ldd .venv/lib/python3*/site-packages/PySide6/Qt/plugins/platforms/libqxcb.so | grep -q "not found"; }

.PHONY: setup run test lint types bench bench-files bench-window bench-training gallery fuzz format sample catalogue walk kills package package-test licences

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --compile-bytecode --editable ".[dev]"
	$(BIN)/python -m compileall -q fetalclip_app training bench
	$(QT_WORKS) 2>/dev/null || $(MAKE) --no-print-directory qt-libraries
	touch $@

.PHONY: qt-libraries
qt-libraries:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(QT_PACKAGES) >/dev/null; \
	else \
		echo "Qt needs system libraries. On Debian or Ubuntu: sudo apt-get install $(QT_PACKAGES)"; exit 1; \
	fi
	$(QT_WORKS)

# The window on the bundled sample; without a display the sample is analysed and the report's place is printed.
run: setup
	$(BIN)/python -m fetalclip_app demo

test: setup lint types
	QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The program beside the published recipe, three networks, about twelve minutes on two cores that do nothing else.
bench: setup
	$(BIN)/python -m bench --write docs/performance.md

bench-files: setup
	$(BIN)/python -m bench.files --out docs/performance-files.md

# Pictures of the main states, on scans that programs made; pdftoppm draws the page of the report where it is there.
gallery: setup
	$(BIN)/python -m bench.gallery

bench-window: setup
	$(BIN)/python -m bench.window --out docs/performance-window.md

bench-training: setup
	$(BIN)/python -m bench.training --out docs/performance-training.md

# Ten thousand damaged files through the readers; with FETALCLIP_DATA real scans are among those that are damaged.
fuzz: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m bench.fuzz --count 10000 --seed 4 --out docs/fuzzing.md

# Brings the catalogues of translations up to date with the source, compiles them, and prints what is missing.
catalogue: setup
	$(BIN)/python -m bench.catalogue

# Ten minutes of everything at random.
walk: setup
	$(BIN)/python -m bench.walk --minutes 10 --seed 1

# Kills the program 200 times while it keeps, reads and exports, and looks what is left.
kills: setup
	$(BIN)/python -m bench.kills --times 200 --seed 1 --out docs/archive.md

sample: setup
	$(BIN)/python -m training.make_sample

# The program as a folder that needs no Python, with the PyTorch that is installed here: dist/FetalCLIP-Studio.
package: setup
	$(BIN)/pyinstaller app.spec --noconfirm --log-level WARN --distpath dist --workpath build/package
	rm -rf build/package

# That program, in a difficult folder, without Python on the path and without a network: docs/packaging.md.
package-test: setup
	$(BIN)/python packaging/smoke.py dist/FetalCLIP-Studio --page docs/packaging.md

# The list of licences that the window shows; the build of the packaged program writes a fuller one of its own.
licences: setup
	$(BIN)/python packaging/licences.py
