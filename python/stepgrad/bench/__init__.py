"""Benchmarks: verify first, then time, in one run, and show losses as losses.

``stepgrad ladder matmul`` prints one op's rungs; ``stepgrad bench`` compares kernels, ops and training steps with other
libraries, each in a process of its own.
"""
