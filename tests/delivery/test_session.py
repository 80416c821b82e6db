"""The session is kept for a day: longer, a broker would queue what one compare finds as well."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tools.processes import Broker, free_port, service, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.story

CONNECT = 0x10
SESSION_EXPIRY = b"\x11" + (24 * 3600).to_bytes(4, "big")


class Tap:
    """Carries connections on to a broker and keeps the first packet of each."""

    def __init__(self, port: int) -> None:
        self.first: list[bytes] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self._port = port
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._port))
            packet = client.recv(4_096)
            self.first.append(packet)
            broker.sendall(packet)
            for source, sink in ((client, broker), (broker, client)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        sink.close()


def test_the_writers_session_is_kept_for_a_day_and_its_reader_has_none(broker: Broker, tmp_path: Path) -> None:
    tap = Tap(broker.port)
    settings = {
        "S2P_PLEX_URL": f"http://127.0.0.1:{free_port()}",
        "S2P_PLEX_TOKEN": "T",
        "S2P_MQTT_URL": f"mqtt://127.0.0.1:{tap.server.getsockname()[1]}",
    }
    with tap.server, service("plex_writer", tmp_path, settings):
        wait_until(lambda: len(tap.first) >= 3, "session, reader and loader")
    assert all(packet[0] == CONNECT for packet in tap.first)
    (session,) = [one for one in tap.first if b"-reader-" not in one and b"-loader-" not in one]
    assert SESSION_EXPIRY in session
    assert all(SESSION_EXPIRY not in packet for packet in tap.first if packet is not session)
