"""What the page needs to hand a run on: a QR code of its address, and that address as other machines know it."""

from __future__ import annotations

import asyncio
import io

import segno
import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from streamlit import net_util

from gandash.ui.doors import base_path

LARGEST_CODE = 2900  # bytes: a QR code holds 2953
QUIET_ZONE = 4  # modules of white around it, without which readers do not find it


async def code(request: Request) -> Response:
    """A QR code of the query's `text` as SVG, black on white in every theme: many readers take none that is inverted."""
    text = request.query_params.get("text", "")
    if not 0 < len(text.encode(errors="replace")) <= LARGEST_CODE:
        return PlainTextResponse(f"a QR code holds 1 to {LARGEST_CODE:,} bytes", 400)
    drawn = await asyncio.to_thread(_svg, text)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _svg(text: str) -> bytes:
    out = io.BytesIO()
    segno.make(text.encode(errors="replace").decode(), error="l", micro=False).save(
        out, kind="svg", border=QUIET_ZONE, dark="#000", light="#fff", omitsize=True, xmldecl=False
    )
    return out.getvalue()


def lan_address() -> str:
    """Where other machines of the same network find this app, "" where they do not: it listens on one address alone, or there
    is no network."""
    if st.get_option("server.address") not in (None, "", "0.0.0.0", "::"):
        return ""
    found = net_util.get_internal_ip()
    if not found or found.startswith("127."):
        return ""
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{found}:{st.get_option('server.port')}{base_path()}/"


routes: list[BaseRoute] = [Route("/gandash/code.svg", code)]
