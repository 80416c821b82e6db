"""What one GraphQL request brings along to every resolver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo

if TYPE_CHECKING:
    from simulators.stash.database import Database

Resolver = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The rows, how the client reached us, the key that stream URLs leak, and what the server says of itself.

    `ready` is false while there is no database, `tomorrow` is the server's time in a day, and `reverse_ties`
    turns the order of equal rows around.
    """

    db: Database
    base_url: str
    api_key: str
    tomorrow: str
    facts: Mapping[str, Any]
    ready: bool = True
    reverse_ties: bool = False


Info = GraphQLResolveInfo[Asked]
