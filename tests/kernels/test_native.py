"""The compiled kernels, called directly: every op, every rung, float32 and float64, against NumPy in float64."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from kernels.native_case import InOut, Out, to_argument
from kernels.native_cases import OPS, cases
from kernels.native_recurrent_cases import large as large_recurrent

_cpu = pytest.importorskip("stepgrad._cpu", reason="the kernels were not compiled")

RUNGS = {(op, rung): function for op, rung, _, _, function in _cpu.rungs()}
EACH_RUNG = pytest.mark.parametrize("op, rung", RUNGS, ids=["-".join(key) for key in RUNGS])
EACH_OP = pytest.mark.parametrize("op", OPS)
ABOVE_NAIVE = [(op, rung) for op, rung in RUNGS if rung != "naive"]
TOP = {op: function for (op, _), function in RUNGS.items()}
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def threads():
    before = _cpu.get_num_threads()
    yield _cpu.set_num_threads
    _cpu.set_num_threads(before)


def test_every_op_has_cases():
    assert {op for op, _ in RUNGS} == set(OPS)


@EACH_OP
def test_ladder_starts_at_naive_and_names_are_unique(op):
    names = [rung for name, rung, *_ in _cpu.rungs() if name == op]
    assert names[0] == "naive"
    assert len(names) == len(set(names))


def test_source_points_at_the_registration():
    for op, rung, summary, source, _ in _cpu.rungs():
        path, line = source.split(":")
        text = " ".join((REPOSITORY / path).read_text().splitlines()[int(line) - 1 : int(line) + 1])
        assert text.startswith("STEPGRAD_RUNG(") and f'"{op}"' in text, f"{op}/{rung}: {source}"
        assert summary and "\n" not in summary


@EACH_RUNG
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matches_numpy(op, rung, dtype):
    for case in cases(op):
        case.check(RUNGS[op, rung], dtype)


# ---- threads -------------------------------------------------------------------------------------------------------


def large_arguments(op, dtype):
    """Arguments big enough that the work is split among threads (about 50 microseconds and more)."""
    rng = np.random.default_rng(1)

    def floats(*shape):
        return rng.standard_normal(shape).astype(dtype)

    def positive(*shape):
        return np.abs(floats(*shape))

    rows, n, many = 500, 1009, 300_007
    image, filters, result, pooled = (8, 20, 20, 16), (3, 3, 16, 24), (8, 20, 20, 24), (8, 10, 10, 16)
    matrix, none, window = floats(rows, n), np.zeros(0, dtype), (3, 3, 2, 2, 1, 1)
    labels = rng.integers(0, n, rows) if op.startswith("sparse") else positive(rows, n)
    heads = floats(3, 300, 4, 17), floats(3, 300, 2, 17), floats(3, 300, 2, 17)
    attended = floats(3, 300, 4, 17), positive(3, 4, 300), positive(3, 4, 300)
    by_op = {
        "matmul": lambda: (floats(1, 301, 403), floats(1, 403, 205), floats(1, 301, 205), False, False),
        "round_bf16": lambda: (floats(many), floats(many)),
        "attention": lambda: (*heads, floats(3, 1, 1, 300), *attended, 0.2, True),
        "attention_gradient": lambda: (
            *heads,
            floats(3, 1, 1, 300),
            *attended,
            *heads[:1],
            *heads,
            0.2,
            True,
        ),
        "bias_activation": lambda: (floats(many, 7), floats(7), floats(many, 7), 2),
        "bias_activation_gradient": lambda: (floats(many, 7), floats(many, 7), floats(many, 7), floats(7), 2),
        "dense": lambda: (floats(301, 403), floats(403, 205), floats(205), floats(301, 205), 2),
        "dense_gradient": lambda: (
            *(floats(301, 403), floats(403, 205), floats(301, 205), floats(301, 205)),
            *(floats(301 * 403), floats(403, 205), floats(205), 2),
        ),
        "conv2d": lambda: (floats(*image), floats(*filters), floats(*result), *(1,) * 7),
        "conv2d_bias": lambda: (
            *(floats(*image), floats(*filters), floats(24), floats(*result), True),
            *(1,) * 7,
        ),
        "conv2d_input_gradient": lambda: (floats(*result), floats(*filters), floats(*image), *(1,) * 7),
        "conv2d_weight_gradient": lambda: (floats(*image), floats(*result), floats(*filters), *(1,) * 7),
        "max_pool2d": lambda: (floats(*image), floats(*pooled), np.zeros(pooled, "int32"), *window),
        "max_pool2d_gradient": lambda: (
            *(floats(*pooled), rng.integers(0, 400, pooled, "int32"), floats(*image)),
            *(0,) * 6,
        ),
        "average_pool2d": lambda: (floats(*image), floats(*pooled), *window),
        "average_pool2d_gradient": lambda: (floats(*pooled), floats(*image), *window),
        "copy": lambda: (floats(300, 1009).T, floats(1009, 300)),
        "dropout_mask": lambda: (floats(many), 5, 3, 0.75),
        "embedding_gradient": lambda: (rng.integers(0, 50, 3000), floats(3000, 100), floats(50, 100)),
        "batch_norm_statistics": lambda: (floats(many, 7), floats(7), floats(7)),
        "layer_norm": lambda: (
            matrix,
            floats(n),
            floats(n),
            floats(rows, n),
            floats(rows),
            floats(rows),
            0.1,
        ),
        "rms_norm": lambda: (matrix, floats(n), floats(rows, n), floats(rows), 0.1),
        "rms_norm_gradient": lambda: (
            *(matrix, floats(n), positive(rows), floats(rows, n)),
            *(floats(rows, n), floats(n), 0.1),
        ),
        "batch_norm": lambda: (matrix, floats(n), floats(n), floats(rows, n), floats(n), floats(n), 0.1),
        "layer_norm_gradient": lambda: (
            *(matrix, floats(n), floats(rows), positive(rows), floats(rows, n)),
            *(floats(rows, n), floats(n), floats(n), 0.1),
        ),
        "batch_norm_gradient": lambda: (
            *(matrix, floats(n), floats(n), positive(n), floats(rows, n)),
            *(floats(rows, n), floats(n), floats(n), 0.1),
        ),
        "sgd_update": lambda: (floats(many), floats(many), floats(many), 0.1, 0.9, True),
        "adam_update": lambda: (
            floats(many),
            floats(many),
            floats(many),
            positive(many),
            none,
            0.1,
            0.9,
            0.99,
            1e-7,
        ),
        "rmsprop_update": lambda: (
            floats(many),
            floats(many),
            positive(many),
            none,
            none,
            0.1,
            0.9,
            0.0,
            1e-7,
        ),
        "adagrad_update": lambda: (floats(many), floats(many), positive(many), 0.1, 1e-7),
        "argmax": lambda: (floats(3, many, 3), np.zeros((3, 3), "int64")),
        "argmin": lambda: (floats(3, many, 3), np.zeros((3, 3), "int64")),
    }
    by_family = {
        "sequence": lambda: large_recurrent(op, floats),
        "sequence_gradient": lambda: large_recurrent(op, floats),
        "unary": lambda: (positive(many), floats(many)),
        "unary_gradient": lambda: (floats(many), floats(many), floats(many)),
        "binary": lambda: (matrix, floats(1, n), floats(rows, n)),
        "reduction": lambda: (floats(3, many, 3), floats(3, 3)),
        "softmax": lambda: (matrix, floats(rows, n)),
        "softmax_gradient": lambda: (matrix, floats(rows, n), floats(rows, n)),
        "cross_entropy": lambda: (matrix, labels, floats(rows)),
        "sparse_cross_entropy": lambda: (matrix, labels, floats(rows)),
        "sparse_probability": lambda: (
            *(positive(rows, n), labels, floats(rows)),
            *([floats(rows, n)] if op.endswith("gradient") else []),
            1e-7,
        ),
    }
    make = by_op.get(op) or by_op.get(op.replace("_bf16", "")) or by_family[OPS[op].__name__]
    arguments = make()
    of_logits = op.endswith("softmax_cross_entropy_gradient")
    return (*arguments, floats(rows, n)) if of_logits else arguments


def copies(arguments):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]


def contents(arguments):
    return [a.tobytes() for a in arguments if isinstance(a, np.ndarray)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op, rung", ABOVE_NAIVE, ids=["-".join(key) for key in ABOVE_NAIVE])
def test_same_bits_for_any_number_of_threads(op, rung, dtype, threads):
    arguments = large_arguments(op, dtype)
    threads(1)
    alone = copies(arguments)
    RUNGS[op, rung](*alone)
    assert contents(alone) != contents(arguments), (
        "the call changed nothing: the comparison below would be empty"
    )
    for n in (2, 5):
        threads(n)
        shared = copies(arguments)
        RUNGS[op, rung](*shared)
        assert contents(shared) == contents(alone), f"{n} threads"


@pytest.mark.parametrize("n", [1, 3, 12])
def test_narrow_batch_norm_has_the_same_bits_for_any_number_of_threads(n, threads):
    """Where columns are fewer than lanes several rows are taken for one; the rows left over come last."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((2, 60_007, n), np.float32)
    scale, results = np.ones(n, "float32"), set()
    for count in (1, 2, 5):
        threads(count)
        y, dx, *columns = np.empty_like(x), np.empty_like(x), *np.empty((4, n), np.float32)
        mean, variance, dscale, doffset = columns
        TOP["batch_norm"](x, scale, scale, y, mean, variance, 0.1)
        TOP["batch_norm_gradient"](x, scale, mean, variance, dy, dx, dscale, doffset, 0.1)
        results.add(b"".join(a.tobytes() for a in (y, dx, *columns)))
    assert len(results) == 1


