"""Pins the base images: `uv run python scripts/pin_images.py` adds the digests that their tags have today.

Names and tags are in Dockerfile and docker-compose.yml, as the defaults of PYTHON_IMAGE and POSTGRES_IMAGE. Renovate
makes the same change (renovate.json).
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILES = ("Dockerfile", "docker-compose.yml")
DEFAULT = re.compile(r"((?:PYTHON|POSTGRES)_IMAGE:-)([^}@]+)(@sha256:[0-9a-f]{64})?(?=})")


def digest_of(tagged: str) -> str:
    """Return the digest of a name and tag, such as `sha256:…`: of the index, which holds all platforms' images."""
    pulled = subprocess.run(["docker", "pull", tagged], check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603, S607
    [digest] = re.findall(r"^Digest: (sha256:[0-9a-f]{64})$", pulled, flags=re.MULTILINE)
    return str(digest)


def pinned(text: str) -> str:
    """Return the text with each default image at the digest of its tag."""
    return DEFAULT.sub(lambda found: f"{found[1]}{found[2]}@{digest_of(found[2])}", text)


if __name__ == "__main__":
    for path in (ROOT / name for name in FILES):
        path.write_text(pinned(path.read_text()))
