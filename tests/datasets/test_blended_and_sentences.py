"""Fashion-MNIST-M and the movie sentences: made and cut as they say."""

import io
import tarfile

import numpy as np
import pytest

from stepgrad.datasets import fashion_mnist, fashion_mnist_m, imdb, movie_sentences
from stepgrad.errors import ArgumentError, DataError


@pytest.fixture(autouse=True)
def no_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("STEPGRAD_DATA", str(tmp_path))


def test_garments_over_photographs():
    (x, y), (x_test, y_test) = fashion_mnist_m.load_data(subset="slice")
    (plain, labels), _ = fashion_mnist.load_data(subset="slice")
    assert x.shape == (5000, 32, 32, 3) and x_test.shape == (1000, 32, 32, 3) and x.dtype == np.uint8
    assert (y[:, 0] == labels).all() and y_test.shape == (1000, 1)
    # Where the garment is black the photograph is untouched, where it is white it is inverted: colour stays grey there
    white = plain[7] == 255
    inside = x[7, 2:-2, 2:-2]
    assert white.any() and inside.std() > 0
    again = fashion_mnist_m.load_data(subset="slice")
    assert again.source.startswith("Fashion-MNIST-M") and (again[0][0] == x).all()


def test_blending_by_hand():
    photos = np.full((1, 32, 32, 3), [10, 200, 90], np.uint8)
    out = fashion_mnist_m._blend(np.full((2, 28, 28), 100, np.uint8), photos, 0)
    assert out[0, 0, 0].tolist() == [10, 200, 90] and out[1, 16, 16].tolist() == [90, 100, 10]


def test_training_and_test_photographs_share_no_pixel(monkeypatch):
    seen = []
    monkeypatch.setattr(
        fashion_mnist_m, "_blend", lambda garments, photos, seed: seen.append(photos) or garments
    )
    fashion_mnist_m.load_data(subset="slice")
    assert [a.shape[2] for a in seen] == [176, 80]


def test_the_slice_of_the_sentences():
    (texts, labels), (test_texts, _) = movie_sentences.load_texts()
    assert len(texts) == 3200 and len(test_texts) == 800 and 0.3 < labels.mean() < 0.7
    assert not set(texts.tolist()) & set(test_texts.tolist())
    (x, y), (x_test, _) = movie_sentences.load_data()
    ranks = movie_sentences.get_word_index()
    assert sorted(x.tolist()) == sorted(
        [1] + [ranks[w] + 3 for w in imdb.words_of(t)] for t in texts.tolist()
    )
    assert len(x_test) == 800 and y.sum() == labels.sum()
    short, _ = movie_sentences.load_data(num_words=50, maxlen=10)
    assert max(map(max, short[0])) < 50 and max(map(len, short[0])) < 10


def test_the_archive(tmp_path, monkeypatch):
    def tar(members):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as file:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
        return buffer.getvalue()

    table = b"1\t2.0\tfine\n2\t0.1\tso-so\n3\t-1.5\tawful, awful\n4\t3\tgreat\tfun\n"
    archive = tmp_path / movie_sentences.ARCHIVE
    archive.write_bytes(tar({movie_sentences._INNER: tar({movie_sentences._MEMBER: table})}))
    with pytest.raises(DataError, match="(?s)not the official file"):
        movie_sentences.load_texts()
    monkeypatch.setattr(movie_sentences, "_SHA256", None)
    (texts, labels), (test, _) = movie_sentences.load_texts()
    assert (
        texts.tolist() == ["awful, awful", "great\tfun"]
        and labels.tolist() == [0, 1]
        and test.tolist() == ["fine"]
    )
    archive.write_bytes(tar({"other": b"x"}))
    with pytest.raises(DataError, match="(?s)does not hold the sentences.*pip download"):
        movie_sentences.load_texts()


def test_mistakes(tmp_path):
    with pytest.raises(DataError, match="(?s)not on this machine.*pip download"):
        movie_sentences.load_data(subset="full")
    with pytest.raises(ArgumentError, match="did you mean 'slice'"):
        movie_sentences.load_data(subset="slise")
    with pytest.raises(ArgumentError, match="ships with stepgrad"):
        movie_sentences.load_data(tmp_path, subset="slice")
