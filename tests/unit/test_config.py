"""Settings: defaults, validation, keras.json, the environment."""

import json
import warnings
from pathlib import Path

import pytest

import keras.config as config


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Settings read from a keras.json with this text, and the warnings that gave."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))

    def read(text: str | bytes) -> tuple[dict, list[str]]:
        path = Path(tmp_path, "keras.json")
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = config._read(config.config_path())
        assert [p.name for p in tmp_path.iterdir()] == ["keras.json"]  # nothing else is written
        return found, [str(w.message) for w in caught]

    return read


def test_defaults():
    assert config.floatx() == "float32"
    assert config.epsilon() == 1e-7
    assert config.image_data_format() == "channels_last"


def test_settings_are_kept_and_checked():
    config.set_floatx("float64")
    config.set_epsilon(1e-3)
    config.set_image_data_format("channels_first")
    assert (config.floatx(), config.epsilon(), config.image_data_format()) == (
        "float64",
        1e-3,
        "channels_first",
    )
    with pytest.raises(ValueError, match=r'Unknown floatx "float23"\. Did you mean "float32"'):
        config.set_floatx("float23")
    with pytest.raises(ValueError, match='Did you mean "channels_last"'):
        config.set_image_data_format("chanels_last")
    for wrong in (0, -1.0, "1e-7", None, True, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="epsilon must be a positive number"):
            config.set_epsilon(wrong)
    assert config.epsilon() == 1e-3


def test_limits_on_training():
    config.set_max_epochs(3)
    config.set_max_steps_per_epoch(2)
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (3, 2)
    config.set_max_epochs(None)
    assert config.max_epochs() is None
    for wrong in (0, -1, 1.5, "3", True):
        with pytest.raises(ValueError, match="positive whole number"):
            config.set_max_epochs(wrong)


@pytest.mark.parametrize("flag", ["interactive_logging", "traceback_filtering", "flash_attention"])
def test_flags(flag):
    for state, verb in ((False, "disable"), (True, "enable")):
        getattr(config, f"{verb}_{flag}")()
        assert getattr(config, f"is_{flag}_enabled")() is state


def test_dtype_policy_follows_floatx_until_set():
    config.set_floatx("float16")
    assert config.dtype_policy().name == "float16"
    config.set_dtype_policy("mixed_bfloat16")
    config.set_floatx("float64")
    assert config.dtype_policy().name == "mixed_bfloat16"
    config.set_dtype_policy(None)
    assert config.dtype_policy().name == "float64"


def test_file_is_read(read):
    text = json.dumps(
        {"floatx": "float16", "epsilon": 1e-5, "image_data_format": "channels_first", "backend": "NumPy"}
    )
    found, said = read(text)
    assert found == {
        "floatx": "float16",
        "epsilon": 1e-5,
        "image_data_format": "channels_first",
        "backend": "numpy",
    }
    assert said == []


def test_foreign_keys_are_left_alone(read):
    assert read('{"nnx_enabled": false, "floatx": "float64"}') == ({"floatx": "float64"}, [])


@pytest.mark.parametrize("text", ["", "{", "[]", "3", b"\xff\xfe", "[" * 100_000, '{"floatx"'])
def test_bad_file_is_reported_once_and_ignored(read, text):
    found, said = read(text)
    assert found == {}
    assert len(said) == 1
    assert "keras.json is ignored" in said[0]


def test_bad_values_are_reported_in_one_warning_and_the_rest_is_used(read):
    found, said = read(
        '{"floatx": "float23", "epsilon": "x", "backend": 3, "image_data_format": "channels_first"}'
    )
    assert found == {"image_data_format": "channels_first"}
    assert len(said) == 1
    assert 'Did you mean "float32"' in said[0]


def test_no_file_is_fine_and_none_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "nowhere"))
    assert config._read(config.config_path()) == {}
    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_the_files_place_is_reported(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").mkdir()
    with pytest.warns(UserWarning, match="is ignored"):
        assert config._read(config.config_path()) == {}


def test_home_is_the_default_place(monkeypatch):
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setenv("HOME", "/somewhere")
    assert config.config_path() == Path("/somewhere/.keras/keras.json")


def test_the_environment_wins_over_the_file(monkeypatch):
    config._settings["backend"] = "tensorflow"
    monkeypatch.setenv("KERAS_BACKEND", " NumPy ")
    assert config.requested_backend() == "numpy"
    monkeypatch.setenv("KERAS_BACKEND", "")
    assert config.requested_backend() == "tensorflow"
    config._settings["backend"] = None
    assert config.requested_backend() is None


def test_backend_is_the_engine_in_force(engine):
    assert config.backend() == engine.name


def test_no_switch_for_unsafe_loading():
    with pytest.raises(NotImplementedError, match="custom_objects"):
        config.enable_unsafe_deserialization()
