"""Texts that would change a statement they were pasted into: of every way out of a value, and of what one does then."""

from __future__ import annotations

from itertools import product

WAYS_OUT = (
    "", "1", "'", '"', "')", "'))", '")', "`", "]", "$$", "*/", "\\'", "''", "ʼ", "%27", "\u2019", "0x27", "E'\\x27",
)  # fmt: skip
DEEDS = (
    " or 1=1", " or 'a'='a", ' or "a"="a', " union select id, n from {t}", "; drop table {t}", "; delete from {t}",
    "; update {t} set n = 0", " and (select count(*) from {t}) > 0", "||(select max(id) from {t})||", " order by 9",
    " limit 0", "; select pg_sleep(9)", " like '%'", "; pragma query_only = 0", "; commit; drop table {t}",
    " returning *", " = any(array['a'])", " is not null or id > 0",
)  # fmt: skip
ENDS = ("", " --", " #", " /*", ";--\n", " and '1'='1", ' and "1"="1', "\\", ")")


def injections(table: str) -> list[str]:
    """Each way out with each deed; the ends take turns."""
    made = product(WAYS_OUT, DEEDS)
    return [
        f"{way}{deed.replace('{t}', table)}{ENDS[number % len(ENDS)]}"
        for number, (way, deed) in enumerate(made)
    ]
