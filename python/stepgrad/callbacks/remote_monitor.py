"""RemoteMonitor: sends the numbers of each epoch to a web server."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
import warnings
from typing import Any

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.errors import ArgumentError


class RemoteMonitor(Callback):
    """POST the logs of each epoch as JSON; a server that does not answer gives a warning, and training goes on.

    Parameters
    ----------
    root : str
        Address of the server.
    path : str
        Of the page below it.
    field : str
        Name of the form field that holds the JSON.
    headers : dict, optional
    send_as_json : bool
        Send the JSON itself, not a form.

    Examples
    --------
    >>> callback = RemoteMonitor(root="http://localhost:9000")
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ):
        super().__init__()
        if not root.startswith(("http://", "https://")):
            raise ArgumentError("the address begins with http:// or https://", got=root)
        self.root, self.path, self.field = root, path, field
        self.headers, self.send_as_json = headers, send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        numbers: dict[str, Any] = {
            "epoch": epoch,
            **{key: float(value) for key, value in (logs or {}).items()},
        }
        text = json.dumps(numbers)
        body = text if self.send_as_json else urllib.parse.urlencode({self.field: text})
        kind = "application/json" if self.send_as_json else "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path, body.encode(), {"Content-Type": kind, **(self.headers or {})}
        )
        try:
            urllib.request.urlopen(request, timeout=5).close()
        except OSError as error:
            warnings.warn(f"no server for RemoteMonitor at {self.root}: {error}", stacklevel=2)
