"""StringLookup, IntegerLookup and TextVectorization: words and codes as class numbers, by a vocabulary."""

from __future__ import annotations

import collections
import math
import re
import string
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.errors import ArgumentError, NotBuiltError
from stepgrad.layers.categorical import Numbering, bucket, numbers_of
from stepgrad.layers.layer import LAYERS
from stepgrad.tape import Tensor

_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")


class Lookup(Numbering):
    """A vocabulary: mask token (if any) first, then the numbers of what is not in it, then its words."""

    words: tuple[str, ...] = (
        "max_tokens", "num_oov_indices", "mask_token", "oov_token", "vocabulary", "idf_weights", "invert", "output_mode",
        "pad_to_max_tokens", "salt",
    )  # fmt: skip

    def _setup(
        self, max_tokens: int | None, num_oov_indices: int, mask_token: Any, oov_token: Any, vocabulary: Any, idf_weights: Any,
        invert: bool, output_mode: str, sparse: bool, pad_to_max_tokens: bool, salt: Any = None,
    ) -> None:  # fmt: skip
        self._start(output_mode, _MODES, sparse)
        if invert and output_mode != "int":
            raise ArgumentError(
                "the way back starts from numbers", layer=self.name, fix="invert=True with output_mode='int'"
            )
        self.max_tokens, self.num_oov_indices, self.salt = max_tokens, num_oov_indices, salt
        self.mask_token, self.oov_token, self.invert = mask_token, oov_token, invert
        self.pad_to_max_tokens = pad_to_max_tokens
        self.vocabulary: Any = None
        self.idf_weights: Any = None
        self._known: list[Any] | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _special(self) -> list[Any]:
        mask = [] if self.mask_token is None or self.output_mode != "int" else [self.mask_token]
        return mask + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the words in the order of their numbers."""
        return [*(self._special() if include_special_tokens else []), *(self._known or [])]

    def vocabulary_size(self) -> int:
        """Return the number of class numbers, those for unknown words and the mask included."""
        return len(self.get_vocabulary())

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Take the words, with the special tokens in front or without; a path names a text file with a word a line."""
        if isinstance(vocabulary, str):
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = [self._token(line) for line in file.read().splitlines()]
        words = [word.item() if hasattr(word, "item") else word for word in vocabulary]
        special = self._special()
        known = words[len(special) :] if special and words[: len(special)] == special else words
        if len(set(known)) < len(known):
            raise ArgumentError("a word is twice in the vocabulary", layer=self.name)
        if self.max_tokens is not None and len(known) + len(special) > self.max_tokens:
            raise ArgumentError(
                "the vocabulary is too large", layer=self.name, expected=f"at most {self.max_tokens} with special tokens",
                got=str(len(known) + len(special)),
            )  # fmt: skip
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            raise ArgumentError(
                "idf_weights belong to output_mode 'tf_idf', and to no other", layer=self.name
            )
        self.vocabulary, self._known = known, known
        self._numbers = {word: i for i, word in enumerate(known, len(special))}
        if idf_weights is not None:
            values = [float(w) for w in np.asarray(idf_weights)]
            missing = len(special) + len(known) - len(values)
            self.idf_weights = values if not missing else [float(np.mean(values))] * missing + values

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Gather the vocabulary of an array, a list or an iterable of batches: the most frequent first."""
        whole = isinstance(data, np.ndarray | Tensor | list | tuple)
        counts: collections.Counter = collections.Counter()
        documents: collections.Counter = collections.Counter()
        total = 0
        for batch in [data] if whole else data:
            for row in self._rows(batch):
                counts.update(row)
                documents.update(set(row))
                total += 1
        counts.pop(self.mask_token, None)
        counts.pop(self.oov_token, None)
        # Keras puts the later word first among equally frequent ones
        words = sorted(sorted(counts, reverse=True), key=lambda word: -counts[word])
        if self.max_tokens is not None:
            words = words[: self.max_tokens - len(self._special())]
        weights = None
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + total / (1 + documents[word])) for word in words]
        self.set_vocabulary(words, weights)

    def _token(self, word: str) -> Any:
        return word

    def _rows(self, batch: Any) -> Iterable[list[Any]]:
        x = np.asarray(batch.array if isinstance(batch, Tensor) else batch)
        return x.reshape(len(x), -1).tolist() if x.ndim else [[x.item()]]

    def call(self, inputs: Any) -> Any:
        if self._known is None:
            raise NotBuiltError("the layer has no vocabulary yet", layer=self.name, fix="layer.adapt(data)")
        x = numbers_of(self, inputs)
        if self.invert:
            words = self.get_vocabulary()
            back = [words[i] if 0 <= i < len(words) else self.oov_token for i in x.ravel().tolist()]
            result = np.array(back).reshape(x.shape)
            return ops.convert_to_tensor(result) if result.dtype.kind in "iu" else result
        return self._encode(
            np.array([self._number(word) for word in x.ravel().tolist()], np.int64).reshape(x.shape)
        )

    def _encode(self, numbers: np.ndarray) -> Any:
        size = self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self.vocabulary_size()
        if self.output_mode != "tf_idf":
            return self._finish(numbers, size)
        from stepgrad.layers.categorical import encode

        weights = np.zeros(size)
        weights[: len(self.idf_weights)] = self.idf_weights
        return ops.convert_to_tensor(encode(numbers, "tf_idf", size, "float32", weights))

    def _number(self, word: Any) -> int:
        if self.mask_token is not None and word == self.mask_token and self.output_mode == "int":
            return 0
        found = self._numbers.get(word)
        if found is not None:
            return found
        if not self.num_oov_indices:
            raise ArgumentError(
                f"{word!r} is not in the vocabulary",
                layer=self.name,
                fix="num_oov_indices=1 gives such words a number",
            )
        first = len(self._special()) - self.num_oov_indices
        return first + (self._spread(word) if self.num_oov_indices > 1 else 0)

    def _spread(self, word: Any) -> int:
        return bucket(word, self.num_oov_indices, self.salt)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{word: getattr(self, word) for word in self.words}}


@LAYERS.register
class StringLookup(Lookup):
    """Turn words into class numbers, or back.

    Parameters
    ----------
    max_tokens : int, optional
        The largest size of the vocabulary.
    num_oov_indices : int
        How many numbers unknown words share; by a hash, if there are several.
    mask_token, oov_token : str
        The word that gets number 0, and what unknown words are called on the way back.
    vocabulary : list of str or path, optional
        :meth:`adapt` gathers one otherwise.
    idf_weights : list of float, optional
        For output_mode="tf_idf".
    invert : bool
        From numbers to words.
    output_mode : {"int", "one_hot", "multi_hot", "count", "tf_idf"}
    pad_to_max_tokens : bool
    sparse : bool
        Only False is offered.
    encoding : str
        Kept for Keras programs.
    name : str, optional
    salt : int, optional

    Examples
    --------
    >>> layer = StringLookup(vocabulary=["a", "b"])
    >>> layer(np.array(["b", "z"])).tolist()
    [2, 0]
    >>> StringLookup(vocabulary=["a", "b"], invert=True)(np.array([1, 0])).tolist()
    ['a', '[UNK]']
    """

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: str | None = None, oov_token: str = "[UNK]",
        vocabulary: Any = None, idf_weights: Any = None, invert: bool = False, output_mode: str = "int",
        pad_to_max_tokens: bool = False, sparse: bool = False, encoding: str = "utf-8", name: str | None = None,
        salt: Any = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name, **kwargs)
        self._setup(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, salt,
        )  # fmt: skip
        self.encoding = encoding


@LAYERS.register
class IntegerLookup(Lookup):
    """Turn codes, which are any integers, into class numbers, or back.

    Parameters
    ----------
    max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse, pad_to_max_tokens
        As in `StringLookup`, of integers.
    vocabulary_dtype : str
        Kept for Keras programs.
    oov_method : {"floormod"}
        Unknown codes are spread by their remainder.
    salt, name

    Examples
    --------
    >>> IntegerLookup(vocabulary=[12, 36])(np.array([36, 7])).tolist()
    [2, 0]
    """

    def __init__(
        self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: int | None = None, oov_token: int = -1,
        vocabulary: Any = None, vocabulary_dtype: str = "int64", idf_weights: Any = None, invert: bool = False,
        output_mode: str = "int", sparse: bool = False, pad_to_max_tokens: bool = False, oov_method: str = "floormod",
        salt: Any = None, name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name, **kwargs)
        self._setup(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode, sparse,
            pad_to_max_tokens, salt,
        )  # fmt: skip
        self.vocabulary_dtype, self.oov_method = vocabulary_dtype, oov_method

    def _token(self, word: str) -> Any:
        return int(word)

    def _spread(self, word: Any) -> int:
        return word % self.num_oov_indices


@LAYERS.register
class TextVectorization(Lookup):
    """Turn texts into class numbers of their words.

    Parameters
    ----------
    max_tokens : int, optional
    standardize : {"lower_and_strip_punctuation", "lower", "strip_punctuation", None} or callable
        What happens to a text first; a callable maps a str to a str.
    split : {"whitespace", "character", None} or callable
        How it is taken apart; a callable maps a str to a list of str.
    ngrams : int or tuple of int, optional
        Also neighbours, up to so many words, or exactly these numbers of them.
    output_mode : {"int", "multi_hot", "count", "tf_idf"}
    output_sequence_length : int, optional
        Cut or fill up with 0 to this length.
    pad_to_max_tokens : bool
    vocabulary, idf_weights : list, optional
    sparse, ragged : bool
        Only False is offered.
    encoding : str
        Kept for Keras programs.
    name : str, optional

    Examples
    --------
    >>> layer = TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["The cat sat.", "The dog sat!"])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
    >>> layer(["The cow sat"]).tolist()
    [[2, 1, 3, 0]]
    """

    words = (
        "max_tokens", "standardize", "split", "ngrams", "output_mode", "output_sequence_length", "pad_to_max_tokens",
        "vocabulary", "idf_weights",
    )  # fmt: skip

    def __init__(
        self, max_tokens: int | None = None, standardize: str | Callable | None = "lower_and_strip_punctuation",
        split: str | Callable | None = "whitespace", ngrams: Any = None, output_mode: str = "int",
        output_sequence_length: int | None = None, pad_to_max_tokens: bool = False, vocabulary: Any = None,
        idf_weights: Any = None, sparse: bool = False, ragged: bool = False, encoding: str = "utf-8", name: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name, **kwargs)
        self.standardize, self.split, self.ngrams = standardize, split, ngrams
        self.output_sequence_length = output_sequence_length
        self._setup(
            max_tokens,
            1,
            "",
            "[UNK]",
            vocabulary,
            idf_weights,
            False,
            output_mode,
            sparse or ragged,
            pad_to_max_tokens,
        )

    def _rows(self, batch: Any) -> Iterable[list[Any]]:
        return [self.words_of(str(text)) for text in np.ravel(np.asarray(batch))]

    def words_of(self, text: str) -> list[str]:
        """Return the words of a text, standardized, with the n-grams."""
        if callable(self.standardize):
            text = self.standardize(text)
        elif self.standardize is not None:
            if "lower" in self.standardize:
                text = text.lower()
            if "strip_punctuation" in self.standardize:
                text = re.sub(f"[{re.escape(string.punctuation)}]", "", text)
        if callable(self.split):
            words = list(self.split(text))
        else:
            words = {"whitespace": text.split, "character": lambda: list(text)}.get(
                self.split or "", lambda: [text]
            )()
        if self.ngrams is None:
            return words
        sizes = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
        return [" ".join(words[i : i + n]) for n in sizes for i in range(len(words) - n + 1)]

    def call(self, inputs: Any) -> Any:
        if self._known is None:
            raise NotBuiltError("the layer has no vocabulary yet", layer=self.name, fix="layer.adapt(texts)")
        texts = np.asarray(inputs)
        rows = [[self._number(word) for word in row] for row in self._rows(texts)]
        length = self.output_sequence_length if self.output_mode == "int" else None
        length = max((len(row) for row in rows), default=0) if length is None else length
        filler = 0 if self.output_mode == "int" else -1  # left out of vectors
        numbers = np.full((len(rows), length), filler, np.int64)
        for place, row in zip(numbers, rows, strict=True):
            place[: len(row)] = row[:length]
        return self._encode(numbers if texts.ndim else numbers[0])
