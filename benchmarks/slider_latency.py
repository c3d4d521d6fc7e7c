"""From an arrow key on a slider to the changed picture, in a real JupyterLab in a real Chromium: `make bench-sliders`.

In one page and interleaved: the floor (a slider that changes the text of an `ipywidgets.HTML`), `interact` with Matplotlib (a
line, a heat map), every experiment and a learner's own network (`trace`). Also: where the time goes, hop by hop; what is shown
while the key is held down; pictures a second of the live training; and the same with the connection that Jupyter opens by itself.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import test_learn  # noqa: E402
from chromium import launched  # noqa: E402
from gallery_page import NAME, gallery_course  # noqa: E402
from lesson_page import LessonPage  # noqa: E402
from playwright.sync_api import Locator, Page  # noqa: E402
from test_learn import learning  # noqa: E402
from test_learn_browser import PATIENCE  # noqa: E402

from backprop_helpers import experiments  # noqa: E402
from backprop_helpers.experiments.experiment import Experiment, Slider  # noqa: E402
from backprop_helpers.experiments.live import LiveExperiment  # noqa: E402
from benchmarks.machine import machine  # noqa: E402

REPORT = ROOT / "docs" / "benchmarks" / "sliders.md"
FLOOR, LINE, HEAT = (
    "floor: text in ipywidgets.HTML",
    "interact + Matplotlib, a line",
    "interact + Matplotlib, a heat map",
)

_FLOOR = """import ipywidgets as w
from IPython.display import display
def floor():
    slider, text = w.IntSlider(0, 0, 100), w.HTML("0")
    slider.observe(lambda change: setattr(text, "value", f"<p>{change.new}</p>"), "value")
    display(w.VBox([slider, text]))
floor()"""
_LINE = """import numpy as np, matplotlib.pyplot as plt
from ipywidgets import interact
def line():
    x = np.linspace(-4, 4, 200)
    def draw(k=0):
        plt.figure(figsize=(4.5, 3.6)); plt.plot(x, np.tanh(x * k / 20)); plt.ylim(-1.1, 1.1); plt.show()
    interact(draw, k=(0, 100))
line()"""
_HEAT = """def heat():
    u, v = np.meshgrid(np.linspace(-2, 2, 60), np.linspace(-2, 2, 60))
    def draw(k=0):
        plt.figure(figsize=(4.5, 3.6)); plt.imshow(np.tanh(u * k / 20 + v), vmin=-1, vmax=1); plt.show()
    interact(draw, k=(0, 100))
heat()"""

# From the key to the first change of what is watched: an added picture, or any change where it is text.
_WATCH = """([root, picture]) => {
  const b = root.bench = { times: [], waiting: false, changes: [], painted: [] };
  root.addEventListener('keydown', () => { b.start = performance.now(); b.waiting = true; }, true);
  const counts = m => !picture || [...m.addedNodes].some(n => n.matches?.('img') || n.querySelector?.('img'));
  new MutationObserver(all => {
    if (!all.some(counts)) return;
    const now = performance.now();
    b.changes.push(now);
    if (b.waiting) {
      b.times.push(now - b.start); b.waiting = false;
      if (window.benchHops.on) {  // a task that follows the next frame
        const after = new MessageChannel();
        after.port1.onmessage = () => b.painted.push(performance.now());
        requestAnimationFrame(() => after.port2.postMessage(0));
      }
    }
  }).observe(root.querySelector(picture ? '.jupyter-widgets-output-area, .widget-output' : '.bench-target') , { childList: true, subtree: true, characterData: true });
}"""

# Every message on the way between page and kernel with the moment it leaves or comes; read afterwards, so that it costs nothing.
_HEAR = """(() => {
  const hops = window.benchHops = { on: false, log: [] };
  const note = (way, data) => { if (hops.on) hops.log.push({ at: performance.timeOrigin + performance.now(), way, data }); };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...all) { super(...all); this.addEventListener('message', e => note('in', e.data)); }
    send(data) { note('out', data); super.send(data); }
  };
  hops.read = () => hops.log.splice(0).filter(m => m.data instanceof ArrayBuffer).map(({ at, way, data }) => {
    const view = new DataView(data), place = i => Number(view.getBigUint64(8 * (i + 1), true));
    const part = i => JSON.parse(new TextDecoder().decode(new Uint8Array(data, place(i), place(i + 1) - place(i))));
    const header = part(1), content = part(4);
    return { at, way, type: header.msg_type, id: header.msg_id, parent: part(2).msg_id, date: header.date,
             what: content.execution_state ?? content.data?.method };
  });
})()"""

# A network of the course's functions, as a learner steps through their own.
_TRACE = """from backprop_helpers import trace
def traced():
    import numpy as np
    from backprop_helpers import init_params, layers, losses
    rng = np.random.default_rng(0)
    params = init_params([3, 5, 4, 3], rng, scale=1.0)
    return trace(params, rng.standard_normal((6, 3)), np.arange(6) % 3, {**vars(layers), **vars(losses)})
