"""What `prove --cert` says of the certificate it made."""

from cowspec.engines.instantiation.certify import Checked, Open, Wrong
from cowspec.judge.confirming.certifying import Certified
from cowspec.report.ascii import wrap
from cowspec.report.text import Style


def certified_text(found: Certified, path: str, style: Style) -> str:
    """How many obligations there are, in the fragment, checked; which are not."""
    checked = [each for each in found.obliged if isinstance(each.outcome, Checked)]
    rest = [each for each in found.obliged if isinstance(each.outcome, Open)]
    wrong = [each for each in found.obliged if isinstance(each.outcome, Wrong)]
    outside = [each for each in found.obliged if not isinstance(each.outcome, Wrong) and each.outcome.cyclic]
    said = (
        f"{path}: {_count(len(found.obliged), 'obligation')} of {_count(found.goals, 'proof')}, "
        f"{len(found.obliged) - len(outside)} in the fragment that instances decide; "
        f"{len(checked)} refuted by instances, each proof accepted by drup; {len(rest)} checked by solvers only"
    )
    lines = wrap(said, style.width, "", "  ")
    for each in wrong:
        lines += wrap(f"rejected: {each.step} / {each.goal}: {_reason(each.outcome)}", style.width, "", "  ")
    for each in rest:
        lines += wrap(f"by solvers only: {each.step} / {each.goal}: {_reason(each.outcome)}", style.width, "", "  ")
    if style.verbose:
        for each in outside:
            if isinstance(each.outcome, Checked):
                sorts = ", ".join(each.outcome.cyclic)
                text = f"outside the fragment by {sorts}, refuted all the same: {each.step} / {each.goal}"
                lines += wrap(text, style.width, "", "  ")
    return "".join(line + "\n" for line in lines)


def _reason(outcome: Checked | Open | Wrong) -> str:
    return "" if isinstance(outcome, Checked) else outcome.reason


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
