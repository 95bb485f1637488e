"""Seeing a CUDA kernel run, without a GPU: every access of every thread, barriers, coalescing, bank conflicts, races.

The kernels run on the emulator (csrc/emulator), compiled so that every load and store is reported.
"""

from stepgrad.emulate.record import emulate, rungs
from stepgrad.emulate.recording import Recording

__all__ = ["Recording", "emulate", "rungs"]
