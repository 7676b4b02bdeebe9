.PHONY: check test slow bless format bench

check: format  ## everything quick: format, lint, types, floors, tests
	ruff check --fix .
	mypy
	lint-imports
	python -m pytest -n auto

test:  ## the quick tests
	python -m pytest -n auto

slow:  ## crash, fuzz and real-data suites
	python -m pytest -n auto -m "slow or realdata" --timeout 600

bless:  ## rewrite golden expectations; read the diff
	python -m pytest tests/golden --bless

format:
	ruff format .

bench:  ## side-by-side speed, printed as ratios
	python -m tests.benchmarks
