"""Callbacks: what runs at fixed moments of fit, evaluate and predict."""

from stepgrad.callbacks.backup_and_restore import BackupAndRestore
from stepgrad.callbacks.callback import Callback
from stepgrad.callbacks.callback_list import CallbackList
from stepgrad.callbacks.csv_logger import CSVLogger
from stepgrad.callbacks.early_stopping import EarlyStopping
from stepgrad.callbacks.history import History
from stepgrad.callbacks.lambda_callback import LambdaCallback
from stepgrad.callbacks.learning_rate_scheduler import LearningRateScheduler
from stepgrad.callbacks.model_checkpoint import ModelCheckpoint
from stepgrad.callbacks.monitor_callback import MonitorCallback
from stepgrad.callbacks.progbar_logger import ProgbarLogger
from stepgrad.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from stepgrad.callbacks.remote_monitor import RemoteMonitor
from stepgrad.callbacks.swap_ema_weights import SwapEMAWeights
from stepgrad.callbacks.tensorboard import TensorBoard
from stepgrad.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore", "CSVLogger", "Callback", "CallbackList", "EarlyStopping", "History",
    "LambdaCallback", "LearningRateScheduler", "ModelCheckpoint", "MonitorCallback", "ProgbarLogger",
    "ReduceLROnPlateau", "RemoteMonitor", "SwapEMAWeights", "TensorBoard", "TerminateOnNaN",
]  # fmt: skip
