"""What can go wrong, as commands that HTTP and tests give alike."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Direction = Literal["up", "down"]
Directions = Literal["up", "down", "both"]
Kind = Literal["cut", "half_open", "blackhole", "delay", "bandwidth", "refuse", "cut_in_publish", "lose_puback"]

Count = Annotated[int, msgspec.Meta(ge=1)]
Size = Annotated[int, msgspec.Meta(ge=0)]
Duration = Annotated[float, msgspec.Meta(ge=0)]
Rate = Annotated[float, msgspec.Meta(gt=0)]


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of all commands; `kind` in JSON says which one."""

    @property
    def kind(self) -> str:
        """What the command is called in JSON."""
        return str(self.__struct_config__.tag)


class Cut(Fault, frozen=True, tag="cut"):
    """Reset all connections now, or the first one once `after_bytes` more have passed in `direction`, all told."""

    after_bytes: Size | None = None
    direction: Direction = "down"


class HalfOpen(Fault, frozen=True, tag="half_open"):
    """One end of every connection is gone and the other is not told: `survivor` goes on talking, to nobody."""

    survivor: Literal["client", "target"] = "client"


class Blackhole(Fault, frozen=True, tag="blackhole"):
    """Nothing passes, on new connections neither, and nobody is told; once cleared it goes on where it stopped."""

    direction: Directions = "both"


class Delay(Fault, frozen=True, tag="delay"):
    """Everything arrives `ms` later, and by chance up to `jitter_ms` more; order is kept."""

    ms: Duration
    jitter_ms: Duration = 0.0
    direction: Directions = "both"


class Bandwidth(Fault, frozen=True, tag="bandwidth"):
    """Each connection carries no more than this."""

    bytes_per_s: Rate
    direction: Directions = "both"


class Refuse(Fault, frozen=True, tag="refuse"):
    """New connections are refused, as where nobody listens; those that are open go on."""


class CutInPublish(Fault, frozen=True, tag="cut_in_publish"):
    """Reset a connection inside the `nth` PUBLISH from now, all told, after `keep_bytes` of it or else half."""

    direction: Direction = "up"
    nth: Count = 1
    keep_bytes: Count | None = None


class LosePuback(Fault, frozen=True, tag="lose_puback"):
    """The next `count` PUBACKs never arrive; `cut` resets the connection with each, as TCP's only way to lose one."""

    direction: Direction = "down"
    count: Count = 1
    cut: bool = True


class Clear(Fault, frozen=True, tag="clear"):
    """Disarm all faults, or the kind `only`; connections that are half open are reset."""

    only: Kind | None = None


Command = Cut | HalfOpen | Blackhole | Delay | Bandwidth | Refuse | CutInPublish | LosePuback | Clear


def decode(body: bytes) -> Command:
    """Return the command in a JSON object; raises msgspec.ValidationError or msgspec.DecodeError."""
    command: Command = msgspec.json.decode(body, type=Command)
    return command
