"""The reviews of the two programs on text: IMDB where the user has it, else the movie sentences."""

from stepgrad.datasets import imdb, movie_sentences
from stepgrad.errors import DataError
from stepgrad.programs.program import Data
from stepgrad.utils import pad_sequences

WORDS = 10_000
SENTENCE = 50  # words; the longest sentence has 51


def load(full, limit):
    """Reviews as rows of word numbers, filled up with zeros in front: 500 for IMDB, 50 for single sentences."""
    try:
        loaded, length = imdb.load_data(num_words=WORDS), 500
    except DataError:
        loaded, length = movie_sentences.load_data(num_words=WORDS), 500 if full else SENTENCE
    train, test = (
        (pad_sequences(x[:limit], maxlen=length), y[:limit].astype("float32")[:, None]) for x, y in loaded
    )
    return Data(train, test, f"{loaded.source}, {length} words each", {"length": length})
