"""What `verify-cert` says of a certificate. Neither this nor what it imports needs a solver."""

from collections.abc import Iterable

from cowspec.judge.confirming.verifying import ClaimVerdict, EntryVerdict, Verified
from cowspec.report.ascii import wrap
from cowspec.report.table import words
from cowspec.report.text import Style
from cowspec.system.ir import System


def verified_text(found: Verified, path: str, system: System | None, style: Style) -> str:
    """How many obligations are accepted, which are not, and what that says of the model."""
    outside = [each for each in found.entries if each.cyclic]
    checked = [each for each in found.entries if not each.rejected and not each.open]
    obligations = f"{len(found.entries)} obligation{'' if len(found.entries) == 1 else 's'}"
    said = f"{path}: {obligations}, {len(checked)} accepted by drup"
    if outside:
        said += f" ({len(outside)} of them outside the fragment that instances decide)"
    lines = wrap(said, style.width, "", "  ")
    lines += _troubles(found.entries, style.width)
    if style.verbose:
        for each in outside:
            text = f"outside the fragment by {', '.join(each.cyclic)}: {each.step} / {each.goal}"
            lines += wrap(text, style.width, "", "  ")
    if found.claims is None or system is None:
        lines += wrap(
            "no model given: it is checked that the formulas of each obligation have no model, not that they are all"
            " that a proof of some property needs. `cowspec verify-cert FILE MODEL` checks that, too",
            style.width, "", "  ",
        )  # fmt: skip
    else:
        lines.append(system.path)
        for claim in found.claims:
            lines += wrap(_claim(system, claim), style.width, "", "  ")
    return "".join(line + "\n" for line in lines)


def _troubles(entries: Iterable[EntryVerdict], width: int) -> list[str]:
    lines: list[str] = []
    for each in entries:
        if each.rejected:
            lines += wrap(f"rejected: {each.step} / {each.goal}: {each.rejected}", width, "", "  ")
        elif each.open:
            lines += wrap(f"not checked: {each.step} / {each.goal}: {each.open}", width, "", "  ")
    return lines


def _claim(system: System, claim: ClaimVerdict) -> str:
    if claim.rejected:
        return f"{claim.goal}: rejected: {claim.rejected}"
    under = words(system.switches, claim.settings)
    where = f", under {under}" if under else ""
    if claim.found:
        where += f", by {'1 lemma that is' if claim.found == 1 else f'{claim.found} lemmas that are'} not in the model"
    if claim.unchecked:
        return (
            f"{claim.goal}: not proved by this{where}: {claim.unchecked} of its {claim.obligations} obligations are"
            " not checked"
        )
    every = "its only obligation is" if claim.obligations == 1 else f"all {claim.obligations} obligations are"
    return f"{claim.goal}: proved, any size{where}: {every} there and checked"
