"""How the documentation becomes a site: `make docs`. Nothing on it is loaded from the network."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from backprop_helpers import __version__  # noqa: E402

project = "Backpropagation, by writing it"
author = "the authors of the course"
copyright = "code BSD-3-Clause, text CC BY 4.0"
version = release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "backprop_helpers.authoring.sphinx_parts"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
exclude_patterns = ["pictures"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"  # the lessons' outputs are the ones that every test run compares
nb_ipywidgets_js: dict[
    str, dict[str, str]
] = {}  # a static page has no kernel, and nothing comes from a network
nb_merge_streams = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the shapes stand in the docstrings
default_role = "literal"
add_module_names = False

html_theme = "furo"
html_title = project
html_static_path = ["pictures"]
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False
html_math_renderer = "mathml"
