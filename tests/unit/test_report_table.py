"""The policy table, the words for settings, the JSON report, the names of saved traces."""

import json
from dataclasses import replace

from cowspec.evidence.traces import read
from cowspec.judge.results import Claim, Disagreement, Finding, ModelReport, Remark, Result
from cowspec.report.records import disagreement_files, render, trace_files
from cowspec.report.summary import check_text, found_text, verb_text
from cowspec.report.table import legend, table, words
from cowspec.report.text import Style
from cowspec.system.ir import Setting, Switch
from cowspec.system.switches import all_settings
from cowspec.verdict import Trace
from report_examples import SMALL, system_of

SYSTEM = replace(
    system_of(SMALL),
    switches=(
        Switch("cow", False, (("mapcount", "v5.8"), ("page_count", "v5.9"))),
        Switch("flush", True, (("off", ""), ("on", "flush early"))),
        Switch("lock", True, (("off", ""), ("on", "lock for write"))),
        Switch("keep", True, (("off", ""), ("on", "keep the bit"))),
    ),
)
SETTINGS = all_settings(SYSTEM)
EMPTY = tuple(tuple(None if var.domain else False for _ in range(2 ** len(var.index))) for var in SYSTEM.vars)


def bad(setting: Setting) -> bool:
    options = dict(setting)
    return options["cow"] == "page_count" and options["flush"] == options["lock"] == "off"


def trace(setting: Setting) -> Trace:
    return Trace("models/small.cow", "no_stale", setting, (("Cpu", 2), ("Mm", 2), ("Page", 2)), EMPTY, ())


BAD = tuple(setting for setting in SETTINGS if bad(setting))
GOOD = tuple(setting for setting in SETTINGS if not bad(setting))
REFUTED = Result("no_stale", "invariant", BAD, Finding.REFUTED, Claim.TRACE, "bmc", trace(BAD[0]).scope, 8, "refuted",
                 True, (("trace", ("evaluator",)),), trace(BAD[0]))  # fmt: skip
PROVED = Result("no_stale", "invariant", GOOD, Finding.PROVED, Claim.ANY_SIZE, "induction", expected="proved",
                as_declared=True, evidence=(("induction", ("z3",)),), seconds=1.25)  # fmt: skip
NO_FAULT = replace(PROVED, property="no_fault", kind="implied", settings=SETTINGS)
REPORT = ModelReport("models/small.cow", SYSTEM, (PROVED, REFUTED, NO_FAULT), True)


def test_settings_that_agree_share_a_row() -> None:
    assert table(REPORT, 100) == [
        "models/small.cow       mapcount  page_count",
        "no_stale",
        "  none of flush, lock  proved    refuted 8 steps",
        "  any of flush, lock   proved    proved",
        "no_fault               proved    proved",
    ]


def test_different_lengths_give_a_range() -> None:
    shorter = replace(REFUTED, settings=BAD[:1], steps=7)
    report = replace(REPORT, results=(PROVED, replace(REFUTED, settings=BAD[1:]), shorter))
    assert "refuted 7-8 steps" in "\n".join(table(report, 100))


def test_what_is_not_as_declared_is_marked() -> None:
    report = replace(REPORT, results=(replace(REFUTED, expected="proved", as_declared=False),))
    assert any(line.endswith("refuted 8 steps !") for line in table(report, 100))


def test_claims_at_a_scope_name_it() -> None:
    scoped = replace(PROVED, claim=Claim.SCOPE, scope=(("Cpu", 2), ("Page", 3)), settings=SETTINGS)
    bounded = replace(scoped, verdict=Finding.NO_VIOLATION, claim=Claim.BOUNDED, steps=12)
    assert "proved at Cpu=2,Page=3" in "\n".join(table(replace(REPORT, results=(scoped,)), 100))
    assert "no violation in 12" in "\n".join(table(replace(REPORT, results=(bounded,)), 100))


def test_a_cover_is_not_reached() -> None:
    """Nothing violates it."""
    cover = Result("two", "cover", SETTINGS, Finding.NO_VIOLATION, Claim.BOUNDED, "bmc", (("Cpu", 2),), 12)
    assert "not reached in 12" in "\n".join(table(replace(REPORT, results=(cover,)), 100))
    assert found_text(cover) == "not reached within 12 steps at Cpu=2"
    assert found_text(replace(cover, kind="invariant")) == "no violation within 12 steps at Cpu=2"


def test_undeclared_settings_are_said() -> None:
    unlisted = Result("no_stale", "invariant", GOOD, Finding.UNKNOWN, Claim.NONE, "none")
    assert "not declared !" in "\n".join(table(replace(REPORT, results=(REFUTED, unlisted)), 100))


def test_a_model_without_choice_has_one_column() -> None:
    system = replace(SYSTEM, switches=SYSTEM.switches[1:])
    result = replace(PROVED, settings=all_settings(system))
    lines = table(replace(REPORT, system=system, results=(result,)), 100)
    assert lines == ["models/small.cow", "no_stale          proved"]


def test_colour_changes_nothing_else() -> None:
    painted = table(REPORT, 100, lambda text, role: f"<{role}>{text}</{role}>")
    for role in ("good", "bad", "weak", "strong"):
        painted = [line.replace(f"<{role}>", "").replace(f"</{role}>", "") for line in painted]
    assert painted == table(REPORT, 100)


def test_words_for_settings() -> None:
    switches = SYSTEM.switches
    assert words(switches, SETTINGS) == ""
    assert words(switches, BAD) == "cow=page_count and none of flush, lock"
    assert words(switches[1:], [s[1:] for s in SETTINGS if dict(s)["flush"] == "on"]) == "flush"
    assert words(switches[1:], [s[1:] for s in SETTINGS if dict(s)["flush"] == "off"]) == "no flush"
    assert words(switches[1:], [s[1:] for s in GOOD if dict(s)["cow"] == "page_count"]) == "any of flush, lock"


