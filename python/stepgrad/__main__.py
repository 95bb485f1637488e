"""`python -m stepgrad` is `stepgrad`."""

from stepgrad.cli import main

main()
