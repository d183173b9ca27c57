"""A fixture of the tests that say ``pytest_plugins = ["loops"]``."""

from typing import Any

import pytest
from llm_loop import Loop
from openai_server import Scene, Server, serving


@pytest.fixture
def loops(request: pytest.FixtureRequest) -> Any:
    """``loops(scene, …, timeout_s=…)`` is a Loop with a server that plays these scenes."""

    def build(*script: Scene, **settings: Any) -> tuple[Loop, Server]:
        context = serving(*script)
        server = context.__enter__()
        loop = Loop(server, **settings)
        request.addfinalizer(lambda: context.__exit__(None, None, None))
        request.addfinalizer(loop.advisor.close)
        return loop, server

    return build