@pytest.mark.parametrize("op, rung", [key for key in ABOVE_NAIVE if key[0].startswith("conv2d")])
def test_depthwise_convolution_has_the_same_bits_for_any_number_of_threads(op, rung, threads):
    """A filter for each channel goes through loops of its own."""
    rng = np.random.default_rng(0)
    image, filters, bias, result = (
        rng.standard_normal(shape, np.float32)
        for shape in ((8, 30, 30, 67), (3, 3, 1, 67), (67,), (8, 30, 30, 67))
    )
    arguments = {
        "conv2d": (image, filters, result),
        "conv2d_bias": (image, filters, bias, result, True),
        "conv2d_input_gradient": (result, filters, image),
        "conv2d_weight_gradient": (image, result, filters),
    }[op]
    results = set()
    for count in (1, 2, 5):
        threads(count)
        mine = copies(arguments)
        RUNGS[op, rung](*mine, *(1,) * 6, 67)
        results.add(b"".join(contents(mine)))
    assert len(results) == 1 and results != {b"".join(contents(arguments))}


UPDATES = [key for key in RUNGS if key[0].endswith("_update")]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("op, rung", UPDATES, ids=["-".join(key) for key in UPDATES])
def test_an_update_of_a_list_of_variables_matches_numpy(op, rung, dtype):
    """All variables of a model in one call: the cases that differ in size alone, together."""
    kinds = {}
    for case in cases(op):
        arrays = [a for a in case.args if isinstance(a, np.ndarray | InOut)]
        numbers = tuple(case.args[len(arrays) :])
        in_use = tuple(np.size(a.start if isinstance(a, InOut) else a) > 0 for a in arrays)
        kinds.setdefault((numbers, in_use), []).append(arrays)
    assert max(map(len, kinds.values())) > 10
    for (numbers, _), variables in kinds.items():
        lists = [list(arrays) for arrays in zip(*variables, strict=True)]
        passed = [[to_argument(a, dtype) for a in arrays] for arrays in lists]
        RUNGS[op, rung](*passed, *numbers)
        for wanted, got in zip(sum(lists, []), sum(passed, []), strict=True):
            want = wanted.want if isinstance(wanted, InOut) else wanted
            # float32: a square root and a division after a few roundings, as in the cases themselves
            tolerance = 1e-5 if dtype == "float32" else 1e-12
            np.testing.assert_allclose(got, want.astype(dtype), rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("op, rung", UPDATES, ids=["-".join(key) for key in UPDATES])
def test_an_update_of_a_list_has_the_same_bits_for_any_number_of_threads(op, rung, threads):
    arguments = large_arguments(op, "float32")
    arrays = [a for a in arguments if isinstance(a, np.ndarray)]
    results = set()
    for count in (1, 2, 5):
        threads(count)
        lists = [[a[:n].copy() for n in (300_007, 3, 0, 40_001)] for a in arrays]
        RUNGS[op, rung](*lists, *arguments[len(arrays) :])
        results.add(b"".join(a.tobytes() for a in sum(lists, [])))
    assert len(results) == 1


@pytest.mark.parametrize(
    "op", ["lstm_sequence", "gru_sequence", "lstm_sequence_gradient", "gru_sequence_gradient"]
)
@pytest.mark.parametrize("n", [1, 3])
def test_recurrent_kernels_leave_denormals_as_they_were(op, n, threads):
    """Flushing them is the kernel's own business: afterwards Python still has numbers below 1e-38."""
    threads(n)
    TOP[op](*large_arguments(op, "float32"))
    assert np.float32(1e-30) * np.float32(1e-10) > 0
    many = np.full((300, 1009), 1e-30, "float32")
    out = np.empty_like(many)
    TOP["multiply"](many, np.full((1, 1), 1e-10, "float32"), out)  # on the workers, too
    assert (out > 0).all()


def test_several_python_threads_at_once(threads):
    threads(3)
    arguments = large_arguments("matmul", "float32")
    alone = copies(arguments)
    TOP["matmul"](*alone)
    results = [copies(arguments) for _ in range(4)]

    def work(mine):
        for _ in range(20):
            TOP["matmul"](*mine)

    workers = [threading.Thread(target=work, args=(r,)) for r in results]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(contents(r) == contents(alone) for r in results)


def test_number_of_threads(threads):
    threads(3)
    assert _cpu.get_num_threads() == 3
    with pytest.raises(ValueError, match="at least 1, got 0"):
        _cpu.set_num_threads(0)


def in_python(script, **environment):
    return subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **environment}, cwd=REPOSITORY / "tests", capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip


