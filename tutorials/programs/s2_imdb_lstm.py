"""S2-imdb-lstm: film reviews: embedding, LSTM with dropout, sigmoid (S2, section 5.2).

The program itself, to be read, is python/stepgrad/programs/s2_imdb_lstm.py. `stepgrad run S2-imdb-lstm` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S2-imdb-lstm")
    as_printed(program)
    run(program)
