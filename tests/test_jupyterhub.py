"""A real JupyterHub with three real accounts, set up as docs/instructors.md says, worked in a real Chromium.

`make hub-test` installs JupyterHub and its proxy beside the course, by the commands of the page, into .build/hub, and runs this.
Everything on the machine but /tmp is covered for it (hub_machine.py), so paths and names are those of the page.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from chromium import launched
from grading_class import right_answers
from lesson_page import STUB, LessonPage, place, solution
from playwright.sync_api import Browser, Page, expect
from test_learn_browser import PATIENCE, READY

from backprop_helpers.grading.submission import answered
from tests.term import PAGE, commands

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".build" / "hub"
LESSON = "02_loss"
SETTING_UP, BY_EXCHANGE = "A shared server with JupyterHub", "Every lesson through the exchange"
ACCOUNTS = {"teacher": 54341, "anna": 54342, "bert": 54343}
MARKS = {"anna": 15, "bert": 0}  # without the answer in words, which a person marks
WRONG = "loss = np.sum((pred - y) ** 2)"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.nbgrader,
    pytest.mark.slow,
    pytest.mark.timeout(1500),  # three JupyterLabs and a class are started before the first test
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("useradd") is None,
        reason="only root can make accounts and become them; useradd makes them",
    ),
    pytest.mark.skipif(
        not all((ENVIRONMENT / "bin" / name).exists() for name in ("jupyterhub", "configurable-http-proxy")),
        reason="there is no JupyterHub in .build/hub: `make hub-test` installs it and runs these tests",
    ),
]


def section() -> str:
    """What the page says of JupyterHub."""
    return PAGE.read_text(encoding="utf-8").split(f"## {SETTING_UP}\n")[1].split("\n## ")[0]


def files() -> dict[str, str]:
    """The files that the section shows, by path: a line that ends in "`PATH`:", and a block behind it."""
    shown = re.findall(r"`([/~][^`\n]+)`:\n\n```\w*\n(.*?)^```", section(), flags=re.S | re.M)
    return dict(shown)


@dataclass
class Hub:
    """A machine with a hub on it. ran: every command that an account ran."""

    machine: int
    address: str
    log: Path
    ran: list[list[str]] = field(default_factory=list)

    def enter(self) -> list[str]:
        return ["nsenter", "--mount", f"--target={self.machine}", "--wd=/", "--"]

    def root(self, line: str) -> str:
        """Run a line in a login shell of root."""
        return self._run(["sh", "-lc", line], line, "", fails=False)

    def as_(self, name: str, line: str, given: str = "", *, fails: bool = False) -> str:
        """Run a line in a login shell of an account, as its terminal in JupyterLab is."""
        self.ran.append(line.split("&& ")[-1].split())
        return self._run(["su", "-", name, "-c", line], f"{name}: {line}", given, fails)

    def _run(self, command: list[str], shown: str, given: str, fails: bool) -> str:
        done = subprocess.run(
            [*self.enter(), *command], input=given, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{shown}: {said}"
        return said

    @contextlib.contextmanager
    def login(self, browser: Browser, name: str, where: str = "lab") -> Iterator[Page]:
        """A page of this account's server, after the hub's own login."""
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(self.address)
        page.fill("#username_input", name)
        page.fill("#password_input", f"{name} knows it")
        page.click("#login_submit")
        page.wait_for_url(f"{self.address}/user/{name}/lab**")
        if where != "lab":
            page.goto(f"{self.address}/user/{name}/{where}")
        try:
            yield page
        finally:
            context.close()


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """Set up as the page says: accounts, folders, files, and the hub started by its command."""
    folder = Path(tempfile.mkdtemp(prefix="hub-"))  # not pytest's own, which is closed to others
    folder.chmod(0o755)
    script = [sys.executable, str(ROOT / "tests" / "hub_machine.py"), str(folder), str(ENVIRONMENT)]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as machine:
        try:
            assert machine.stdout is not None
            assert machine.stdout.readline() == "ready\n"
            outside, inside, proxy = free_ports(3)
            hub = Hub(machine.pid, f"http://127.0.0.1:{outside}", folder / "hub.log")
            for name, number in ACCOUNTS.items():
                hub.root(f"useradd --create-home --shell /bin/bash --uid {number} {name}")
            passwords = "".join(f"{name}:{name} knows it\n" for name in ACCOUNTS)
            subprocess.run([*hub.enter(), "chpasswd"], input=passwords, text=True, check=True)
            for path, text in files().items():
                owner = "teacher" if path.startswith("~") else "root"
                command = f"mkdir -p $(dirname {path}) && cat > {path}"
                hub._run(["su", "-", owner, "-c", command], path, text, fails=False)
            for words in commands(SETTING_UP):
                if words[0] in ("install", "chmod"):  # the rest is done by `make hub-test`
                    hub.root(" ".join(words))
            start = re.search(r"`(jupyterhub -f [^`]+)`", section())
            assert start is not None
            ports = [
                f"--JupyterHub.bind_url={hub.address}",
                f"--JupyterHub.hub_port={inside}",
                f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{proxy}",
            ]
            line = f"cd /srv/jupyterhub && exec {' '.join([start[1], *ports])}"
            with (
                hub.log.open("w") as log,
                subprocess.Popen([*hub.enter(), "sh", "-lc", line], stdout=log, stderr=log) as process,
            ):
                try:
                    wait_for(hub, process)
                    yield hub
                finally:
                    process.terminate()  # the hub ends its proxy and everybody's servers
                    process.wait(timeout=60)
        finally:
            machine.communicate()
            shutil.rmtree(folder, ignore_errors=True)


def wait_for(hub: Hub, process: subprocess.Popen[bytes]) -> None:
    """Until the hub answers."""
    for _ in range(240):
        assert process.poll() is None, hub.log.read_text()
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{hub.address}/hub/login", timeout=5):
            return
        time.sleep(0.5)
    pytest.fail(hub.log.read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def released(hub: Hub) -> Hub:
    """The teacher's course, and the lesson released."""
    for words in commands(BY_EXCHANGE)[:4]:
        hub.as_("teacher", f"{'cd spring && ' * (words[0] == 'nbgrader')}{' '.join(words)}")
    return hub


