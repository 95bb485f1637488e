"""DropoutMask: the mask of dropout as an entry of the kernel table."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels


class DropoutMask:
    """Fill an array with 1 / keep, with probability `keep`, and zeros.

    The generator, Philox, makes a number from a key and a counter, and from no number before it: NumPy's reference, the CPU's
    kernel, the emulator's and the GPU's give the same bits, for any number of threads. [Salmon et al., 2011]
    """

    name = "dropout_mask"
    formula = r"y_i = \frac{[u_i < p]}{p}, \quad u_i \in [0, 1)"
    in_place = True

    def launch(self, native: Any, y: Any, *, key: tuple[int, int], keep: float) -> Any:
        """Run a native kernel; there is nothing to divide by where nothing is kept."""
        if keep <= 0:
            return NotImplemented
        native(y, *key, keep)
        return None

    def reference(self, y: Any, *, key: tuple[int, int], keep: float) -> None:
        """Write into `y` what NumPy's generator of that key draws."""
        generator = np.random.Generator(np.random.Philox(key=np.array(key, np.uint64)))
        # both sides are float32, as the draws are: keep=1 must keep everything
        kept = np.asarray(generator.random(y.shape, dtype=np.float32) < np.float32(keep)).astype(y.dtype)
        mask = kept / y.dtype.type(keep) if keep else kept
        move = kernels.to_device[0]
        y[...] = mask if move is None else move(mask)


kernels.declare(DropoutMask())
