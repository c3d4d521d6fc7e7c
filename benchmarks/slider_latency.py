"""From an arrow key on a slider to the changed picture, in a real JupyterLab in a real Chromium: `make bench-sliders`.

In one page and interleaved: the floor (a slider that changes the text of an `ipywidgets.HTML`), `interact` with Matplotlib (a
line, a heat map), and every experiment. Also: what is shown while the key is held down, and pictures a second of the live training.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from chromium import launched  # noqa: E402
from gallery_page import NAME, gallery_course  # noqa: E402
from lesson_page import LessonPage  # noqa: E402
from playwright.sync_api import Locator, Page  # noqa: E402
from test_learn import learning  # noqa: E402
from test_learn_browser import opened  # noqa: E402

from backprop_helpers import experiments  # noqa: E402
from backprop_helpers.experiments.experiment import Experiment, Slider  # noqa: E402
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
  const b = root.bench = { times: [], waiting: false, changes: [] };
  root.addEventListener('keydown', () => { b.start = performance.now(); b.waiting = true; }, true);
  const counts = m => !picture || [...m.addedNodes].some(n => n.matches?.('img') || n.querySelector?.('img'));
  new MutationObserver(all => {
    if (!all.some(counts)) return;
    const now = performance.now();
    b.changes.push(now);
    if (b.waiting) { b.times.push(now - b.start); b.waiting = false; }
  }).observe(root.querySelector(picture ? '.jupyter-widgets-output-area, .widget-output' : '.bench-target') , { childList: true, subtree: true, characterData: true });
}"""


@dataclass
class Way:
    """One way to show a changing picture, and how long each step took, in milliseconds."""

    name: str
    output: Locator
    steps: int  # how far its slider can go
    kind: str  # "floor", "interact", "curve" or "heat map"
    experiment: Experiment | None = None
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


def ways(page: Page, lesson: LessonPage, names: Sequence[str]) -> list[Way]:
    """Every cell run, every prediction skipped, every output watched."""
    found = []
    for index, name in enumerate([FLOOR, LINE, HEAT, *names]):
        output = lesson.run(index)
        output.get_by_role("slider").first.wait_for()
        experiment, steps = None, 100
        kind = "floor" if index == 0 else "interact"
        if index > 2:
            experiment = experiments.get(name)
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


def measure(
    steps: int, rounds: int, names: Sequence[str]
) -> tuple[list[Way], dict[str, tuple[float, int]], float]:
    """All of it in one page."""
    sources = [_FLOOR, _LINE, _HEAT, *(f"from backprop_helpers.experiments import {n}\n{n}()" for n in names)]
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        home = Path(folder)
        course = gallery_course(home / "course", sources)
        with learning(home / "workspace", course, home, "--no-browser", "00") as session:
            address = session.address()
            page, _ = opened(browser, address, "light")
            page.set_viewport_size({"width": 1200, "height": 1400})
            lesson = LessonPage(page, NAME)
            lesson.open(address)
            found = ways(page, lesson, names)
            for _ in range(rounds):
                for way in found:
                    way.output.scroll_into_view_if_needed()
                    way.slider().focus()
                    for _ in range(max(1, steps // rounds)):
                        way.press(page)
            long = {w.name: held(page, w) for w in found if w.steps >= 40 and w.kind != "interact"}
            rate = next((frames(page, w) for w in found if w.name == "live_training"), 0.0)
            session.end()
            return found, long, rate


def report(found: list[Way], long: dict[str, tuple[float, int]], rate: float) -> str:
    """The table as Markdown."""
    median = {w.name: float(np.median(w.times)) for w in found}
    high = {w.name: float(np.percentile(w.times, 95)) for w in found}
    lines = [
        "# From a key to the changed picture",
        "",
        f"`make bench-sliders` on {machine()}. A real JupyterLab in Chromium; {len(found[0].times)} steps each, interleaved in one page; "
        "milliseconds from the key to the changed picture in the page. The floor is a slider that changes a text: what "
        "slider, kernel and page cost together.",
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--print", action="store_true", help="show the page instead of writing it")
    options = parser.parse_args()
    text = report(*measure(options.steps, options.rounds, options.only or experiments.names()))
    if options.print:
        print(text)
    else:
        REPORT.write_text(text, encoding="utf-8")
        print(f"written: {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
