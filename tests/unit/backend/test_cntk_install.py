"""`python -m keras install cntk`: all of it on a wheel and a compiler that pretend, and what is really installed here."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import zipfile

import pytest

from keras import __main__ as cli
from keras.backend import select
from keras.backend.cntk import install
from keras.backend.cntk.install import loading, module, mpi, needs, places, wheel
from keras.backend.processor import processor
from keras.errors import EngineMissingError, InstallError
from tests.processes import run_python

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="CNTK runs on Linux only")

COMPILER = """\
#!/bin/sh
case "$*" in
  *--version*) echo "pretend++ 1.0"; exit ;;
  *-print-prog-name=nm*) echo "{folder}/nm"; exit ;;
  *module.cpp*) echo run >> {folder}/compiled; sleep "${{PRETEND_SLEEP:-0}}"
                [ -z "$PRETEND_ERROR" ] || {{ echo "$PRETEND_ERROR" >&2; exit 1; }} ;;
esac
while [ "$1" != -o ]; do shift; done
echo built > "$2"
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home for CNTK."""
    monkeypatch.setenv("KERAS_CNTK_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / "cntk-2.7"


@pytest.fixture
def pretended(tmp_path, home, monkeypatch):
    """A wheel with five small files, and a compiler that writes a line."""
    path = tmp_path / "cntk.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in list(places.LIBRARIES):
            archive.writestr(f"cntk/libs/{name}", b"small")
            monkeypatch.setitem(places.LIBRARIES, name, 5)
        archive.writestr("cntk/libs/libzip.so.4", b"not needed")
    monkeypatch.setattr(wheel, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    for name, text in {"g++": COMPILER.format(folder=tmp_path), "nm": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("CXX", str(tmp_path / "g++"))
    return path


def compiled(wheel_path):
    """How often the module was compiled."""
    log = wheel_path.parent / "compiled"
    return len(log.read_text().split()) if log.exists() else 0


def contents(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_nothing_is_installed_in_an_empty_home(home, monkeypatch):
    monkeypatch.delitem(sys.modules, places.MODULE, raising=False)
    assert install.location() is None
    with pytest.raises(
        EngineMissingError, match=r'pip install "keras\[cntk\]", then: python -m keras install cntk'
    ):
        install.load()
    assert not home.parent.exists()


def test_the_folder_is_in_the_cache_of_the_user(home, monkeypatch, tmp_path):
    assert places.root() == home
    monkeypatch.delenv("KERAS_CNTK_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert places.root() == tmp_path / "keras" / "cntk-2.7"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.root() == tmp_path / ".cache" / "keras" / "cntk-2.7"


def test_a_user_without_a_home(monkeypatch):
    """As in some containers: the other engines go on, and only the installer complains."""
    for name in ("KERAS_CNTK_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(places.Path, "home", home)
    assert places.location() is None
    assert "tensorflow" in select.available()
    with pytest.raises(InstallError, match="KERAS_CNTK_HOME"):
        places.root()


def test_installing_twice_does_it_once(pretended, home, capsys):
    install.run(wheel=pretended, verify=False)
    assert install.location().read_text() == "built\n"
    assert contents(home) == sorted([".lock", install.location().parent.name, "libs"])
    assert contents(home / "libs") == sorted([*places.LIBRARIES, *places.STUBS])
    assert re.search(
        r"unpack .* s\n.*compile  the engine with pretend\+\+ 1.0 ... \d+\.\d s",
        capsys.readouterr().out,
        re.S,
    )
    install.run(wheel=pretended, verify=False)
    assert "already installed" in capsys.readouterr().out
    assert compiled(pretended) == 1


def test_force_does_it_again(pretended, home):
    for force in (False, True):
        install.run(wheel=pretended, verify=False, force=force)
    assert compiled(pretended) == 2
    assert install.location() is not None
    assert len(contents(home)) == 3


def test_new_sources_are_compiled_against_the_libraries_that_are_there(
    pretended, home, tmp_path, monkeypatch
):
    install.run(wheel=pretended, verify=False)
    old = install.location()
    monkeypatch.setattr(places, "SOURCES", shutil.copytree(places.SOURCES, tmp_path / "native"))
    (tmp_path / "native" / "cntk_abi.h").write_text("// another state")
    assert install.location() is None
    install.run(wheel=tmp_path / "not asked for", verify=False)
    assert install.location() not in (None, old)
    assert old.exists()


def test_a_damaged_library_is_replaced(pretended, home):
    install.run(wheel=pretended, verify=False)
    (home / "libs" / "libiomp5.so").write_bytes(b"")
    install.run(wheel=pretended, verify=False)
    assert (home / "libs" / "libiomp5.so").read_bytes() == b"small"
    assert compiled(pretended) == 1


def test_another_file_than_the_official_wheel_is_refused(pretended, home):
    pretended.write_bytes(pretended.read_bytes() + b"!")
    with pytest.raises(InstallError, match=r"(?s)not the official wheel.*SHA-256"):
        install.run(wheel=pretended, verify=False)
    assert contents(home) == [".lock"]


def test_a_wheel_that_is_not_there(pretended, home):
    with pytest.raises(InstallError, match="There is no file"):
        install.run(wheel=home / "nowhere.whl", verify=False)


def test_pip_without_a_network(pretended, home, monkeypatch):
    monkeypatch.setattr(
        wheel.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, "", "no route")
    )
    with pytest.raises(InstallError, match=r"(?s)no route.*--wheel PATH"):
        wheel.fetch(home)


def test_everything_that_is_missing_is_told_at_once(pretended, home, monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/g++")
    monkeypatch.setattr(needs.sysconfig, "get_path", lambda _: "/nowhere/include")
    monkeypatch.setattr(needs.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InstallError) as caught:
        install.run(wheel=pretended, verify=False)
    for line in (
        r"a C\+\+ compiler \(/nowhere/g\+\+.*apt-get install g\+\+ .*dnf install gcc-c\+\+",
        r"Python's headers \(/nowhere/include/Python.h\): apt-get install python3-dev .*python3-devel",
        "pybind11: .* -m pip install pybind11",
    ):
        assert re.search(line, str(caught.value))
    assert not home.parent.exists()


def test_other_machines_are_told(home, monkeypatch):
    monkeypatch.setattr(needs.platform, "machine", lambda: "aarch64")
    with pytest.raises(InstallError, match=r"Linux on x86-64 only; this is CPython on \w+ on aarch64"):
        install.run()


def test_a_full_disk_is_told_before_it_is_full(pretended, home, monkeypatch):
    monkeypatch.setattr(needs.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(InstallError, match="KERAS_CNTK_HOME"):
        install.run(wheel=pretended, verify=False)
    assert contents(home) == [".lock"]


def test_a_folder_that_cannot_be_written_into(pretended, home, monkeypatch, capsys):
    home.parent.mkdir()
    home.write_text("a file where the folder should be")
    monkeypatch.setitem(select._ADAPTERS, "cntk", _adapter())
    assert cli.main(["install", "cntk", "--wheel", str(pretended)]) == 1
    assert re.fullmatch(
        r"Nothing can be written into .*: File exists\. .*KERAS_CNTK_HOME\.\n", capsys.readouterr().err
    )
    assert home.read_text() == "a file where the folder should be"


def test_after_a_failed_compilation_the_libraries_stay_and_the_next_run_ends_it(pretended, home, monkeypatch):
    monkeypatch.setenv("PRETEND_ERROR", "module.cpp:1: no such thing")
    with pytest.raises(InstallError, match=r"module\.cpp:1: no such thing"):
        install.run(wheel=pretended, verify=False)
    assert contents(home) == [".lock", "libs"]
    assert install.location() is None
    monkeypatch.delenv("PRETEND_ERROR")
    install.run(verify=False)
    assert install.location() is not None


@pytest.mark.parametrize("part", [(wheel, "unpack"), (mpi, "build"), (module, "build")])
def test_an_interruption_leaves_nothing_unfinished(part, pretended, home, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(*part, interrupted)
    monkeypatch.setitem(select._ADAPTERS, "cntk", _adapter())
    assert cli.main(["install", "cntk", "--wheel", str(pretended)]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"
    assert contents(home) == ([".lock", "libs"] if part[0] is module else [".lock"])


def test_what_a_killed_installation_left_is_removed(pretended, home):
    (home / ".unfinished-abc" / "libs").mkdir(parents=True)
    install.run(wheel=pretended, verify=False)
    assert len(contents(home)) == 3


def test_an_engine_that_fails_its_test_does_not_take_effect(pretended, home):
    with pytest.raises(InstallError, match=r"was built, but fails \(exit code"):
        install.run(wheel=pretended)
    assert contents(home) == [".lock", "libs"]


def test_two_at_once_build_it_once(pretended, home, monkeypatch, capsys):
    monkeypatch.setenv("PRETEND_SLEEP", "0.5")
    both = [
        threading.Thread(target=install.run, kwargs={"wheel": pretended, "verify": False}) for _ in range(2)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert compiled(pretended) == 1
    assert "waiting for another installation" in capsys.readouterr().out
    assert install.location() is not None


def test_remove(pretended, home, capsys):
    install.run(wheel=pretended, verify=False)
    install.remove()
    assert not home.exists()
    install.remove()
    assert capsys.readouterr().out.endswith(f"There is no {home}\n")


def test_a_module_that_does_not_load_says_what_to_run(pretended, home, monkeypatch):
    monkeypatch.delitem(sys.modules, places.MODULE, raising=False)
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "5")
    install.run(wheel=pretended, verify=False)
    flags = sys.getdlopenflags()
    with pytest.raises(EngineMissingError, match=r"does not load.*python -m keras install cntk --force"):
        install.load()
    assert sys.getdlopenflags() == flags


@pytest.mark.parametrize(
    ("info", "chosen"),
    [
        ("vendor_id : AuthenticAMD\nflags : sse avx2 bmi", "5"),
        ("vendor_id : AuthenticAMD\nflags : sse avx bmi", None),
        ("vendor_id : GenuineIntel\nflags : sse avx2 bmi", None),
    ],
)
def test_mkl_is_told_to_be_fast_on_amd(info, chosen, tmp_path, monkeypatch):
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "")
    monkeypatch.delenv("MKL_DEBUG_CPU_TYPE")
    (tmp_path / "cpuinfo").write_text(info)
    loading._choose_fast_mkl(processor(tmp_path / "cpuinfo"))
    assert os.environ.get("MKL_DEBUG_CPU_TYPE") == chosen


def test_a_current_folder_that_is_gone_is_an_error_not_the_end(tmp_path):
    program = f"""
