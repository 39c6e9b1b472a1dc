# Short names for the usual commands. CI runs the same ones.

.PHONY: help install up down test slow lint format docs hooks

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile

install: ## Install the development environment into .venv
	uv sync

up: ## Start the stack with a simulated API; UI on http://localhost:3000
	uv run gamepulse up --simulate

down: ## Stop the embedded database, which keeps running after `make up`
	uv run gamepulse down

test: ## Run the tests against a real PostgreSQL
	uv run pytest

slow: ## Run the suites that take minutes: whole seasons and real Dagster daemons
	uv run --group notebook pytest -m slow
	uv run pytest -m daemon

lint: ## Check style, types, import contracts and Dagster's definitions
	uv run ruff check .
	uv run ruff format --check .
	uv run mypy
	uv run lint-imports
	uv run dagster definitions validate -m pipelines.definitions

format: ## Format the code and apply automatic fixes
	uv run ruff check --fix .
	uv run ruff format .

docs: ## Write docs/data-model.md from the models
	uv run python scripts/data_model.py

hooks: ## Install the pre-commit hooks
	uv run pre-commit install