traced()"""
TRACE = "trace, a network of one's own"
HOPS = (
    "key → message leaves",
    "→ kernel begins",
    "→ picture made",
    "→ in the page",
    "→ changed",
    "→ painted",
)


@dataclass
class Way:
    """One way to show a changing picture, and how long each step took, in milliseconds."""

    name: str
    output: Locator
    steps: int  # how far its slider can go
    kind: str  # "floor", "interact", "curve" or "heat map"
    experiment: Experiment | None = None
    hops: list[list[float]] = field(
        default_factory=list
    )  # milliseconds of each of HOPS, of some further steps
    times: list[float] = field(default_factory=list)
    at: int = 0
    up: bool = True

    def slider(self) -> Locator:
        return self.output.get_by_role("slider").first

    def press(self, page: Page) -> None:
        """One step, back and forth over the slider's range; waits for the picture, and then a little."""
        if self.at in (0, self.steps):
            self.up = self.at == 0
        self.at += 1 if self.up else -1
        before = self.output.evaluate("e => e.bench.times.length")
        page.keyboard.press("ArrowRight" if self.up else "ArrowLeft")
        page.wait_for_function(
            "([e, n]) => e.bench.times.length > n", arg=[self.output.element_handle(), before]
        )
        page.wait_for_timeout(60)
        self.times.append(float(self.output.evaluate("e => e.bench.times.at(-1)")))

    def follow(self, page: Page) -> None:
        """One more step, which does not count among the others: when each part of the way was passed."""
        page.evaluate("() => { window.benchHops.on = true; window.benchHops.read(); }")
        self.press(page)
        total = self.times.pop()
        log = page.evaluate("() => { window.benchHops.on = false; return window.benchHops.read(); }")
        start, painted = self.output.evaluate(
            "e => [performance.timeOrigin + e.bench.start, performance.timeOrigin + e.bench.painted.at(-1)]"
        )
        sent = {m["id"]: m["at"] for m in log if m["way"] == "out" and m["type"] == "comm_msg"}
        answers = [m for m in log if m["way"] == "in" and m["parent"] in sent]
        picture = next(m for m in answers if m["what"] == "update")
        busy = next(m for m in answers if m["what"] == "busy" and m["parent"] == picture["parent"])
        moments = [
            start,
            sent[picture["parent"]],
            _moment(busy["date"]),
            _moment(picture["date"]),
            picture["at"],
            start + total,
            painted,
        ]
        self.hops.append([b - a for a, b in itertools.pairwise(moments)])


def _moment(date: str) -> float:
    """Milliseconds since 1970 of the date in a message's header, which whoever sends it has set."""
    return datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp() * 1000


def ways(page: Page, lesson: LessonPage, names: Sequence[str]) -> list[Way]:
    """Every cell run, every prediction skipped, every output watched."""
    found = []
    for index, name in enumerate([FLOOR, LINE, HEAT, *names]):
        output = lesson.run(index)
        output.get_by_role("slider").first.wait_for()
        experiment, steps = None, 100
        kind = "floor" if index == 0 else "interact"
        if index > 2:
            experiment = _traced() if name == TRACE else experiments.get(name)
            first = next(c for c in experiment.controls if isinstance(c, Slider))
            steps = round((first.high - first.low) / first.step)
            kind = "heat map" if "<image" in experiment.show().html else "curve"
            skip = output.get_by_text("Skip: open the controls")
            if skip.count():
                skip.click()
            output.locator(".bp-figure").evaluate("e => e.parentElement.classList.add('bench-target')")
        elif index == 0:
            output.locator(".widget-html-content").last.evaluate("e => e.classList.add('bench-target')")
        way = Way(name, output, steps, kind, experiment)
        output.evaluate("(e, picture) => (" + _WATCH + ")([e, picture])", kind == "interact")
        if experiment is not None:
            first = next(c for c in experiment.controls if isinstance(c, Slider))
            way.at = round((first.start - first.low) / first.step)
            if way.at == way.steps:
                way.up = False
        found.append(way)
    return found


