"""A picture whose parts can be clicked, or reached with Tab and chosen with Enter: the one widget that sends events back."""

from __future__ import annotations

import anywidget
import traitlets

# ipywidgets.HTML shows a picture and hears nothing. This shows one too, and tells which element with a data-pick
# attribute was chosen; it keeps the focus and the mark on that element when the picture is drawn anew.
_SCRIPT = """
export default { render({ model, el }) {
  const part = () => [...el.querySelectorAll('[data-pick]')];
  const draw = () => {
    const focused = document.activeElement?.closest('[data-pick]')?.dataset.pick;
    el.innerHTML = model.get('value');
    mark();
    if (focused) part().find(e => e.dataset.pick === focused)?.focus();
  };
  const mark = () => part().forEach(e => {
    const on = e.dataset.pick === model.get('picked');
    e.classList.toggle('bp-picked', on);
    e.setAttribute('aria-pressed', on);
  });
  const pick = event => {
    const hit = event.target.closest('[data-pick]');
    if (!hit || (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ')) return;
    event.preventDefault();
    model.set('picked', hit.dataset.pick);
    model.save_changes();
  };
  el.addEventListener('click', pick);
  el.addEventListener('keydown', pick);
  model.on('change:value', draw);
  model.on('change:picked', mark);
  draw();
} };
"""


class Pickable(anywidget.AnyWidget):
    """value: the picture as HTML, made by the course and escaped there; picked: the data-pick of the part chosen last."""

    _esm = _SCRIPT
    value = traitlets.Unicode("").tag(sync=True)
    picked = traitlets.Unicode("").tag(sync=True)
