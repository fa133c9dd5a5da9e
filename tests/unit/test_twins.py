"""Wrong twins of the shipped proofs: one line of the library broken, and what was proved must be refuted.

Each twin names the file, the line and its broken form, and the property and switches under which the sound model is
proved (its expectations say so). The scope is given, to keep the search short; the run is replayed by the evaluator.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
from cowspec.check.check import check
from cowspec.check.modules import load
from cowspec.cli.files import loader
from cowspec.engines.bmc.goals import Target, Violates
from cowspec.engines.bmc.search import search
from cowspec.evaluate.replay import replay
from cowspec.source import Source
from cowspec.syntax.ast import ExpectedKind
from cowspec.system.build import build
from cowspec.system.ir import And, Scope, SwitchIs, System
from cowspec.system.switches import all_settings, holds
from cowspec.verdict import Limits, Refuted

ROOT = Path(__file__).parents[2]
ONE_MM: Scope = (("Cpu", 2), ("Mm", 1), ("Va", 1), ("Page", 2), ("Value", 2), ("Gup", 1))
FLUSH = "    deferred_flush(m, a)\n    if acks_missing(self) { goto flush }\n"
TINY: Scope = (("Cpu", 1), ("Mm", 1), ("Va", 1), ("Page", 1), ("Value", 1), ("Gup", 1))
TWO_MMS: Scope = (("Cpu", 3), ("Mm", 2), ("Va", 1), ("Page", 2), ("Value", 2), ("Gup", 1))


@dataclass(frozen=True)
class Twin:
    name: str
    model: str
    file: str
    line: str
    broken: str
    property: str
    switches: dict[str, str]
    scope: Scope


TWINS = (
    Twin(
        "unprotect_forgets_the_flush_under_the_lock",
        "uffd_wp",
        "kernel/uffd_wp.cow",
        "    pte[m, a].uffd_wp := false\n    if flush_in_ptl { flush(m, a) }\n",
        "    pte[m, a].uffd_wp := false\n",
        "cow_invisible",
        {"cow": "page_count", "flush_in_ptl": "on"},
        ONE_MM,
    ),
    Twin(
        "pending_flush_of_the_wrong_time",
        "uffd_wp",
        "kernel/write_fault.cow",
        "if flush_if_pending and vm_uffd_wp[m, a] and pending(m) {",
        "if flush_if_pending and vm_uffd_wp[m, a] and not pending(m) {",
        "stable_copy_source",
        {"cow": "page_count", "flush_if_pending": "on", "flush_in_ptl": "off", "lock_for_write": "off"},
        ONE_MM,
    ),
    Twin(
        "protect_without_flush",
        "uffd_wp",
        "kernel/uffd_wp.cow",
        f"{FLUSH}    tlb_flush_pending[self, m] := false\n    protect",
        "    tlb_flush_pending[self, m] := false\n    protect",
        "no_stale_writable_tlb",
        {"cow": "page_count", "flush_in_ptl": "off"},
        ONE_MM,
    ),
    Twin(
        "install_without_recheck",
        "uffd_wp",
        "kernel/write_fault.cow",
        "if pte[m, a] == orig {",
        "if pte[m, a] != none {",
        "cow_invisible",
        {"cow": "page_count", "flush_if_pending": "on"},
        (("Cpu", 2), ("Mm", 1), ("Va", 1), ("Page", 3), ("Value", 2), ("Gup", 1)),
    ),
    Twin(
        "install_without_flush",
        "uffd_wp",
        "kernel/write_fault.cow",
        '      note "[ set_pte_at_notify() ]"\n      flush(m, a) ',
        '      note "[ set_pte_at_notify() ]"\n      ',
        "cow_invisible",
        {"cow": "page_count", "flush_if_pending": "on"},
        ONE_MM,
    ),
    Twin(
        "anonymous_fault_without_recheck",
        "uffd_wp",
        "kernel/anon_fault.cow",
        "if pte[m, a] == none {",
        "if true {",
        "cow_invisible",
        {"cow": "mapcount"},
        ONE_MM,
    ),
    Twin(
        "fork_without_flush",
        "vmsplice",
        "kernel/fork.cow",
        "    deferred_flush_mm(m)\n",
        "",
        "cow_invisible",
        {"cow": "anon_exclusive"},
        TWO_MMS,
    ),
    Twin(
        "fork_leaves_the_parent_writable",
        "vmsplice",
        "kernel/fork.cow",
        "      clear_write(m, va)\n",
        "",
        "cow_invisible",
        {"cow": "page_count"},
        TWO_MMS,
    ),
    Twin(
        "fork_leaves_the_page_exclusive",
        "vmsplice",
        "kernel/fork.cow",
        "      exclusive[pte[m, va].page] := false\n",
        "",
        "snapshot_or_own",
        {"cow": "anon_exclusive"},
        TWO_MMS,
    ),
    Twin(
        "free_before_flush",
        "vmsplice",
        "kernel/munmap.cow",
        FLUSH,
        "    page := none\n",
        "no_use_after_free",
        {"cow": "page_count"},
        (("Cpu", 2), ("Mm", 1), ("Va", 1), ("Page", 2), ("Value", 1), ("Gup", 1)),
    ),
    Twin(
        "count_one_too_many",
        "vmsplice",
        "policy.cow",
        "page_count     => page_count(p) == 1",
        "page_count     => page_count(p) <= 2",
        "cow_invisible",
        {"cow": "page_count"},
        TWO_MMS,
    ),
    Twin(
        "per_cpu_flush_returns_early",
        "uffd_wp",
        "kernel/uffd_wp.cow",
        "    if acks_missing(self) { goto flush }\n    tlb_flush_pending[self, m] := false\n    protect",
        "    tlb_flush_pending[self, m] := false\n    protect",
        "no_stale_writable_tlb",
        {"shootdown": "per_cpu", "cow": "page_count", "flush_in_ptl": "off"},
        ONE_MM,
    ),
    Twin(
        "mprotect_without_flush",
        "december_2020",
        "kernel/mprotect.cow",
        FLUSH,
        "",
        "no_stale_writable_tlb",
        {"cow": "anon_exclusive", "clear_refs_flush": "on"},
        TINY,
    ),
    Twin(
        "dontneed_frees_before_the_flush",
        "december_2020",
        "kernel/madvise_dontneed.cow",
        FLUSH,
        "    page := none\n",
        "no_use_after_free",
        {"cow": "page_count"},
        TINY,
    ),
    Twin(
        "gup_fast_takes_what_it_read",
        "december_2020",
        "kernel/gup_fast.cow",
        "if pte[m, a] != orig\n",
        "if false\n",
        "snapshot_or_own",
        {"cow": "anon_exclusive", "early_copy": "on", "seq_retry": "on"},
        (("Cpu", 2), ("Mm", 2), ("Va", 1), ("Page", 2), ("Value", 2), ("Gup", 1)),
    ),
    Twin(
        "gup_fast_pins_what_is_shared",
        "december_2020",
        "kernel/gup_fast.cow",
        "want == pin_read and not orig.write and not exclusive[orig.page]",
        "want == pin_write and not orig.write and not exclusive[orig.page]",
        "pin_coherent",
        {"cow": "anon_exclusive", "early_copy": "on", "seq_retry": "on"},
        (("Cpu", 1), ("Mm", 2), ("Va", 1), ("Page", 2), ("Value", 1), ("Gup", 1)),
    ),
    Twin(
        "fork_copies_outside_the_sequence",
        "december_2020",
        "kernel/fork.cow",
        "    acquire write_protect_seq[m]\n",
        "    acquire write_protect_seq[k]\n",
        "exclusive_sound",
        {"cow": "anon_exclusive", "early_copy": "on", "seq_retry": "on"},
        (("Cpu", 2), ("Mm", 2), ("Va", 1), ("Page", 2), ("Value", 1), ("Gup", 1)),
    ),
    Twin(
        "unshare_without_recheck",
        "december_2020",
        "kernel/write_fault.cow",
        "if pte[m, a] == orig {",
        "if pte[m, a] != none {",
        "pin_coherent",
        {"cow": "anon_exclusive", "early_copy": "on", "seq_retry": "on"},
        (("Cpu", 2), ("Mm", 1), ("Va", 1), ("Page", 3), ("Value", 1), ("Gup", 1)),
    ),
)


def system_of(twin: Twin) -> System:
    """The model with the line broken, wherever the module is loaded from."""
    find = loader(ROOT / "spec")

    def broken(module: str, importer: str) -> Source | None:
        source = find(module, importer)
        if source is None or module.replace(".", "/") + ".cow" != twin.file:
            return source
        assert source.text.count(twin.line) == 1, f"the line of {twin.name} is not in {twin.file}, or not once"
        return Source(source.path, source.text.replace(twin.line, twin.broken))

    path = ROOT / "models" / f"{twin.model}.cow"
    return build(check(load(str(path), path.read_text(), broken)))


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_twin_is_refuted(twin: Twin) -> None:
    system = system_of(twin)
    declared = [line for line in system.expectations if twin.property in line.properties]
    setting = next(each for each in all_settings(system) if dict(each).items() >= twin.switches.items())
    assert any(line.verdict is ExpectedKind.PROVED and holds(line.when, setting) for line in declared)

    target = Target(Violates(twin.property), And(tuple(SwitchIs(name, option) for name, option in setting)))
    found = search(system, (target,), (twin.scope,), Limits(max_steps=14, timeout=120.0), replay=replay)[target]
    assert isinstance(found, Refuted), found
