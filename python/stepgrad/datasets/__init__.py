"""Data sets with Keras's ``load_data``, read from files on this machine: nothing is ever downloaded or unpickled.

A real slice of Fashion-MNIST ships with stepgrad. The others, and the whole of Fashion-MNIST, are looked for in the
folder named by the environment variable STEPGRAD_DATA, or else in ``~/.stepgrad/datasets``; where a file is missing the
error says what to put where. Whatever ``load_data`` returns has an attribute ``source`` that says what was read.
"""

from stepgrad.datasets import cifar10, cifar100, fashion_mnist, fashion_mnist_m, imdb, mnist, movie_sentences

__all__ = ["cifar10", "cifar100", "fashion_mnist", "fashion_mnist_m", "imdb", "mnist", "movie_sentences"]
