# What a person types most; each line is also what CI runs or the README says.

.PHONY: help install up down test slow lint format docs hooks

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "%-8s %s\n", $$1, $$2}' Makefile

install: ## Everything to develop with, into .venv
	uv sync

up: ## The whole stack with a simulated API, UI on http://localhost:3000
	uv run gamepulse up --simulate

down: ## Stop the embedded database, which outlives `make up`
	uv run gamepulse down

test: ## The tests, against a real PostgreSQL
	uv run pytest

slow: ## The suites that take minutes: whole seasons, and real Dagster daemons
	uv run pytest -m slow
	uv run pytest -m daemon

lint: ## Style, types, and whether Dagster can load the code
	uv run ruff check .
	uv run ruff format --check .
	uv run mypy
	uv run dagster definitions validate -m pipelines.definitions

format: ## Mend what can be mended by itself
	uv run ruff check --fix .
	uv run ruff format .

docs: ## docs/data-model.md, from the models
	uv run python scripts/data_model.py

hooks: ## The same checks before each commit
	uv run pre-commit install
