"""Single values as people write them: addresses, names, lists; each function raises ValueError with what to write."""

from __future__ import annotations

import json
import re
from string import Formatter
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from common.fields import LINE
from common.options import SORT_TITLE_PARTS
from common.path_rule import is_absolute
from common.text import line
from common.topics import NAME

BASE_LIMIT = 200
NAME_LIMIT = 64
RATING_LIMIT = 30
PORTS = {"mqtt": 1883, "mqtts": 8883}
_USER_INFO = re.compile(r"//[^/?#]*@")
_LOCAL = re.compile(r"localhost|.+\.localhost|127(\.\d+){1,3}|::1|0\.0\.0\.0|::")


class Address(NamedTuple):
    """Where the broker is and who we are to it; user and password are empty where none are given."""

    host: str
    port: int
    tls: bool
    user: str
    password: str


def web_address(text: str) -> str:
    """Return the address of a web service without a slash at its end."""
    parts = _split(text, ("http", "https"))
    if parts.username is not None or parts.password is not None:
        raise ValueError("it has a user or password in it; take them out, keys and tokens have settings of their own")
    if parts.query or parts.fragment:
        raise ValueError("it has a ? or # in it; write only scheme, host, port and folder")
    return text.strip().rstrip("/")


def broker_address(text: str) -> Address:
    """Return the parts of `mqtt[s]://user:password@host:port`; user and password may be percent-encoded."""
    parts = _split(text, ("mqtt", "mqtts"))
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("it has something behind the port; the topics' base is a setting of its own (S2P_MQTT_BASE)")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise ValueError("it has a password and no user; write user:password@ before the host")
    return Address(parts.hostname or "", parts.port or PORTS[parts.scheme], parts.scheme == "mqtts", user, password)


def _split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    shape = f"{schemes[0]}://host:port"
    if re.search(r"[\s\x00-\x1f]", text.strip()):
        raise ValueError(f"it has white space in it; write it as {shape}")
    if not text.strip().startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(f"it does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise ValueError(f"its host or port can't be read; write it as {shape}") from error
    if not parts.hostname:
        raise ValueError(f"it has no host; write it as {shape}")
    if port == 0:
        raise ValueError("its port is 0; ports go from 1 to 65535")
    return parts


def host_of(text: str) -> str:
    """Return the host in an address, or nothing when there is none to read."""
    try:
        return urlsplit(text.strip()).hostname or ""
    except ValueError:
        return ""


def is_local(host: str) -> bool:
    """Tell whether `host` is the machine, or container, that asks."""
    return _LOCAL.fullmatch(host) is not None


def masked(text: str) -> str:
    """Return `text` without what an address may carry of secrets: user, password, query."""
    head, mark, _ = _USER_INFO.sub("//***@", text).partition("?")
    return head + (mark and "?***")


def header_value(secret: str) -> str:
    """Return a key or token that can stand in an HTTP header."""
    text = secret.strip()
    if not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("it has white space or characters that no key or token has; copy it again")
    return text


def topic_name(text: str) -> str:
    """Return a name that can be a level of a topic."""
    if not NAME.fullmatch(text) or len(text) > NAME_LIMIT:
        raise ValueError(f"it has to be 1 to {NAME_LIMIT} letters, digits, _ or -, since it is part of topics")
    return text


def topic_base(text: str) -> str:
    """Return the first levels of all topics."""
    if not all(NAME.fullmatch(level) for level in text.split("/")) or len(text) > BASE_LIMIT:
        raise ValueError("it has to be letters, digits, _ or -, in levels with / between them and none at the ends")
    return text


def folder(text: str) -> str:
    """Return a folder that names a place whatever the working directory is."""
    if not is_absolute(text):
        raise ValueError(f"{text} is no absolute folder, as Stash sees it")
    return text


def words(value: object) -> object:
    """Return the list in `a, b`, in a JSON list, or in a single number; anything else is left to be judged."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError("it begins with [ and is no JSON list; write a, b") from error
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    return [value] if isinstance(value, int) else value


def lower(value: object) -> object:
    """Return a word as the choices are written; YAML reads a bare `off` as false."""
    if value is False:
        return "off"
    return value.strip().lower() if isinstance(value, str) else value


def field_pairs(text: str) -> dict[str, str]:
    """Return the pairs of `title=sync, tags=merge unlocked`."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if not all(equals and name.strip() for name, equals, _ in pairs):
        raise ValueError("it has to be pairs, as in title=sync, tags=merge unlocked")
    return {name.strip(): choice.strip() for name, _, choice in pairs}


def field_choice(value: object) -> object:
    """Return the keys in `merge unlocked`; anything but a word is left to be judged."""
    text = lower(value)
    if not isinstance(text, str):
        return value
    policy, _, rest = text.partition(" ")
    locks = {"": {}, "locked": {"lock": True}, "unlocked": {"lock": False}}
    if rest.strip() not in locks:
        raise ValueError("behind the policy there may be locked or unlocked, nothing else")
    return {"policy": policy, **locks[rest.strip()]}


def template(text: str) -> str:
    """Return a template in which only the parts of a sort title stand in braces."""
    try:
        parts = [(name, spec, how) for _, name, spec, how in Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"its braces don't match ({error}); write one as {{{{ or }}}}") from error
    for name, spec, how in parts:
        if name not in SORT_TITLE_PARTS or spec or how:
            known = ", ".join(f"{{{part}}}" for part in SORT_TITLE_PARTS)
            raise ValueError(f"{{{name}}} is no part of a sort title; there are {known}")
    return text


def one_line(text: str) -> str:
    """Return a short text without control characters."""
    clean = line(text, LINE)
    if clean != text.strip() or len(clean) > RATING_LIMIT:
        raise ValueError(f"it has to be one line of at most {RATING_LIMIT} characters")
    return clean