def test_number_of_threads_from_the_environment():
    done = in_python("from stepgrad import _cpu; print(_cpu.get_num_threads())", STEPGRAD_NUM_THREADS="7")
    assert done.stdout.strip() == "7", done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_works_in_a_forked_child():
    script = """if True:
        import os
        from kernels.test_native import TOP, _cpu, contents, copies, large_arguments
        _cpu.set_num_threads(2)
        arguments = large_arguments("matmul", "float32")
        parent = copies(arguments)
        TOP["matmul"](*parent)
        child = os.fork()
        if child == 0:
            mine = copies(arguments)
            TOP["matmul"](*mine)
            os._exit(0 if contents(mine) == contents(parent) else 1)
        print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        TOP["matmul"](*parent)
    """
    done = in_python(script)
    assert done.stdout.strip() == "child 0", done.stderr


# ---- instruction sets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("isa", ["baseline", "avx2", "avx512", "avx512_bf16", "amx"])
def test_every_instruction_set(isa):
    features = _cpu.features()
    if isa not in features["compiled"] or not features["cpu"][isa]:
        done = in_python("import stepgrad._cpu", STEPGRAD_ISA=isa)
        assert f"STEPGRAD_ISA={isa}: this CPU or this build does not have it" in done.stderr
        return
    script = """if True:
        from kernels.test_native import TOP, _cpu, cases
        for op, function in TOP.items():
            for case in cases(op):
                for dtype in ("float32", "float64"):
                    case.check(function, dtype)
        print(_cpu.features()["in_use"])
    """
    done = in_python(script, STEPGRAD_ISA=isa)
    assert done.stdout.strip() == isa, done.stderr


