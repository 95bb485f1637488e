"""`ops`: the package itself, for functions in it that are made of other ops. The names are looked up when they are called."""

import sys
from typing import Any

ops: Any = sys.modules["stepgrad.ops"]
