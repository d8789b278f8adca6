"""Rules over sealed files: what a row says is kept, was there when rows and objects were last compared."""

from __future__ import annotations

from reunify.reporting.invariants_rule import Rule

FILES = (
    Rule(
        "file lost",
        ("files_looks",),
        """
        SELECT l.lost || ' of ' || l.kept || ' files were not in their store on ' || l.at::date
          || ': `reunify files check` names them.' AS sentence
        FROM files_looks l WHERE l.lost > 0 AND l.at = (SELECT max(at) FROM files_looks)
        """,
    ),
    Rule(
        "object let go too soon",
        ("files_leaving",),
        """
        SELECT 'Object ' || g.object_key || ' was let go, and a row that can be read still names it.'
          AS sentence
        FROM files_leaving g JOIN (
          SELECT object_key, keeper FROM files_blobs UNION ALL SELECT object_key, keeper FROM evidence_bytes
        ) r USING (object_key)
        WHERE NOT EXISTS (
          SELECT FROM family_keys k WHERE k.keeper = r.keeper AND k.destroyed_at IS NOT NULL
        )
        """,
    ),
)
