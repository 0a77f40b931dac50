"""The few words in which SQLite and PostgreSQL differ although both know the thing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import JSON, ColumnElement, Table, Text, cast, func, literal, select, type_coerce
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = Iterable[Mapping[str, Any]]


async def insert_new(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows; those whose key is known are left as they are."""
    if listed := list(rows):
        await connection.execute(_insert(connection, table).on_conflict_do_nothing(), listed)


async def upsert(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Insert rows, over those with the same primary key."""
    if not (listed := list(rows)):
        return
    insert = _insert(connection, table)
    keys = list(table.primary_key.columns)
    new = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if column.name in listed[0] and not column.primary_key
    }
    statement = insert.on_conflict_do_update(index_elements=keys, set_=new)
    await connection.execute(statement, listed)


def is_one_of(
    connection: AsyncConnection, column: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """Return the condition of being one of some texts, however many there are.

    They are one parameter: a list of them with a parameter each is refused from 32,767 on.
    """
    listed = literal(json.dumps(sorted(values)), Text)
    if connection.dialect.name == "sqlite":
        rows = func.json_each(listed).table_valued("value")
    else:
        rows = func.json_array_elements_text(cast(listed, JSON)).table_valued("value")
    return column.in_(select(type_coerce(rows.c.value, Text)))


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)
