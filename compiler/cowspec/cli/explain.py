"""`cowspec explain`: what a code or a verdict means."""

import click

from cowspec.cli.errors import BadInput
from cowspec.judge.selection import suggestion
from cowspec.report.explain import contents_text, explain_json, explain_text, known


@click.command("explain")
@click.argument("names", nargs=-1, metavar="[CODE|VERDICT]...")
@click.option("--width", type=click.IntRange(40, 1000), default=100, show_default=True, help="Of the output.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def command(names: tuple[str, ...], width: int, as_json: bool) -> int:
    """Say what codes (E203, V702) and verdicts (proved, unknown) mean; without a name: which there are."""
    spelled = {name.lower(): name for name in known()}
    wanted = [spelled.get(name.lower().replace(" ", "_"), "") for name in names]
    for name, found in zip(names, wanted, strict=True):
        if not found:
            close = suggestion(name, known()) or suggestion(name.upper(), known())
            raise BadInput(f"error: there is no code or verdict `{name}`{close}")
    if as_json:
        click.echo(explain_json(wanted or known()), nl=False)
    else:
        click.echo(explain_text(wanted, width) if wanted else contents_text(width), nl=False)
    return 0
