"""Where the model is, and its key: as the operator sets them."""

import subprocess
import sys
from pathlib import Path

import pytest

from llamas_bpf import advise
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.errors import ConfigError

KEY = "sk-very-secret-0123456789"


def test_settings_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config()
    assert advise.default_order(config) == "rules"
    (rules,) = advise.build("", config)
    assert advise.announcement([rules], config).startswith("no model is configured (set OPENAI_BASE_URL")
    with pytest.raises(ConfigError, match="no model is configured: set OPENAI_BASE_URL"):
        advise.build("llm", config)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://me:pass@127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_MODEL", "small")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    both = advise.build("", config)
    said = advise.announcement(both, config)
    order = "experience, llm (small at http://127.0.0.1:9/v1), rules"
    assert said == f"advisors, the first to answer wins: {order}"
    assert KEY not in repr(advise.endpoint.configured(config))
    monkeypatch.setenv("OPENAI_BASE_URL", "127.0.0.1:9")
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL: must be an address such as http"):
        advise.build("", config)
    with pytest.raises(ConfigError, match=r"base_url under \[llm\]: must be an address"):
        advise.build("", Config(llm=LlmConfig(base_url="http://:80/v1")))


def test_a_key_that_cannot_be_sent_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    server = advise.endpoint.configured(Config())
    assert server is not None
    assert server.api_key == KEY
    for wrong in (f"{KEY}\n{KEY}", f"{KEY}\x01", f"“{KEY}”"):
        monkeypatch.setenv("OPENAI_API_KEY", wrong)
        with pytest.raises(ConfigError, match="OPENAI_API_KEY: a key is of letters") as error:
            advise.build("llm", Config())
        assert KEY not in str(error.value)


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The openai client takes an empty OPENAI_BASE_URL for an address."""
    from llamas_bpf.advise.model.client import Client

    monkeypatch.setenv("OPENAI_BASE_URL", "")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server = advise.endpoint.configured(Config())
    assert server is not None
    client = Client(server, timeout_s=1)
    assert client._openai.base_url.host == "api.openai.com"
    client.close()


def test_rules_do_not_pay_for_the_model(tmp_path: Path) -> None:
    code = (
        "import sys; from llamas_bpf import advise; from llamas_bpf.config import Config\n"
        "advise.build('rules', Config()); print({'openai', 'jinja2', 'httpx2'} & set(sys.modules))\n"
        "advise.build('llm', Config(llm={'model': 'm'})); print('openai' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["set()", "False"]
