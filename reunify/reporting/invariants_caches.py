"""Rules over the caches: balances, holds, caps and counted trips say what the entries say."""

from __future__ import annotations

from reunify.reporting.invariants_rule import HELD, LEDGER, PROVED, Rule

CACHES = (
    Rule(
        "fund does not add up",
        LEDGER,
        f"""
        SELECT f.code || ' ' || p.budget_category || ': authorized ' || p.authorized || ' is not available '
          || p.available || ' + reserved ' || p.reserved || ' + obligated ' || p.obligated || ' + expended '
          || p.expended || ' ' || p.unit || '.' AS sentence
        FROM ({PROVED}) p JOIN funding_sources f ON f.id = p.fund_id
        WHERE p.authorized <> p.available + p.reserved + p.obligated + p.expended
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "below zero",
        LEDGER,
        f"""
        SELECT f.code || ' ' || p.budget_category || ' is below zero.' AS sentence
        FROM ({PROVED}) p JOIN funding_sources f ON f.id = p.fund_id
        WHERE least(p.authorized, p.available, p.reserved, p.obligated, p.expended) < 0
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "balance is not its entries",
        LEDGER,
        f"""
        SELECT f.code || ' ' || coalesce(b.budget_category, p.budget_category) || ' shows '
          || concat_ws('/', b.authorized, b.available, b.reserved, b.obligated, b.expended)
          || ', its entries sum to '
          || concat_ws('/', p.authorized, p.available, p.reserved, p.obligated, p.expended)
          || ' ' || coalesce(b.unit, p.unit) || ' (authorized/available/reserved/obligated/expended).'
          AS sentence
        FROM ledger_balances b FULL JOIN ({PROVED}) p
          ON (b.fund_id, b.budget_category, b.unit) = (p.fund_id, p.budget_category, p.unit)
        JOIN funding_sources f ON f.id = coalesce(b.fund_id, p.fund_id)
        WHERE (coalesce(b.authorized, 0), coalesce(b.available, 0), coalesce(b.reserved, 0),
               coalesce(b.obligated, 0), coalesce(b.expended, 0))
          <> (coalesce(p.authorized, 0), coalesce(p.available, 0), coalesce(p.reserved, 0),
              coalesce(p.obligated, 0), coalesce(p.expended, 0))
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "hold is not its entries",
        LEDGER,
        f"""
        SELECT 'Hold ' || h.id || ' shows ' || concat_ws('/', h.reserved, h.obligated, h.expended)
          || ', its entries sum to ' || concat_ws('/', coalesce(p.reserved, 0), coalesce(p.obligated, 0),
          coalesce(p.expended, 0)) || ' (reserved/obligated/expended).' AS sentence
        FROM ledger_holds h LEFT JOIN ({HELD}) p ON p.hold_id = h.id
        WHERE (h.reserved, h.obligated, h.expended)
          <> (coalesce(p.reserved, 0), coalesce(p.obligated, 0), coalesce(p.expended, 0))
        """,  # noqa: S608 - constants only
    ),
    Rule(
        "hold above its ceiling",
        LEDGER,
        """
        SELECT 'Hold ' || h.id || ' holds ' || h.reserved + h.obligated + h.expended || ' of at most '
          || h.ceiling || '.' AS sentence
        FROM ledger_holds h WHERE h.reserved + h.obligated + h.expended > h.ceiling
        """,
    ),
    Rule(
        "cap miscounted",
        LEDGER,
        """
        SELECT 'Cap ' || c.id || ' (' || c.scope || ') counts ' || c.used || ' of at most ' || c.at_most
          || ', its holds sum to ' || coalesce(sum(h.reserved + h.obligated + h.expended), 0) || '.'
          AS sentence
        FROM ledger_caps c LEFT JOIN ledger_hold_caps l ON l.cap_id = c.id
        LEFT JOIN ledger_holds h ON h.id = l.hold_id
        WHERE c.scope <> 'lifetime'
        GROUP BY c.id HAVING c.used > c.at_most
          OR c.used <> coalesce(sum(h.reserved + h.obligated + h.expended), 0)
        """,
    ),
    Rule(
        "trips miscounted",
        LEDGER,
        """
        SELECT 'Cap ' || c.id || ' counts ' || c.used || ' trips of at most ' || c.at_most
          || ', its holds are of ' || count(DISTINCT h.use_ref) || '.' AS sentence
        FROM ledger_caps c LEFT JOIN ledger_hold_caps l ON l.cap_id = c.id
        LEFT JOIN ledger_holds h ON h.id = l.hold_id AND h.reserved + h.obligated + h.expended > 0
        WHERE c.scope = 'lifetime'
        GROUP BY c.id HAVING c.used > c.at_most OR c.used <> count(DISTINCT h.use_ref)
        """,
    ),
    Rule(
        "trip is not its holds",
        (*LEDGER, "ledger_uses"),
        """
        SELECT 'Cap ' || coalesce(u.cap_id, p.cap_id) || ', trip ' || coalesce(u.use_ref, p.use_ref) || ': '
          || coalesce(u.live, 0) || ' is live, its holds sum to ' || coalesce(p.live, 0) || '.' AS sentence
        FROM ledger_uses u FULL JOIN (
          SELECT l.cap_id, h.use_ref, sum(h.reserved + h.obligated + h.expended) AS live
          FROM ledger_hold_caps l JOIN ledger_caps c ON c.id = l.cap_id AND c.scope = 'lifetime'
          JOIN ledger_holds h ON h.id = l.hold_id GROUP BY l.cap_id, h.use_ref
        ) p ON (p.cap_id, p.use_ref) = (u.cap_id, u.use_ref)
        WHERE coalesce(u.live, 0) <> coalesce(p.live, 0)
        """,
    ),
)
