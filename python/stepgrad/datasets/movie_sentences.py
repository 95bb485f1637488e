"""Movie sentences: one sentence of a film review each, with a score from about 20 readers (Hutto and Gilbert 2014, MIT licence)."""

from __future__ import annotations

import gzip
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from stepgrad.datasets import _files, imdb
from stepgrad.errors import ArgumentError, DataError, did_you_mean

ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
FETCH = "pip download --no-deps --no-binary :all: vaderSentiment==3.3.2"
SLICE = Path(__file__).parent / "data" / "movie_sentences.tsv.gz"
_INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_MEMBER = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
_SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"
_NEUTRAL = 0.5  # sentences between -0.5 and 0.5 are left out: the readers did not agree on them


def load_data(
    path: str | os.PathLike[str] | None = None,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
    subset: str | None = None,
) -> _files.Loaded:
    """Load the sentences as lists of word numbers, the most frequent word first: a small stand-in for `imdb`.

    Parameters
    ----------
    path : str or path, optional
        The source archive of the package vaderSentiment, ``vaderSentiment-3.3.2.tar.gz``. Without one it is looked for in the data
        folder; ``pip download --no-deps --no-binary :all: vaderSentiment==3.3.2`` fetches it (2.5 MB).
    num_words, skip_top, maxlen, seed, start_char, oov_char, index_from
        As in `imdb.load_data`.
    subset : {None, "slice", "full"}
        "slice": the 4,000 sentences that ship with stepgrad. "full": all 10,072, or an error. None: all where the archive is found,
        else the slice.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: object arrays of lists of int; y: int64 arrays, 1 for praise. Every fifth sentence is in the test part.

    Examples
    --------
    >>> from stepgrad.datasets import movie_sentences
    >>> (x_train, y_train), (x_test, y_test) = movie_sentences.load_data(num_words=1000, subset="slice")
    >>> len(x_train), len(x_test), max(map(max, x_train))
    (3200, 800, 999)
    """
    sentences, source = _read(path, subset)
    reviews = imdb.rank_words(((part, kind, imdb.words_of(text)) for part, kind, text in sentences), source)
    return imdb.number(
        reviews, "movie sentences", num_words, skip_top, maxlen, seed, start_char, oov_char, index_from
    )


def load_texts(path: str | os.PathLike[str] | None = None, subset: str | None = None) -> _files.Loaded:
    """Load the sentences as text: ``(texts, labels)`` twice, arrays of str and int64; arguments as in `load_data`.

    Examples
    --------
    >>> (texts, labels), _ = load_texts(subset="slice")
    >>> str(texts[1]), int(labels[1])
    ('Effective but too tepid biopic', 0)
    """
    sentences, source = _read(path, subset)
    parts = []
    for part in ("train", "test"):
        chosen = [(text, kind == "pos") for where, kind, text in sentences if where == part]
        texts, labels = zip(*chosen, strict=True)
        parts.append((np.array(texts), np.array(labels, np.int64)))
    train, test = parts
    return _files.Loaded(train, test, f"movie sentences from {source}")


def get_word_index(path: str | os.PathLike[str] | None = None, subset: str | None = None) -> dict[str, int]:
    """Return the rank of every word, 1 for the most frequent: the numbers of `load_data` less ``index_from``."""
    sentences, source = _read(path, subset)
    reviews = imdb.rank_words(((part, kind, imdb.words_of(text)) for part, kind, text in sentences), source)
    return {word: rank for rank, word in enumerate(reviews.vocabulary, 1)}


def _read(path: str | os.PathLike[str] | None, subset: str | None) -> tuple[list[tuple[str, str, str]], str]:
    """Return (part, kind, text) of every sentence, and where they come from."""
    if subset not in (None, "slice", "full"):
        raise ArgumentError(f"subset cannot be {subset!r}", fix=did_you_mean(str(subset), ["slice", "full"]))
    if path is None and (
        subset == "slice" or (subset is None and not (_files.data_folder() / ARCHIVE).exists())
    ):
        with gzip.open(SLICE, "rt", encoding="utf-8") as file:
            return _parts(file), "the slice that ships with stepgrad"
    if subset == "slice":
        raise ArgumentError("the slice ships with stepgrad", fix="leave out path= or subset='slice'")
    archive = _files.find(path, [ARCHIVE], "the whole of the movie sentences", f"{ARCHIVE} ({FETCH})")
    return _parts(_archived(archive).decode("utf-8").splitlines()), str(archive)


def _archived(archive: Path) -> bytes:
    """Return the table, out of a tar in the tar; nothing is unpacked or run."""
    with _files.reading(archive), tarfile.open(archive) as outer:
        try:
            with tarfile.open(fileobj=outer.extractfile(_INNER)) as inner:
                member = inner.extractfile(_MEMBER)
                content = b"" if member is None else member.read()
        except KeyError as error:
            raise DataError(f"{archive} does not hold the sentences", got=str(error), fix=FETCH) from error
    _files.check_sha256(_MEMBER, content, _SHA256)
    return content


def _parts(lines: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return (part, kind, text) of lines "number, score, text": clear judgements only, every fifth for the test."""
    rows = [line.rstrip("\n").split("\t", 2) for line in lines]
    clear = [(float(score), text) for _, score, text in rows if abs(float(score)) >= _NEUTRAL]
    return [
        ("train" if i % 5 else "test", "pos" if score > 0 else "neg", text)
        for i, (score, text) in enumerate(clear)
    ]
