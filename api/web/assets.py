"""What pages are drawn with: our own sheet and script, and beside them what the build fetched (hatch_build.py).

All of it lies under one address that holds its digest, so a browser may keep it for ever: what has changed has another
address.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FOLDER = Path(__file__).parents[1]
OURS, FETCHED = FOLDER / "static", FOLDER / "vendor"
FOR_EVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Both folders, as one."""

    def __init__(self) -> None:
        super().__init__(packages=[("api", OURS.name), ("api", FETCHED.name)])

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, to be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER
        return response


@lru_cache
def root() -> str:
    """The address they lie under. Raises RuntimeError where the build has left nothing."""
    if not (FETCHED / "made-from").is_file():
        raise RuntimeError("The pages' look is not there. Install the project again, with the network up: dev.py run")
    digest = hashlib.sha256()
    files = [path for folder in (OURS, FETCHED) for path in folder.rglob("*") if path.is_file()]
    for file in sorted(files):
        digest.update(f"{file.relative_to(FOLDER)}\0".encode() + file.read_bytes())
    return f"/assets/{digest.hexdigest()[:16]}"
