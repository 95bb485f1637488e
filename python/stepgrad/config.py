"""Settings with Keras's names: the default float type, the image layout and epsilon."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError, did_you_mean

_settings: dict[str, Any] = {"floatx": "float32", "image_data_format": "channels_last", "epsilon": 1e-7}


def floatx() -> str:
    """Return the default float type, as a string.

    Examples
    --------
    >>> floatx()
    'float32'
    """
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Set the default float type: "float32" or "float64"."""
    _choose("floatx", value, ("float32", "float64"))


def image_data_format() -> str:
    """Return the default image layout, "channels_last" or "channels_first"."""
    return _settings["image_data_format"]


def set_image_data_format(value: str) -> None:
    """Set the default image layout: "channels_last" or "channels_first"."""
    _choose("image_data_format", value, ("channels_last", "channels_first"))


def epsilon() -> float:
    """Return the small number that keeps divisions and logarithms finite, 1e-7."""
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Set epsilon."""
    _settings["epsilon"] = float(value)


def _choose(setting: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArgumentError(f"{setting} cannot be {value!r}", fix=did_you_mean(value, allowed))
    _settings[setting] = value
