"""Play, pause and stop for a slider: the page itself moves the slider, so that it can be overtaken but never lag."""

from __future__ import annotations

import anywidget
import ipywidgets as widgets
import traitlets

# ipywidgets' own Play keeps a value beside the slider's and tells the kernel both: two messages for every step, and for every
# key on the slider. This has no value, it moves the slider. It also rests while nobody can see it: in a hidden tab,
# behind another one, scrolled away; and goes on from there.
_SCRIPT = """
export default { async render({ model, el }) {
  const slider = await model.widget_manager.get_model(model.get('slider').replace('IPY_MODEL_', ''));
  let timer;
  const next = () => slider.get('value') + slider.get('step');
  const move = to => { slider.set('value', to); slider.save_changes(); };
  const play = on => { model.set('playing', on); model.save_changes(); };
  const seen = () => {
    const r = (el.closest('.bp-experiment') ?? el).getBoundingClientRect();
    return !document.hidden && r.width > 0 && r.bottom > 0 && r.top < innerHeight;
  };
  const tick = () => {
    if (!seen()) return;
    if (next() > slider.get('max')) play(false); else move(next());
  };
  const button = (name, icon, onclick) => {
    const made = el.appendChild(document.createElement('button'));
    made.appendChild(document.createElement('i')).className = icon;
    return Object.assign(made, { className: 'jupyter-button', title: name, ariaLabel: name, onclick });
  };
  const go = button('Play or pause', '', () => {
    play(!model.get('playing'));
    if (!model.get('playing')) return;
    if (next() > slider.get('max')) move(slider.get('min'));
    timer = setInterval(tick, model.get('interval'));
  });
  const stop = button('Stop and go back to the start', 'fa fa-stop', () => { play(false); move(slider.get('min')); });
  const show = () => {
    if (!model.get('playing')) clearInterval(timer);
    go.firstChild.className = model.get('playing') ? 'fa fa-pause' : 'fa fa-play';
    go.disabled = stop.disabled = model.get('disabled');
  };
  model.on('change', show);
  show();
  return () => { clearInterval(timer); model.off('change', show); };
} };
"""


class Player(anywidget.AnyWidget):
    """slider: what is moved, one step every `interval` milliseconds while it is playing; disabled: no button can be pressed."""

    _esm = _SCRIPT
    slider = traitlets.Instance(widgets.Widget).tag(sync=True, **widgets.widget_serialization)
    interval = traitlets.Int(100).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
