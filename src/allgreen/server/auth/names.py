"""How people are called: by name and surname, wherever others meet them."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, func, select

from allgreen.storage.sql.tables import accounts, profiles


def full_name(of: FromClause = accounts) -> ColumnElement[Any]:
    """Return the expression for the whole name of an account; without a profile, its name.

    Args:
        of: The accounts, by the name that they have in the query.
    """
    surname = (
        select(profiles.c.surname)
        .where(profiles.c.account_id == of.c.id)
        .correlate(of)
        .scalar_subquery()
    )
    return func.trim(of.c.name + " " + func.coalesce(surname, ""))
