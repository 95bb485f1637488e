"""Write the slice of the movie sentences that ships with stepgrad, from the source archive of vaderSentiment 3.3.2.

    python tools/make_movie_sentences_slice.py vaderSentiment-3.3.2.tar.gz

The rule: the first 2,000 sentences with a score of 0.5 or more and the first 2,000 with -0.5 or less, in the official order.
"""

import gzip
import sys
from pathlib import Path

from stepgrad.datasets import movie_sentences

PER_KIND = 2000


def main() -> None:
    lines = movie_sentences._archived(Path(sys.argv[1])).decode("utf-8").splitlines()
    kinds = [(line, kind) for line in lines for _, kind, _ in movie_sentences._parts([line])]
    chosen = {line for kind in ("pos", "neg") for line in [at for at, k in kinds if k == kind][:PER_KIND]}
    with open(movie_sentences.SLICE, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("".join(line + "\n" for line in lines if line in chosen).encode())


if __name__ == "__main__":
    main()