def _traced() -> Experiment:
    """The experiment that the cell of `trace` shows."""
    made: dict[str, Any] = {}
    exec(_TRACE, made)
    live: LiveExperiment = made["traced"]()
    return live.experiment


def source(name: str) -> str:
    """The cell that shows an experiment."""
    return _TRACE if name == TRACE else f"from backprop_helpers.experiments import {name}\n{name}()"


def held(page: Page, way: Way, presses: int = 40) -> tuple[float, int]:
    """Milliseconds from the last repeat of a held key to the last picture, and how many pictures were drawn."""
    way.slider().focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(600)
    drawn = way.output.evaluate("e => e.bench.changes.length")
    for _ in range(presses):
        page.keyboard.down("ArrowRight")
        page.wait_for_timeout(30)
    page.keyboard.up("ArrowRight")
    page.wait_for_timeout(1500)
    lag = way.output.evaluate("e => e.bench.changes.at(-1) - e.bench.start")
    way.at, way.up = presses, True
    return max(float(lag), 0.0), int(way.output.evaluate("e => e.bench.changes.length")) - drawn


def frames(page: Page, way: Way, seconds: float = 4.0) -> float:
    """Pictures a second while the live training plays."""
    way.slider().focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(600)
    before = way.output.evaluate("e => e.bench.changes.length")
    play = way.output.get_by_role("button", name="Play or pause")
    play.click()
    page.wait_for_timeout(seconds * 1000)
    count = int(way.output.evaluate("e => e.bench.changes.length")) - before
    play.click()
    return count / seconds


@contextmanager
def shown(names: Sequence[str]) -> Iterator[tuple[Page, list[Way]]]:
    """A page of a learner's JupyterLab with everything that is measured on it."""
    sources = [_FLOOR, _LINE, _HEAT, *map(source, names)]
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        home = Path(folder)
        course = gallery_course(home / "course", sources)
        with learning(home / "workspace", course, home, "--no-browser", "00") as session:
            address = session.address()
            page = browser.new_page(color_scheme="light", viewport={"width": 1200, "height": 1400})
            page.set_default_timeout(PATIENCE)
            page.add_init_script(_HEAR)
            lesson = LessonPage(page, NAME)
            lesson.open(address)
            yield page, ways(page, lesson, names)
            session.end()


