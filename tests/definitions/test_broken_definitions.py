"""Definitions that are YAML and yet wrong: each is one change to a good sample, refused at the line of the change."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.definitions.complaints import BadDefinition, Complaint
from engine.definitions.load import check_workflow, load_all, load_workflow
from engine.errors import DefinitionError

SAMPLES = Path(__file__).parent / "samples"
KNOWN = frozenset({"small-case", "small-report"})
ORDER = "notices/correction_order.yaml"
VISIT = "notices/visit_record.yaml"


@dataclass(frozen=True, kw_only=True)
class Broken:
    """One change to the sample: in which file, from what to what, and what is complained about where."""

    why: str
    old: str
    new: str
    code: str
    at: str = ""
    """Words in the line of the complaint; the line of the change when empty."""
    file: str = "workflow.yaml"
    says: str = ""


def b(why: str, old: str, new: str, code: str, at: str = "", **more: str) -> Broken:
    return Broken(why=why, old=old, new=new, code=code, at=at, **more)


SHAPE = [
    b("a top-level list", "workflow: small-case\n", "- workflow\n- 2\n", "syntax", "title:"),
    b("a misspelt section", "parameters:\n", "paramters:\n", "unknown_key", says="parameters"),
    b("a section left out", "title: 小个案\n", "", "missing_key", "workflow:", says="title"),
    b("a title that is a number", "title: 小个案", "title: 12", "wrong_value", says="文字"),
    b("a title that is a mapping", "title: 小个案", "title: {zh: 小个案}", "wrong_value", says="映射"),
    b("a title that is true", "title: 小个案", "title: true", "wrong_value", says="true"),
    b("an empty title", "title: 小个案", 'title: ""', "wrong_value"),
    b("a title of blanks", "title: 小个案", 'title: "  "', "wrong_value"),
    b("a name with capitals", "workflow: small-case", "workflow: SmallCase", "wrong_value", says="连字符"),
    b("a subject that is none", "subject: pupil", "subject: school", "wrong_value", says="pupil、unit"),
    b("a law without a quote", "{title: 方案 四, quote: 应当家访}", "{title: 方案 四}", "missing_key", "方案4: {", says="quote"),
    b("states as a list", "states:\n", "states: []\nstatess:\n", "wrong_value", "states: []"),
    b("a state name with a space", "  ordered: {zh: 已责令", "  the order: {zh: 已责令", "wrong_name"),
    b("a misspelt kind of state", "kind: observing", "kind: observe", "wrong_value", says="observing"),
    b("a rung below one", "rung: 1", "rung: 0", "wrong_value"),
    b("a rung in words", "rung: 1", "rung: 一", "wrong_value", says="整数"),
    b("a rung far too high", "rung: 2", "rung: 100", "wrong_value"),
    b("an act without a law", "    by: [system, township_officer]\n    law: 方案4\n", "    by: [system, township_officer]\n",
      "missing_key", "look_again:"),
    b("an act without a name", "    zh: 登记返校\n", "", "missing_key", "child_is_back:", says="zh"),
    b("a misspelt key of an act", "    at_once: true", "    at_onces: true", "unknown_key", says="at_once"),
    b("at_once in words", "at_once: true", "at_once: 是", "wrong_value", says="true 或 false"),
    b("no source at all", "from: [detected]\n", "from: []\n", "wrong_value", says="至少"),
    b("an unknown addressee", "addressees: guardians\n", "addressees: parents\n", "wrong_value", says="guardians"),
    b("outcomes without one", "    outcomes:\n", "    outcomes: []\n    outcomess:\n", "wrong_value", "outcomes: []"),
    b("a form without a field", "  order:\n    - {field: issuer", "  empty: []\n  order:\n    - {field: issuer", "wrong_value"),
    b("a field of no type", "type: long_text", "type: essay", "wrong_value", says="long_text"),
    b("a field without a type", "type: long_text, ", "", "missing_key", "field: reason"),
    b("a misspelt class", "required: true, class: public}\n    - {field: reason", "required: true, class: open}\n    - {field: reason",
      "wrong_value"),
    b("a deadline of zero days", "lasts: 6 hours", "lasts: 0 hours", "wrong_value", file="../small-report/workflow.yaml"),
    b("a deadline of minus one day", "remind: [1 workday before]", "remind: [-1 workdays before]", "wrong_value"),
    b("a deadline without a unit", "then_after: 2 workdays", "then_after: 2", "wrong_value", says="3 workdays"),
    b("a deadline in an unknown unit", "then_after: 2 workdays", "then_after: 2 fortnights", "wrong_value", says="weeks"),
    b("a reminder without before", "1 workday before", "1 workday", "wrong_value", says="before"),
    b("a start that is none", "starts: entered", "starts: opened", "wrong_value", says="entered"),
    b("two starts", "starts: {after: child_is_back}", "starts: {after: child_is_back, passed: demand}", "wrong_value"),
    b("an unknown start", "starts: {passed: compliance}", "starts: {past: compliance}", "wrong_value"),
    b("a roll that is none", "roll: none", "roll: backwards", "wrong_value", says="next workday"),
    b("a protection of nobody", "protects: citizen\n    in_session", "protects: nobody\n    in_session", "wrong_value"),
    b("a printed limit without default", "{printed_in: correction_order, default: $order_limit}", "{printed_in: correction_order}",
      "missing_key"),
    b("bounds of one number", "between: [1, 5], basis: practice", "between: [1], basis: practice", "wrong_value"),
    b("bounds upside down", "between: [2, 12]", "between: [12, 2]", "wrong_value"),
    b("bounds from zero", "between: [2, 12]", "between: [0, 12]", "wrong_value"),
    b("a value that is true", "visits_wanted: {value: 2", "visits_wanted: {value: true", "wrong_value"),
    b("an end that a link does not know", "closing_needs: [ended, detached]", "closing_needs: [ended, forgotten]", "wrong_value"),
    b("a closing with outcomes", "    counts_as_returned: true\n", "    counts_as_returned: true\n    outcomes: [{to: closed}]\n",
      "unknown_key", "outcomes: [{"),
    b("a law list of numbers", "    at_once: true\n    law: 方案4", "    at_once: true\n    law: [4]", "wrong_value", "law: [4]"),
    b("too many outcomes", "    outcomes:\n", "    outcomes:\n" + "      - {zh: 又}\n" * 21, "wrong_value", "- {zh: 又}"),
    b("a title that never ends", "title: 小个案", "title: " + "长" * 2001, "wrong_value"),
]

NAMES = [
    b("a folder of another name", "workflow: small-case", "workflow: small-cases", "wrong_folder"),
    b("an unknown source", "from: [detected]", "from: [detectd]", "unknown_name", says="detected"),
    b("an unknown target", "    to: watched", "    to: wached", "unknown_name", says="watched"),
    b("an unknown role", "by: school_officer\n", "by: school_oficer\n", "unknown_name", says="school_officer"),
    b("issuer_head as a doer", "by: school_officer\n", "by: issuer_head\n", "unknown_name"),
    b("a drafting system", "draft_by: [class_teacher]", "draft_by: [system]", "unknown_name"),
    b("an approving system", "[legal_reviewer, issuer_head]", "[legal_reviewer, system]", "unknown_name"),
    b("an unknown approver", "[legal_reviewer, issuer_head]", "[legal_reviewer, mayor]", "unknown_name"),
    b("an unknown proposer", "[township_officer, system]", "[township_officer, systm]", "unknown_name", says="system"),
    b("an unknown form", "form: attendance", "form: atendance", "unknown_name", says="attendance"),
    b("an unknown law", "    at_once: true\n    law: 方案4", "    at_once: true\n    law: 方案5", "unknown_name", "law: 方案5"),
    b("a law for no kind of unit", "{township_government: 义教法58,", "{township: 义教法58,", "unknown_name", says="township_government"),
    b("an unknown document", "document: correction_order\n    addressees", "document: correction_odrer\n    addressees", "unknown_name"),
    b("an unknown document of an outcome", "documents: [visit_record], counts", "documents: [visit_recrd], counts", "unknown_name"),
    b("an unknown link", "opens: danger\n", "opens: dangers\n", "unknown_name", says="danger"),
    b("a withdrawal of nothing known", "withdraws: order_correction", "withdraws: order", "unknown_name"),
    b("a counter that nobody counts", "resets: attempts", "resets: attempt", "unknown_name", says="attempts"),
    b("a deadline in an unknown state", "while: watched", "while: watch", "unknown_name"),
    b("a clock from an unknown act", "{after: child_is_back}", "{after: child_was_back}", "unknown_name"),
    b("a clock from an unknown document", "{served: correction_order}", "{served: order}", "unknown_name"),
    b("a clock from an unknown deadline", "{passed: compliance}", "{passed: complyance}", "unknown_name"),
    b("a limit printed nowhere", "{printed_in: correction_order,", "{printed_in: order,", "unknown_name"),
    b("an unknown parameter", "lasts: $weeks", "lasts: $week", "unknown_name", says="weeks"),
    b("an unknown parameter in a guard", "times: $visits_wanted", "times: $visits", "unknown_parameter", says="visits_wanted"),
    b("a timer that tells nobody known", "- {tell: [bureau_officer]}", "- {tell: [bureau]}", "unknown_name"),
    b("a timer to a missing trigger", "task: close_returned", "task: close_return", "unknown_name", says="close_returned"),
    b("a proposal of a missing trigger", "propose: order_correction", "propose: order", "unknown_name"),
    b("a missing trigger fired", "fire: look_again", "fire: look", "unknown_name"),
    b("an unknown heir", "takes_over: township_officer", "takes_over: nobody", "unknown_name"),
    b("met by a missing trigger", "met_by: record_visit", "met_by: visit", "unknown_name"),
    b("a deadline under an unknown law", "      - {tell: [bureau_officer]}\n    law: 义教法58",
      "      - {tell: [bureau_officer]}\n    law: 义教法59", "unknown_name", "law: 义教法59"),
    b("a basis that is none", "between: [1, 5], basis: 方案4", "between: [1, 5], basis: 方案9", "unknown_name"),
    b("a locked value by practice", "demand_limit: {value: 10 workdays, basis: 义教法58}",
      "demand_limit: {value: 10 workdays, basis: practice}", "unknown_name"),
    b("a link to no workflow", "opens: small-report", "opens: small-raport", "unknown_name", says="small-report"),
    b("a name both free and locked", "locked:\n", "locked:\n  weeks: {value: 4 weeks, basis: 方案4}\n", "duplicate_name",
      "weeks: {value: 4 weeks, basis: 方案4}"),
    b("an act with a closing's name", "  relapse:\n", "  close_missing:\n", "duplicate_name"),
    b("a document listed twice", "documents: [visit_record, correction_order]", "documents: [visit_record, correction_order, visit_record]",
      "duplicate_name"),
    b("an unused law", "law:\n  方案4", "law:\n  闲置1: {title: 甲, quote: 乙}\n  方案4", "unused", "闲置1"),
    b("an unused parameter", "parameters:\n", "parameters:\n  idle: {value: 1, between: [1, 2], basis: practice}\n", "unused", "idle:"),
    b("an unused locked value", "locked:\n", "locked:\n  idle: {value: 1, basis: 方案4}\n", "unused", "idle:"),
    b("an unused form", "  attendance:\n", "  idle:\n    - {field: x, zh: 某, type: date}\n  attendance:\n", "unused", "idle:"),
    b("an unused link", "links:\n", "links:\n  idle: {zh: 闲, opens: small-report, closing_needs: [ended]}\n", "unused", "idle:"),
    b("an unused document", "documents: [visit_record], counts: [visits]", "counts: [visits]", "unused", "documents: [visit_record, "),
]

GUARDS = [
    b("an unknown predicate", "[somebody_met]", "[somebody_meet]", "unknown_predicate", says="somebody_met"),
    b("an unknown predicate negated", "- not: {recorded: {act: report_danger}}", "- not: recoded", "unknown_predicate"),
    b("an argument too many", "[seen_by_two]", "[{seen_by_two: {times: 2}}]", "unknown_argument"),
    b("a misspelt argument", "{count: visits, times: $", "{count: visits, time: $", "unknown_argument", says="times"),
    b("an argument too few", "{count: visits, times: $visits_wanted}", "{count: visits}", "missing_argument", says="times"),
    b("an argument of another type", "times: $visits_wanted", "times: two", "wrong_argument", says="整数"),
    b("a span for a number", "times: $visits_wanted", "times: $weeks", "wrong_argument"),
    b("a list for a text", "{count: visits, times", "{count: [visits], times", "wrong_argument"),
    b("a guard that is a number", "[nobody_met]", "[12]", "wrong_guard"),
    b("a guard of two names", "[nobody_met]", "[{nobody_met: {}, seen_by_two: {}}]", "wrong_guard"),
    b("a word for a span", "[nobody_met]", "[{observed_long_enough: {weeks: soon}}]", "wrong_argument", says="3 workdays"),
    b("a number for a span", "[nobody_met]", "[{observed_long_enough: {weeks: 4}}]", "wrong_argument"),
    b("numbers for words", "[nobody_met]", "[{field_is: {field: result, one_of: [1]}}]", "wrong_argument"),
    b("arguments that are no mapping", "[nobody_met]", "[{nobody_met: 1}]", "wrong_guard"),
    b("a choice of one", "[nobody_met]", "[{any: [nobody_met]}]", "wrong_guard"),
    b("a choice within a choice", "[nobody_met]", "[{any: [{any: [nobody_met, somebody_met]}, somebody_met]}]", "wrong_guard"),
    b("a negated choice", "[nobody_met]", "[{not: {any: [nobody_met, somebody_met]}}]", "wrong_guard"),
    b("a count that nobody counts", "{count: visits, times", "{count: visit, times", "fact_not_collected", says="visits"),
    b("an act that nobody does", "- recorded: {act: record_visit}", "- recorded: {act: recordvisit}", "fact_not_collected"),
    b("a field that the form lacks", "when: [seen_by_two]", "when: [seen_by_two, two_visitors]", "fact_not_collected", says="visitors"),
    b("a field without a form", "    from: watched\n    to: former\n", "    from: watched\n    to: former\n    when: [nobody_met]\n",
      "fact_not_collected"),
    b("a value that the field lacks", "[nobody_met]", "[{field_is: {field: result, one_of: [refused]}}]", "unknown_value", says="refuses"),
    b("a deadline that does not run", "[nobody_met]", "[{check_day_has_come: {deadline: complience}}]", "unknown_name"),
    b("a document that nobody issues", "    document: correction_order\n    addressees: guardians\n", "", "fact_not_collected", "served:"),
]

FORMS = [
    b("a field twice", "{field: checked_by, zh: 核对", "{field: seen_by, zh: 核对", "duplicate_field"),
    b("a choice without options", "type: choice, of: {agrees: 同意返校, refuses: 不同意}", "type: choice", "no_options", "field: result"),
    b("options on a date", "type: date, not_before", "type: date, of: {a: 甲}, not_before", "no_such_key_here"),
    b("a grid without rows", "rows: {harm: 伤害}, ", "", "no_rows", "type: grid"),
    b("rows on a choice", "type: choice, of: {ag", "type: choice, rows: {a: 甲}, of: {ag", "no_such_key_here"),
    b("a public long text", "type: long_text, most: 500", "type: long_text, most: 500, class: public", "public_text"),
    b("public people", "type: people, required: true, least: 2", "type: people, required: true, class: public", "public_text"),
    b("a range upside down", "required: true, least: 2", "required: true, least: 9, most: 3", "wrong_range"),
    b("a range on a choice", "class: public}\n    - {field: returns", "class: public, least: 1}\n    - {field: returns",
      "no_such_key_here", "least: 1"),
    b("a day before on people", "zh: 看见的人, type: people", "zh: 看见的人, type: people, not_after: today", "no_such_key_here"),
    b("required when an unknown field", "required_when: {result: agrees}", "required_when: {reslt: agrees}", "unknown_field", says="result"),
    b("required when an unknown value", "required_when: {result: agrees}", "required_when: {result: agree}", "unknown_name", says="agrees"),
    b("required unless itself", "required_unless: {met: nobody}", "required_unless: {danger: absent}", "unknown_field"),
    b("required always and sometimes", "required_when: {result: agrees}", "required: true, required_when: {result: agrees}",
      "contradiction"),
    b("a yes or no that is maybe", "required_when: {result: agrees}", "required_when: {sure: maybe}", "unknown_name", says="yes"),
]

ACTS = [
    b("nobody who may", "    by: school_officer\n    form: attendance", "    form: attendance", "nobody", "child_is_back:"),
    b("a doer beside approvals", "    propose_by: [township_officer, system]\n", "    propose_by: [township_officer, system]\n    by: township_head\n",
      "by_with_approvals", "by: township_head"),
    b("approvals without a proposer", "    propose_by: [township_officer, system]\n", "", "nobody", "order_correction:"),
    b("only the system proposes", "[township_officer, system]", "[system]", "nobody", "  order_correction:\n"),
    b("a proposal without approvals", "    from: watched\n    to: former\n    by:", "    from: watched\n    to: former\n    propose_by:",
      "propose_without_approvals", "propose_by: [school_officer]\n    law"),
    b("one approver twice", "[legal_reviewer, issuer_head]", "[legal_reviewer, legal_reviewer]", "duplicate_approval"),
    b("a target beside outcomes", "    form: visit\n", "    form: visit\n    to: ordered\n", "to_with_outcomes", "    to: ordered\n    outcomes"),
    b("one outcome only", "      - {when: [nobody_met], zh: 未遇, counts: [attempts]}\n", "", "single_outcome", "outcomes:"),
    b("two equal outcomes", "{when: [nobody_met]", "{when: [somebody_met]", "same_outcomes"),
    b("outcomes without conditions", "{when: [nobody_met], zh: 未遇", "{zh: 未遇", "overlapping_outcomes"),
    b("an outcome within another", "{when: [nobody_met]", "{when: [somebody_met, two_visitors]", "overlapping_outcomes"),
    b("the same choice in another order",
      "      - {when: [somebody_met], zh: 见到人, documents: [visit_record], counts: [visits]}\n      - {when: [nobody_met]",
      "      - {when: [any: [somebody_met, two_visitors]], documents: [visit_record], counts: [visits]}\n      - {when: [any: [two_visitors, somebody_met]]",
      "same_outcomes", "{when: [any: [two_visitors"),
    b("an outcome that can never be", "{when: [nobody_met]", "{when: [nobody_met, not: nobody_met]", "contradiction"),
    b("the same key twice in an act", "draft_by: [class_teacher]\n    form: visit", "by: [system]\n    form: visit", "duplicate_key"),
    b("a timer's visit record", "    by: [school_officer]\n    draft_by: [class_teacher]", "    by: [system]\n    draft_by: [class_teacher]",
      "system_acts", "by: [system]", says="文书"),
    b("a timer that refers", "by: [school_officer, class_teacher]\n    opens", "by: [school_officer, system]\n    opens", "system_acts", says="移送"),
    b("a timer that closes", "    to: closed\n    stops_letters: true\n    propose_by: [township_officer]\n    approvals: [township_head]",
      "    to: closed\n    stops_letters: true\n    by: [system]", "system_acts", "by: [system]\n    law", says="结束"),
    b("a timer that extends", "    in_session: true", "    in_session: true\n    restarts: look_again", "system_acts", "by: [system, township_officer]",
      says="重新起算"),
    b("an order without approvals", "    propose_by: [township_officer, system]\n    approvals: [legal_reviewer, issuer_head]\n",
      "    by: [township_officer]\n", "no_approvals", "  order_correction:\n"),
    b("an order by any office", "      - issuer_has_authority\n", "", "no_issuer_guard", "  order_correction:\n"),
    b("an order by an office without authority", "      - issuer_has_authority\n", "      - not: issuer_has_authority\n", "no_issuer_guard",
      "  order_correction:\n"),
    b("a letter to nobody", "addressees: guardians\n    law", "addressees: receiver\n    law", "no_receiver", "  order_correction:\n"),
    b("back to the former rung from the ladder", "    from: watched\n    to: former", "    from: [watched, ordered]\n    to: former",
      "former_not_observing", "to: former"),
    b("a way out of the end", "    from: watched\n    to: former", "    from: [watched, closed]\n    to: former", "from_final",
      "from: [watched, closed]"),
    b("danger from the ladder only", "from: any_unfinished\n    by", "from: any_open\n    by", "danger_limited"),
    b("danger that waits for approval", "    by: [school_officer, class_teacher]\n    opens", "    propose_by: [school_officer]\n    approvals: [township_head]\n    opens",
      "danger_waits", "    approvals: [township_head]\n    opens"),
    b("a closing without an end", "    stays_open: true\n", "", "no_end", "  missing:\n"),
    b("a closing that stays and ends", "    stays_open: true\n", "    stays_open: true\n    to: closed\n", "open_and_closed", "    to: closed\n    by"),
    b("a closing that does not end", "    to: closed\n    stops", "    to: ordered\n    stops", "not_final"),
    b("a death that counts as returned", "    stops_letters: true\n", "    stops_letters: true\n    counts_as_returned: true\n", "false_return"),
    b("a return without observation", "    from: watched\n    to: returned", "    from: [watched, ordered]\n    to: returned", "return_unobserved"),
    b("an end without a code", "    to: ordered\n", "    to: closed\n", "final_without_code"),
    b("a withdrawal of what needs no approval", "withdraws: order_correction", "withdraws: relapse", "nothing_to_withdraw"),
]

LADDER = [
    b("a start that is observed", "{zh: 发现, kind: open, rung: 1}", "{zh: 发现, kind: observing}", "wrong_start"),
    b("no end", "  returned: {zh: 已复学, kind: final}\n  closed: {zh: 已销号, kind: final}\n", "", "no_final", "states:\n"),
    b("an unreachable state", "  watched: {zh", "  lost: {zh: 某, kind: final}\n  watched: {zh", "unreachable"),
    b("an unreachable rung", "    from: detected\n    to: ordered", "    from: ordered\n    to: ordered", "unreachable", "  ordered: {zh"),
    b("a state without a way out", "from: sent, to: ended, by", "from: sent, by", "no_exit", "  sent: {zh", file="../small-report/workflow.yaml"),
    b("an open state without a deadline", "    while: watched\n", "    while: ordered\n", "no_deadline", "  watched: {zh"),
]

TIME = [
    b("a value out of bounds", "first_visit: {value: 3 workdays", "first_visit: {value: 6 workdays", "out_of_bounds", says="1至5"),
    b("a number out of bounds", "visits_wanted: {value: 2", "visits_wanted: {value: 9", "out_of_bounds"),
    b("a value in another unit", "order_limit: {value: 10 workdays", "order_limit: {value: 2 weeks", "out_of_bounds", says="calendar days"),
    b("bounds in no unit", "{workdays: [3, 20], calendar days: [3, 30]}", "{workdays: [3, 20], moons: [1, 2]}", "unknown_name"),
    b("a number as a length", "lasts: $weeks", "lasts: $visits_wanted", "not_a_span"),
    b("a number as a pause", "then_after: 2 workdays", "then_after: $visits_wanted", "not_a_span"),
    b("a reminder before the start", "remind: [1 workday before]", "remind: [3 workdays before]", "remind_too_early"),
    b("a statutory period of one's own", "lasts: $demand_limit", "lasts: 10 workdays", "statutory_not_locked"),
    b("a statutory period that may be changed", "lasts: $demand_limit", "lasts: $first_visit", "statutory_not_locked"),
    b("a statutory period without a law", "      - {tell: [bureau_officer]}\n    law: 义教法58\n", "      - {tell: [bureau_officer]}\n",
      "statutory_without_law", "  demand:\n"),
    b("a deadline after the end", "while: watched", "while: [watched, closed]", "deadline_in_final"),
    b("met by what cannot happen there", "met_by: record_visit", "met_by: relapse", "out_of_place"),
    b("started by a deadline elsewhere", "{after: child_is_back}", "{passed: compliance}", "out_of_place"),
    b("a task that cannot be done there", "task: close_returned", "task: record_visit", "out_of_place"),
    b("a second level at once", "      - {then_after: 2 workdays, propose", "      - {propose", "level_without_time"),
    b("a level that does nothing", "{tell: [bureau_officer]}", "{takes_over: bureau_officer}", "level_does_nothing"),
    b("a level that proposes and fires", "propose: order_correction, takes", "propose: order_correction, fire: record_visit, takes",
      "propose_and_fire"),
    b("a timer that may not propose", "[township_officer, system]", "[township_officer]", "not_for_timers", "propose: order_correction"),
    b("a timer that may not act", "by: [system, township_officer]", "by: [township_officer]", "not_for_timers", "fire: look_again"),
    b("a timer that must choose", "fire: look_again", "fire: record_visit", "not_for_timers"),
    b("a ring of deadlines", "    starts: {served: correction_order}\n", "    starts: {passed: demand}\n", "ring"),
    b("a ring of timers", "    from: ordered\n    by: [system", "    from: ordered\n    to: ordered\n    by: [system", "ring", "  ordered: {zh"),
    b("a limit that no form asks", "{field: limit, zh: 期限, type: span", "{field: limit, zh: 期限, type: date", "fact_not_collected",
      "printed_in: correction_order"),
    b("service of what is not served", "{served: correction_order}", "{served: visit_record}", "not_served"),
]

NOTICES = [
    b("a notice without a block", "blocks:\n", "blocks: []\nblock:\n", "wrong_value", "blocks: []", file=ORDER),
    b("a number by the moon", "by: [issuer, year]", "by: [issuer, moon]", "wrong_value", file=ORDER),
    b("a number by the year twice", "by: [issuer, year]", "by: [year, year]", "wrong_value", file=ORDER),
    b("a document of another name", "document: correction_order", "document: order", "wrong_file_name", file=ORDER),
    b("a notice that is not listed", "[visit_record, correction_order]", "[correction_order]", "unlisted_notice", "document: visit_record"),
    b("a listed notice without a file", "[visit_record, correction_order]", "[visit_record, correction_order, demand]", "missing_notice"),
    b("an order by a subdistrict", "issuer: [township_government,", "issuer: [subdistrict_office,", "no_authority", file=ORDER),
    b("an issuer that is none", "issuer: [township_government,", "issuer: [town,", "unknown_name", file=ORDER),
    b("an order without a number", "number: {series: 责改, by: [issuer, year]}\n", "", "no_number", "document: correction_order", file=ORDER),
    b("a block of two kinds", "  - title: 责令限期改正决定书", "  - title: 责令限期改正决定书\n    heading: 甲", "wrong_block", "- title:", file=ORDER),
    b("a block of no kind", "  - title: 家访记录", "  - part: time", "wrong_block", file=VISIT),
    b("a misspelt kind of block", "  - title: 家访记录", "  - titel: 家访记录", "unknown_key", file=VISIT, says="title"),
    b("a legal part under a condition", "    part: remedies", "    part: remedies\n    when: asked", "conditional_part", "when: asked", file=ORDER),
    b("a legal part that may be empty", "    min: 1", "    min: 0", "conditional_part", file=ORDER),
    b("a list without its least", "    min: 1\n", "", "no_minimum", "each: persuasions", file=ORDER),
    b("a list that is none", "each: persuasions", "each: persuasion", "unknown_fact", file=ORDER, says="persuasions"),
    b("a least without a list", "    part: evidence", "    part: evidence\n    min: 1", "no_such_key_here", "    min: 1\n  - paragraph", file=ORDER),
    b("an unknown legal part", "part: consequence", "part: threat", "unknown_part", file=ORDER),
    b("an order without remedies", "    part: remedies\n", "", "missing_part", "blocks:", file=ORDER, says="复议"),
    b("an order without consequence", "    part: consequence\n", "", "missing_part", "blocks:", file=ORDER),
    b("an order without its limit", "[basis, duty, limit]", "[basis, duty]", "missing_part", "blocks:", file=ORDER),
    b("an order without a seal", "[issuer, seal]", "[issuer]", "missing_part", "blocks:", file=ORDER),
    b("a visit record without the danger check", "health, danger, advice", "health, advice", "missing_part", "blocks:", file=VISIT),
    b("remedies without the court", "，也可以在六个月内提起行政诉讼", "", "wrong_remedies", "申请行政复议。", file=ORDER),
    b("remedies within thirty days", "六十日内申请", "三十日内申请", "wrong_remedies", "三十日内", file=ORDER),
    b("a fine", "依法采取进一步措施", "处以罚款", "money", "罚款", file=ORDER),
    b("a sum in figures", "依法采取进一步措施", "缴纳 500 元", "money", "500 元", file=ORDER),
    b("a sum in words", "依法采取进一步措施", "缴纳五百元", "money", "五百元", file=ORDER),
    b("an unknown fact", "{{ child.name }}就读", "{{ chidl.name }}就读", "unknown_fact", "chidl", file=ORDER, says="child"),
    b("an unknown name in a fact", "{{ child.birth | date_zh }}", "{{ child.born | date_zh }}", "unknown_fact", "child.born", file=ORDER),
    b("an item without a list", "{{ number }}", "{{ item.summary }}", "unknown_fact", "- number: ", file=ORDER),
    b("a value that no form asks", "values_zh.result", "values_zh.outcome", "unknown_fact", "outcome", file=VISIT),
    b("braces that never close", "{{ number }}", "{{ number", "wrong_template", "- number:", file=ORDER),
    b("a brace alone", "{{ number }}", "{{ number }} }", "wrong_template", "- number:", file=ORDER),
    b("a thousand braces", "{{ number }}", "{{" * 900, "wrong_template", "- number:", file=ORDER),
    b("a power of powers", "{{ number }}", "{{ 9**9**9**9 }}", "wrong_template", "- number:", file=ORDER, says="算式"),
    b("a word a billion times", "{{ number }}", "{{ 'x' * 999999999 }}", "wrong_template", "- number:", file=ORDER),
    b("conditions within conditions", "结果：", "结果：" + "{% if limit %}" * 18 + "{% endif %}" * 18, "wrong_template", file=VISIT),
    b("loops within loops", "结果：", "结果：" + "{% for x in visits %}" * 5 + "{% endfor %}" * 5, "wrong_template", file=VISIT),
    b("a very long expression", "{{ number }}", "{{ number or " + "number or " * 40 + "number }}", "wrong_template", "- number:", file=ORDER),
    b("an unknown filter", "today | date_zh", "today | date_cn", "wrong_template", "date_cn", file=VISIT),
    b("a condition that never closes", "{% endif %}", "", "wrong_template", "{% if", file=VISIT),
    b("an else twice", "{% endif %}", "{% else %}甲{% else %}乙{% endif %}", "wrong_template", "{% if", file=VISIT),
    b("a legal part that may vanish", "结果：{% if", "{% if", "conditional_part", file=VISIT),
    b("an end without a start", "{% if values.result %}", "", "wrong_template", "{% endif", file=VISIT),
]

CASES = [*SHAPE, *NAMES, *GUARDS, *FORMS, *ACTS, *LADDER, *TIME, *NOTICES]


def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "workflows"
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("stories"))
    return folder / "small-case"


def changed(folder: Path, old: str, new: str, file: str = "workflow.yaml") -> str:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text, old
    text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return text


def found_by(case: Broken, tmp_path: Path) -> tuple[tuple[Complaint, ...], int]:
    """The complaints about the broken sample, and the line at which one is expected."""
    folder = copy(tmp_path)
    path = folder / case.file
    text = path.read_text("utf-8")
    same = next((n for n, (x, y) in enumerate(zip(case.old, case.new, strict=False)) if x != y), min(len(case.old), len(case.new)))
    place = text.index(case.old) + same
    text = changed(folder, case.old, case.new, case.file)
    if case.at:  # the change is in one line and shows in another, perhaps of another file
        if case.at not in text:
            text = next(p.read_text("utf-8") for p in sorted(folder.rglob("*.yaml")) if case.at in p.read_text("utf-8"))
        place = text.index(case.at)
    if case.at or same < len(case.new):
        place += len(text[place:]) - len(text[place:].lstrip())
    line = text[:place].count("\n") + 1
    checked = (folder / case.file).parent if case.file.endswith("workflow.yaml") else folder
    return check_workflow(checked.resolve(), known=KNOWN), line


class TestBrokenDefinitions:
    """A definition that says something else than its author meant."""

    @pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
    @pytest.mark.timeout(20)
    def test_is_refused_at_its_line(self, case: Broken, tmp_path: Path) -> None:
        """Each broken definition is refused with the right code at the right line, in Chinese."""
        found, line = found_by(case, tmp_path)
        assert (case.code, line) in [(each.code, each.line) for each in found], "\n".join(map(str, found))
        mine = [each for each in found if (each.code, each.line) == (case.code, line)]
        assert any(case.says in each.message for each in mine)
        assert all("\u4e00" <= max(each.message) and each.column >= 1 for each in found)

    def test_are_many(self, capsys: pytest.CaptureFixture[str]) -> None:
        """The list holds at least seventy broken definitions, each under a name of its own; the test prints how many."""
        with capsys.disabled():
            print(f"\nbroken definitions: {len(CASES)}")
        assert len(CASES) >= 70
        assert len(CASES) == len({case.why for case in CASES})

    @pytest.mark.timeout(20)
    def test_too_much_to_compile(self, tmp_path: Path) -> None:
        """Templates that would keep Jinja2 busy for seconds are refused without it."""
        folder = copy(tmp_path)
        line = '  - {paragraph: "' + "{{ number or limit }}" * 39 + '"}\n'
        changed(folder, "blocks:\n", "blocks:\n" + line * 100, VISIT)
        assert "rich_templates" in [each.code for each in check_workflow(folder)]

    def test_never_start(self, tmp_path: Path) -> None:
        """Loading raises with every complaint; nothing half-loaded comes out."""
        folder = copy(tmp_path)
        changed(folder, "    to: watched", "    to: wached")
        with pytest.raises(BadDefinition) as caught:
            load_workflow(folder)
        assert caught.value.complaints == check_workflow(folder)
        assert isinstance(caught.value, DefinitionError)
        with pytest.raises(BadDefinition):
            load_all(folder.parent, tmp_path)
