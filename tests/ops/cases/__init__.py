"""The cases of all families: every module of this folder that has CASES."""

import importlib
import pkgutil
import traceback

ALL = []
BROKEN = {}  # family -> why its module could not be imported

for _module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
    try:
        _cases = importlib.import_module(f"ops.cases.{_module}").CASES
    except Exception:  # whatever is wrong with one family, the others are still tested
        BROKEN[_module] = traceback.format_exc()
        continue
    for _case in _cases:
        _case.family = _module
        ALL.append(_case)