def test_the_legend_explains_options_and_properties() -> None:
    lines = legend([REPORT], 100)
    assert "cow=mapcount    v5.8" in lines and "flush           flush early" in lines
    assert "no_stale        no writable TLB entry outlives a write-protect" in lines


def test_check_ends_with_the_totals() -> None:
    text = check_text([REPORT], {}, Style(100))
    assert (
        text.endswith("1 model, 32 properties x settings: 30 proved for any size, 2 refuted; all as declared\n")
        and "  as declared\n" in text
    )
    assert text.count("violated: no_stale") == 1


def test_of_each_refuted_property_the_shortest_run_is_drawn() -> None:
    longer = replace(REFUTED, settings=BAD[1:], steps=9)
    report = replace(REPORT, results=(longer, PROVED, replace(REFUTED, settings=BAD[:1])))
    text = check_text([report], {}, Style(100))
    assert "refuted in 8 steps" in text and "refuted in 9 steps" not in text
    assert "refuted in 9 steps" in check_text([report], {}, Style(100, verbose=True))


def test_what_is_not_as_declared_is_drawn() -> None:
    report = replace(REPORT, results=(replace(REFUTED, expected="proved", as_declared=False),))
    files, _ = trace_files([report], "out")
    text = check_text([report], files, Style(100))
    assert "no_stale: refuted in 8 steps at Cpu=2, Mm=2, Page=2, under cow=page_count and none of flush, lock;" in text
    assert "expected: proved" in text and "trace: out/small-no_stale-page_count.json" in text
    assert "violated: no_stale" in text and "NOT as declared: 2 of 2" in text


def test_findings_are_said() -> None:
    report = replace(
        REPORT,
        remarks=(Remark("V702", "step x never fires"),),
        bugs=("oops",),
        disagreements=(Disagreement("no run", trace(BAD[0])),),
        interrupted=True,
    )
    text = check_text([report], {}, Style(100))
    for words_of in (
        "vacuous[V702]: step x never fires",
        "internal error: oops",
        "engines disagree: no run",
        "interrupted",
    ):
        assert words_of in text
    nothing = check_text([replace(REPORT, results=(), declares=False)], {}, Style(100))
    assert "checks nothing" in nothing and "nothing was checked" in nothing


def test_prove_and_refute_print_every_result() -> None:
    assert "no results" in verb_text([replace(REPORT, results=())], {}, Style(100))
    text = verb_text([REPORT], {}, Style(100))
    assert "no results" not in text
    assert "no_stale: proved, any size, under cow=mapcount; any of" not in text
    assert "no_stale: proved, any size, under cow=mapcount; flush; lock" in text
    assert "no_fault: proved, any size\n" in text and "violated: no_stale" in text


def test_json_has_one_record_for_each_cube() -> None:
    files, texts = trace_files([REPORT], ".cowspec")
    record = json.loads(render([REPORT], files, {"cowspec": "1", "z3": "2"}, 0))
    assert record["schema_version"] == 1 and record["tool"] == {"cowspec": "1", "z3": "2"} and record["status"] == 0
    refuted = [each for each in record["results"] if each["verdict"] == "refuted"]
    assert refuted == [
        {
            "model": "models/small.cow",
            "property": "no_stale",
            "kind": "invariant",
            "switches": {"cow": "page_count", "flush": False, "lock": False},
            "verdict": "refuted",
            "claim": "trace",
            "scope": {"Cpu": 2, "Mm": 2, "Page": 2},
            "steps": 8,
            "expected": "refuted",
            "as_declared": True,
            "engine": "bmc",
            "trace": ".cowspec/small-no_stale-page_count.json",
            "evidence": {"trace": ["evaluator"]},
        }
    ]
    covered = 0
    for each in record["results"]:
        if each["property"] == "no_stale":
            covered += 2 ** (4 - len(each["switches"]))
    assert covered == len(SETTINGS)
    assert read(SYSTEM, texts[".cowspec/small-no_stale-page_count.json"]) == REFUTED.trace
    assert "seconds" not in record["results"][0]


def test_times_only_when_asked() -> None:
    record = json.loads(render([REPORT], {}, {}, 0, timings=True))
    assert record["results"][0]["seconds"] == 1.25


def test_traces_never_share_a_file() -> None:
    other = replace(REPORT, path="elsewhere/small.cow")
    changed = replace(trace(BAD[0]), model="elsewhere/small.cow")
    other = replace(other, results=(replace(REFUTED, trace=changed),))
    files, texts = trace_files([REPORT, other], "out")
    assert len(set(files.values())) == len(texts) == 2


def test_long_names_of_traces_are_cut() -> None:
    long = replace(REFUTED, property="p" * 300)
    files, _ = trace_files([replace(REPORT, results=(long,))], "out")
    assert all(len(name) < 140 for name in files.values())


def test_a_disagreement_is_kept_whole() -> None:
    report = replace(REPORT, disagreements=(Disagreement("no such step", trace(BAD[0])),))
    texts = disagreement_files([report], "out")
    folder = "out/disagreement-models_small.cow-no_stale-1"
    assert sorted(texts) == [f"{folder}/{name}" for name in ("message.txt", "system.txt", "trace.json")]
    assert "no such step" in texts[f"{folder}/message.txt"]
    assert read(SYSTEM, texts[f"{folder}/trace.json"]) == trace(BAD[0])
