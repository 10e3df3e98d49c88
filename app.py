"""gandash, assembled: `streamlit run app.py`. Streamlit finds the literal `st.App(...)` by reading this file."""

import streamlit as st

from gandash.ui.routes import apologise, lifespan, middleware, routes

app = st.App("gandash/ui/page.py", routes=routes, lifespan=lifespan, middleware=middleware, on_script_error=apologise)
