"""Is a page of plain texts whole, and are its texts escaped?"""

from ris_pytorch_pipeline.serve.plain_page import heading, page, paragraph, table, verbatim


def test_texts_are_escaped() -> None:
    made = page("a < b", [heading("<x>"), paragraph("1 & 2"), verbatim("<y>"), table(["<c>"], [["<d>"]], "<e>")])
    assert made.startswith("<!doctype html>") and made.endswith("</html>\n")
    for text in ("a &lt; b", "&lt;x&gt;", "1 &amp; 2", "&lt;y&gt;", "&lt;c&gt;", "&lt;d&gt;", "&lt;e&gt;"):
        assert text in made
