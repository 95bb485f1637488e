"""Recurrent networks: a whole sequence as one op."""

from stepgrad.ops.recurrent.gru_sequence import gru_sequence
from stepgrad.ops.recurrent.lstm_sequence import lstm_sequence

__all__ = ["gru_sequence", "lstm_sequence"]
