"""What a reader makes of Markdown: the oracle for what is written with strangers' names in it."""

from __future__ import annotations

from markdown_it import MarkdownIt

EVIL = (
    "a | b | `c` ~~d~~",
    "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](http://z.example/a.png) <http://z.example>",
    "**b** _c_ __d__ &lt;b&gt; \\` \\",
    "one\n\n# two\n\n---\n```\nthree",
    "``two`` ```three```",
    "a\u202eb\x1b[31mc",
    "# x",
    "- x",
    "1. x",
    "www.z.example http://z.example a@z.example $x$",
)
"""Names that would be more than names."""


def structure(text: str) -> list[str]:
    """The kinds of all that is in a text, in order; words in a row are one."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    kinds: list[str] = []
    for token in reader.parse(text):
        for one in (token, *(token.children or ())):
            kind = "text" if one.type in ("text", "text_special", "softbreak") else one.type
            if kind != "text" or kinds[-1:] != ["text"]:
                kinds.append(f"{kind} {one.tag}".strip())
    return kinds


def shown(text: str) -> str:
    """The words and the code of a text, as they are seen."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return "".join(
        "\n" if one.type == "softbreak" else one.content
        for token in reader.parse(text)
        for one in token.children or ()
    )


def as_one_line(text: str) -> str:
    """A name as it is to be seen: on one line, and nothing in it that cannot be printed."""
    return "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(text.split())
    )
