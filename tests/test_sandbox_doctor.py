"""`backprop doctor` tells the truth about a machine: what works, what does not, and what to do."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backprop_helpers.cli import app
from backprop_helpers.grading import doctor
from backprop_helpers.grading.sandbox import Sandbox, SandboxUnavailable, Tier, host
from backprop_helpers.grading.sandbox import filter as filters
from backprop_helpers.grading.sandbox.verify import forbidden_effects

AS_USER = [sys.executable, str(Path(__file__).with_name("as_user.py"))]
DOCTOR = [sys.executable, "-m", "backprop_helpers.cli", "doctor", "--json"]

linux = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")
root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="changes the user, so needs root"
)


@linux
def test_the_answer_is_in_the_exit_code_and_in_json():
    done = CliRunner().invoke(app, ["doctor", "--json"])
    said = json.loads(done.stdout)
    assert done.exit_code == (0 if said["tier"] else 1)
    assert {layer["name"] for layer in said["layers"]} >= {"landlock", "system calls", "user namespaces"}
    for layer in said["layers"]:
        assert layer["works"] == (not layer["problem"]) == (not layer["mend"])


MACHINES = {
    "everything": ([], "strong", set()),
    "no namespaces": (["--no-namespaces"], "plain", {"user namespaces", "mounts"}),
    "no mounts, as under AppArmor": (["--deny=mount"], "plain", {"mounts"}),
    "no Landlock": (["--deny=landlock_create_ruleset"], "strong", {"landlock"}),
    "neither": (["--no-namespaces", "--deny=landlock_create_ruleset"], None, {"landlock", "mounts"}),
    "root without mounts, as in a container": (["--root", "--deny=mount"], "plain", {"mounts"}),
    "root with neither": (["--root", "--deny=mount,landlock_create_ruleset"], None, {"mounts", "landlock"}),
}


@root
@pytest.mark.parametrize("machine", MACHINES)
def test_each_kind_of_machine_is_told_what_can_be_had(machine):
    options, tier, broken = MACHINES[machine]
    done = subprocess.run([*AS_USER, *options, *DOCTOR], capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert (said["tier"], done.returncode) == (tier, 0 if tier else 1)
    missing = {layer["name"]: layer["mend"] for layer in said["layers"] if not layer["works"]}
    assert broken <= set(missing)
    assert all(missing.values())
    if tier is None:
        assert "refuses" in said["sentence"]


@linux
def test_without_the_list_of_system_calls_nothing_is_run(monkeypatch):
    def missing(tier):
        raise SandboxUnavailable(
            "The library libseccomp is missing; install it with: apt-get install libseccomp2"
        )

    monkeypatch.setattr(host, "program", missing)
    monkeypatch.setattr(doctor, "program", missing)
    done = CliRunner().invoke(app, ["doctor"])
    assert done.exit_code == 1
    assert "apt-get install libseccomp2" in " ".join(done.stdout.split())
    assert "grading refuses" in " ".join(done.stdout.split())


def test_elsewhere_than_on_linux_it_says_where_to_grade(monkeypatch):
    monkeypatch.setattr(doctor.platform, "system", lambda: "Darwin")
    report = doctor.examine()
    assert not report.healthy
    assert "container" in report.sentence


def test_an_unknown_processor_is_refused(monkeypatch):
    filters.program.cache_clear()
    monkeypatch.setattr(filters.platform, "machine", lambda: "riscv64")
    with pytest.raises(SandboxUnavailable, match="riscv64"):
        filters.program(Tier.STRONG)


@linux
def test_the_page_about_the_sandbox_says_what_is_true(tmp_path, monkeypatch, capsys):
    text = (Path(__file__).resolve().parent.parent / "docs" / "sandbox.md").read_text(encoding="utf-8")
    attempts = int(re.search(r"what no submission may do, (\d+) things", " ".join(text.split()))[1])
    monkeypatch.chdir(Path(__file__).resolve().parent.parent)
    with (
        Sandbox(Tier.UNSAFE, package=tmp_path) as sandbox,
        next(iter(sandbox._zygotes.values()))._next() as box,
    ):
        assert len(forbidden_effects(box)) == attempts
    try:
        exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], {})
    except SandboxUnavailable as why:
        pytest.skip(str(why))
    assert capsys.readouterr().out == "9\n"
