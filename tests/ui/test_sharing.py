"""A QR code of an address, and the address under which a phone in the same network finds the app."""

from __future__ import annotations

import warnings
import xml.etree.ElementTree as ElementTree

import pytest
import streamlit as st
from starlette.applications import Starlette
from streamlit import net_util

from gandash.ui import sharing

with warnings.catch_warnings():  # starlette would rather have httpx2 under its test client; httpx does
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=sharing.routes))


@pytest.mark.parametrize("text", ["http://x/?game=1~ring", "<script>alert(1)</script>", "é" * 1000, "x" * sharing.LARGEST_CODE])
def test_a_code_is_a_picture_and_nothing_else(client: TestClient, text: str) -> None:
    answer = client.get("/gandash/code.svg", params={"text": text})
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/svg+xml"
    root = ElementTree.fromstring(answer.text)
    assert {element.tag.rsplit("}")[-1] for element in root.iter()} == {"svg", "path"}
    assert "script" not in answer.text and "viewBox" in root.attrib  # it grows with the room there is


@pytest.mark.parametrize("text", ["", "x" * (sharing.LARGEST_CODE + 1), "é" * sharing.LARGEST_CODE])
def test_what_no_code_holds_is_refused(client: TestClient, text: str) -> None:
    assert client.get("/gandash/code.svg", params={"text": text}).status_code == 400


@pytest.mark.parametrize(
    ("options", "inside", "expected"),
    [
        ({"server.address": None, "server.port": 8501}, "192.168.1.5", "http://192.168.1.5:8501/"),
        ({"server.address": "0.0.0.0", "server.baseUrlPath": "/teach/gan/"}, "10.0.0.7", "http://10.0.0.7:8501/teach/gan/"),
        ({"server.sslCertFile": "cert.pem"}, "10.0.0.7", "https://10.0.0.7:8501/"),
        ({"server.address": "127.0.0.1"}, "192.168.1.5", ""),  # nobody else gets through to it
        ({"server.address": None}, None, ""),
        ({"server.address": None}, "127.0.1.1", ""),
    ],
)
def test_the_address_in_the_network(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, object], inside: str | None, expected: str
) -> None:
    known: dict[str, object] = {"server.port": 8501, "server.address": "", "server.baseUrlPath": ""} | options
    monkeypatch.setattr(st, "get_option", lambda name: known.get(name))
    monkeypatch.setattr(net_util, "get_internal_ip", lambda: inside)
    assert sharing.lan_address() == expected