def test_unknown_instruction_set():
    done = in_python("import stepgrad._cpu", STEPGRAD_ISA="mmx")
    assert "STEPGRAD_ISA=mmx: expected baseline, avx2, avx512, avx512_bf16 or amx" in done.stderr


# ---- wrong calls -----------------------------------------------------------------------------------------------------


def some_call(op):
    """The arguments of a case in which every array but the optional ones has elements."""
    for case in cases(op):
        arguments = [to_argument(a, "float32") for a in case.args]
        must = [a for a in case.args if isinstance(a, Out | InOut)] + [case.args[0]]
        if all(np.size(to_argument(a, "float32")) > 1 for a in must):
            return case, arguments
    raise LookupError(op)


@EACH_RUNG
def test_wrong_arguments_are_refused(op, rung):
    function = RUNGS[op, rung]
    case, arguments = some_call(op)
    function(*copies(arguments))  # right as they are
    for i, array in enumerate(arguments):
        if not isinstance(array, np.ndarray):
            continue

        def call(wrong, i=i):
            function(*copies(arguments[:i]), wrong, *copies(arguments[i + 1 :]))

        with pytest.raises(TypeError, match=op):
            call(array.astype("float16"))
        with pytest.raises(TypeError, match=op):
            call(array.tolist())
        with pytest.raises(TypeError, match=op):
            call(array.astype(array.dtype.newbyteorder()))
        larger = np.zeros([n + 1 for n in array.shape], array.dtype)
        if op != "dropout_mask":  # which fills a mask of any size
            with pytest.raises(ValueError, match=op):
                call(larger)
        if array.size > 1 and not (op == "copy" and i == 0):  # which is there for strides
            with pytest.raises(ValueError, match="C-contiguous"):
                call(np.repeat(array, 2, axis=-1)[..., ::2])
        if isinstance(case.args[i], Out | InOut):
            frozen = array.copy()
            frozen.flags.writeable = False
            with pytest.raises(ValueError, match="writeable"):
                call(frozen)
    with pytest.raises(TypeError):
        function(*arguments[:-1])


def test_message_names_op_argument_expected_and_got():
    a, b = np.zeros((1, 2, 3), "float32"), np.zeros((1, 4, 5), "float32")
    message = r"matmul: argument 'b': expected shape \(1, 3, 5\), got shape \(1, 4, 5\)"
    with pytest.raises(ValueError, match=message):
        TOP["matmul"](a, b, np.zeros((1, 2, 5), "float32"), False, False)


def test_embedding_index_out_of_range():
    for index in (-1, 3):
        with pytest.raises(ValueError, match=r"indices.*\[0, 3\), got"):
            TOP["embedding_gradient"](
                np.array([index]), np.zeros((1, 2), "float32"), np.zeros((3, 2), "float32")
            )


@pytest.mark.parametrize("op", ["conv2d", "max_pool2d"])
def test_geometry_is_checked(op):
    case, arguments = some_call(op)
    for i, argument in enumerate(arguments):
        if isinstance(argument, int):
            with pytest.raises(ValueError, match=op):
                TOP[op](*copies(arguments[:i]), -1, *arguments[i + 1 :])
