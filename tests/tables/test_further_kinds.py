"""The tables made for one kind of analysis beyond first events show the numbers of the results."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from scipy.special import expit
from tests.support.declared_further import FAMILIES, further_trial

from skeletal.study import Analysis, changed_study
from skeletal_reports import tables
from skeletal_reports.tables.format import (
    format_interval,
    format_number,
    format_p_value,
    format_percent,
    format_percent_interval,
)

NEW, CONTROL = "Upfront radiotherapy arm", "Observational arm"
CONTRAST, HEAD = "upfront-rt vs observational", f"{NEW} v {CONTROL}"


@cache
def made():
    outcomes, results = further_trial()
    return {table.name: table for table in tables.further_tables(results, outcomes.study)}


def value(key):
    return further_trial()[1].value(key)


def limits(analysis, names, end=""):
    return [value(f"{analysis}/{CONTRAST}/{name}{end}") for name in names]


def under(table, head):
    """Rows below the head that begins so, by the first cell."""
    rows = made()[table].rows
    start = next(i for i, row in enumerate(rows) if row.group and row.cells[0].startswith(head))
    end = next((i for i in range(start + 1, len(rows)) if rows[i].group), len(rows))
    return {row.cells[0]: row.cells[1:] for row in rows[start + 1 : end]}


def test_each_declared_analysis_is_in_a_table():
    outcomes, results = further_trial()
    study = outcomes.study
    shown = [
        *made().values(),
        tables.curves_table(results, study),
        tables.effects_table(results, study),
        tables.hypothesis_tests_table(results, study),
    ]
    text = "\n".join(cell for table in shown for row in table.rows for cell in row.cells[:1])
    assert [name for name in study.analyses if name not in text] == []


def test_no_cell_is_named_as_in_the_results():
    cells = [cell for table in made().values() for row in table.rows for cell in row.cells]
    assert [cell for cell in cells if "[" in cell or "->" in cell or "mean of" in cell] == []


def test_the_four_answers_stand_with_what_each_compares():
    rows = under("recurrent-answers", f"answers: {HEAD}")
    assert list(rows) == ["Andersen-Gill", "LWYY", "Ghosh-Lin", "While-alive", "Time alive"]
    for answer in ("Andersen-Gill", "LWYY", "Ghosh-Lin", "while-alive"):
        row = rows[answer[0].upper() + answer[1:]]
        of = f"[{answer}]"
        assert row[2] == format_interval(*limits("answers", ("ratio", "ratio_lower", "ratio_upper"), of))
        assert row[3] == format_p_value(value(f"answers/{CONTRAST}/p_value{of}"))
    assert rows["Ghosh-Lin"][0] == (
        "the mean numbers of events up to any time in all subjects, of whom the dead have no more"
    )
    assert rows["LWYY"][1].startswith("a death ends the time at risk")
    alive = limits("answers", ("estimate", "lower", "upper"), "[time alive]@365")
    assert rows["Time alive"][2] == format_interval(*alive, 1)


def test_the_window_has_a_column_for_each_choice():
    rows = under("window", "window:")
    kept, removed = (value(f"window/observational/years[{item}]") for item in ("kept", "removed"))
    assert rows[f"{CONTROL}: subject-years at risk"] == (format_number(kept, 1), format_number(removed, 1))
    ratio = limits("window", ("ratio", "ratio_lower", "ratio_upper"), "[Poisson, removed]")
    assert rows["Rate ratio, Poisson, robust"][1].startswith(f"{format_interval(*ratio)}, p ")


def test_wins_and_losses_by_priority_and_the_summaries():
    rows = under("wins", "wins:")
    wins, losses = (value(f"wins/{CONTRAST}/{item}[overall-survival]") for item in ("wins", "losses"))
    assert rows["1. Overall survival"][:2] == (format_number(wins), format_number(losses))
    ratio = limits("wins", ("estimate", "lower", "upper"), "[net benefit]")
    assert rows["Net benefit"][2] == format_interval(*ratio)
    ties = value(f"wins/{CONTRAST}/ties")
    assert f"Neither: {format_number(ties)} pairs" in rows


def test_lesions_have_the_naive_analysis_beside_the_others_and_the_design_effect():
    rows = under("lesions", "lesion-times:")
    assert list(rows) == ["Naive", "Cluster-robust", "Mixed"]
    found = limits("lesion-times", ("estimate", "lower", "upper"), "[cluster-robust]")
    effect = value(f"lesion-times/{CONTRAST}/design_effect[cluster-robust]")
    assert rows["Cluster-robust"] == (
        "Hazard ratio of a lesion, averaged over all lesions; those of a subject may be alike",
        format_interval(*found),
        format_p_value(value(f"lesion-times/{CONTRAST}/p_value[cluster-robust]")),
        format_number(effect, 2),
    )
    risk = limits("lesion-risk", ("estimate", "lower", "upper"), "[naive]@365")
    assert under("lesions", "lesion-risk:")["Naive"][1] == format_percent_interval(*risk)
    assert "Intraclass correlation" in under("lesions", "lesions:")


def test_means_by_visit_and_their_difference():
    rows = under("visits", "mixed:")
    means = [
        format_number(value(f"mixed/{CONTRAST}/estimate[mean of {arm}]@183"), 2)
        for arm in ("upfront-rt", "observational")
    ]
    gap = format_interval(*limits("mixed", ("estimate", "lower", "upper"), "@183"))
    assert rows["Month 6"] == (*means, gap, format_p_value(value(f"mixed/{CONTRAST}/p_value@183")))
    assert rows["No difference at any visit"][3] == format_p_value(
        value(f"mixed/{CONTRAST}/p_value[all visits]")
    )


def test_a_binomial_model_is_shown_as_probabilities_and_odds_ratio():
    outcomes, results = further_trial()
    binomial = Analysis(measure="worst-pain", method="gee", family="binomial")
    study = changed_study(outcomes.study, analyses={**outcomes.study.analyses, "equations": binomial})
    table = tables.visits_table(results, study)
    start = next(i for i, row in enumerate(table.rows) if row.cells[0].startswith("equations"))
    first = table.rows[start + 1].cells
    assert "odds ratio" in table.rows[start].cells[0]
    odds = value(f"equations/{CONTRAST}/estimate[mean of upfront-rt]@30")
    assert first[1] == format_percent(float(expit(odds)))
    log_ratio = value(f"equations/{CONTRAST}/estimate@30")
    assert first[3].startswith(format_number(2.718281828459045**log_ratio, 2))


def test_missing_values_have_a_column_a_reason():
    table = made()["missing"]
    row = dict(
        zip(
            (column.header for column in table.columns),
            next(row.cells for row in table.rows if row.cells[0] == "Month 3"),
            strict=True,
        )
    )
    for header, field in (("Expected", "n_expected"), ("Dropped out", "n_dropout"), ("Died", "n_death")):
        assert row[header] == format_number(value(f"missing/observational/{field}@91"))
    assert row["Observed of expected"] == format_percent(value("missing/observational/completeness@91"))
    assert "Intercurrent event" not in row  # nobody has one


def test_imputed_values_have_a_row_a_shift():
    outcomes, results = further_trial()
    base = results.frame[results.frame["analysis"] != "tipping"]
    template = base.iloc[:1].assign(analysis="tipping", arm=CONTRAST, time=183.0, method="shifted")
    rows = {"tipping_point": 0.75}
    for delta in (0, 1):
        rows |= {f"{name}[delta {delta}]": delta + k for k, name in enumerate(("estimate", "lower", "upper"))}
        rows[f"p_value[delta {delta}]"] = 0.04 + delta / 2
    shown = [
        template.assign(statistic=name, value=float(number), key=f"tipping/{CONTRAST}/{name}@183")
        for name, number in rows.items()
    ]
    table = tables.imputation_table(replace(results, frame=pd.concat([base, *shown])), outcomes.study)
    start = next(i for i, row in enumerate(table.rows) if row.cells[0].startswith("tipping"))
    assert [row.cells for row in table.rows[start + 1 :]] == [
        ("Month 6", "0", "0.00 (1.00 to 2.00)", "0.040"),
        ("Month 6", "1", "1.00 (2.00 to 3.00)", "0.540"),
        ("Month 6", "0.75", "Tipping point", ""),
    ]


def test_interval_methods_stand_beside_imputed_times():
    rows = under("imputed-times", "imputed-times:")
    ratio = limits("imputed-times", ("ratio", "ratio_lower", "ratio_upper"), "[semiparametric]")
    assert rows["Intervals, semiparametric"][0] == format_interval(*ratio)
    edge = value("turnbull/upfront-rt/estimate[lower edge]@365")
    assert under("turnbull", "turnbull")[NEW][1] == format_percent(edge)


def test_rates_while_alive_are_shown_by_year():
    row = under("further", "alive")[f"{NEW}, events per year alive"]
    found = [value(f"alive/upfront-rt/{name}@365") * 365.25 for name in ("estimate", "lower", "upper")]
    assert row == ("Month 12", format_interval(*found), "", "")


def test_orders_and_transitions_are_in_words():
    assert f"{HEAD}: event 2" in under("further", "pwp")
    assert f"{HEAD}: event-free to 1 or more events" in under("further", "transitions")


@pytest.mark.parametrize("family", FAMILIES)
def test_families_show_p_values_and_decisions_in_their_order(family):
    rows = under("multiplicity", f"{family}: ")
    assert list(rows) == list(FAMILIES[family].hypotheses)
    for hypothesis, cells in rows.items():
        arm = "all" if hypothesis == "interval-test" else CONTRAST
        p_value, adjusted, rejected = (
            value(f"{family}/{arm}/{name}[{hypothesis}]")
            for name in ("p_value", "adjusted_p_value", "rejected")
        )
        decision = "Yes" if rejected else "No"
        assert cells == (format_p_value(p_value), format_p_value(adjusted), decision)


def test_ratios_with_95_percent_limits_are_effects_and_the_others_are_not():
    outcomes, results = further_trial()
    found = tables.effect_rows(results, outcomes.study).set_index("analysis")
    assert set(found.index) == {
        "rate-model", "wlw", "means-model", "frailty", "adjusted", "counts", "interval-model"
    }  # fmt: skip
    assert found.loc["adjusted", "ratio"] == value(f"adjusted/{CONTRAST}/estimate")
    assert found.loc["adjusted", "lower"] == value(f"adjusted/{CONTRAST}/lower")
    assert found.loc["adjusted", "events"] == found.loc["means-model", "events"] == "38/120"


def test_what_is_not_estimable_says_so_once():
    outcomes, results = further_trial()
    gone = results.frame["analysis"].isin(["answers", "window", "imputed-times", "lesion-times", "mixed"])
    rows = [
        {"analysis": name, "arm": CONTRAST, "statistic": statistic, "value": float("nan"),
         "method": "not estimable: no events", "key": f"{name}/{CONTRAST}/{statistic}"}
        for name, statistic in (("answers", "ratio"), ("window", "ratio"), ("imputed-times", "ratio"),
                                ("lesion-times", "estimate"), ("mixed", "estimate"))
    ]  # fmt: skip
    frame = pd.concat([results.frame[~gone], pd.DataFrame(rows)], ignore_index=True)
    shown = tables.further_tables(replace(results, frame=frame), outcomes.study)
    for name in ("recurrent-answers", "window", "imputed-times", "lesions", "visits"):
        table = next(table for table in shown if table.name == name)
        assert any("NE" in row.cells for row in table.rows)
        assert any("not estimable: no events" in note for note in table.notes)
        assert "NE: not estimable." in table.notes
