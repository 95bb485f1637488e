"""Tables of pandas (or anything with its words) as arrays of numbers, without importing pandas."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import DTypeError


def is_table(value: Any) -> bool:
    """Tell whether a value is a DataFrame or a Series."""
    return hasattr(value, "to_numpy") and hasattr(value, "iloc")


def table_to_array(table: Any, what: str) -> np.ndarray:
    """Return a DataFrame as [rows, columns], a Series as [rows]; a missing value becomes NaN.

    Raises
    ------
    DTypeError
        For columns that hold no numbers, by name.
    """
    columns = dict(table.items()) if hasattr(table, "columns") else {table.name: table}
    words = [name for name, column in columns.items() if not _is_numeric(column.dtype)]
    if words:
        shown = ", ".join(f"{name!r} ({columns[name].dtype})" for name in words[:5])
        raise DTypeError(
            f"{what} must hold numbers",
            expected="columns of floats, integers or booleans",
            got=f"column {shown}" if len(words) == 1 else f"columns {shown}",
            fix="leave the column out, or turn its words into numbers: "
            f"pandas.get_dummies(table, columns=[{words[0]!r}], dtype=float), or .astype('category').cat.codes",
        )
    array = np.asarray(table)
    if array.dtype.kind in "fiub":
        return array
    return table.to_numpy(dtype=config.floatx(), na_value=np.nan)  # several kinds of numbers, or pandas's own


def _is_numeric(dtype: Any) -> bool:
    return getattr(dtype, "kind", "O") in "fiub" and str(dtype) != "category"
