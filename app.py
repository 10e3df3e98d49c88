"""gandash, assembled: `streamlit run app.py`. Streamlit finds the literal `st.App(...)` by reading this file."""

from gandash.server.forkserver import start_early

start_early()  # in another process, beside all that follows: the import of torch is what a first visitor waits for

import streamlit as st  # noqa: E402

from gandash.ui.routes import apologise, lifespan, middleware, routes  # noqa: E402

app = st.App("gandash/ui/pages.py", routes=routes, lifespan=lifespan, middleware=middleware, on_script_error=apologise)
