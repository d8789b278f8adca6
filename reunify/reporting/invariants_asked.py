"""Rules over money that is asked for: what funders' decisions grant is what the books let be spent."""

from __future__ import annotations

from reunify.reporting.invariants_rule import LEDGER, PROVED, Rule

_ASKED = (*LEDGER, "funding_sources", "funder_asks", "funder_decisions", "funder_decision_amounts")
# What decisions in force grant, to which request of which fund.
_GRANTED = """
  SELECT a.fund_id, a.request_id, a.unit, m.budget_category, sum(m.amount) AS amount
  FROM funder_asks a JOIN funder_decisions d ON d.ask_id = a.id AND d.state = 'in_force'
  JOIN funder_decision_amounts m ON m.decision_id = d.id
  GROUP BY a.fund_id, a.request_id, a.unit, m.budget_category
"""

ASKED = (
    Rule(
        "granted is not authorized",
        _ASKED,
        f"""
        SELECT f.code || ' ' || coalesce(g.budget_category, p.budget_category) || ': funders granted '
          || coalesce(g.amount, 0) || ', its entries authorize ' || coalesce(p.authorized, 0) || ' ' || f.unit
          || '.' AS sentence
        FROM (
          SELECT fund_id, budget_category, sum(amount) AS amount FROM ({_GRANTED}) each
          GROUP BY fund_id, budget_category
        ) g FULL JOIN ({PROVED}) p ON (p.fund_id, p.budget_category) = (g.fund_id, g.budget_category)
        JOIN funding_sources f ON f.id = coalesce(g.fund_id, p.fund_id) AND f.kind = 'asked'
        WHERE coalesce(g.amount, 0) <> coalesce(p.authorized, 0)
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "grant is not its counter",
        _ASKED,
        f"""
        SELECT f.code || ': of request ' || coalesce(g.scope_id, c.scope_id) || ' funders granted '
          || coalesce(g.amount, 0) || ', its counter lets ' || coalesce(c.at_most, 0) || ' be used.'
          AS sentence
        FROM (
          SELECT fund_id, unit, 'asked:' || request_id || ':' || budget_category AS scope_id, amount
          FROM ({_GRANTED}) each
        ) g FULL JOIN (
          SELECT * FROM ledger_caps WHERE scope = 'category' AND category = '' AND scope_id LIKE 'asked:%'
        ) c ON (c.fund_id, c.unit, c.scope_id) = (g.fund_id, g.unit, g.scope_id)
        JOIN funding_sources f ON f.id = coalesce(g.fund_id, c.fund_id)
        WHERE coalesce(g.amount, 0) <> coalesce(c.at_most, 0)
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "granted without a second person",
        _ASKED,
        """
        SELECT 'Decision ' || d.id || ' is in force, and two people did not put it there.' AS sentence
        FROM funder_decisions d
        WHERE d.state IN ('in_force', 'superseded') AND d.decided IN ('full', 'partial', 'withdrawn')
          AND (d.confirmed_by IS NULL
               OR (d.recorded_for || d.recorded_by) && (d.confirmed_for || d.confirmed_by))
        """,
    ),
)
