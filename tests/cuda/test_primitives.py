"""The instructions of tensor cores and asynchronous copies, one at a time: each thread holds what NVIDIA's manual says.

The expected words are computed here, by indices. With ``-m gpu`` the same probes run on the GPU, so that what the emulator believes
of the fragments is compared with the hardware.
"""

import numpy as np
import pytest

from kernels import on_device

LANE = np.arange(32)
G, T = LANE // 4, LANE % 4
RNG = np.random.default_rng(0)


def bf16(values):
    """The words of bfloat16 numbers, of which whole numbers up to 256 are some: two a word, the first one low."""
    half = np.ascontiguousarray(values, "float32").view("uint32") >> 16
    return (half[..., 0::2] | half[..., 1::2] << 16).astype("uint32")


def words(*arrays):
    """Floats and words, one after the other, as the int32 array that a probe takes."""
    flat = [np.ascontiguousarray(a, None if np.asarray(a).dtype.kind == "u" else "float32") for a in arrays]
    return np.concatenate(
        [a.astype("uint32") if a.dtype.kind == "u" else a.view("uint32") for a in map(np.ravel, flat)]
    ).view("int32")


def whole(*shape):
    return RNG.integers(-100, 101, shape).astype(
        "float32"
    )  # exact in tf32 and bfloat16, and so are sums of products


def accumulators(D):
    """D [16, 8] as each lane holds it."""
    return np.stack([D[G, 2 * T], D[G, 2 * T + 1], D[G + 8, 2 * T], D[G + 8, 2 * T + 1]], 1)


def mma_bf16():
    A, B, D = whole(16, 16), whole(16, 8), whole(16, 8)
    pair = np.stack([2 * T, 2 * T + 1], 1)
    g = G[:, None]
    a = np.stack([A[g, pair], A[g + 8, pair], A[g, pair + 8], A[g + 8, pair + 8]], 1)
    b = np.stack([B[pair, g], B[pair + 8, g]], 1)
    return words(bf16(a)[..., 0], bf16(b)[..., 0], accumulators(D)), words(accumulators(D + A @ B))


def mma_tf32():
    A, B, D = whole(16, 8), whole(8, 8), whole(16, 8)
    a = np.stack([A[G, T], A[G + 8, T], A[G, T + 4], A[G + 8, T + 4]], 1)
    b = np.stack([B[T, G], B[T + 4, G]], 1)
    return words(a, b, accumulators(D)), words(accumulators(D + A @ B))


def to_tf32():
    """To nearest in ten bits of fraction, ties away from zero."""
    x = RNG.uniform(1, 2, 32).astype("float32")
    x[:4] = 1 + 2.0**-11, 1 + 3 * 2.0**-11, -1 - 2.0**-11, np.inf
    fraction = np.sign(x[:-1]) * np.floor(np.abs(np.where(np.isinf(x[:-1]), 0, x[:-1])) * 1024 + 0.5) / 1024
    rounded = np.append(np.where(np.isinf(x[:-1]), x[:-1], fraction), np.float32(-0.0)).astype("float32")
    x[-1] = -0.0
    return words(x), words(rounded)


def ldmatrix(count, transposed):
    def make():
        M = np.arange(64 * count, dtype="uint32").reshape(count, 8, 8)
        pack = (M[:, :, 0::2] | M[:, :, 1::2] << 16).astype("uint32")
        low, high = (
            (M[:, 2 * T, G], M[:, 2 * T + 1, G]) if transposed else (M[:, G, 2 * T], M[:, G, 2 * T + 1])
        )
        return words(pack), words((low | high << 16).T.astype("uint32"))

    return make


def cp_async(size):
    def make():
        there = RNG.integers(0, 256, (32, 16), dtype="uint8")
        want = np.full((32, 16), 255, "uint8")
        want[:, :size] = np.where(np.arange(size) < LANE[:, None] % (size + 1), there[:, :size], 0)
        return words(there.view("uint32")), words(want.view("uint32"))

    return make


def wgmma(columns, pack):
    """Two tiles with rows of 128 bytes, `columns` numbers."""

    def make():
        A, B, D = whole(64, columns), whole(128, columns), whole(64, 128)
        # the boxes begin at row 8 and end outside of their matrices
        a, b = (np.concatenate([M[8:], np.zeros((8, columns), "float32")]) for M in (A, B))
        tile = pack(a).reshape(64, 8, 4)  # row, piece of 16 bytes, word
        swizzled = np.empty_like(tile)
        for row in range(64):
            swizzled[row, np.arange(8) ^ row % 8] = tile[row]
        thread, i = np.arange(128)[:, None], np.arange(64)
        row = thread // 32 * 16 + thread % 32 // 4 + i // 2 % 2 * 8
        column = i // 4 * 8 + thread % 4 * 2 + i % 2
        return words(pack(A), pack(B), D[row, column]), words(swizzled, (D + a @ b.T)[row, column])

    return make


PROBES = {
    "mma_bf16": mma_bf16,
    "mma_tf32": mma_tf32,
    "to_tf32": to_tf32,
    **{f"ldmatrix_x{n}{'_trans' * t}": ldmatrix(n, bool(t)) for n in (2, 4) for t in (0, 1)},
    **{f"cp_async_{size}": cp_async(size) for size in (4, 8, 16)},
    "wgmma_bf16": wgmma(64, bf16),
    "wgmma_tf32": wgmma(32, lambda values: values.view("uint32")),
}


@pytest.mark.parametrize("device", on_device.EACH_DEVICE)
@pytest.mark.parametrize("name", PROBES)
def test_each_thread_holds_what_the_manual_says(device, name):
    if on_device.module(device) is None:
        pytest.skip(f"the kernels for {device} were not built")
    given, want = PROBES[name]()
    got = np.full(len(want), -1, "int32")
    try:
        on_device.primitive(device, name, given, got)
    except RuntimeError as error:
        if "Hopper" in str(error):
            pytest.skip(str(error))
        raise
    np.testing.assert_array_equal(got.view("uint32"), want.view("uint32"))
