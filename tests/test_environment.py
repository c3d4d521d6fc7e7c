"""The environment check: every failure has its sentence and its mend."""

from __future__ import annotations

import errno
from importlib import metadata

import pytest

from backprop_helpers import environment as env


def test_this_machine_passes():
    found = env.environment_check()
    assert found.ok, found
    assert found.headline == "Your machine is ready."
    assert [f.name for f in found.findings] == ["Python", "Packages", "Folder"]


def test_an_old_python_is_named_with_what_is_needed():
    finding = env.check_python((3, 10, 4))
    assert not finding.ok
    assert "3.10" in finding.says
    assert "3.11" in finding.says
    assert "backprop learn" in finding.mend
    assert env.check_python((3, 11)).ok
    assert env.check_python((4, 0)).ok


def test_a_missing_and_an_old_package_are_both_named():
    def version_of(name: str) -> str:
        if name == "ipywidgets":
            raise metadata.PackageNotFoundError(name)
        return {"numpy": "1.26.4", "rich": "15.0"}[name]

    wanted = ["numpy>=2.2", "ipywidgets>=8.1", "rich>=13", "pytest>=8; extra == 'dev'"]
    finding = env.check_packages(wanted, version_of)
    assert not finding.ok
    assert "ipywidgets not installed" in finding.says
    assert "numpy 1.26.4 (needed: >=2.2)" in finding.says
    assert "rich" not in finding.says
    assert "pytest" not in finding.says, "what only developers need must not alarm a learner"
    assert finding.mend


def test_a_course_that_is_not_installed_is_said(monkeypatch):
    def nothing(_: str) -> list[str]:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(env.metadata, "requires", nothing)
    finding = env.check_packages()
    assert not finding.ok
    assert "not installed" in finding.says


def test_the_folder_is_tried_by_writing_and_left_clean(tmp_path):
    assert env.check_folder(tmp_path).ok
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_said(tmp_path):
    finding = env.check_folder(tmp_path / "gone")
    assert not finding.ok
    assert "gone" in finding.says


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EACCES, "permission"),
        (errno.EROFS, "permission"),
        (errno.EIO, "failed"),
        (None, "failed"),
    ],
)
def test_every_reason_why_writing_fails_has_its_own_mend(monkeypatch, tmp_path, number, word):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "no") if number else OSError("no")

    monkeypatch.setattr(env.tempfile, "NamedTemporaryFile", refuse)
    finding = env.check_folder(tmp_path)
    assert not finding.ok
    assert word in finding.says
    assert finding.mend
    assert str(tmp_path) not in finding.says


def test_the_card_shows_each_mend_and_escapes_what_it_shows():
    bad = env.Environment(
        (env.Finding("Packages", False, "found <b>x</b>", "install it"), env.Finding("Python", True, "fine"))
    )
    assert not bad.ok
    assert bad.headline.startswith("One thing has")
    assert "mend · install it" in repr(bad)
    assert "&lt;b&gt;x&lt;/b&gt;" in bad.static()
    assert "<b>x</b>" not in bad.static()
    assert "install it" in bad.static()


def test_without_widgets_the_card_still_stands(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)
    assert env._sign() is None
    shown: list[object] = []
    monkeypatch.setattr("IPython.display.display", lambda *a, **k: shown.append(a))
    env.environment_check()._ipython_display_()
    assert len(shown) == 1


def test_the_sign_of_a_living_widget_is_what_the_style_looks_for():
    sign = env._sign()
    assert sign is not None
    assert "application/vnd.jupyter.widget-view+json" in sign
    assert ":has(.bp-env-sign)" in env._STYLE


def test_all_signs_of_the_card_have_their_colour():
    shown = env.environment_check().static()
    assert shown.count("✓</span>") == shown.count("✓") >= 4
