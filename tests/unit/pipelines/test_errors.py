"""The exception tree and the outline of it in its module."""

import inspect

from pipelines import errors
from pipelines.errors import GamePulseError


def outline(error: type[GamePulseError], before: str = "", indent: str = "") -> list[str]:
    """Returns the lines of a class and its subclasses."""
    children = [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
    lines = [before + error.__name__ + ("  *" if error.retryable else "")]
    for child in children:
        last = child is children[-1]
        lines += outline(child, indent + ("└── " if last else "├── "), indent + ("    " if last else "│   "))
    return lines


def test_the_outline_shows_every_class_its_base_and_whether_it_is_retryable() -> None:
    assert "\n".join(outline(GamePulseError)) in (inspect.getdoc(errors) or "")
