"""Team slugs: derived from a name where the API sends none, and told apart from placeholders. Pure."""

import re
from functools import lru_cache
from typing import Final

from models.reference import canonical_team

_NOT_IN_A_SLUG: Final = re.compile(r"[^a-z0-9]+")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
_PLACEHOLDER: Final = re.compile(
    r"""
      (.*-)? tb[ad] ([0-9]+|-.*)?                                    # tba, tbd, tba-2, duke-tba
    | to-be-(determined|announced|decided) | undecided
    | (winner|loser)s? -? (of|game|gm|match|semi.*|quarter.*|[0-9]+) (-.*)?  # winner-of-game-3
    | (.*-)? ([0-9]{1,2}(st|nd|rd|th)? | (high|low)(er|est)?) -seed  # no-1-seed, highest-seed
    | seed-[0-9]{1,2}
    """,
    re.VERBOSE,
)


def slug_from_name(name: str) -> str:
    """Returns the slug for a team's name; empty if the name has neither letters nor digits."""
    return _NOT_IN_A_SLUG.sub("-", name.lower()).strip("-")


@lru_cache(maxsize=4096)
def is_placeholder(slug: str) -> bool:
    """Returns whether a slug stands for an undecided team, such as `tba` or `winner-of-game-3`."""
    return _PLACEHOLDER.fullmatch(slug) is not None


@lru_cache(maxsize=4096)
def team_slug(slug: str) -> str:
    """Returns the canonical slug of a team.

    Raises:
        ValueError: the text is not a slug.
    """
    slug = slug.lower()
    if _SLUG.fullmatch(slug) is None:
        raise ValueError(f"{slug!r} is not a slug")
    return canonical_team(slug)
