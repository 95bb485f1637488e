"""IMDB: 50,000 film reviews, good or bad (Maas et al. 2011)."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stepgrad.datasets import _files
from stepgrad.errors import ArgumentError, DataError

_ARCHIVE, _FOLDER = "aclImdb_v1.tar.gz", "aclImdb"
_ARCHIVE_MD5 = "7c2ac02c03563afcf9b574c7e56c153a"
_REVIEWS = 12_500  # of one kind in one part of the official set
_PUNCTUATION = str.maketrans(dict.fromkeys('!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n', " "))
_MEMBER = re.compile(r"(?:^|/)(train|test)/(pos|neg)/(\d+)_(\d+)\.txt$")
_KEYS = tuple(f"{part}_{what}" for part in ("train", "test") for what in ("words", "lengths", "labels"))


class Reviews(NamedTuple):
    """Reviews as ranks of words (1 is the most frequent), with their vocabulary in the order of the ranks."""

    train: list[list[int]]
    train_labels: np.ndarray
    test: list[list[int]]
    test_labels: np.ndarray
    vocabulary: list[str]
    source: str


def load_data(
    path: str | os.PathLike[str] | None = None,
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int = 3,
) -> _files.Loaded:
    """Load the reviews as lists of word numbers, the most frequent word first.

    Parameters
    ----------
    path : str or path, optional
        The official archive ``aclImdb_v1.tar.gz``, the folder ``aclImdb`` that it holds, or a file that `to_npz` wrote.
        Without one, ``imdb.npz``, ``aclImdb`` and the archive are looked for in the data folder (``$STEPGRAD_DATA`` or
        ``~/.stepgrad/datasets``). Keras's own imdb.npz is refused: it is pickled.
    num_words : int, optional
        Numbers from here on become ``oov_char``. All words are kept by default.
    skip_top : int
        Numbers below become ``oov_char``.
    maxlen : int, optional
        Reviews of this length or longer are left out.
    seed : int
        For the order of the reviews.
    start_char, oov_char : int, optional
        The number that every review starts with, and the one in place of words that are left out; None for neither.
    index_from : int
        Added to every rank, to leave room for padding (0), start and oov.

    Returns
    -------
    (x_train, y_train), (x_test, y_test)
        x: object arrays of lists of int; y: int64 arrays, 1 for a good review.

    Notes
    -----
    Words are what is left between spaces and punctuation, in lower case, ranked by how often they occur in the training
    reviews, ties in alphabetical order; words of test reviews that no training review has are left out. Keras's file was
    made the same way, but its ranks differ in places: do not mix the two.

    Examples
    --------
    >>> load_data("/no/such/aclImdb")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stepgrad.errors.DataError: IMDB is not on this machine, and stepgrad never downloads
      expected: ...
    """
    return number(_read(path), "IMDB", num_words, skip_top, maxlen, seed, start_char, oov_char, index_from)


def get_word_index(path: str | os.PathLike[str] | None = None) -> dict[str, int]:
    """Return the rank of every word, 1 for the most frequent: the numbers of `load_data` less ``index_from``."""
    return {word: rank for rank, word in enumerate(_read(path).vocabulary, 1)}


def to_npz(target: str | os.PathLike[str], path: str | os.PathLike[str] | None = None) -> None:
    """Write the reviews to one file that `load_data` reads fast, for example ``imdb.npz`` in the data folder.

    The arrays: ``{train,test}_words`` (int32, all reviews' ranks one after the other), ``{train,test}_lengths`` (int32),
    ``{train,test}_labels`` (uint8) and ``vocabulary`` (uint8: UTF-8 text, one word a line, in the order of the ranks).
    """
    reviews = _read(path)
    arrays: dict[str, Any] = {"vocabulary": np.frombuffer("\n".join(reviews.vocabulary).encode(), np.uint8)}
    for part in ("train", "test"):
        sequences, labels = getattr(reviews, part), getattr(reviews, f"{part}_labels")
        arrays[f"{part}_words"] = np.array([rank for sequence in sequences for rank in sequence], np.int32)
        arrays[f"{part}_lengths"] = np.array([len(sequence) for sequence in sequences], np.int32)
        arrays[f"{part}_labels"] = labels.astype(np.uint8)
    np.savez_compressed(target, **arrays)


def number(
    reviews: Reviews, title: str, num_words: int | None, skip_top: int, maxlen: int | None, seed: int, start_char: int | None,
    oov_char: int | None, index_from: int,
) -> _files.Loaded:  # fmt: skip
    """Return the reviews in the order of `seed`, as lists of word numbers: what `load_data` says."""
    generator, parts = np.random.RandomState(seed), []  # one for both parts, as in Keras
    for sequences, labels in ((reviews.train, reviews.train_labels), (reviews.test, reviews.test_labels)):
        order = np.arange(len(sequences))
        generator.shuffle(order)
        parts.append(([sequences[i] for i in order], labels[order]))
    shuffled = []
    for number, (sequences, labels) in enumerate(parts):
        start = [] if start_char is None else [start_char]
        numbered = [start + [rank + index_from for rank in sequence] for sequence in sequences]
        kept = [i for i, sequence in enumerate(numbered) if not maxlen or len(sequence) < maxlen]
        if not kept:
            raise ArgumentError(
                f"maxlen={maxlen} leaves no {('training', 'test')[number]} review", fix="increase it"
            )
        chosen = [_limit(numbered[i], skip_top, num_words, oov_char) for i in kept]
        shuffled.append((_objects(chosen), labels[kept]))
    counts = " + ".join(f"{len(y):,}" for _, y in shuffled)
    train, test = shuffled
    return _files.Loaded(train, test, f"{title} from {reviews.source}: {counts} reviews")


def rank_words(texts: Iterable[tuple[str, str, list[str]]], source: str) -> Reviews:
    """Return reviews, given as (part, kind, words), with words as ranks: 1 is the most frequent of the training part."""
    texts = list(texts)
    words = Counter(word for part, _, text in texts if part == "train" for word in text)
    vocabulary = sorted(words, key=lambda word: (-words[word], word))
    rank = {word: number for number, word in enumerate(vocabulary, 1)}
    numbers: dict[str, list[list[int]]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for part, kind, text in texts:
        numbers[part].append([rank[word] for word in text if word in rank])
        labels[part].append(kind == "pos")
    y_train, y_test = (np.array(labels[part], np.int64) for part in ("train", "test"))
    return Reviews(numbers["train"], y_train, numbers["test"], y_test, vocabulary, source)


def words_of(text: str) -> list[str]:
    """Return what is left between spaces and punctuation, in lower case.

    Examples
    --------
    >>> words_of("A film, THE film!")
    ['a', 'film', 'the', 'film']
    """
    return text.lower().translate(_PUNCTUATION).split()


def _limit(sequence: Sequence[int], low: int, high: int | None, oov: int | None) -> list[int]:
    inside = [low <= number and (not high or number < high) for number in sequence]
    if oov is None:
        return [number for number, keep in zip(sequence, inside, strict=True) if keep]
    return [number if keep else oov for number, keep in zip(sequence, inside, strict=True)]


def _objects(sequences: list[list[int]]) -> np.ndarray:
    """Return a vector of lists, also where all have one length and NumPy would make a matrix."""
    array = np.empty(len(sequences), object)
    array[:] = sequences
    return array


def _read(path: str | os.PathLike[str] | None) -> Reviews:
    found = _files.find(path, ["imdb.npz", _FOLDER, _ARCHIVE], "IMDB", f"the official {_ARCHIVE}")
    if found.suffix == ".npz":
        return _read_npz(found)
    texts = list(_folder_texts(found) if found.is_dir() else _archive_texts(found))
    counts = Counter((part, kind) for part, kind, _ in texts)
    for part in ("train", "test"):
        for kind in ("pos", "neg"):
            number = counts[part, kind]
            if number == 0 or (found.name == _FOLDER and number != _REVIEWS):
                raise DataError(
                    f"{found} is incomplete",
                    expected=f"{_REVIEWS:,} reviews in {part}/{kind}",
                    got=f"{number:,}",
                    fix="unpack the archive again",
                )
    return rank_words(texts, str(found))


def _words(name: str, content: bytes) -> tuple[str, str, list[str]] | None:
    """Return (part, kind, words) of a review, or None for the other files of the archive."""
    match = _MEMBER.search(name)
    if match is None:
        return None
    part, kind, _, stars = match.groups()
    if (kind == "pos") != (int(stars) > 5):
        raise DataError(
            f"{name} is in the wrong folder", expected="more than 5 stars in pos, fewer in neg", got=stars
        )
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text", got=str(error), fix=_files.AGAIN) from error
    return part, kind, words_of(text)


def _folder_texts(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    for file in sorted(folder.glob("*/*/*.txt")):
        if _MEMBER.search(file.as_posix()) and (review := _words(file.as_posix(), file.read_bytes())):
            yield review


def _archive_texts(archive: Path) -> list[tuple[str, str, list[str]]]:
    """Read the reviews in memory, in the order of their names, so that a folder and the archive give the same."""
    if archive.name == _ARCHIVE:
        with open(archive, "rb") as content:
            found = hashlib.file_digest(content, "md5").hexdigest()
        if found != _ARCHIVE_MD5:
            raise DataError(
                f"{archive} is not the official file",
                expected=f"md5 {_ARCHIVE_MD5}",
                got=f"md5 {found}",
                fix=_files.AGAIN,
            )
    texts = {}
    with _files.reading(archive), tarfile.open(archive) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isfile() and _MEMBER.search(member.name) else None
            if file is not None and (review := _words(member.name, file.read())):
                texts[Path(member.name)] = review
    return [texts[name] for name in sorted(texts)]


def _read_npz(path: Path) -> Reviews:
    advice = f"take the official {_ARCHIVE}: Keras's imdb.npz holds pickled lists, which can run any code when read"
    arrays = _files.read_npz(path, (*_KEYS, "vocabulary"), advice)
    vocabulary = arrays["vocabulary"].tobytes().decode("utf-8").split("\n")
    parts = []
    for part in ("train", "test"):
        words, lengths, labels = (arrays[f"{part}_{what}"] for what in ("words", "lengths", "labels"))
        if len(lengths) != len(labels) or lengths.sum() != len(words) or (lengths < 0).any():
            raise DataError(
                f"{path}: the lengths of {part} do not fit",
                expected=f"{len(labels)} lengths that sum to {len(words)}",
                got=f"{len(lengths)} that sum to {lengths.sum()}",
            )
        _files.check_labels(labels, f"{part}_labels of {path}", 2)
        if len(words) and not 1 <= words.min() <= words.max() <= len(vocabulary):
            raise DataError(
                f"{path}: {part}_words holds ranks that no word has",
                expected=f"1 to {len(vocabulary)}",
                got=f"{words.min()} to {words.max()}",
            )
        sequences = [run.tolist() for run in np.split(words, np.cumsum(lengths)[:-1])]
        parts.append((sequences, labels.astype(np.int64)))
    (train, y_train), (test, y_test) = parts
    return Reviews(train, y_train, test, y_test, vocabulary, str(path))
