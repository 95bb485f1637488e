"""Which races there are: kernels, single ops, whole training steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from stepgrad import kernels
from stepgrad.bench import bf16, conv, gemm, lstm, nets, singles, steps
from stepgrad.bench.cases import case, ladders
from stepgrad.bench.libraries import (
    CHANNELS_LAST,
    FLUSHED,
    FUSED,
    JAX,
    MKL,
    NUMPY,
    OPENBLAS,
    STEPGRAD,
    TENSORFLOW,
    TORCH,
)
from stepgrad.bench.race import Entry, Race
from stepgrad.errors import KernelError

BUSY_NETS = ("s0-mlp", "s4-cifar", "gpt")
ALONE, BUSY = "1 thread", "all threads, one core busy"
SECTIONS = ("kernels", "ops", "steps")
QUICK_LADDERS = ("matmul", *conv.PASSES.values(), "softmax", "max_pool2d", "sum", "exp", "adam_update")
DRAWN, QUICK_DRAWN = 24, 12


def races(sections: tuple[str, ...], threads: int, quick: bool, seed: int) -> Iterator[Race]:
    """Yield all races of the sections that were asked for."""
    makers = {"kernels": _kernels, "ops": _ops, "steps": _steps}
    for section in sections:
        yield from makers[section](threads, quick, seed)


def without_case() -> list[str]:
    """Return the ops with native rungs that no benchmark has inputs for."""
    found = []
    for op in ladders():
        try:
            case(op)
        except KernelError:
            found.append(op)
    return found


def _kernels(threads: int, quick: bool, seed: int) -> Iterator[Race]:
    skip = set(without_case())
    for op in QUICK_LADDERS if quick else ladders():
        if op not in skip and len(kernels.rungs(op)) > 1:
            yield _ladder(op, threads)
    shapes = gemm.PUBLISHED[:9] if quick else gemm.PUBLISHED
    yield from (_gemm("sgemm", shape) for shape in shapes)
    yield from (
        _gemm("sgemm, drawn shapes", shape) for shape in gemm.draw(QUICK_DRAWN if quick else DRAWN, seed)
    )
    for title, convolution in list(conv.CONVOLUTIONS.items())[: 2 if quick else None]:
        for which in conv.PASSES:
            spec = {"title": title, "which": which}
            libraries = (STEPGRAD, TORCH, CHANNELS_LAST, JAX, TENSORFLOW)
            yield Race(
                "conv2d",
                f"{title}, {which}",
                "conv",
                {library.name: Entry(library.name, spec) for library in libraries},
                work=convolution.flops,
                unit="GFLOP/s",
                intensity=convolution.intensity,
            )
    for title, which in itertools.product(lstm.LSTMS, lstm.PASSES):
        spec = {"title": title, "which": which}
        entries = {library.name: Entry(library.name, spec) for library in (STEPGRAD, FLUSHED)}
        yield Race("lstm", f"{title}, {which}", "lstm", entries)
    if section := bf16.section():
        yield from (_bfloat16(section, shape) for shape in bf16.SHAPES)


def _ladder(op: str, threads: int) -> Race:
    """With more than one thread only the top rung is of interest: those below it do not use them."""
    of, rungs = case(op), [kernel.rung for kernel in kernels.rungs(op)]
    shown = rungs if threads == 1 else [rungs[0], rungs[-1]]
    entries = {
        rung: Entry(
            NUMPY.name if rung == kernels.REFERENCE else STEPGRAD.name, {"op": op, "size": None, "rung": rung}
        )
        for rung in shown
    }
    expected = of.expected()
    (work, unit), intensity = of.work(expected), of.flops / of.moved(expected)
    race = Race("ladders", f"{op}: {of.label}", "rung", entries, ours=rungs[-1], work=work, unit=unit)
    race.intensity, race.tolerance = intensity, of.tolerance
    return race


def _bfloat16(section: str, shape: str) -> Race:
    entries = {
        name: Entry(library, {"shape": shape, "name": name}) for name, library in bf16.CONTESTANTS.items()
    }
    return Race(section, shape, "bf16", entries, work=gemm.flops(shape), unit="GFLOP/s")


def _gemm(section: str, shape: str) -> Race:
    entries = {library.name: Entry(library.name, {"shape": shape}) for library in (STEPGRAD, OPENBLAS, MKL)}
    return Race(
        section,
        shape,
        "gemm",
        entries,
        work=gemm.flops(shape),
        unit="GFLOP/s",
        intensity=gemm.intensity(shape),
    )


def _ops(threads: int, quick: bool, seed: int) -> Iterator[Race]:
    for name, single in singles.SINGLES.items():
        entries = {library.name: Entry(library.name, {"name": name}) for library in (STEPGRAD, TORCH)}
        yield Race("single ops", name, "single", entries, calls=single.ops)


def _steps(threads: int, quick: bool, seed: int) -> Iterator[Race]:
    for name, net in nets.NETS.items():
        if quick and name == "demo":  # much the same as s4-cifar
            continue
        entries = {library: Entry(library, {"net": name}) for library in steps.contestants(name, quick)}
        yield Race("steps", net.title, "step", entries, fresh=True)
    if threads > 1:
        yield from _neighbours(threads)


def _neighbours(threads: int) -> Iterator[Race]:
    """A step on several threads while another process keeps one core busy, against the same step on one thread."""
    for name, library in itertools.product(BUSY_NETS, (STEPGRAD, FUSED)):
        spec = {"net": name}
        entries = {ALONE: Entry(library.name, spec, threads=1), BUSY: Entry(library.name, spec)}
        title = f"{nets.NETS[name].title}: {library.name}"
        yield Race("busy neighbour", title, "step", entries, ours=ALONE, fresh=True, neighbour=True)
