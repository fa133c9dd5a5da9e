"""What the second judge said, for `--cross`: the table at the end of a report, and the same in JSON."""

from collections.abc import Sequence

from cowspec.judge.results import Crossed, ModelReport

HEAD = ("judge", "obligations", "unsat", "unknown", "sat")


def cross_lines(reports: Sequence[ModelReport], *, timings: bool) -> list[str]:
    """Two judges and their agreement, over all models; nothing if no second one was asked."""
    found = [report.crossed for report in reports if report.crossed is not None]
    if not found:
        return []
    total = sum(each.obligations for each in found)
    unsat, sat = sum(each.confirmed for each in found), sum(each.refused for each in found)
    rows = [
        (found[0].judges[0], total, total, 0, 0, sum(each.seconds[0] for each in found)),
        (found[0].judges[1], total, unsat, total - unsat - sat, sat, sum(each.seconds[1] for each in found)),
    ]
    width = max(len(row[0]) for row in rows)
    heads = (*HEAD, "seconds") if timings else HEAD
    lines = ["", "  ".join([heads[0].ljust(width), *(head.rjust(len(head)) for head in heads[1:])])]
    for name, *counts, seconds in rows:
        cells = [str(count).rjust(len(head)) for count, head in zip(counts, HEAD[1:], strict=True)]
        lines.append("  ".join([name.ljust(width), *cells, *([f"{seconds:7.1f}"] if timings else [])]))
    twice, once = sum(each.twice for each in found), sum(each.once for each in found)
    against = sum(each.against for each in found)
    said = f"any-size proofs of properties x settings: {twice} proved twice, {once} once, {against} in dispute"
    return [*lines, said]


def cross_record(crossed: Crossed, *, timings: bool) -> dict[str, object]:
    """The figures of one model."""
    record: dict[str, object] = {
        "judges": list(crossed.judges),
        "obligations": crossed.obligations,
        "confirmed": crossed.confirmed,
        "unknown": crossed.obligations - crossed.confirmed - crossed.refused,
        "refused": crossed.refused,
        "proved_twice": crossed.twice,
        "proved_once": crossed.once,
        "in_dispute": crossed.against,
    }
    if timings:
        record["seconds"] = [round(each, 3) for each in crossed.seconds]
    return record
