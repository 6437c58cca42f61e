"""Packaging: what pip installs. Engines are extras; numpy and h5py are the only hard dependencies.

TensorFlow requires a distribution named `keras` (>=3.12). This one satisfies it, provided that pip sees both
in one call (`pip install "keras[tensorflow]"`) or sees this one first; then no second `keras` is fetched.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "keras/version.py").read_text("utf-8")).group(1)

# The CPU wheel of TensorFlow exists for x86-64 Linux and Windows only; elsewhere the plain one has no GPU parts anyway.
X86 = "platform_machine in 'x86_64 AMD64' and sys_platform != 'darwin'"
OTHER = "platform_machine not in 'x86_64 AMD64' or sys_platform == 'darwin'"
LINUX_X86 = f"{X86} and sys_platform == 'linux'"
ONEDNN = f"onednn-cpu-gomp>=2023.2; {LINUX_X86}"

ENGINES = {
    "numpy": [ONEDNN],  # which it does without
    "tensorflow": [f"tensorflow-cpu>=2.18; {X86}", f"tensorflow>=2.18; {OTHER}", ONEDNN],
    "theano": ["pytensor>=3", ONEDNN],
    "cntk": [f"pybind11>=2.13; {LINUX_X86}", ONEDNN],  # then: python -m keras install cntk
}
PLOT = ["matplotlib>=3.8"]
CONSOLE = ["rich>=13"]
YAML = ["pyyaml>=6"]
EXAMPLES = ["mlxtend>=0.23.1", *PLOT, *CONSOLE]

setup(
    name="keras",
    version=VERSION,
    description="Deep learning for people: one program, several engines",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11",
    packages=find_packages(include=["keras", "keras.*"]),
    package_data={"keras": ["py.typed"], "keras.backend.cntk": ["native/*.cpp", "native/*.h"]},
    install_requires=["numpy>=1.26", "h5py>=3.11"],
    extras_require={
        **ENGINES,
        "engines": sorted({requirement for engine in ENGINES.values() for requirement in engine}),
        "plot": PLOT,
        "console": CONSOLE,
        "yaml": YAML,
        "examples": EXAMPLES,
        # bfloat16 for NumPy; tensorflow brings it, too
        "test": [
            "pytest>=8",
            "pytest-xdist>=3.5",
            "hypothesis>=6",
            "scipy>=1.11",
            "ml_dtypes>=0.4",
            *EXAMPLES,
            *YAML,
        ],
        "dev": ["ruff>=0.6", "mypy>=1.11"],
    },
)
