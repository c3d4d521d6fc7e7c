"""The documentation as a site: it builds without a warning, loads nothing from elsewhere, and shuts nobody out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from chromium import launched, shuts_out

from backprop_helpers.authoring import architecture, contact_sheet, measured
from backprop_helpers.authoring.site import readable, write_lessons
from backprop_helpers.experiments import names
from backprop_helpers.feedback.prose import mathml

ROOT = Path(__file__).resolve().parent.parent
LOADED = re.compile(r"<(?:script|img|link|source|iframe)[^>]+(?:src|href|srcset)=\"(?:https?:)?//[^\"]+")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built anew from docs/; a warning is an error."""
    folder = tmp_path_factory.mktemp("site")
    write_lessons(ROOT)
    command = ["-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(folder / "doctrees")]
    done = subprocess.run(
        [sys.executable, *command, str(ROOT / "docs"), str(folder / "html")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder / "html"


@pytest.mark.slow
def test_it_builds_and_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert [
        (p.name, LOADED.findall(p.read_text(encoding="utf-8"))[:1])
        for p in pages
        if LOADED.search(p.read_text(encoding="utf-8"))
    ] == []
    assert "<math" in (site / "lessons" / "03_chain_rule.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_link_inside_leads_somewhere(site: Path) -> None:
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for link in re.findall(r'href="([^"#?]+)[^"]*"', text):
            if "://" not in link and not link.startswith(("mailto:", "data:")):
                assert (path.parent / link).exists(), f"{path.name} links to {link}"


@pytest.mark.slow
@pytest.mark.browser
def test_axe_finds_nothing_serious_in_either_theme(site: Path) -> None:
    with launched() as browser:
        for scheme in ("light", "dark"):
            for name in ("index", "lessons/02_loss", "experiments", "reference", "glossary"):
                page = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
                page.goto((site / f"{name}.html").as_uri())
                assert shuts_out(page, "article") == [], (name, scheme)
                page.close()


def test_a_lessons_page_has_the_stubs_and_the_outputs() -> None:
    both = [
        nbformat.read(ROOT / kind / "02_loss" / "02_loss.ipynb", as_version=4)
        for kind in ("notebooks", "solutions")
    ]
    page = readable(*both)
    sources = "\n".join(cell.source for cell in page.cells)
    assert "BEGIN SOLUTION" not in sources
    assert "HIDDEN TESTS" not in sources
    assert "raise NotImplementedError" in sources
    assert any(cell.get("outputs") for cell in page.cells)


def test_the_generated_pages_are_what_the_code_says_now() -> None:
    assert (ROOT / architecture.PATH).read_text(encoding="utf-8") == architecture.page(), "run: make docs"
    assert (ROOT / architecture.PICTURE).read_text(encoding="utf-8") == architecture.picture(), (
        "run: make docs"
    )
    sheet = (ROOT / contact_sheet.PATH).read_text(encoding="utf-8")
    assert re.findall(r"^`(\w+)\(\)` ·", sheet, re.MULTILINE) == names(), "run: make docs"
    there = {path.name for path in (ROOT / "docs" / contact_sheet.FOLDER).glob("*.svg")}
    assert there == set(contact_sheet.pictures())


def test_the_table_of_measurements_says_what_their_pages_say() -> None:
    assert (ROOT / measured.PATH).read_text(encoding="utf-8") == measured.table(ROOT / measured.FOLDER), (
        "run: make docs"
    )
    pages = {path.stem for path in (ROOT / measured.FOLDER).glob("*.md")} - {"index"}
    assert {row.page for row in measured.ROWS} == pages


def test_a_figure_that_has_left_its_page_is_said(tmp_path: Path) -> None:
    for path in (ROOT / measured.FOLDER).glob("*.md"):
        text = path.read_text(encoding="utf-8")
        (tmp_path / path.name).write_text(text.replace("The bar is 94%", "The bar is 93%"), encoding="utf-8")
    assert "| 93%, missed by" in measured.table(tmp_path)
    (tmp_path / "capstone.md").write_text("Nothing.", encoding="utf-8")
    with pytest.raises(measured.MeasuredError, match=r"capstone.md no longer says"):
        measured.table(tmp_path)


def test_every_part_of_the_package_has_its_box() -> None:
    """But for single helper modules, which stand below the parts that use them."""
    shown = {name for _, row in architecture.ROWS for name in row}
    folders = {p.name for p in architecture.PACKAGE.iterdir() if (p / "__init__.py").is_file()}
    assert folders <= shown


def test_a_formula_that_cannot_be_read_stops_the_build() -> None:
    assert "<mfrac>" in mathml(r"\frac{a}{b}", display=False)
    with pytest.raises(ValueError, match="can't be turned into MathML"):
        mathml(r"\frac{", display=True)