@pytest.fixture(scope="module")
def worked(released: Hub, browser: Browser) -> str:
    """Anna's work in the browser, Bert's by commands. What the check said of Anna's first try."""
    hub = released
    with hub.login(browser, "anna") as page:
        assignments(page)
        page.get_by_role("button", name="Fetch").click()
        page.get_by_role("button", name="Submit").wait_for()
        answers = {k: v for k, v in right_answers(LESSON).items() if k != "exercise-mse"}
        hub.as_("anna", f"cat > {LESSON}/{LESSON}.ipynb", filled(answers))
        page.locator(".assignment-notebooks-link").click()
        page.locator(".nested_list_item a:visible", has_text=LESSON).click()
        page.wait_for_selector(READY)
        lesson = LessonPage(page, LESSON)
        lesson.run(place(LESSON, source=first_cell()))
        exercise = place(LESSON, grade_id="exercise-mse")
        lesson.type_over(exercise, STUB, [f"    {WRONG}"])
        said = lesson.check("mse", "mse:")
        photograph(page, "learner-check")
        lesson.type_over(exercise, WRONG, solution(LESSON, "mse"))
        lesson.check("mse", "holds")
        page.keyboard.press("Control+s")
        expect(page.locator(".jp-mod-dirty")).to_have_count(0)
        page.locator(".lm-TabBar-tabLabel", has_text="Assignments").click()
        page.get_by_role("button", name="Submit").click()
        page.get_by_role("button", name="Fetch Feedback").wait_for()
        photograph(page, "learner-submitted")
    hub.as_("bert", f"nbgrader fetch_assignment {LESSON}")
    hub.as_("bert", f"cat > {LESSON}/{LESSON}.ipynb", filled({"exercise-mse": mse(WRONG)}))
    hub.as_("bert", f"nbgrader submit {LESSON}")
    return said


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the page where somebody asks for it."""
    folder = os.environ.get("BACKPROP_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"hub-{name}.png")


def first_cell() -> str:
    cells = nbformat.read(ROOT / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4).cells
    return str(next(c.source for c in cells if c.cell_type == "code")).strip()


def filled(answers: dict[str, str]) -> str:
    released = nbformat.read(ROOT / "notebooks" / LESSON / f"{LESSON}.ipynb", as_version=4)
    return str(nbformat.writes(answered(released, answers)))


def mse(line: str) -> str:
    return f"def mse(pred, y):\n    {line}\n    return loss\n"


def assignments(page: Page) -> None:
    """Nbgrader → Assignment List."""
    page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
    page.locator(".lm-Menu-itemLabel", has_text="Assignment List").click()


@pytest.fixture(scope="module")
def graded(released: Hub, worked: str) -> Hub:
    """Collected, graded and given back by the teacher's commands of the page, fetched by Bert's."""
    for words in commands(BY_EXCHANGE)[4:]:
        if words[1] in ("fetch_assignment", "submit"):
            continue  # the learners' own, above
        name = "bert" if words[1] == "fetch_feedback" else "teacher"
        released.as_(name, f"{'cd spring && ' * (name == 'teacher')}{' '.join(words)}")
    return released


def test_a_learner_works_in_the_browser(graded: Hub, worked: str) -> None:
    assert "mean" in worked  # what the check said of a sum
    listed = graded.as_("teacher", "ls spring/submitted/*")
    assert "submitted/anna" in listed
    assert "submitted/bert" in listed
    handed_in = graded.as_("teacher", f"cat spring/submitted/anna/{LESSON}/{LESSON}.ipynb")
    assert "np.mean((pred - y) ** 2)" in handed_in
    assert WRONG not in handed_in


def test_a_learner_finds_only_what_is_theirs_in_the_menu(released: Hub, browser: Browser) -> None:
    with released.login(browser, "bert") as page:
        page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").click()
        page.locator(".lm-Menu-itemLabel", has_text="Assignment List").wait_for()
        for others in ("Formgrader", "Course List", "Create assignment"):
            expect(page.locator(".lm-Menu-itemLabel", has_text=others)).to_have_count(0)
        assert page.locator(".Toastify__toast").count() == 0


def test_formgrader_opens_in_a_tab_of_its_own(graded: Hub, browser: Browser) -> None:
    with graded.login(browser, "teacher", "formgrader/manage_assignments") as page:
        row = page.locator("tr", has_text=LESSON)
        expect(row.locator(".num-submissions")).to_have_text("2")
        photograph(page, "instructor-assignments")
        page.goto(f"{graded.address}/user/teacher/formgrader/manage_submissions/{LESSON}")
        for name in ("anna", "bert"):
            expect(page.locator("tr", has_text=name)).to_contain_text(f"{MARKS[name]} / 19")
        photograph(page, "instructor-submissions")


def test_feedback_is_fetched_and_read_in_jupyterlab(graded: Hub, browser: Browser) -> None:
    with graded.login(browser, "anna") as page:
        assignments(page)
        page.get_by_role("button", name="Fetch Feedback").click()
        page.get_by_text("(view feedback)").wait_for()
        photograph(page, "learner-feedback-there")
        page.get_by_text("(view feedback)").click()  # goes there in the file browser
        page.locator(".jp-DirListing-item", has_text=f"{LESSON}.html").dblclick()
        shown = page.frame_locator(".jp-HTMLViewer iframe")
        expect(shown.locator("body")).to_contain_text("15 of 19")
        photograph(page, "learner-feedback")
    theirs = graded.as_("bert", f"cat {LESSON}/feedback/*/{LESSON}.html")
    assert "Feedback for bert" in theirs
    assert "loss is the sum of the squared errors" in theirs


@pytest.mark.parametrize(
    ("who", "line"),
    [
        ("bert", "ls /home/anna"),
        ("bert", f"cat /home/anna/{LESSON}/{LESSON}.ipynb"),
        ("bert", "ls /home/teacher/spring"),
        ("bert", "cat /home/teacher/spring/.backprop/secret_seed"),
        ("bert", "cat /home/teacher/spring/gradebook.db"),
        ("bert", "ls /srv/nbgrader-exchange/spring/inbound"),
        ("bert", "ls /srv/nbgrader-exchange/spring/feedback"),
        ("bert", "mv /srv/nbgrader-exchange/spring /srv/nbgrader-exchange/autumn"),
        ("bert", f"rm -r /srv/nbgrader-exchange/spring/outbound/{LESSON}"),
        ("bert", f"sh -c 'echo x >> /srv/nbgrader-exchange/spring/outbound/{LESSON}/{LESSON}.ipynb'"),
        ("bert", "sh -c 'echo x >> /srv/jupyter/bin/nbgrader'"),
        ("bert", "ls /srv/jupyterhub"),
        ("anna", "ls /home/bert"),
    ],
)
def test_a_learner_can_not(graded: Hub, who: str, line: str) -> None:
    said = graded.as_(who, line, fails=True)
    assert re.search("Permission denied|not permitted", said), said


def test_a_learner_can_not_use_another_s_server(graded: Hub, browser: Browser) -> None:
    with graded.login(browser, "bert") as page:
        for address in (
            f"/user/anna/api/contents/{LESSON}/{LESSON}.ipynb",
            "/user/anna/api/terminals",
            "/user/teacher/formgrader/manage_assignments",
            "/user/teacher/api/contents/spring/gradebook.db",
        ):
            answer = page.request.get(f"{graded.address}{address}", timeout=PATIENCE)
            assert answer.status in (403, 404), address
        own = page.request.get(f"{graded.address}/user/bert/formgrader/api/assignments", timeout=PATIENCE)
        assert LESSON not in own.text()  # a gradebook of their own, without anybody in it
        graded.as_("bert", "mkdir -p /srv/nbgrader-exchange/autumn/outbound/forged")
        courses = page.request.get(f"{graded.address}/user/bert/courses", timeout=PATIENCE)
        assert courses.json()["value"] == ["spring"]


def test_every_command_of_the_page_was_run(graded: Hub) -> None:
    ran = [" ".join(words) for words in graded.ran]
    shown = [" ".join(words) for words in commands(BY_EXCHANGE)]
    assert [words for words in shown if words not in ran] == []
