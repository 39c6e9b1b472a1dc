"""Team slugs: derived from a name where the API sends none, and told apart from placeholders. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from models.reference import canonical_team, teams

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


# Letters that do not decompose into an ASCII letter and a mark.
_ASCII: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"\N{MODIFIER LETTER TURNED COMMA}": "", "\N{MODIFIER LETTER APOSTROPHE}": ""}  # Hawaiian
)


def slug_from_name(name: str) -> str:
    """Returns the slug for a team's name; empty if the name has neither letters nor digits.

    Letters of the Latin script lose their marks. A name in another script is spelled in Punycode (RFC 3492).
    """
    return _NOT_IN_A_SLUG.sub("-", _to_ascii(name)).strip("-")


def _to_ascii(text: str) -> str:
    text = unicodedata.normalize("NFC", text.casefold().translate(_ASCII))
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    if any(character.isalnum() and not character.isascii() for character in plain):
        return f"xn--{text.encode('punycode').decode()}"
    return plain


@lru_cache(maxsize=1024)
def division_i_conference(slug: str, season: int) -> str | None:
    """Returns the conference of a Division I team in a season; None for other teams."""
    return next((team.conference for team in teams(season) if team.slug == slug), None)


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
    slug = _to_ascii(slug)
    if _SLUG.fullmatch(slug) is None:
        raise ValueError(f"{slug!r} is not a slug")
    return canonical_team(slug)
