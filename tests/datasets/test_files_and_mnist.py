"""IDX and npz files, where data is looked for, MNIST and the Fashion-MNIST slice; bad files get an error that says why."""

import gzip
import hashlib
import importlib.util
import logging
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from stepgrad.datasets import _files, fashion_mnist, mnist
from stepgrad.errors import ArgumentError, DataError

rng = np.random.default_rng(0)
X = rng.integers(0, 256, (20, 28, 28), np.uint8)
Y = np.arange(20, dtype=np.uint8) % 10
NAMES = [name for pair in _files.IDX_FILES.values() for name in pair]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of the test's own, and none of this machine's data in sight."""
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "no-debian")
    return tmp_path


def write_idx(folder, packed=True, **changed):
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in zip(NAMES, (X, Y, X[:10], Y[:10]), strict=True):
        content = changed.get(name.split("-ubyte")[0].replace("-", "_"), _files.idx_bytes(values))
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)


@pytest.fixture
def official(monkeypatch):
    """Let the test's files pass as the official ones."""
    for module in (fashion_mnist, mnist):
        monkeypatch.setattr(module, "_SHA256", {})


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("module, folder", [(mnist, "mnist"), (fashion_mnist, "fashion-mnist")])
def test_idx_round_trip(home, official, module, folder, packed):
    write_idx(home / folder, packed)
    for data in (module.load_data(), module.load_data(home / folder), module.load_data(folder)):
        (x, y), (x_test, y_test) = data
        assert x.dtype == y.dtype == np.uint8 and x.flags.writeable
        assert np.array_equal(x, X) and np.array_equal(y, Y)
        assert np.array_equal(x_test, X[:10]) and np.array_equal(y_test, Y[:10])
        assert data.source.endswith(f"MNIST from {home / folder}: 20 + 10 images")


def test_unpacked_content_under_a_gz_name(tmp_path):
    path = tmp_path / "labels.gz"
    path.write_bytes(_files.idx_bytes(Y))
    assert np.array_equal(_files.read_idx(path, 1), Y)


BAD = {
    "cut header": (struct.pack(">I", 0x801), r"truncated\s+expected: a header of 8 bytes\s+got:\s+4"),
    "empty": (b"", r"truncated\s+expected: a header of 8 bytes\s+got:\s+0"),
    "cut content": (_files.idx_bytes(Y)[:-1], r"truncated\s+expected: 20 bytes for shape \(20,\)\s+got:\s+19"),
    "too long": (_files.idx_bytes(Y) + b"x", r"expected: 20 bytes .*\s+got:\s+more"),
    "images for labels": (_files.idx_bytes(X), r"expected: magic number 2049\s+got:\s+2051.*exchanged\?"),
    "web page": (b"<html>not found</html>", r"magic number 2049\s+got:.*b'<htm'"),
    "wrong count": (_files.idx_bytes(Y[:19]), r"does not belong to .*images.*\s+expected: 20 labels\s+got:\s+\(19,\)"),
    "label 10": (_files.idx_bytes(np.where(Y == 7, 10, Y).astype(np.uint8)), r"expected: 0 to 9\s+got:\s+10 at position 7, and 1 more"),
}  # fmt: skip


@pytest.mark.parametrize("content, message", BAD.values(), ids=BAD)
@pytest.mark.parametrize("packed", [True, False])
def test_bad_labels_file(home, official, content, message, packed):
    write_idx(home / "mnist", packed, train_labels_idx1=content)
    with pytest.raises(DataError, match=message) as error:
        mnist.load_data()
    assert "train-labels-idx1-ubyte" in str(error.value)


def test_bad_image_size(home, official):
    write_idx(home / "mnist", train_images_idx3=_files.idx_bytes(X[:, :27]))
    with pytest.raises(
        DataError, match=r"train-images.* 28 x 28 images\s+expected: \(n, 28, 28\)\s+got:\s+\(20, 27, 28\)"
    ):
        mnist.load_data()


