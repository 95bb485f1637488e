"""S2-cnn-mse: grey images, two convolutions, MSE and SGD; cross-entropy beside it (S2, section 4.2, case 2, and S3, the practical case).

The program itself, to be read, is python/stepgrad/programs/s2_cnn_mse.py. `stepgrad run S2-cnn-mse` does the same from anywhere.
"""

from stepgrad import programs
from stepgrad.programs.running import as_printed, run

if __name__ == "__main__":
    program = programs.get("S2-cnn-mse")
    as_printed(program)
    run(program)
