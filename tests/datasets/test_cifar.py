"""CIFAR's binary files: layout, archive and folder, and files that are not what they seem."""

import dataclasses
import io
import pickle
import tarfile

import numpy as np
import pytest

from stepgrad import config
from stepgrad.datasets import cifar10, cifar100
from stepgrad.errors import ArgumentError, DataError

rng = np.random.default_rng(0)
N = 6  # records in a file: the real ones have 10,000 or 50,000


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    for module in (cifar10, cifar100):
        small = dataclasses.replace(module._CIFAR, records={"train": N, "test": N})
        monkeypatch.setattr(module, "_CIFAR", small)
    return tmp_path


def records(classes):
    """Return (label columns, images [N, 3, 32, 32], the bytes of the file)."""
    labels = np.stack([rng.integers(0, c, N, np.uint8) for c in classes], axis=1)
    labels[0] = [c - 1 for c in classes]
    images = rng.integers(0, 256, (N, 3, 32, 32), np.uint8)
    return labels, images, np.concatenate([labels, images.reshape(N, -1)], axis=1).tobytes()


def make(module):
    made = {
        name: records(module._CIFAR.label_classes) for name in (*module._CIFAR.train, *module._CIFAR.test)
    }
    return made, {name: content for name, (_, _, content) in made.items()}


def write_folder(folder, files):
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def write_archive(path, files, prefix="inside/"):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("kind", ["folder", "folder around", "archive", "default folder"])
@pytest.mark.parametrize("module", [cifar10, cifar100])
def test_round_trip(home, module, kind):
    made, files = make(module)
    if kind == "archive":
        path = write_archive(home / "mine.tar.gz", files)
    else:
        path = write_folder(home / module._CIFAR.folder, files)
        path = {"folder": path, "folder around": home, "default folder": None}[kind]
    (x, y), (x_test, y_test) = module.load_data(path=path)
    names = module._CIFAR.train
    assert (
        x.shape == (N * len(names), 32, 32, 3)
        and y.shape == (N * len(names), 1)
        and x.dtype == y.dtype == np.uint8
    )
    expected = np.concatenate([made[name][1] for name in names])
    assert np.array_equal(x, expected.transpose(0, 2, 3, 1)) and x.flags.c_contiguous
    assert np.array_equal(y[:, 0], np.concatenate([made[name][0][:, -1] for name in names]))
    assert np.array_equal(x_test[2, :, :, 1], made[module._CIFAR.test[0]][1][2, 1])
    assert np.array_equal(y_test[:, 0], made[module._CIFAR.test[0]][0][:, -1])


def test_coarse_labels(home):
    made, files = make(cifar100)
    write_folder(home / "cifar-100-binary", files)
    (_, fine), _ = cifar100.load_data()
    (_, coarse), _ = cifar100.load_data("coarse")
    assert np.array_equal(np.hstack([coarse, fine]), made["train.bin"][0])
    with pytest.raises(ArgumentError, match="did you mean 'coarse'"):
        cifar100.load_data("corse")


def test_channels_first(home):
    made, files = make(cifar10)
    write_folder(home / "cifar-10-batches-bin", files)
    config.set_image_data_format("channels_first")
    try:
        _, (x_test, _) = cifar10.load_data()
    finally:
        config.set_image_data_format("channels_last")
    assert np.array_equal(x_test, made["test_batch.bin"][1])


def test_python_version_is_refused_with_the_reason(home):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("a pickle was read",)

    folder = write_folder(
        home / "cifar-10-batches-py", {"data_batch_1": pickle.dumps(Trap()), "test_batch": b""}
    )
    archive = write_archive(home / "cifar-10-python.tar.gz", {"data_batch_1": b""})
    (home / "renamed").mkdir()
    (home / "renamed" / "data_batch_1").write_bytes(b"")
    for path in (None, folder, archive, home / "renamed"):
        with pytest.raises(DataError, match="pickled objects, which can run any code") as error:
            cifar10.load_data(path)
        assert "fetch cifar-10-binary.tar.gz" in str(error.value)


@pytest.mark.parametrize("module", [cifar10, cifar100])
def test_bad_files(home, module):
    _, files = make(module)
    name = module._CIFAR.train[0]
    width = len(module._CIFAR.label_classes)
    wrong_label = bytearray(files[name])
    wrong_label[width - 1] = module._CIFAR.label_classes[-1]
    for number, (bad, message) in enumerate((
        (files[name][:-1], rf"{name} of .* has the wrong size\s+expected: 6 records of {3072 + width} bytes"),
        (files[name][: 5 * (3072 + width)], "has the wrong size"),
        (bytes(wrong_label), rf"{name} of .* labels that do not exist\s+expected: 0 to {module._CIFAR.label_classes[-1] - 1}"),
    )):  # fmt: skip
        path = write_folder(home / str(number), {**files, name: bad})
        with pytest.raises(DataError, match=message):
            module.load_data(path=path)
    del files[name]
    for path in (write_folder(home / "part", files), write_archive(home / "part.tar.gz", files)):
        with pytest.raises(DataError, match=f"incomplete.*(\n.*)*no {name}"):
            module.load_data(path=path)


def test_bad_archives(home):
    _, files = make(cifar10)
    path = write_archive(home / "cifar-10-binary.tar.gz", files)
    with pytest.raises(DataError, match=r"not the official file\s+expected: sha256 c4a38c50"):
        cifar10.load_data()
    content = path.read_bytes()
    for number, bad in enumerate((content[: len(content) // 2], b"nonsense", b"")):
        path = home / f"bad{number}.tar.gz"
        path.write_bytes(bad)
        with pytest.raises(DataError, match=f"{path.name} is (damaged|truncated)"):
            cifar10.load_data(path)


def test_archive_members_are_read_not_unpacked(home, monkeypatch):
    _, files = make(cifar10)
    monkeypatch.chdir(home)
    cifar10.load_data(write_archive(home / "a.tar.gz", files, prefix="../../"))
    assert (
        sorted(p.name for p in home.iterdir()) == ["a.tar.gz"]
        and not (home.parent / "test_batch.bin").exists()
    )


def test_missing_says_what_to_put_where(home):
    with pytest.raises(DataError) as error:
        cifar10.load_data()
    assert str(home / "cifar-10-batches-bin") in str(error.value) and "cifar-10-binary.tar.gz" in str(
        error.value
    )
