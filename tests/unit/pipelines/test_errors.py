"""The exception tree and the outline of it in its module."""

import inspect

from pipelines import errors
from pipelines.errors import GamePulseError


def outline(error: type[GamePulseError], before: str = "", indent: str = "") -> list[str]:
    """Returns the lines of a class and its subclasses, which are as local as it is."""
    children = [child for child in error.__subclasses__() if child.__module__ == errors.__name__]
    marks = "*" * error.retryable, "+" * ("is_local" in vars(error) and error.is_local)
    lines = [f"{before}{error.__name__}  {' '.join(filter(None, marks))}".rstrip()]
    for child in children:
        last = child is children[-1]
        lines += outline(child, indent + ("└── " if last else "├── "), indent + ("    " if last else "│   "))
    return lines


def test_the_outline_shows_every_class_its_base_and_whether_it_is_retryable() -> None:
    assert "\n".join(outline(GamePulseError)) in (inspect.getdoc(errors) or "")
