"""Links from the catalog to the code."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import dagster as dg

from pipelines.settings import PROJECT

CODE_REFERENCES = "dagster/code_references"


def source_code(file: str) -> dict[str, dg.CodeReferencesMetadataValue]:
    """Returns metadata that links an asset to a local file of this project."""
    path = Path(file).resolve()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # printed by every command otherwise
        link = dg.LocalFileCodeReference(file_path=str(path), label=path.relative_to(PROJECT).as_posix())
        return {CODE_REFERENCES: dg.CodeReferencesMetadataValue(code_references=[link])}


def link_to_repository(
    assets: Iterable[dg.AssetsDefinition | dg.AssetSpec], project_url: str | None
) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """Replaces the links to local files by links to branch `main` of the repository at `project_url`, if there is one.

    Dagster's `link_code_references_to_git` ignores an `AssetSpec`, and knows GitHub and GitLab only.
    """
    if project_url is None:
        return list(assets)

    def link(spec: dg.AssetSpec) -> dg.AssetSpec:
        references = spec.metadata.get(CODE_REFERENCES)
        if references is None:
            return spec
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", dg.BetaWarning)
            links = [
                dg.UrlCodeReference(url=f"{project_url.rstrip('/')}/blob/main/{file.label}", label=file.label)
                for file in references.code_references
            ]
            return spec.merge_attributes(
                metadata={CODE_REFERENCES: dg.CodeReferencesMetadataValue(code_references=list(links))}
            )

    return list(dg.map_asset_specs(link, assets))
