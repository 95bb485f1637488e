"""IMDB: the word numbers by hand, against Keras's arithmetic, from a folder, an archive and our own npz."""

import tarfile

import numpy as np
import pytest

from stepgrad.datasets import imdb
from stepgrad.errors import ArgumentError, DataError

TEXTS = {
    "train/pos/0_9.txt": "The film, the FILM!<br />Good good good.",
    "train/pos/1_7.txt": "good acting",
    "train/neg/0_1.txt": "the film is bad",
    "train/neg/10_4.txt": "bad, don't",
    "test/pos/0_10.txt": "unseen good film",
    "test/neg/0_2.txt": "the bad bad plot",
}
# good 4, the 3, film 3, bad 2, then one each in alphabetical order
RANKS = {"good": 1, "film": 2, "the": 3, "bad": 4, "acting": 5, "br": 6, "don't": 7, "is": 8}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path / "none"))
    for name, text in {
        **TEXTS,
        "train/unsup/0_0.txt": "secret",
        "README": "x",
        "train/labeledBow.feat": "0:1",
    }.items():
        path = tmp_path / "reviews" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "reviews"


def plain(data):
    return [([list(x) for x in xs], ys.tolist()) for xs, ys in data]


def test_word_index(folder):
    assert imdb.get_word_index(folder) == RANKS


def test_numbers_by_hand(folder):
    (x, y), (x_test, y_test) = imdb.load_data(folder)
    assert x.dtype == object and x.shape == (4,) and y.dtype == np.int64
    words = {rank + 3: word for word, rank in RANKS.items()} | {1: "<start>"}
    read = {" ".join(words[n] for n in sequence): label for sequence, label in zip(x, y, strict=True)}
    assert read == {
        "<start> the film the film br good good good": 1,
        "<start> good acting": 1,
        "<start> the film is bad": 0,
        "<start> bad don't": 0,
    }
    assert sorted(map(tuple, x_test)) == [(1, 4, 5), (1, 6, 7, 7)]  # unseen and plot are left out


SETTINGS = [
    {},
    {"num_words": 6},
    {"skip_top": 5},
    {"num_words": 7, "skip_top": 5, "oov_char": None},
    {"start_char": None},
    {"start_char": None, "index_from": 0},
    {"index_from": 10, "num_words": 13, "seed": 5},
    {"maxlen": 5},
    {"oov_char": 99, "num_words": 5, "maxlen": 6},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_arithmetic_is_keras(folder, settings, monkeypatch):
    pytest.importorskip("keras")
    from keras.src.datasets import imdb as theirs

    reviews = imdb._read(folder)
    arrays = {
        "x_train": imdb._objects(reviews.train), "y_train": reviews.train_labels,
        "x_test": imdb._objects(reviews.test), "y_test": reviews.test_labels,
    }  # fmt: skip
    monkeypatch.setattr(theirs, "get_file", lambda *a, **k: "unused")
    if hasattr(theirs, "npz_utils"):
        monkeypatch.setattr(theirs.npz_utils, "load_npz", lambda path: arrays)
    else:
        pytest.skip("this version of Keras reads its file in another way")
    # Without num_words Keras takes the largest number for the limit and so loses the rarest word; ours keeps all.
    asked = settings if "num_words" in settings else {**settings, "num_words": 10**6}
    assert plain(imdb.load_data(folder, **settings)) == plain(theirs.load_data(**asked))


def test_same_length_reviews_stay_lists(folder):
    (x, _), (x_test, _) = imdb.load_data(folder, maxlen=4)
    assert x.dtype == object and x.ndim == 1 and {type(s) for s in x} == {list} and len(x) == 2
    with pytest.raises(ArgumentError, match="leaves no training review"):
        imdb.load_data(folder, maxlen=2)


def test_order_depends_on_the_seed_only(folder):
    assert plain(imdb.load_data(folder)) == plain(imdb.load_data(folder))
    orders = {str(plain(imdb.load_data(folder, seed=seed))) for seed in range(10)}
    assert len(orders) > 3


def test_archive_and_npz_give_the_same(folder, tmp_path):
    with tarfile.open(tmp_path / "mine.tar.gz", "w:gz") as tar:
        tar.add(folder, "aclImdb")
    target = tmp_path / "none" / "imdb.npz"
    target.parent.mkdir()
    imdb.to_npz(target, folder)
    expected = plain(imdb.load_data(folder))
    assert plain(imdb.load_data(tmp_path / "mine.tar.gz")) == expected
    assert plain(imdb.load_data()) == expected and plain(imdb.load_data("imdb.npz")) == expected
    assert imdb.get_word_index() == RANKS


def test_keras_file_is_refused(tmp_path):
    lists = imdb._objects([[1, 2], [3]])
    np.savez(tmp_path / "imdb.npz", x_train=lists, y_train=[0, 1], x_test=lists, y_test=[0, 1])
    with pytest.raises(DataError, match="pickled lists, which can run any code") as error:
        imdb.load_data(tmp_path / "imdb.npz")
    assert "aclImdb_v1.tar.gz" in str(error.value)


def test_bad_npz(folder, tmp_path):
    path = tmp_path / "ours.npz"
    imdb.to_npz(path, folder)
    good = dict(np.load(path))
    for changed, message in (
        ({"train_lengths": good["train_lengths"] + 1}, "lengths of train do not fit"),
        ({"test_labels": np.array([1, 2])}, r"test_labels of .*ours.npz.*\s+expected: 0 to 1"),
        (
            {"test_words": good["test_words"] + 8},
            r"test_words holds ranks that no word has\s+expected: 1 to 8",
        ),
        ({"train_words": good["train_words"] - 1}, "train_words holds ranks"),
        ({"train_words": imdb._objects([[1]])}, "pickled objects, which are never read"),
    ):
        np.savez(path, **{**good, **changed})
        with pytest.raises(DataError, match=message):
            imdb.load_data(path)


def test_bad_folders_and_archives(folder, tmp_path):
    official = folder.rename(tmp_path / "aclImdb")
    with pytest.raises(
        DataError, match=r"aclImdb is incomplete\s+expected: 12,500 reviews in train/pos\s+got:\s+2"
    ):
        imdb.load_data(official)
    folder = official.rename(tmp_path / "reviews")
    (folder / "test/neg/0_2.txt").rename(folder / "test/neg/0_8.txt")
    with pytest.raises(DataError, match=r"test/neg/0_8.txt is in the wrong folder.*\s+.*\s+got:\s+8"):
        imdb.load_data(folder)
    (folder / "test/neg/0_8.txt").unlink()
    with pytest.raises(DataError, match="reviews in test/neg"):
        imdb.load_data(folder)
    (folder / "train/pos/5_9.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match="5_9.txt is not UTF-8"):
        imdb.load_data(folder)
    archive = tmp_path / "aclImdb_v1.tar.gz"
    archive.write_bytes(b"nonsense")
    with pytest.raises(
        DataError, match=r"not the official file\s+expected: md5 7c2ac02c03563afcf9b574c7e56c153a"
    ):
        imdb.load_data(archive)
    with pytest.raises(DataError, match="mine.tar.gz is damaged"):
        imdb.load_data(archive.rename(tmp_path / "mine.tar.gz"))


def test_missing_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))
    with pytest.raises(DataError) as error:
        imdb.load_data()
    assert all(
        str(tmp_path / name) in str(error.value) for name in ("imdb.npz", "aclImdb", "aclImdb_v1.tar.gz")
    )
