"""GOV.UK's components as macros for our templates: `{{ govukButton({"text": "Send"}) }}`, as their own pages describe.

They lean on undefined values that may be asked anything; our templates must not. So they live in an environment of
their own, and ours has each as a global. One call takes a tenth of a millisecond to one and a half: what stands on a
page many times (questions, rows of a table, summary lists) has the same markup written out in `question.html` and
`parts.html`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader
from jinja2.runtime import Macro
from markupsafe import Markup

LIBRARY = "govuk_frontend_jinja"
_environment = Environment(
    loader=PrefixLoader({LIBRARY: PackageLoader(LIBRARY)}),
    autoescape=True,
    undefined=ChainableUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


def components() -> dict[str, Callable[..., Markup]]:
    """Every component under the name of its macro: `govukBackLink` is that of `back-link`."""
    files = _environment.list_templates(filter_func=lambda name: "/components/" in name)
    return {_macro_name(file): _component(file) for file in files}


def _macro_name(file: str) -> str:
    return "govuk" + "".join(word.capitalize() for word in re.split("[/-]", file.split("/components/")[1])[:-1])


def _component(file: str) -> Callable[..., Markup]:
    def component(*args: Any, **kwargs: Any) -> Markup:
        return Markup(_load_macro(file)(*args, **kwargs))  # noqa: S704  it escaped what it was given

    return component


@lru_cache
def _load_macro(file: str) -> Macro:
    """The macro itself, compiled when first wanted: all of them take a third of a second."""
    macro: Macro = getattr(_environment.get_template(file).module, _macro_name(file))
    return macro
