"""Links from the catalog to the code."""

import warnings
from pathlib import Path

import dagster as dg

from pipelines.settings import PROJECT, REPOSITORY


def source_code(file: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Metadata that links an asset to a Python file of this project, as the repository has it."""
    path = Path(file).resolve().relative_to(PROJECT).as_posix()
    with warnings.catch_warnings():
        # Dagster calls its code references beta, which would be said on every command line.
        warnings.simplefilter("ignore", dg.BetaWarning)
        link = dg.UrlCodeReference(url=f"{REPOSITORY}/blob/main/{path}", label=path)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[link])}
