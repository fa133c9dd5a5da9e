"""What the structure of the model suggests, made beside the search: while a scope is encoded, and while what was made
before is tried.

In: a search with samples. Out: the stages of candidates, the simple and the wide ones.
"""

from collections.abc import Iterable, Sequence
from functools import partial

from cowspec.engines.beside import Beside
from cowspec.engines.inference.anchors import Anchor, anchors
from cowspec.engines.inference.clauses import Clause
from cowspec.engines.inference.cover import Instances
from cowspec.engines.inference.owing import obligations
from cowspec.engines.inference.search import Level, Search, Stage
from cowspec.engines.inference.templates import Regions, Template
from cowspec.system import ir


class Candidates:
    """Of one search. `few`: of each batch of samples a part, which candidates are compared with first."""

    def __init__(self, search: Search, few: Sequence[Instances], beside: Beside) -> None:
        self._search = search
        self._few, self._every = [each.batch for each in few], [each.batch for each in search.batches]
        self._anchors = list(anchors(search.system))
        self._limits = Regions(search.regions, self._few, self._every)
        self._singles = beside("templates", self._made_singles)
        self._owing = beside("owing", self._made_owing)

    def of(self, level: Level) -> tuple[tuple[Stage, ...], ...]:
        """The written lemmas, and candidates that the structure of the model suggests: the simple ones, and the
        others."""
        search = self._search
        written = level.written(self._limits)
        everywhere = [number for number in written if search.written[number].when == ir.TRUE]
        clauses = search.clauses
        simple: tuple[Stage, ...] = (
            ("lemmas", lambda: (clauses[number] for number in everywhere)),
            ("templates", self._singles.get),
            ("owing", self._owing.get),
            ("lemmas in regions", lambda: (clauses[number] for number in written)),
        )
        wide: tuple[Stage, ...] = (
            ("pairs", partial(self._wide, "pairs")),
            ("links", partial(self._wide, "links")),
        )
        return simple, wide

    def drop(self) -> None:
        """Nothing more will be asked for."""
        self._singles.drop()
        self._owing.drop()

    def _template(self, anchor: Anchor) -> Template:
        return Template(self._search.system, anchor, self._few, self._every, self._limits)

    def _made_singles(self) -> list[Clause]:
        return [clause for anchor in self._anchors for clause in self._template(anchor).singles()]

    def _made_owing(self) -> list[Clause]:
        within = self._limits.within()
        return [
            clause
            for anchor in self._anchors
            if anchor.call is None
            for clause in obligations(self._search.system, anchor, self._few, self._every, within)
        ]

    def _wide(self, kind: str) -> Iterable[Clause]:
        for anchor in self._anchors:
            template = self._template(anchor)
            yield from template.pairs() if kind == "pairs" else template.links()