def step_all(page: Page, found: Sequence[Way], steps: int, rounds: int) -> None:
    """All ways in turn, some steps each, and again."""
    for _ in range(rounds):
        for way in found:
            way.output.scroll_into_view_if_needed()
            way.slider().focus()
            for _ in range(max(1, steps // rounds)):
                way.press(page)


def measure(
    steps: int, rounds: int, names: Sequence[str]
) -> tuple[list[Way], dict[str, tuple[float, int]], float]:
    """All of it in one page."""
    with shown(names) as (page, found):
        step_all(page, found, steps, rounds)
        for way in found:
            if way.kind != "interact":
                way.output.scroll_into_view_if_needed()
                way.slider().focus()
                for _ in range(min(steps, 15)):
                    way.follow(page)
        long = {w.name: held(page, w) for w in found if w.steps >= 40 and w.kind != "interact"}
        rate = next((frames(page, w) for w in found if w.name == "live_training"), 0.0)
        return found, long, rate


def as_jupyter_does(steps: int, rounds: int, names: Sequence[str]) -> list[Way]:
    """The same with the connection that Jupyter opens by itself, as in a JupyterLab that `backprop learn` did not start."""
    usual = test_learn.LEARN
    test_learn.LEARN = (sys.executable, "-c", _JUPYTER_S_OWN, "learn")
    try:
        with shown(names) as (page, found):
            step_all(page, found, steps, rounds)
            return found
    finally:
        test_learn.LEARN = usual


_JUPYTER_S_OWN = """from backprop_helpers.learn import lab
lab.PROMPT = "jupyter_server.services.kernels.connection.channels.ZMQChannelsWebsocketConnection"
from backprop_helpers.cli import app
app()"""


def report(
    found: list[Way], long: dict[str, tuple[float, int]], rate: float, plain: list[Way] | None = None
) -> str:
    """The page as Markdown; plain: what `as_jupyter_does` found."""
    median = {w.name: float(np.median(w.times)) for w in found}
    high = {w.name: float(np.percentile(w.times, 95)) for w in found}
    lines = [
        "# From a key to the changed picture",
        "",
        f"`make bench-sliders` on {machine()}. A real JupyterLab in Chromium; {len(found[0].times)} steps each, interleaved in one page; "
        "milliseconds from the key to the changed picture in the page. The floor is a slider that changes a text: what "
        "slider, kernel and page cost together. Wanted: curves within 1.3 of the floor, heat maps within 1.6, all under 0.4 of "
        "`interact`.",
        "",
        "| what | kind | median | p95 | median ÷ floor | p95 ÷ floor | median ÷ interact |",
        "|---|---|---|---|---|---|---|",
    ]
    for w in found:
        beside = median[HEAT if w.kind == "heat map" else LINE]
        lines.append(
            f"| {w.name} | {w.kind} | {median[w.name]:.0f} | {high[w.name]:.0f} | {median[w.name] / median[FLOOR]:.2f} | "
            f"{high[w.name] / high[FLOOR]:.2f} | {median[w.name] / beside:.2f} |"
        )
    lines += _hop_table(found) + (_plain_table(found, plain) if plain else [])
    lines += [
        "",
        "## With the key held down",
        "",
        "40 repeats, one every 30 ms. The newest position always wins: what is drawn last is where the hand stopped.",
        "",
        "| what | pictures drawn | ms from the last repeat to the last picture |",
        "|---|---|---|",
        *(f"| {name} | {count} | {lag:.0f} |" for name, (lag, count) in long.items()),
        "",
        f"The live training shows {rate:.0f} pictures a second while it plays.",
        "",
    ]
    return "\n".join(lines)


def _hop_table(found: list[Way]) -> list[str]:
    """Where the time goes."""
    lines = [
        "",
        "## Where the time goes",
        "",
        f"Medians of {max(len(w.hops) for w in found)} further steps, milliseconds from one moment to the next, told by the page's clock "
        "and by the dates in the messages' headers. *Picture made* is what the course's Python takes, model, drawing and text; "
        "*in the page* the way through two threads of the kernel, the server and the websocket, behind the kernel's “busy” and, for "
        "the floor and `interact`, ipywidgets' echo, which the controls of experiments leave out; *changed* the page's own work. All else is Jupyter's and the same for everybody. *Painted*, the next "
        "frame of the screen, comes after what the other tables measure.",
        "",
        f"| what | {' | '.join(HOPS)} |",
        f"|---|{'---|' * len(HOPS)}",
    ]
    for w in found:
        if w.hops:
            lines.append(f"| {w.name} | {' | '.join(f'{v:.1f}' for v in np.median(w.hops, axis=0))} |")
    return lines


def _plain_table(found: list[Way], plain: list[Way]) -> list[str]:
    """What the course's own connection is for."""
    lines = [
        "",
        "## A pause of TCP, and without it",
        "",
        "A kernel answers a slider with small messages: “busy”, often an echo, the picture, “idle”. With Nagle's algorithm, which the server's "
        "sockets have on, a small message waits until the one before is acknowledged; a browser with nothing to say acknowledges "
        "after 40 ms. Whatever is made a few milliseconds after “busy” then comes 30 ms late. `backprop learn` switches it off for every "
        "learner (`backprop_helpers/learn/connection.py`); a JupyterLab started in another way has the pause:",
        "",
        "| what | `backprop learn`, median | p95 | Jupyter's own connection, median | p95 |",
        "|---|---|---|---|---|",
    ]
    ours = {w.name: w.times for w in found}
    for w in plain:
        numbers = (np.percentile(times, share) for times in (ours[w.name], w.times) for share in (50, 95))
        lines.append(f"| {w.name} | {' | '.join(f'{v:.0f}' for v in numbers)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    options = parser.parse_args()
    names = options.only or [*experiments.names(), TRACE]
    some = [n for n in names if n in ("bowl", "race", "training_run", TRACE)]
    results = measure(options.steps, options.rounds, names)
    text = report(*results, as_jupyter_does(min(options.steps, 30), 3, some))
    if options.print:
        print(text)
    else:
        REPORT.write_text(text, encoding="utf-8")
        print(f"written: {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
