# C types for backward.py.
from stepgrad.tape.step cimport Step
from stepgrad.tape.tensor cimport Tensor
