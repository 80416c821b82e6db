"""A fault proxy between any two parts: TCP that is cut, slow, silent or half gone, and MQTT that is cut in a packet.

Reading order: `faults` (what can go wrong, as commands), `packets` (where MQTT packets begin and end), `shaper` (what
of a stream passes), `link` (one client and its connection to the target), `proxy` (all links and the open port),
`app` (HTTP control). Directions are seen from the client: `up` is to the target, `down` is back.
"""

from simulators.proxy.proxy import Proxy

__all__ = ["Proxy"]
