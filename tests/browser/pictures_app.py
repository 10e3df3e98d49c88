"""The app with a page of games on pictures alone: no preset has to promise anything for these tests."""

import streamlit as st

from gandash.ui.routes import lifespan, middleware, routes

app = st.App("pictures_page.py", routes=routes, lifespan=lifespan, middleware=middleware)
