"""The official wheel of CNTK 2.7: fetched by pip, checked, and unpacked as far as needed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

from keras.backend.cntk.install.places import LIBRARIES, VERSION
from keras.errors import InstallError

SHA256 = "9873ecfb48f3c52dac03fa38c57ae0f8d4c5755c9d409d37ae234edcf756e978"
SIZE = 75_092_356


def fetch(folder: Path) -> Path:
    """Have pip put the wheel into `folder`, though it is for a Python that this one is not."""
    if importlib.util.find_spec("pip") is None:
        raise InstallError(f"{sys.executable} has no pip to fetch CNTK with. {_BY_HAND}")
    # fmt: off
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input",
        "--dest", str(folder), "--no-deps", "--only-binary", ":all:", "--platform", "manylinux1_x86_64",
        "--implementation", "cp", "--python-version", "3.6", "--abi", "cp36m", f"cntk=={VERSION}",
    ]
    # fmt: on
    outcome = subprocess.run(command, capture_output=True, text=True)
    found = sorted(folder.glob("cntk-*.whl"))
    if outcome.returncode or not found:
        raise InstallError(f"pip could not fetch CNTK:\n{outcome.stderr.strip()}\n{_BY_HAND}")
    return found[0]


def check(wheel: Path) -> None:
    """Refuse any file but Microsoft's: what is in it will be run."""
    if not wheel.is_file():
        raise InstallError(f"There is no file {wheel}. {_BY_HAND}")
    with wheel.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != SHA256:
        raise InstallError(
            f"{wheel} is not the official wheel of CNTK {VERSION}, and was not used.\n"
            f"Its SHA-256 is {digest},\nexpected was     {SHA256}. {_BY_HAND}"
        )


def unpack(wheel: Path, folder: Path) -> None:
    """Write the five libraries into `folder`."""
    with zipfile.ZipFile(wheel) as archive:
        for name in LIBRARIES:
            (folder / name).write_bytes(archive.read(f"cntk/libs/{name}"))


_BY_HAND = (
    f"The wheel is cntk-{VERSION}-cp36-cp36m-manylinux1_x86_64.whl from https://pypi.org/project/cntk/{VERSION}/#files; "
    "with a copy of it, no network is needed: python -m keras install cntk --wheel PATH."
)
