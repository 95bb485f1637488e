"""The profiler: what it counts, what it leaves to whom, and its page and picture."""

import numpy as np
import pytest

import stepgrad as sg


def rows_of(profile):
    return {(row.op, row.phase): row for row in profile.rows}


def train_step(model, image):
    model(image)  # makes the weights
    with sg.profile() as p:
        model.compute_loss(image, np.array([1]), model(image, training=True)).backward()
    return p


def test_ops_of_a_gradient_are_part_of_it():
    x = sg.Tensor([1.0, 2.0], requires_grad=True)
    with sg.profile() as p:
        sg.ops.exp(x).sum().backward()
    rows = rows_of(p)
    assert set(rows) == {("exp", "forward"), ("sum", "forward"), ("sum", "backward"), ("exp", "backward")}
    assert all(row.calls == 1 and row.seconds > 0 for row in rows.values())


def test_bytes_are_what_the_ops_read_and_wrote():
    x = sg.Tensor(np.zeros((10, 4), "float32"), requires_grad=True)
    w = sg.Tensor(np.zeros((4, 3), "float32"), requires_grad=True)
    with sg.profile() as p:
        y = sg.ops.matmul(x, w)
        y.reshape(30)
    rows = rows_of(p)
    assert rows["matmul", "forward"].bytes == 4 * (40 + 12 + 30)
    assert rows["reshape", "forward"].bytes == 0  # a view


def test_gradients_that_the_tape_adds_up_are_not_forward_ops():
    x = sg.Tensor([3.0], requires_grad=True)
    with sg.profile() as p:
        (x * x * x).sum().backward()
    rows = rows_of(p)
    assert ("add", "forward") not in rows
    assert rows["accumulate", "backward"].calls == 2  # x is used three times
    with sg.profile() as p:
        _ = x + 1.0
    assert set(rows_of(p)) == {("add", "forward")}


def test_a_cast_inside_an_op_has_a_row_of_its_own():
    x = sg.Tensor([1, 2])
    y = sg.Tensor([1.0, 2.0], dtype="float64", requires_grad=True)
    z = sg.Tensor([1.0, 2.0], dtype="float32", requires_grad=True)
    with sg.profile() as p:
        sg.ops.add(y, z)
        sg.ops.add(x, x)
    rows = rows_of(p)
    assert rows["cast", "forward"].calls == 1 and rows["add", "forward"].calls == 2


def test_layers_and_rungs(model, image):
    p = train_step(model, image)
    layers = {row.layer.rpartition("/")[2] for row in p.rows}
    assert {"conv", "pool", "dense"} <= layers
    conv = next(row for row in p.rows if row.op == "conv2d" and row.phase == "forward")
    assert conv.rung == sg.kernels.current("conv2d").rung and conv.layer.endswith("conv")
    back = next(row for row in p.rows if row.op == "conv2d" and row.phase == "backward")
    assert sg.kernels.current("conv2d_weight_gradient").rung in back.rung.split(", ")


def test_two_rungs_in_one_block_have_two_rows():
    x = sg.Tensor(np.ones((4, 4), "float32"))
    with sg.profile() as p:
        sg.ops.matmul(x, x)
        with sg.kernels.use(matmul="numpy"):
            sg.ops.matmul(x, x)
    assert {row.rung for row in p.rows} == {"numpy", sg.kernels.current("matmul").rung}


def test_sums_agree_and_fit_into_the_block(model, image):
    p = train_step(model, image)
    for rows in (p.rows, p.by_op(), p.by_layer()):
        assert sum(r.calls for r in rows) == sum(r.calls for r in p.rows)
        assert sum(r.bytes for r in rows) == sum(r.bytes for r in p.rows)
        assert sum(r.seconds for r in rows) == pytest.approx(
            p.op_seconds
        )  # the same numbers, added in another order
        assert [r.seconds for r in rows] == sorted((r.seconds for r in rows), reverse=True)
    assert p.hook_seconds > 0
    assert p.op_seconds + p.hook_seconds <= p.seconds  # nothing is counted twice


def test_a_failed_op_leaves_no_trace():
    x = sg.Tensor(np.ones((2, 3), "float32"))
    with sg.profile() as p:
        with pytest.raises(sg.StepgradError):
            sg.ops.matmul(x, x)
        sg.ops.exp(x)
    assert set(rows_of(p)) == {("exp", "forward")}


def test_two_profiles_see_the_same_ops():
    x = sg.Tensor([1.0], requires_grad=True)
    with sg.profile() as outer, sg.profile() as inner:
        sg.ops.exp(x).backward()
    key = [(r.op, r.phase, r.calls, r.bytes) for r in sorted(outer.rows)]
    assert key == [(r.op, r.phase, r.calls, r.bytes) for r in sorted(inner.rows)]


def test_the_table_names_what_is_needed(model, image):
    text = str(train_step(model, image))
    for word in ("share", "calls", "time", "bytes", "rung", "conv2d", "backward", "in the profiler itself"):
        assert word in text
    with sg.profile() as empty:
        pass
    assert "in ops" in str(empty)


def test_page_and_picture(model, image, tmp_path):
    p = train_step(model, image)
    page = p.save(tmp_path / "profile.html").read_text(encoding="utf-8")
    assert page.count('class="forward"') + page.count('class="backward"') == len(p.by_op()) + len(
        p.by_layer()
    )
    assert "http" not in page and "conv2d" in page and "<table" in p._repr_html_()
    assert p.save(tmp_path / "profile.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(sg.StepgradError, match="page or a picture"):
        p.save(tmp_path / "profile.txt")