@pytest.mark.parametrize("damage", ["cut", "flipped", "trailing garbage"])
def test_bad_gzip(home, official, damage):
    write_idx(home / "mnist")
    path = home / "mnist" / "train-images-idx3-ubyte.gz"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "flipped":
        content[len(content) // 2] ^= 0xFF
        content[-6] ^= 0xFF  # the checksum at the end, should the content still decode
    else:
        content += b"garbage"
    path.write_bytes(content)
    with pytest.raises(DataError, match="train-images-idx3-ubyte.gz is (truncated|damaged)"):
        mnist.load_data()


def test_header_that_promises_too_much_is_not_believed(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(struct.pack(">IIII", 0x803, 2**31, 2**31, 2**31))
    with pytest.raises(DataError, match="truncated"):
        _files.read_idx(path, 3)


@pytest.mark.parametrize("module, folder", [(mnist, "mnist"), (fashion_mnist, "fashion-mnist")])
def test_checksum(home, module, folder):
    write_idx(home / folder)
    with pytest.raises(DataError, match="is not the official file") as error:
        module.load_data()
    text = str(error.value)
    assert "train-images-idx3-ubyte.gz" in text and module._SHA256["train-images-idx3-ubyte"] in text
    assert hashlib.sha256(_files.idx_bytes(X)).hexdigest() in text


def test_incomplete_folder(home, official):
    write_idx(home / "fashion-mnist")
    (home / "fashion-mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataError, match=r"incomplete\s+expected: t10k-labels-idx1-ubyte.gz"):
        fashion_mnist.load_data()


def test_missing_says_what_to_put_where(home):
    with pytest.raises(DataError) as error:
        mnist.load_data()
    assert f"{home / 'mnist.npz'} or {home / 'mnist'}" in str(error.value) and "STEPGRAD_DATA" in str(
        error.value
    )
    with pytest.raises(DataError, match="never downloads") as error:
        fashion_mnist.load_data(subset="full")
    assert "dataset-fashion-mnist" in str(error.value) and str(home / "fashion-mnist") in str(error.value)
    with pytest.raises(DataError, match="/no/such/folder"):
        fashion_mnist.load_data("/no/such/folder")


def test_default_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("STEPGRAD_DATA", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert _files.data_folder() == tmp_path / ".stepgrad" / "datasets"


# --- mnist.npz


def write_npz(path, **changed):
    np.savez(path, **{"x_train": X, "y_train": Y, "x_test": X[:10], "y_test": Y[:10], **changed})
    return path


def test_npz_round_trip(home, monkeypatch):
    (x, y), (x_test, y_test) = mnist.load_data(write_npz(home / "mine.npz"))
    assert (
        np.array_equal(x, X) and np.array_equal(y, Y) and np.array_equal(x_test, X[:10]) and len(y_test) == 10
    )
    write_npz(home / "mnist.npz")
    with pytest.raises(DataError, match="mnist.npz is not the official file"):
        mnist.load_data()
    monkeypatch.setattr(mnist, "_NPZ_SHA256", {})
    assert np.array_equal(mnist.load_data("mnist.npz")[0][0], X)


def test_bad_npz(home):
    path = home / "mine.npz"
    ragged = np.empty(2, object)
    ragged[:] = [[1], [2, 3]]
    for changed, message in (
        ({"y_train": Y[:3]}, r"y_train of .*mine.npz does not belong.*\s+expected: 20 labels"),
        ({"y_test": Y[:10] + np.uint8(1)}, "expected: 0 to 9"),
        ({"x_train": X.astype("float32")}, "expected: uint8"),
        ({"x_train": ragged}, "pickled objects, which are never read"),
    ):
        with pytest.raises(DataError, match=message):
            mnist.load_data(write_npz(path, **changed))
    np.savez(path, x_train=X)
    with pytest.raises(DataError, match=r"lacks arrays\s+expected: x_train, y_train"):
        mnist.load_data(path)
    content = write_npz(path).read_bytes()
    for bad in (content[:-30], content[:100], b"", b"nonsense"):
        path.write_bytes(bad)
        with pytest.raises(DataError, match="mine.npz is not an npz file, or is truncated"):
            mnist.load_data(path)


# --- the slice that ships


def test_slice_is_balanced_and_complete(home):
    data = fashion_mnist.load_data()
    (x, y), (x_test, y_test) = data
    assert x.shape == (5000, 28, 28) and x_test.shape == (1000, 28, 28) and x.dtype == y.dtype == np.uint8
    assert (np.bincount(y) == 500).all() and (np.bincount(y_test) == 100).all() and len(np.bincount(y)) == 10
    assert len(fashion_mnist.CLASS_NAMES) == 10
    assert len(np.unique(x.reshape(5000, -1), axis=0)) > 4990  # the official set has a few doubles
    assert "slice" in data.source and "5,000 + 1,000" in data.source


def test_slice_bytes_are_fixed():
    digests = {
        name: hashlib.sha256((fashion_mnist.SLICE / f"{name}.gz").read_bytes()).hexdigest()[:16]
        for name in NAMES
    }
    assert digests == {
        "train-images-idx3-ubyte": "b240910d2f9a3dad",
        "train-labels-idx1-ubyte": "ae0d767c2f6dbbde",
        "t10k-images-idx3-ubyte": "04516f9d284037ea",
        "t10k-labels-idx1-ubyte": "540f63e62544edb8",
    }
    assert (fashion_mnist.SLICE.parent / "LICENSE-fashion-mnist.txt").read_text().count(
        "The MIT License"
    ) == 1


def test_slice_can_be_forced_and_full_can_be_demanded(home, official, caplog):
    write_idx(home / "fashion-mnist")
    assert len(fashion_mnist.load_data()[0][0]) == len(fashion_mnist.load_data(subset="full")[0][0]) == 20
    with caplog.at_level(logging.INFO, "stepgrad.datasets"):
        assert len(fashion_mnist.load_data(subset="slice")[0][0]) == 5000
    assert "the slice of Fashion-MNIST" in caplog.text
    with pytest.raises(ArgumentError, match="did you mean 'slice'"):
        fashion_mnist.load_data(subset="slcie")
    with pytest.raises(ArgumentError, match="ships with stepgrad"):
        fashion_mnist.load_data(home, subset="slice")


def test_nothing_is_printed(home, capfd):
    fashion_mnist.load_data()
    assert capfd.readouterr() == ("", "")


@pytest.fixture(scope="module")
def whole():
    if not fashion_mnist.DEBIAN.is_dir():
        assert "STEPGRAD_REQUIRE_DATA" not in os.environ, (
            "Debian's package dataset-fashion-mnist is not installed"
        )
        pytest.skip("needs the official files: apt-get install dataset-fashion-mnist")
    return fashion_mnist.load_data(fashion_mnist.DEBIAN)


def test_whole_set(whole):
    (x, y), (x_test, y_test) = whole
    assert x.shape == (60_000, 28, 28) and x_test.shape == (10_000, 28, 28)
    assert (np.bincount(y) == 6000).all() and (np.bincount(y_test) == 1000).all()
    assert abs(x.mean() - 72.940) < 0.001


def test_slice_is_the_first_of_each_class(whole):
    for (x, y), (x_part, y_part), count in zip(
        whole, fashion_mnist.load_data(subset="slice"), (500, 100), strict=True
    ):
        for label in range(10):
            assert np.array_equal(x[y == label][:count], x_part[y_part == label])


def test_tool_writes_the_slice_byte_for_byte(whole, tmp_path, monkeypatch):
    path = Path(__file__).parents[2] / "tools" / "make_fashion_mnist_slice.py"
    spec = importlib.util.spec_from_file_location("make_fashion_mnist_slice", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr("sys.argv", ["tool", str(fashion_mnist.DEBIAN), str(tmp_path / "out")])
    tool.main()
    for name in NAMES:
        made, shipped = (folder / f"{name}.gz" for folder in (tmp_path / "out", fashion_mnist.SLICE))
        assert gzip.decompress(made.read_bytes()) == gzip.decompress(shipped.read_bytes())
        if "ng" not in zlib.ZLIB_RUNTIME_VERSION:  # zlib-ng writes other, equivalent bytes
            assert made.read_bytes() == shipped.read_bytes()
