"""The monthly inspection plan (R94): days, devices, staff, supervisors, what was changed after the approval."""

from __future__ import annotations

from flask_babel import gettext as _

from webapp.documents.models import Kind
from webapp.documents.paper import Align, Block, Column, Facts, Paper, Paragraph, RowStyle, Table, TableRow
from webapp.documents.parts import Frame, Numbering, both_sides, day_text
from webapp.plans import words
from webapp.plans.lines import PlannedLine
from webapp.plans.models import LineKind
from webapp.plans.planned import LineState, PlannedMonth, PlanStatus, StateCount
from webapp.reports.words import list_number


def plan_paper(plan: PlannedMonth, frame: Frame) -> Paper:
    """The plan of a month as it stands; one that is not approved yet says so."""
    head = Numbering()
    blocks: list[Block] = [Facts(_facts(plan, frame))]
    if plan.status is not PlanStatus.APPROVED:
        blocks.append(Paragraph(_("This plan is not approved. Only an approved plan makes rounds.")))
    blocks += [head(_("What is planned this month")), _counts(plan), head(_("Planned inspections")), _lines(plan)]
    if plan.addenda:
        blocks += [head(_("Changes after the approval")), _changes(plan, frame)]
    if plan.outside:
        blocks += [head(_("Work outside the plan")), _outside(plan, frame)]
    return frame.paper(Kind.PLAN, [*blocks, _sides(plan, frame)], is_across=True)


def state_word(state: LineState) -> str:
    """How a planned line stands, as the pages of the plan say it."""
    return str(words.STATES[state])


def _facts(plan: PlannedMonth, frame: Frame) -> tuple[tuple[str, str], ...]:
    handed_in = " ".join(filter(None, [frame.at_text(plan.submitted_at), plan.submitted_by]))
    if plan.is_late:
        handed_in = f"{handed_in} ({_('late')})".strip()
    return (
        (_("State"), str(words.STATUSES[plan.status][0])),
        (_("Version"), str(plan.version)),
        (_("Due on"), day_text(plan.due_on)),
        (_("Handed in"), handed_in or "—"),
        (_("Approved"), " ".join(filter(None, [frame.at_text(plan.approved_at), plan.approved_by])) or "—"),
        (_("Planned inspections"), str(plan.total.planned)),
    )


def _counts(plan: PlannedMonth) -> Table:
    states = tuple(LineState)
    columns = (
        Column(_("List / system"), 26),
        Column(_("Planned"), 8, Align.RIGHT),
        *(Column(state_word(state), 8, Align.RIGHT) for state in states),
    )

    def row(name: str, count: StateCount, style: RowStyle = RowStyle.PLAIN) -> TableRow:
        figures = (int(getattr(count, state.value)) for state in states)
        return TableRow((name, count.planned, *figures), style)

    rows = [row(_("List %(number)s", number=list_number(number)), count) for number, count in plan.by_line]
    rows += [row(name, count) for name, count in plan.by_system]
    if plan.lines:
        rows.append(row(_("Total"), plan.total, RowStyle.TOTAL))
    return Table(_("Counts"), columns, tuple(rows), _("Nothing is planned for this month."))


def _lines(plan: PlannedMonth) -> Table:
    columns = (
        Column(_("Day"), 9),
        Column(_("Code"), 12),
        Column(_("Device"), 24),
        Column(_("Model"), 16),
        Column(_("Location"), 11),
        Column(_("Kind"), 10),
        Column(_("Technician"), 9),
        Column(_("Supervisor"), 9),
        Column(_("State"), 10),
    )
    rows: list[TableRow] = []
    systems: dict[tuple[int, str], list[PlannedLine]] = {}
    for line in sorted(plan.lines, key=lambda line: line.place):
        systems.setdefault((line.line_number, line.system_name), []).append(line)
    for (number, system), together in systems.items():
        text = f"{_('List %(number)s', number=list_number(number))} {system} ({len(together)})"
        rows.append(TableRow((text,), RowStyle.GROUP))
        rows += [_line(line) for line in sorted(together, key=lambda line: (line.day, line.code))]
    return Table(_("Planned inspections"), columns, tuple(rows), _("Nothing is planned for this month."))


def _line(line: PlannedLine) -> TableRow:
    state = state_word(line.state)
    if line.done_on:
        state = f"{state} {day_text(line.done_on)}"
    if line.reason:
        state = f"{state}\n{line.reason}"
    kind = f"{words.KINDS[LineKind(line.kind)]}\n{line.event}".strip()
    return TableRow(
        (
            day_text(line.day),
            line.code,
            line.name,
            line.model,
            line.location,
            kind,
            line.technician,
            line.supervisor,
            state,
        )
    )


def _changes(plan: PlannedMonth, frame: Frame) -> Table:
    columns = (
        Column(_("When"), 14),
        Column(_("Who"), 9),
        Column(_("Device"), 24),
        Column(_("From"), 10),
        Column(_("To"), 10),
        Column(_("Kind"), 12),
        Column(_("Reason"), 22),
        Column(_("Agreed by"), 14),
    )
    rows = tuple(
        TableRow(
            (
                frame.at_text(each.at),
                each.by,
                f"{each.name} {each.code}".strip(),
                day_text(each.from_day),
                day_text(each.to_day),
                words.addendum(each),
                each.reason,
                " ".join(filter(None, [each.approved_by, frame.at_text(each.approved_at)])),
            )
        )
        for each in plan.addenda
    )
    return Table(_("Changes"), columns, rows)


def _outside(plan: PlannedMonth, frame: Frame) -> Table:
    columns = (
        Column(_("Code"), 14),
        Column(_("Device"), 40),
        Column(_("Technician"), 14),
        Column(_("Inspected at"), 18),
    )
    rows = tuple(TableRow((one.code, one.name, one.technician, frame.at_text(one.at))) for one in plan.outside)
    return Table(_("Work outside the plan"), columns, rows)


def _sides(plan: PlannedMonth, frame: Frame) -> Block:
    provider = [_("Handed in by %(name)s on %(at)s", name=plan.submitted_by, at=frame.at_text(plan.submitted_at))]
    bureau = [_("Approved by %(name)s on %(at)s", name=plan.approved_by, at=frame.at_text(plan.approved_at))]
    return both_sides(frame, provider if plan.submitted_at else (), bureau if plan.approved_at else ())
