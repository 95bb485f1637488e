"""The page needs nothing else, steps through in a browser, opens entries, and shows the tape's numbers."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import stepgrad as sg
from stepgrad.walk import examples
from stepgrad.walk.graph import graph
from stepgrad.walk.page import render


def data_of(page):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.S)[1])


def in_browser(path, place):
    """Return the page's text after its script ran, opened at `place`."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium here; .ci/run installs one")
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"{path.as_uri()}#{place}"]
    return subprocess.run(words, capture_output=True, text=True, timeout=120).stdout


def card_of(text):
    return re.search(r"<article.*?</article>", text, re.S)[0]


def numbers_in(card, name):
    """Return the numbers that the card shows for a value."""
    figure = re.search(rf'<figure data-value="{re.escape(name)}".*?</figure>', card, re.S)[0]
    return [float(x) for x in re.findall(r'class="cell"[^>]*>([^<]*)</button>', figure)]


def test_it_is_self_contained(model, image):
    steps = sg.walk(model, image, [1])
    page = steps.html()
    assert not re.search(r'(src|href)\s*=\s*"?https?:', page)
    data = data_of(page)
    assert len(data["steps"]) == len(steps) and all(
        step["formula"].startswith("<math") for step in data["steps"]
    )
    assert "<iframe" in steps._repr_html_()


def test_a_title_with_markup_is_harmless():
    x = sg.Tensor(2.0, requires_grad=True, name="</script><b>")
    steps = sg.walk(lambda x: x * 2.0, x)
    steps.title = "<script>"
    page = steps.html()
    assert page.count("<script") == 2 and data_of(page)["title"] == "<script>"


def test_every_entry_shown_is_explained_with_its_own_number(model, image):
    steps = sg.walk(model, image, [1])
    data = data_of(steps.html())
    for value in data["values"].values():
        for r, row in enumerate(value["corner"]):
            for c, shown in enumerate(row):
                entry = value["open"][f"{r},{c}"]
                if "sum" in entry:
                    total = sum(float(p[-1]) for p in entry["products"]) + (
                        float(entry["rest"][1]) if entry["rest"] else 0
                    )
                    # seven digits of each product are printed, and products may cancel
                    assert np.isclose(total, float(entry["sum"]), rtol=1e-4, atol=1e-6)
                    assert np.isclose(float(shown), float(entry["sum"]), rtol=1e-5, atol=1e-7)


def test_the_browser_shows_the_tapes_numbers(model, image, tmp_path):
    steps = sg.walk(model, image, [1])
    page = steps.save(tmp_path / "page.html")
    number = next(s.number for s in steps if s.op == "matmul" and s.phase == "backward")
    text = in_browser(page, f"{number}:d dense/kernel:1,2")
    card = card_of(text)
    assert "backward" in card and "matmul" in card and "<math" in card
    gradient = steps.value("d dense/kernel")
    # seven digits are printed
    np.testing.assert_allclose(numbers_in(card, "d dense/kernel"), gradient[:6].ravel(), rtol=1e-5)
    opened = re.search(r'class="opened".*?</div>', card, re.S)[0]
    assert html.unescape(steps.explain("d dense/kernel", [1, 2]).text) in html.unescape(opened)
    assert re.search(r'class="node [^"]*now back"', text) and f"{number} / {len(steps)}" in text


def test_the_browser_opens_the_products_of_a_convolution(model, image, tmp_path):
    steps = sg.walk(model, image, [1])
    page = steps.save(tmp_path / "page.html")
    card = card_of(in_browser(page, "1:conv.conv2d:0,1"))
    opened = re.search(r'aria-label="products in conv.conv2d.*?</table>', card, re.S)[0]
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in re.findall(r"<tr>.*?</tr>", opened, re.S)]
    products = [float(row[-1]) for row in rows[:-1]]
    expected = (image[0, 0:3, 1:4, 0] * model.get_weights()[0][:, :, 0, 0]).ravel()
    np.testing.assert_allclose(products, expected, rtol=1e-5, atol=1e-9)  # seven digits are printed
    assert float(rows[-1][-1]) == pytest.approx(float(steps.value("conv.conv2d")[0, 0, 1, 0]), rel=1e-5)


def test_the_browser_shows_the_errata_of_the_worked_example(tmp_path):
    example = examples.get("3-3-3-3")
    steps = example.walk()
    rows = example.check(steps)
    page = tmp_path / "example.html"
    page.write_text(render(steps, example, rows), encoding="utf-8")
    number = next(s.number for s in steps if any(v.name == "delta2" for v in s.outputs))
    text = in_browser(page, str(number))
    np.testing.assert_allclose(numbers_in(card_of(text), "delta2"), [0.0112, -0.2475, 0.2], rtol=1e-9)
    table = re.search(r'<section id="example".*?</section>', text, re.S)[0]
    assert table.count('class="wrong"') == sum(bool(r.printed.erratum) for r in rows)
    assert "the last input, 3, was used for every unit" in table


def test_the_graph_of_a_skip_connection():
    x = sg.Tensor([1.0], requires_grad=True, name="x")
    drawing = graph(sg.walk(lambda x: sg.ops.sum(sg.ops.exp(sg.ops.tanh(x)) + x * 2.0), x))
    assert [node["op"] for node in drawing["nodes"]] == ["tanh", "exp", "multiply", "add", "sum"]
    assert [1, 3, "exp"] in drawing["edges"] and [2, 3, "multiply"] in drawing["edges"]
    assert all(node["back"] for node in drawing["nodes"])


def test_values_that_are_not_finite_and_empty():
    x = sg.Tensor(np.array([[np.nan, np.inf, 1.0]] * 8), requires_grad=True, name="x")
    assert "NaN" in sg.walk(lambda x: sg.ops.sum(x * 2.0), x).html()
    empty = sg.Tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    assert data_of(sg.walk(lambda x: sg.ops.sum(x * 2.0), empty).html())["values"]["multiply"]["corner"] == []
