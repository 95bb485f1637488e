"""Settings with Keras's names: the default float type, the image layout and epsilon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepgrad.errors import ArgumentError, did_you_mean

if TYPE_CHECKING:
    from stepgrad.dtype_policies import DTypePolicy

_settings: dict[str, Any] = {"floatx": "float32", "image_data_format": "channels_last", "epsilon": 1e-7}
_policy: dict[str, DTypePolicy] = {}  # "global", where it is not floatx()


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


def dtype_policy() -> DTypePolicy:
    """Return the policy of layers that were not given one: that of :func:`set_dtype_policy`, or `floatx`.

    Examples
    --------
    >>> dtype_policy()
    <DTypePolicy "float32">
    """
    from stepgrad.dtype_policies import DTypePolicy

    return _policy.get("global") or DTypePolicy(floatx())


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are made from now on.

    Parameters
    ----------
    policy : str or DTypePolicy
        "mixed_bfloat16" for float32 weights and products of bfloat16 numbers; the name that `floatx` has goes back to
        following `floatx`.

    Examples
    --------
    >>> from stepgrad import layers
    >>> set_dtype_policy("mixed_bfloat16")
    >>> layers.Dense(3).dtype_policy.compute_dtype
    'bfloat16'
    >>> set_dtype_policy("float32")
    """
    from stepgrad import dtype_policies

    policy = dtype_policies.DTypePolicy(getattr(policy, "name", policy))
    _policy.clear()
    if policy.name != floatx():
        _policy["global"] = policy


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
