"""`toptopics tokens`: who may use the API, and how."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import fail, settings_or_exit

if TYPE_CHECKING:
    from streams.api.tokens import Tokens

tokens = typer.Typer(help="Tokens of the API: named, read-only or admin, revocable.", no_args_is_help=True)


@tokens.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Who or what uses it; it stands in the log.")],
    admin: Annotated[bool, typer.Option("--admin", help="It may also change subscriptions and feeds.")] = False,
    per_minute: Annotated[
        int | None, typer.Option(min=1, help="Requests in a minute, for a proxy that serves many people.")
    ] = None,
) -> None:
    """Make a token and print it, once. A running `toptopics serve` of this data folder accepts it at once.

    Examples:

    * `toptopics tokens add newsroom`
    * `toptopics tokens add proxy --per-minute 6000`
    """
    from streams.api.tokens import TokenError
    from streams.clock import system_clock

    try:
        typer.echo(_tokens().add(name, "admin" if admin else "read", system_clock(), per_minute))
    except (TokenError, ValueError, OSError) as error:
        fail(str(error))


@tokens.command("list")
def list_all() -> None:
    """List the names and roles of all tokens.

    Example: `toptopics tokens list`
    """
    from models.text.terminal import on_one_line

    try:
        found = _tokens().all()
    except ValueError as error:
        fail(str(error))
    for token in found:
        made = f"since {token.made_at:%Y-%m-%d %H:%M} UTC" if token.made_at else "from the environment"
        limit = f"  {token.per_minute} requests a minute" if token.per_minute else ""
        typer.echo(on_one_line(f"{token.name}  {token.role}  {made}{limit}"))


@tokens.command("remove")
def remove(name: Annotated[str, typer.Argument(help="Name of the token.")]) -> None:
    """Revoke a token. It and its logins stop working at once.

    Example: `toptopics tokens remove newsroom`
    """
    from streams.api.tokens import TokenError

    try:
        _tokens().remove(name)
    except (TokenError, ValueError, OSError) as error:
        fail(str(error))


def _tokens() -> "Tokens":
    from streams.api.tokens import tokens_of

    return tokens_of(settings_or_exit())
