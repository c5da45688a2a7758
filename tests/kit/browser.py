"""A headless Chromium to look at pages with: its DevTools protocol over two pipes, no driver."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")


class Browser:
    """One page of a headless Chromium; `troubles` collects console errors and exceptions."""

    def __init__(self, profile: Path) -> None:
        # Chromium reads commands from descriptor 3 and writes answers to 4.
        their_input, self._to = os.pipe()
        self._from, their_output = os.pipe()
        command = [
            *("bash", "-c", f'exec "$0" "$@" 3<&{their_input} 4>&{their_output}'),
            *(str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--remote-debugging-pipe", "--no-first-run", f"--user-data-dir={profile}"),
        ]
        self._process = subprocess.Popen(
            command,
            pass_fds=(their_input, their_output),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_input)
        os.close(their_output)
        self._buffer, self._number = b"", 0
        self._session: str | None = None
        self._events: list[dict[str, Any]] = []
        self.troubles: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def open(self, path: Path, *, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        """Load a file at a window's size, and wait until it is there; forgets old troubles."""
        scheme = "dark" if dark else "light"
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._ask("Emulation.setEmulatedMedia", features=features)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)
        self.troubles.clear()
        self._events.clear()
        self._ask("Page.navigate", url=path.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._read()

    def run(self, script: str) -> Any:
        """The JSON-ready value of a JavaScript expression; a promise is awaited."""
        found = self._ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press and release a key, as from a keyboard."""
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def screenshot(self, path: Path) -> None:
        """Write what is seen as a PNG."""
        data = self._ask("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        """End the browser."""
        self._session = None
        self._ask("Browser.close")
        os.close(self._to)
        os.close(self._from)
        self._process.wait(20)

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError(answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            block = os.read(self._from, 1 << 16)
            if not block:
                raise AssertionError("the browser is gone")
            self._buffer += block
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            return
        self._events.append(message)
        facts = message["params"]
        if message["method"] == "Runtime.exceptionThrown":
            self.troubles.append(str(facts["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.troubles.append(facts["entry"]["text"])
        elif message["method"] == "Runtime.consoleAPICalled" and facts["type"] == "error":
            self.troubles.append(str(facts["args"]))
        elif message["method"] == "Page.javascriptDialogOpening":
            self.troubles.append(f"a dialog: {facts['message']}")