import os
import keras
os.mkdir({str(tmp_path / "gone")!r})
os.chdir({str(tmp_path / "gone")!r})
os.rmdir({str(tmp_path / "gone")!r})
try:
    keras.ops.ones(2)
except FileNotFoundError as error:
    print(error)
os.chdir("/")
print(float(keras.ops.sum(keras.ops.matmul(keras.ops.ones((2, 2)), keras.ops.ones((2, 2))))))
"""
    said, after = run_python(program, KERAS_BACKEND="cntk").stdout.splitlines()
    assert re.match("engine 'cntk' cannot begin in a folder that has been removed.*os.chdir", said)
    assert after == "8.0"


def test_info_says_how_to_install(home, monkeypatch):
    monkeypatch.setitem(select._ADAPTERS, "cntk", _adapter())
    assert cli.engine_facts("cntk") == "not installed: python -m keras install cntk"
    monkeypatch.setattr(select, "_engines", {})
    with pytest.raises(EngineMissingError, match="then: python -m keras install cntk"):
        select.get("cntk")


def test_the_command_tells_errors_in_one_line(pretended, home, monkeypatch, capsys):
    monkeypatch.setitem(select._ADAPTERS, "cntk", _adapter())
    assert cli.main(["install", "cntk", "--wheel", "/nowhere.whl"]) == 1
    assert capsys.readouterr().err.startswith("There is no file /nowhere.whl.")
    assert cli.main(["uninstall", "cntk"]) == 0


def test_stand_in_for_mpi(tmp_path):
    """Every symbol is there: functions are code, Open MPI's handles are data."""
    text = mpi.source(
        ["MPI_Send", "MPI_Comm_rank", "ompi_mpi_float", "ompi_mpi_cxx_op_intercept", "_ZN3MPI4CommC2Ev"]
    )
    assert text.count("MPI_Comm_rank(") == 1
    defined = re.findall(r"^(int|char) (\w+)", text, re.M)
    assert [name for kind, name in defined if kind == "char"] == ["ompi_mpi_float"]
    assert {"MPI_Send", "ompi_mpi_cxx_op_intercept", "_ZN3MPI4CommC2Ev"} <= {
        n for kind, n in defined if kind == "int"
    }


# ---- what `make` has installed on this machine


def test_the_installed_libraries_lack_no_symbol_of_mpi():
    libs = places.libs(places.root())
    wanted = mpi.undefined([libs / name for name in places.LIBRARIES], "nm")
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", libs / "libmpi.so.12"], capture_output=True, text=True
    )
    assert len(wanted) == 175
    assert wanted <= set(re.findall(r" [TBD] (\w+)", listed.stdout))


def test_the_installed_engine_needs_no_second_installation(capsys):
    start = time.perf_counter()
    install.run()
    assert time.perf_counter() - start < 1
    assert "already installed" in capsys.readouterr().out
    assert install.load() is install.load()


def _adapter():
    return select._Adapter("keras.backend.cntk", "CNTKEngine", installer="keras.backend.cntk.install")
